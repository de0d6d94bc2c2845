"""InboundRuleSet through the real CDK CLI: active once deployed, and never at the cost of somebody else's set."""

from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from ses_constructs import (
    BounceMail,
    ForwardMail,
    InboundRuleSet,
    LeaveInactive,
    StopProcessing,
    StoreMail,
    TakeOver,
    VerifiedDomain,
)
from tests.deployed.test_verified_domain import route53_zone
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws")

THEIRS = "somebody-elses-set"


def make(stack: Stack, zone: Zone, **changes: Any) -> InboundRuleSet:
    """A rule set with a mailbox, a forwarder and a bounce."""
    dns = route53_zone(stack, zone)
    domain = VerifiedDomain(stack, "Domain", domain_name=zone.domain, dns=dns, receives_mail=True)
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, **changes)
    inbound.add_rule(
        "Support",
        recipients=[f"support@{zone.domain}"],
        actions=[StoreMail(prefix="support/"), ForwardMail(to=["team@example.net"])],
    )
    inbound.add_rule(
        "NoReply",
        recipients=[f"no-reply@{zone.domain}"],
        actions=[BounceMail(sender=f"postmaster@{zone.domain}"), StopProcessing()],
    )
    return inbound


def active(aws: LocalAws) -> str | None:
    return aws.client("ses").describe_active_receipt_rule_set().get("Metadata", {}).get("Name")


def activate(aws: LocalAws, name: str) -> None:
    aws.client("ses").set_active_receipt_rule_set(RuleSetName=name)


def rule_sets(aws: LocalAws) -> set[str]:
    return {each["Name"] for each in aws.client("ses").list_receipt_rule_sets()["RuleSets"]}


@pytest.fixture
def theirs(aws: LocalAws) -> Iterator[str]:
    """A set that is active and not ours; it is gone after the test."""
    client = aws.client("ses")
    client.create_receipt_rule_set(RuleSetName=THEIRS)
    activate(aws, THEIRS)
    yield THEIRS
    if active(aws) == THEIRS:
        client.set_active_receipt_rule_set()
    client.delete_receipt_rule_set(RuleSetName=THEIRS)


def test_a_deployed_set_is_active_with_its_rules_in_order(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone))

    found = deployed_stack.aws.client("ses").describe_active_receipt_rule_set()
    assert [list(action) for rule in found["Rules"] for action in rule["Actions"]] == [
        ["LambdaAction"],
        ["S3Action"],
        ["S3Action"],
        ["BounceAction"],
        ["StopAction"],
    ]
    assert [sorted(rule["Recipients"]) for rule in found["Rules"]] == [
        [f"no-reply@{hosted_zone.domain}", f"support@{hosted_zone.domain}"],
        [f"support@{hosted_zone.domain}"],
        [f"no-reply@{hosted_zone.domain}"],
    ]


def test_another_active_set_makes_the_deployment_fail_with_its_name(
    hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack
) -> None:
    with pytest.raises(DeploymentError, match=theirs):
        deployed_stack.deploy(lambda stack: make(stack, hosted_zone))

    assert deployed_stack.status() == "ROLLBACK_COMPLETE"
    assert active(deployed_stack.aws) == theirs
    assert rule_sets(deployed_stack.aws) == {theirs}


def test_taking_over_gives_back_when_the_stack_goes(
    hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone, activation=TakeOver()))
    during = active(deployed_stack.aws)
    deployed_stack.destroy()

    assert during != theirs
    assert active(deployed_stack.aws) == theirs
    assert rule_sets(deployed_stack.aws) == {theirs}


def test_what_a_person_activated_in_between_stays_active(
    hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone, activation=TakeOver()))
    activate(deployed_stack.aws, theirs)
    deployed_stack.destroy()

    assert active(deployed_stack.aws) == theirs


def test_left_inactive_a_set_takes_nobodys_place(hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone, activation=LeaveInactive()))

    assert active(deployed_stack.aws) == theirs
    assert len(rule_sets(deployed_stack.aws)) == 2


def test_a_renamed_set_is_active_before_the_old_one_goes(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone, rule_set_name="before"))
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone, rule_set_name="after"))

    assert active(deployed_stack.aws) == "after"
    assert rule_sets(deployed_stack.aws) == {"after"}


def test_destroying_deactivates_and_removes_the_set(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone))
    deployed_stack.destroy()

    assert active(deployed_stack.aws) is None
    assert rule_sets(deployed_stack.aws) == set()


def test_rules_join_a_set_behind_a_rule_of_its_own(
    hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack
) -> None:
    client = deployed_stack.aws.client("ses")
    for name in ("last", "first"):
        client.create_receipt_rule(RuleSetName=theirs, Rule={"Name": name, "Enabled": True, "Actions": []})

    def join(stack: Stack) -> None:
        rule_set = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Theirs", theirs)
        make(stack, hosted_zone, rule_set=rule_set, after_rule="first", drop_spam=False)

    def names() -> list[str]:
        return [rule["Name"] for rule in client.describe_receipt_rule_set(RuleSetName=theirs)["Rules"]]

    deployed_stack.deploy(join)
    during = names()
    deployed_stack.destroy()

    assert (during[0], during[-1], len(during)) == ("first", "last", 4)
    assert names() == ["first", "last"]
    assert active(deployed_stack.aws) == theirs


@pytest.mark.parametrize("moves_the_rule", [False, True])
def test_the_order_follows_the_code_whatever_cloudformation_does_with_a_changed_after(
    hosted_zone: Zone, theirs: str, deployed_stack: DeployedStack, moves_the_rule: bool
) -> None:
    aws, client = deployed_stack.aws, deployed_stack.aws.client("ses")
    client.create_receipt_rule(RuleSetName=theirs, Rule={"Name": "theirs", "Enabled": True, "Actions": []})
    aws.set_changed_after(moves_the_rule=moves_the_rule)

    def join(*ids: str) -> None:
        def build(stack: Stack) -> None:
            domain = VerifiedDomain.from_domain_name(stack, "Domain", hosted_zone.domain)
            rule_set = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Theirs", theirs)
            rules = InboundRuleSet(stack, "Inbound", domain=domain, rule_set=rule_set, drop_spam=False)
            for construct_id in ids:
                rules.add_rule(construct_id, actions=[StopProcessing()])

        deployed_stack.deploy(build)

    def order() -> str:
        rules = client.describe_receipt_rule_set(RuleSetName=theirs)["Rules"]
        return " ".join(
            next((each for each in ("Aa", "Bb", "Cc", "theirs") if each in rule["Name"]), "?") for rule in rules
        )

    try:
        join("Aa", "Bb", "Cc")
        first = order()
        # Between ours, where it stays.
        client.set_receipt_rule_position(
            RuleSetName=theirs,
            RuleName="theirs",
            After=client.describe_receipt_rule_set(RuleSetName=theirs)["Rules"][0]["Name"],
        )
        join("Cc", "Aa", "Bb")
    finally:
        aws.set_changed_after(moves_the_rule=False)

    assert first == "Aa Bb Cc theirs"
    assert order().replace(" theirs", "").replace("theirs ", "") == "Cc Aa Bb"
