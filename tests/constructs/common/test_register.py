"""Two owners of one name in an app: an error where they certainly meet, a warning where they may, nothing elsewhere."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Environment, SecretValue, Stack, Stage
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ses_constructs import (
    BounceMonitoring,
    DnsZone,
    InboundRuleSet,
    LeaveInactive,
    OwnDkim,
    RecordsToPublish,
    Route53Zone,
    SpfPolicy,
    StoreMail,
    SuppressionList,
    VerifiedAddress,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.identities.test_dkim import KEY_1024
from tests.constructs.templates import warnings

HERE = Environment(account="111122223333", region="eu-west-1")
ELSEWHERE = Environment(account="222233334444", region="eu-west-1")
OTHER_REGION = Environment(account="111122223333", region="us-east-1")

Build = Callable[[Stack, str], Any]


def domain(stack: Stack, construct_id: str, name: str = "example.com", **arguments: Any) -> VerifiedDomain:
    return VerifiedDomain(stack, construct_id, domain_name=name, **{"dns": RecordsToPublish(), **arguments})


def reference(stack: Stack, construct_id: str) -> Any:
    return VerifiedDomain.from_domain_name(stack, f"{construct_id}Domain", "example.com")


# Each is made twice; the second one clashes by what an account has once in a region, and by no record.
ONCE_IN_A_REGION: dict[str, Build] = {
    "identity": lambda stack, name: domain(stack, name, mail_from=None, dmarc=None),
    "active rule set": lambda stack, name: InboundRuleSet(stack, name, domain=reference(stack, name)),
    "rule set name": lambda stack, name: InboundRuleSet(
        stack, name, domain=reference(stack, name), rule_set_name="inbound", activation=LeaveInactive()
    ),
    "suppression list": lambda stack, name: SuppressionList(stack, name),
    "configuration set name": lambda stack, name: BounceMonitoring(
        stack, name, configuration_set_name="receipts", watch_account=False
    ),
    "watched set": lambda stack, name: BounceMonitoring(
        stack,
        name,
        configuration_set=ses.ConfigurationSet.from_configuration_set_name(stack, f"{name}Set", "news"),
    ),
}
ALL = pytest.mark.parametrize("build", ONCE_IN_A_REGION.values(), ids=ONCE_IN_A_REGION)


def clashes(stack: Stack) -> list[str]:
    return [each for each in warnings(stack) if "ses-constructs:two-owners" in each]


@ALL
def test_in_one_stack_they_meet(stack: Stack, build: Build) -> None:
    build(stack, "First")

    with pytest.raises(ValueError, match=r"must (have one owner|be watched once), .*'Mail/First'.*got .*; "):
        build(stack, "Second")


@ALL
def test_in_two_stacks_of_a_known_place_they_meet(app: App, build: Build) -> None:
    build(Stack(app, "One", env=HERE), "First")

    with pytest.raises(ValueError, match="'One/First'"):
        build(Stack(app, "Two", env=HERE), "Second")


@ALL
def test_a_known_region_is_enough_to_tell_two_apart(app: App, build: Build) -> None:
    other = Stack(app, "Two", env=Environment(region="us-east-1"))
    build(Stack(app, "One", env=Environment(region="eu-west-1")), "First")
    build(other, "Second")

    assert clashes(other) == []


@ALL
@pytest.mark.parametrize("env", [ELSEWHERE, OTHER_REGION], ids=["account", "region"])
def test_in_another_account_or_region_they_never_do(app: App, build: Build, env: Environment) -> None:
    other = Stack(app, "Two", env=env)
    build(Stack(app, "One", env=HERE), "First")
    build(other, "Second")

    assert clashes(other) == []


@ALL
def test_in_an_unknown_place_they_may(app: App, build: Build) -> None:
    other = Stack(app, "Two")
    build(Stack(app, "One", env=HERE), "First")
    build(other, "Second")

    (warning,) = clashes(other)
    assert "'One/First'" in warning
    assert "acknowledge this warning where the two are never deployed to one place" in warning


@ALL
def test_in_another_stage_they_may(app: App, build: Build) -> None:
    other = Stack(Stage(app, "Green", env=HERE), "Mail")
    build(Stack(Stage(app, "Blue", env=HERE), "Mail"), "First")
    build(other, "Second")

    (warning,) = clashes(other)
    assert "'Blue/Mail/First'" in warning


def test_names_that_are_tokens_are_never_compared(stack: Stack) -> None:
    name = CfnParameter(stack, "Name").value_as_string

    domain(stack, "First", name)
    domain(stack, "Second", name)


def test_an_address_is_refused_at_a_domain_of_another_stack_of_the_place(app: App) -> None:
    domain(Stack(app, "One", env=HERE), "Domain")

    with pytest.raises(ValueError, match=r"address must be outside example.com, which One/Domain verifies"):
        VerifiedAddress(Stack(app, "Two", env=HERE), "Address", address="ann@example.com")


# Pairs of which the second publishes a record where the first one does.
SAME_NAME: dict[str, tuple[Build, Build]] = {
    "inbound at the MAIL FROM domain": (
        domain,
        lambda stack, name: domain(stack, name, "mail.example.com", receives_mail=True, dmarc=None),
    ),
    "MAIL FROM at a domain that receives": (
        lambda stack, name: domain(stack, name, "mail.example.com", receives_mail=True, dmarc=None),
        domain,
    ),
    "SPF of the domain that is the MAIL FROM domain": (
        domain,
        lambda stack, name: domain(stack, name, "mail.example.com", spf=SpfPolicy.amazon_ses(), dmarc=None),
    ),
    "two MAIL FROM domains": (
        lambda stack, name: domain(stack, name, mail_from="b.news.example.com"),
        lambda stack, name: domain(stack, name, "news.example.com", mail_from="b"),
    ),
    "tracking at the MAIL FROM domain": (
        lambda stack, name: None,
        lambda stack, name: BounceMonitoring(
            stack, name, domain=domain(stack, "First"), tracking_domain="mail.example.com"
        ),
    ),
}
PAIRS = pytest.mark.parametrize(("first", "second"), SAME_NAME.values(), ids=SAME_NAME)


class Elsewhere(DnsZone):
    """A DNS provider that does not say which zone it is."""

    def publish(self, scope: Construct, **_: Any) -> IDependable | None:
        return None


@PAIRS
def test_one_name_has_one_record_of_a_type_and_none_beside_a_cname(stack: Stack, first: Build, second: Build) -> None:
    first(stack, "First")

    with pytest.raises(
        ValueError, match=r"the (MX|TXT|CNAME) record of .* must be .*'Mail/First' publishes the .*; take"
    ):
        second(stack, "Second")


def test_two_regions_of_one_domain_share_a_zone_and_so_its_records(app: App) -> None:
    stacks = [Stack(app, name, env=env) for name, env in (("One", HERE), ("Two", OTHER_REGION))]
    domain(stacks[0], "First", dns=Route53Zone(hosted_zone(stacks[0])))

    with pytest.raises(ValueError, match=r"the MX record of mail.example.com .* 'One/First' publishes the MX record"):
        domain(stacks[1], "Second", dns=Route53Zone(hosted_zone(stacks[1])))


def test_they_do_not_clash_where_one_of_them_owns_the_shared_ones(app: App) -> None:
    stacks = [Stack(app, name, env=env) for name, env in (("One", HERE), ("Two", OTHER_REGION))]
    domain(stacks[0], "First", dns=Route53Zone(hosted_zone(stacks[0])))
    domain(stacks[1], "Second", dns=Route53Zone(hosted_zone(stacks[1])), owns_shared_records=False)

    assert clashes(stacks[1]) == []


@pytest.mark.parametrize("dns", [RecordsToPublish(), Elsewhere()], ids=["a person", "another provider"])
def test_in_zones_that_are_not_known_they_may_clash(app: App, dns: DnsZone) -> None:
    other = Stack(app, "Two", env=ELSEWHERE)
    domain(Stack(app, "One", env=HERE), "First")
    domain(other, "Second", dns=dns)

    (clash,) = clashes(other)  # of all their records the first says it
    assert clash.startswith("the MX record of mail.example.com")


def test_zones_of_different_ids_are_different_zones(app: App) -> None:
    one, two = Stack(app, "One", env=HERE), Stack(app, "Two", env=ELSEWHERE)
    domain(one, "First", dns=Route53Zone(hosted_zone(one)))
    other = route53.HostedZone.from_hosted_zone_attributes(two, "Z", hosted_zone_id="Z9", zone_name="example.com")
    domain(two, "Second", dns=Route53Zone(other))

    assert clashes(two) == []


def test_a_zone_that_cdk_has_not_looked_up_yet_is_not_known(app: App) -> None:
    stacks = [Stack(app, name, env=env) for name, env in (("One", HERE), ("Two", ELSEWHERE))]
    for stack in stacks:
        zone = route53.HostedZone.from_lookup(stack, "Zone", domain_name="example.com")
        domain(stack, "Domain", dns=Route53Zone(zone))

    assert len(clashes(stacks[1])) == 1


def test_a_selector_of_our_own_is_for_one_region(app: App) -> None:
    key = OwnDkim(selector="m1", private_key=SecretValue.secrets_manager("dkim"), public_key=KEY_1024)
    one, two = Stack(app, "One", env=HERE), Stack(app, "Two", env=OTHER_REGION)
    domain(one, "First", dns=Route53Zone(hosted_zone(one)), dkim=key)

    with pytest.raises(ValueError, match=r"the TXT record of m1\._domainkey\.example\.com"):
        domain(two, "Second", dns=Route53Zone(hosted_zone(two)), dkim=key, owns_shared_records=False)


@pytest.mark.parametrize("recipient", ["ann@mail.example.com", "mail.example.com", "Ann@Mail.Example.com"])
def test_no_rule_is_for_a_mail_from_domain(stack: Stack, recipient: str) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domain=domain(stack, "Domain", receives_mail=True))

    with pytest.raises(
        ValueError, match=r"(?i)mail.example.com is the MAIL FROM domain of 'Mail/Domain'.*; take another"
    ):
        inbound.add_rule("Rule", recipients=[recipient], actions=[StoreMail()])


def test_subdomains_may_be_taken_all_together(stack: Stack) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domain=domain(stack, "Domain", receives_mail=True))

    inbound.add_rule("Rule", recipients=[".example.com"], actions=[StoreMail()])
