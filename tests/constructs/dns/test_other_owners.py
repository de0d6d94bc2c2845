"""What the app makes by CDK's own constructs beside ours, and clashes with them, is an error when it is synthesized."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Aws, CfnCondition, CfnOutput, CfnResource, Environment, Fn, Stack, Stage
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from aws_cdk.assertions import Annotations, Match

from ses_constructs import (
    BounceMonitoring,
    InboundRuleSet,
    LeaveInactive,
    RecordsToPublish,
    Route53Zone,
    VerifiedAddress,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import warnings

HERE = Environment(account="111122223333", region="eu-west-1")


def errors(stack: Stack) -> list[str]:
    return [str(each.entry.data) for each in Annotations.from_stack(stack).find_error("*", Match.any_value())]


def domain(stack: Stack, name: str = "example.com", **arguments: Any) -> VerifiedDomain:
    arguments = {"dns": RecordsToPublish(), "receives_mail": True, **arguments}
    return VerifiedDomain(stack, "Domain", domain_name=name, **arguments)


THEIRS: dict[str, Callable[[Stack], Any]] = {
    "an identity": lambda stack: ses.EmailIdentity(stack, "Theirs", identity=ses.Identity.domain("Example.com")),
    "an identity's resource": lambda stack: ses.CfnEmailIdentity(stack, "Theirs", email_identity="example.com"),
    "an address": lambda stack: ses.EmailIdentity(stack, "Theirs", identity=ses.Identity.email("ann@example.net")),
    "a rule set": lambda stack: ses.ReceiptRuleSet(stack, "Theirs", receipt_rule_set_name="inbound"),
    "a configuration set": lambda stack: ses.ConfigurationSet(stack, "Theirs", configuration_set_name="receipts"),
}


def ours(stack: Stack) -> None:
    made = domain(stack)
    VerifiedAddress(stack, "Ann", address="ann@example.net")
    InboundRuleSet(stack, "Inbound", domain=made, rule_set_name="inbound", activation=LeaveInactive())
    BounceMonitoring(stack, "Bounces", configuration_set_name="receipts", watch_account=False)


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
@pytest.mark.parametrize("first", [True, False], ids=["before ours", "after ours"])
def test_a_second_owner_of_cdk_is_an_error(stack: Stack, theirs: Callable[[Stack], Any], *, first: bool) -> None:
    for make in (theirs, ours) if first else (ours, theirs):
        make(stack)

    (error,) = errors(stack)
    assert "of 'Mail/Theirs" in error
    assert "must have one owner, and 'Mail/" in error
    assert errors(stack) == [error]  # and is said once


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
def test_in_another_stack_of_the_place_it_is_one_too(app: App, stack: Stack, theirs: Callable[[Stack], Any]) -> None:
    ours(stack)
    other = Stack(app, "Other", env=HERE)
    theirs(other)

    assert len(errors(other)) == 1


@pytest.mark.parametrize("theirs", THEIRS.values(), ids=THEIRS)
def test_what_is_made_on_a_condition_may_never_meet_ours(stack: Stack, theirs: Callable[[Stack], Any]) -> None:
    ours(stack)
    made = theirs(stack)
    condition = CfnCondition(stack, "Wanted", expression=Fn.condition_equals(Aws.PARTITION, "aws-cn"))
    (made if isinstance(made, CfnResource) else made.node.default_child).cfn_options.condition = condition

    assert not errors(stack)
    assert any("two-owners" in each for each in warnings(stack))


def test_where_they_may_never_meet_it_is_a_warning(app: App, stack: Stack, agnostic_stack: Stack) -> None:
    domain(stack)
    THEIRS["an identity"](agnostic_stack)
    elsewhere = Stack(app, "Other", env=Environment(account="222233334444", region="eu-west-1"))
    THEIRS["an identity"](elsewhere)

    (warning,) = [each for each in warnings(agnostic_stack) if "ses-constructs:two-owners" in each]
    assert "the identity of 'Anywhere/Theirs/Resource' must have one owner, and 'Mail/Domain' has it" in warning
    assert errors(agnostic_stack) == errors(elsewhere) == warnings(elsewhere) == []


def test_stages_are_alternatives(app: App) -> None:
    stacks = [Stack(Stage(app, name), "Mail", env=HERE) for name in ("Ours", "Theirs")]
    domain(stacks[0])
    THEIRS["an identity"](stacks[1])

    assert errors(stacks[0]) == errors(stacks[1]) == []


RECORDS: dict[str, tuple[Callable[[Stack, Any], Any], int]] = {
    "a TXT record": (
        lambda stack, zone: route53.TxtRecord(stack, "T", zone=zone, record_name="_dmarc", values=["v=DMARC1; p=none"]),
        1,
    ),
    "an MX record": (
        lambda stack, zone: route53.MxRecord(
            stack, "T", zone=zone, values=[route53.MxRecordValue(host_name="mx.example.net", priority=1)]
        ),
        1,
    ),
    "a CNAME record beside two": (
        lambda stack, zone: route53.CnameRecord(stack, "T", zone=zone, record_name="mail", domain_name="example.net"),
        2,
    ),
    "a group": (
        lambda stack, zone: route53.CfnRecordSetGroup(
            stack,
            "T",
            hosted_zone_id=zone.hosted_zone_id,
            record_sets=[{"name": "MAIL.example.com.", "type": "MX", "ttl": "60", "resourceRecords": ["10 mx"]}],
        ),
        1,
    ),
    "an A record": (
        lambda stack, zone: route53.ARecord(
            stack, "T", zone=zone, target=route53.RecordTarget.from_ip_addresses("192.0.2.1")
        ),
        0,
    ),
    "another name": (
        lambda stack, zone: route53.TxtRecord(stack, "T", zone=zone, record_name="other", values=["text"]),
        0,
    ),
}


@pytest.mark.parametrize(("make", "clashes"), RECORDS.values(), ids=RECORDS)
def test_a_record_beside_ours_in_one_zone_is_an_error(
    stack: Stack, make: Callable[[Stack, Any], Any], clashes: int
) -> None:
    zone = hosted_zone(stack)
    domain(stack, dns=Route53Zone(zone))
    make(stack, zone)

    assert len(errors(stack)) == clashes
    assert all("must not stand beside the " in each and "of 'Mail/Domain'" in each for each in errors(stack))


def test_records_that_only_cloudformation_knows_are_let_be(stack: Stack) -> None:
    domain(stack)
    CfnCondition(stack, "Wanted", expression=Fn.condition_equals(Aws.PARTITION, "aws"))
    records = {"name": "_dmarc.example.com", "type": "TXT", "ttl": "60", "resourceRecords": ['"v=DMARC1; p=none"']}
    some_or_none = Fn.condition_if("Wanted", [records], Aws.NO_VALUE)
    one_or_none = Fn.condition_if("Wanted", records, Aws.NO_VALUE)
    route53.CfnRecordSetGroup(stack, "Theirs", hosted_zone_id="Z0", record_sets=some_or_none)
    route53.CfnRecordSetGroup(stack, "Others", hosted_zone_id="Z0", record_sets=[one_or_none])

    assert not errors(stack)


def test_who_publishes_our_records_elsewhere_does_not_clash(stack: Stack) -> None:
    made = domain(stack)
    zone = hosted_zone(stack)
    for number, each in enumerate(made.records):
        route53.CfnRecordSet(
            stack,
            f"Record{number}",
            hosted_zone_id=zone.hosted_zone_id,
            name=each.name,
            type=each.type,
            ttl="300",
            resource_records=each.route53_values(),
        )

    assert errors(stack) == []


def test_outputs_of_others_take_room_too(stack: Stack) -> None:
    domain(stack)
    for number in range(200):
        CfnOutput(stack, f"Output{number}", value="text")

    (error,) = errors(stack)
    assert "the outputs of stack 'Mail' must be at most 200, for CloudFormation takes no more, got 20" in error
    assert "publish domain.records by a DnsZone of your own" in error
