"""From which networks SES takes mail at all."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from aws_cdk import CfnParameter, Stack

from ses_constructs import InboundRuleSet, LeaveInactive, VerifiedDomain
from ses_constructs.receiving import _ip_filters
from tests.constructs.templates import identified, resources

FILTER = "AWS::SES::ReceiptFilter"
CLAIM = "SesClaimIpFilters"


def make(stack: Stack, **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    return InboundRuleSet(
        stack, "Inbound", **{"domain": domain, "activation": LeaveInactive(), "drop_spam": False, **changes}
    )


def filters(stack: Stack) -> set[tuple[str, str]]:
    return {
        (each["Properties"]["Filter"]["IpFilter"]["Policy"], each["Properties"]["Filter"]["IpFilter"]["Cidr"])
        for each in resources(stack, FILTER)
    }


def names(stack: Stack) -> list[str]:
    return [each["Properties"]["Filter"]["Name"] for each in resources(stack, FILTER)]


def test_mail_comes_from_everywhere_unless_asked(stack: Stack) -> None:
    make(stack)

    assert filters(stack) == set()


def test_blocked_networks_are_filters_and_nothing_else_is_blocked(stack: Stack) -> None:
    make(stack, block_from=["192.0.2.0/24", "198.51.100.7"])

    assert filters(stack) == {("Block", "192.0.2.0/24"), ("Block", "198.51.100.7")}


def test_allowing_some_networks_alone_blocks_all_others(stack: Stack) -> None:
    make(stack, allow_from=["192.0.2.0/24"])

    assert filters(stack) == {("Allow", "192.0.2.0/24"), ("Block", "0.0.0.0/0"), ("Block", "::/0")}


def test_ipv6_is_filtered_as_ipv4_is(stack: Stack) -> None:
    make(stack, allow_from=["2001:db8::1", "2001:DB8:1::/48"], block_from=["2001:db8::/32", "192.0.2.0/24"])

    assert filters(stack) == {
        ("Allow", "2001:db8::1"),
        ("Allow", "2001:DB8:1::/48"),
        ("Block", "2001:db8::/32"),
        ("Block", "192.0.2.0/24"),
    }


def test_allowing_an_exception_from_a_blocked_network_blocks_nothing_else(stack: Stack) -> None:
    make(stack, allow_from=["192.0.2.7"], block_from=["192.0.2.0/24"])

    assert filters(stack) == {("Allow", "192.0.2.7"), ("Block", "192.0.2.0/24")}


@pytest.mark.parametrize(
    "networks",
    [
        ["1.12.3.4", "11.2.3.4"],
        ["192.0.2.1", "192.0.2.0/24"],
        ["1.2.3.4/32", "1.2.34.32"],
        ["2001:db8::", "2001:db8::/64", "2001:d:b8::", "2001:db8::1"],
    ],
)
def test_networks_with_the_same_digits_are_filters_of_their_own(stack: Stack, networks: Sequence[str]) -> None:
    make(stack, block_from=networks)

    assert filters(stack) == {("Block", network) for network in networks}
    assert len(set(names(stack))) == len(identified(stack, FILTER)) == len(networks)


@pytest.mark.parametrize("construct_id", ["Inbound", "x" * 200, "-dash-", "under_score", "dots.and spaces"])
def test_the_name_of_a_filter_is_one_that_ses_takes(stack: Stack, construct_id: str) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    InboundRuleSet(
        stack,
        construct_id,
        domain=domain,
        activation=LeaveInactive(),
        drop_spam=False,
        allow_from=["203.0.113.128/25", "2001:db8::"],
    )

    for name in names(stack):
        assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?", name)


@pytest.mark.parametrize("argument", ["allow_from", "block_from"])
@pytest.mark.parametrize(
    ("networks", "message"),
    [
        ("192.0.2.1", r"must be a sequence of str, not one str, got '192\.0\.2\.1'; write"),
        (["192.0.2.1", "192.0.2.1"], r"must hold every network once, got \['192\.0\.2\.1', '192\.0\.2\.1'\]; leave"),
        (
            ["mail.example.net"],
            r"must be IP addresses or networks, got 'mail\.example\.net'; write '192\.0\.2\.0/24'",
        ),
        (["192.0.2.0/33"], r"must be IP addresses or networks, got '192\.0\.2\.0/33'; write"),
        ([""], r"must be IP addresses or networks, got ''; write"),
        (["2001:db8::/129"], "must be IP addresses or networks, got '2001:db8::/129'; write"),
        (["[2001:db8::1]"], r"must be IP addresses or networks, got '\[2001:db8::1\]'; write"),
        (["fe80::1%eth0"], "must have no zone, got 'fe80::1%eth0'; write 'fe80::1'"),
        (["::ffff:192.0.2.1"], r"must have no IPv4 inside IPv6, got '::ffff:192\.0\.2\.1'; write '192\.0\.2\.1'"),
        (["2001:db8::1", "2001:DB8:0::1/128"], "must hold every network once, got"),
        (["2001:db8::1/64"], "must have no bits behind the prefix, got '2001:db8::1/64'; write '2001:db8::/64'"),
        (["192.0.2.7/24"], r"must have no bits behind the prefix, got '192\.0\.2\.7/24'; write '192\.0\.2\.0/24'"),
    ],
)
def test_what_is_no_list_of_networks_is_refused(stack: Stack, argument: str, networks: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} {message}"):
        make(stack, **{argument: networks})


def test_a_network_that_only_cloudformation_knows_is_refused(stack: Stack) -> None:
    network = CfnParameter(stack, "Network").value_as_string

    with pytest.raises(ValueError, match=r"allow_from must be known at synth, got '\$\{Token.*write the network out"):
        make(stack, allow_from=[network])


@pytest.mark.parametrize("blocked", ["192.0.2.1", "192.0.2.1/32"])
def test_a_network_both_allowed_and_blocked_is_refused(stack: Stack, blocked: str) -> None:
    with pytest.raises(
        ValueError, match=r"block_from must not block what allow_from allows, got .*192\.0\.2\.1.*leave"
    ):
        make(stack, allow_from=["192.0.2.1"], block_from=[blocked])


def test_more_filters_than_ses_takes_are_refused(stack: Stack) -> None:
    networks = [f"192.0.2.{number}" for number in range(51)]
    others = [f"198.51.100.{number}" for number in range(50)]

    with pytest.raises(
        ValueError, match=r"allow_from and block_from must hold at most 100 networks together, got 101; join neighbour"
    ):
        make(stack, allow_from=networks, block_from=others)


def test_the_blocks_of_all_others_count_as_filters(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ip_filters, "_MAX_FILTERS", 2)

    with pytest.raises(ValueError, match=r"at most 2 networks together, got 3"):
        make(stack, allow_from=["192.0.2.1"])


def test_as_many_filters_as_ses_takes_are_taken(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_ip_filters, "_MAX_FILTERS", 3)
    make(stack, allow_from=["192.0.2.1"])

    assert len(filters(stack)) == 3


def test_what_is_allowed_is_made_before_anything_is_blocked(stack: Stack) -> None:
    make(stack, allow_from=["192.0.2.7"], block_from=["192.0.2.0/24"])

    by_policy = {
        each["Properties"]["Filter"]["IpFilter"]["Policy"]: (logical_id, each)
        for logical_id, each in identified(stack, FILTER).items()
    }
    assert by_policy["Block"][1]["DependsOn"] == [by_policy["Allow"][0], CLAIM]
    assert by_policy["Allow"][1]["DependsOn"] == [CLAIM]


def test_the_filters_of_a_region_have_one_owner(stack: Stack) -> None:
    make(stack, allow_from=["192.0.2.7"])

    properties = identified(stack, "AWS::SSM::Parameter")[CLAIM]["Properties"]
    assert properties["Name"] == "/ses-constructs/one-per-region/ip-filters"
    assert properties["Value"] == {"Ref": "AWS::StackId"}
