"""One domain that receives in several regions: the MX record, and whether each region takes the mail."""

from typing import Any

import pytest
from aws_cdk import App, Aws, Environment, Stack

from ses_constructs import InboundRuleSet, Route53Zone, StopProcessing, VerifiedDomain
from tests.conftest import hosted_zone
from tests.constructs.templates import record_sets, warnings

HERE, THERE = "eu-west-1", "us-east-1"
BOTH = {HERE: 10, THERE: 20}


@pytest.fixture
def there(app: App) -> Stack:
    """The stack of the other region."""
    return Stack(app, "There", env=Environment(account="111122223333", region=THERE))


def domain(stack: Stack, receives_mail: Any = BOTH, **arguments: Any) -> VerifiedDomain:
    zone = Route53Zone(hosted_zone(stack))
    return VerifiedDomain(
        stack, "Domain", domain_name="example.com", dns=zone, receives_mail=receives_mail, **arguments
    )


def further_domain(stack: Stack) -> VerifiedDomain:
    return domain(stack, False, owns_shared_records=False)


def rules(of: VerifiedDomain, *recipients: str, enabled: bool = True, **arguments: Any) -> InboundRuleSet:
    made = InboundRuleSet(Stack.of(of), "Inbound", domain=of, drop_spam=False, **arguments)
    made.add_rule("Rule", recipients=recipients, actions=[StopProcessing()], enabled=enabled)
    return made


# The record


def test_one_stack_has_the_record_with_a_value_for_each_region(stack: Stack, there: Stack) -> None:
    domain(stack)
    further_domain(there)

    assert record_sets(stack)["example.com", "MX"] == [
        "10 inbound-smtp.eu-west-1.amazonaws.com",
        "20 inbound-smtp.us-east-1.amazonaws.com",
    ]
    assert {kind for _, kind in record_sets(there)} <= {"CNAME"}


def test_a_region_that_only_sends_may_own_the_record(app: App) -> None:
    stack = Stack(app, "Zurich", env=Environment(account="111122223333", region="eu-central-2"))
    domain(stack, {"eu-central-1": 0})

    assert record_sets(stack)["example.com", "MX"] == ["0 inbound-smtp.eu-central-1.amazonaws.com"]
    assert warnings(stack) == []


def test_the_region_of_the_deployment_may_be_one(agnostic_stack: Stack) -> None:
    domain(agnostic_stack, {Aws.REGION: 10, THERE: 65535})

    own, other = record_sets(agnostic_stack)["example.com", "MX"]
    assert own == {"Fn::Join": ["", ["10 inbound-smtp.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}]]}
    assert other == "65535 inbound-smtp.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({}, "receives_mail must name a region, or be False, got {}; write {'eu-west-1': 10, 'us-east-1': 20}"),
        ({HERE: -1}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got -1"),
        ({HERE: 65536}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got 65536"),
        ({HERE: 10.5}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got 10.5"),
        ({HERE: True}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got True"),
        ({HERE: "10"}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got '10'"),
        ({HERE: []}, "receives_mail must have whole numbers from 0 to 65535 as preferences, got []"),
        ({HERE: 10, THERE: 10}, "receives_mail must have a preference of its own for each region"),
        ({"Ireland": 10}, "receives_mail must be the code of an AWS region, got 'Ireland'"),
        ([HERE, THERE], "receives_mail must be a bool, got ['eu-west-1', 'us-east-1']; pass True or False, or regions"),
    ],
)
def test_regions_and_preferences_that_cannot_be_are_refused(stack: Stack, wrong: object, says: str) -> None:
    with pytest.raises(ValueError, match="receives_mail must") as raised:
        domain(stack, wrong)

    assert says in str(raised.value)


def test_a_region_that_is_not_known_to_receive_warns(stack: Stack) -> None:
    domain(stack, {HERE: 10, "eu-central-2": 20})

    (warning,) = warnings(stack)
    assert "SES is not known to receive mail in eu-central-2" in warning


def test_two_owners_are_told_how_one_names_both_regions(stack: Stack, there: Stack) -> None:
    domain(stack, True, mail_from=None, dmarc=None)

    with pytest.raises(ValueError, match=r"name all regions in one of the two, receives_mail=\{'eu-west-1': 10"):
        domain(there, True, mail_from=None, dmarc=None)


# The rules


@pytest.mark.parametrize("reverse", [False, True])
def test_regions_that_take_the_same_mail_are_well(stack: Stack, there: Stack, reverse: bool) -> None:
    if reverse:
        rules(further_domain(there), "example.com")
    rules(domain(stack), "help@example.com")
    if not reverse:
        rules(further_domain(there), "example.com")

    assert [each for each in warnings(stack) if "region" in each] == []


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [((), ()), ((), ("example.com",)), (("help@example.com",), ()), (("HELP@Example.com",), ("help@example.com",))],
)
def test_a_rule_for_more_takes_it_too(
    stack: Stack, there: Stack, ours: tuple[str, ...], theirs: tuple[str, ...]
) -> None:
    rules(domain(stack), *ours)
    rules(further_domain(there), *theirs)

    assert warnings(stack) == []


def test_a_region_without_rules_is_warned_about(stack: Stack) -> None:
    rules(domain(stack))

    (warning,) = warnings(stack)
    assert "the MX record of example.com leads to SES in us-east-1 too, and no rule set of this app takes" in warning
    assert warning.endswith("[ack: ses-constructs:region-without-rules]")


def test_without_a_rule_set_anywhere_nobody_is_warned(stack: Stack) -> None:
    domain(stack)

    assert warnings(stack) == []


@pytest.mark.parametrize(
    ("theirs", "enabled"), [(("sales@example.com",), True), (("news.example.com",), True), ((), False)]
)
def test_what_one_region_alone_takes_is_warned_about(
    stack: Stack, there: Stack, theirs: tuple[str, ...], enabled: bool
) -> None:
    rules(domain(stack), "help@example.com")
    rules(further_domain(there), *theirs, enabled=enabled)

    (warning,) = warnings(stack)
    assert "no rule in us-east-1 takes mail for help@example.com, and the MX record of example.com leads" in warning
    assert warning.endswith("[ack: ses-constructs:not-taken-everywhere]")


def test_a_region_that_the_record_does_not_name_is_warned_about(stack: Stack, there: Stack) -> None:
    domain(stack, {HERE: 10})
    rules(further_domain(there))

    (warning,) = warnings(there)
    assert "the MX record of example.com brings its mail to eu-west-1, so no rule of There/Inbound" in warning


def test_a_region_that_is_not_known_may_be_any(stack: Stack, agnostic_stack: Stack) -> None:
    domain(stack)
    rules(further_domain(agnostic_stack))

    assert [each for each in warnings(agnostic_stack) if "no-mail" in each] == []
