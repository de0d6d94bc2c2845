"""How a rule set becomes the active one, and never by accident."""

from typing import Any

import pytest
from aws_cdk import App, CfnResource, Environment, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct, IConstruct

from ses_constructs import (
    ActivateIfFree,
    Activation,
    InboundRuleSet,
    LeaveInactive,
    StopProcessing,
    StoreMail,
    TakeOver,
    VerifiedDomain,
)
from tests.constructs.templates import identified, only, resources, role_statements, template, written

ACTIVE = "Custom::SESActiveRuleSet"


def make(stack: Stack, construct_id: str = "Inbound", **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, f"Domain{construct_id}", "example.com")
    return InboundRuleSet(stack, construct_id, **{"domain": domain, "drop_spam": False, **changes})


@pytest.mark.parametrize("activation", [None, ActivateIfFree()])
def test_a_set_is_activated_only_if_no_other_one_is_active(stack: Stack, activation: Activation | None) -> None:
    rules = make(stack, activation=activation)

    properties = only(stack, ACTIVE)["Properties"]
    assert (properties["RuleSetName"], properties["TakeOver"]) == (rules.rule_set_name, "false")


def test_taking_over_is_said_to_the_handler(stack: Stack) -> None:
    make(stack, activation=TakeOver())

    assert only(stack, ACTIVE)["Properties"]["TakeOver"] == "true"


def test_a_set_that_is_left_inactive_costs_no_function(stack: Stack) -> None:
    make(stack, activation=LeaveInactive())

    types = [each["Type"] for each in template(stack)["Resources"].values()]
    assert types == ["AWS::SES::ReceiptRuleSet"]


def test_a_set_is_active_under_the_name_that_it_was_given(stack: Stack) -> None:
    make(stack, rule_set_name="inbound-2")

    assert only(stack, ACTIVE)["Properties"]["RuleSetName"] == "inbound-2"


def test_the_handler_may_see_and_set_the_active_set_tag_itself_and_nothing_else(stack: Stack) -> None:
    make(stack)

    found = [{**each, "Resource": written(each["Resource"])} for each in role_statements(stack, of="SesReceiptRules")]
    assert found == [
        {"Action": "cloudformation:ListStackResources", "Effect": "Allow", "Resource": "<AWS::StackId>"},
        {
            "Action": ["lambda:ListTags", "lambda:TagResource"],
            "Effect": "Allow",
            "Resource": "arn:<AWS::Partition>:lambda:eu-west-1:111122223333:"
            "function:SesReceiptRules-<<AWS::StackId> by /, 2>",
        },
        {
            "Action": ["ses:DescribeActiveReceiptRuleSet", "ses:SetActiveReceiptRuleSet"],
            "Effect": "Allow",
            "Resource": "*",
        },
    ]


def test_activation_runs_the_handler_that_activates(stack: Stack) -> None:
    make(stack)

    functions = identified(stack, "AWS::Lambda::Function")
    function_id = only(stack, ACTIVE)["Properties"]["ServiceToken"]["Fn::GetAtt"][0]
    assert functions[function_id]["Properties"]["Handler"] == "handlers.receipt_rules.on_event"


def test_activation_comes_after_its_permissions_and_goes_before_them(stack: Stack) -> None:
    make(stack)

    assert set(identified(stack, "AWS::IAM::Policy")) <= set(only(stack, ACTIVE)["DependsOn"])


def test_activation_goes_before_the_set_which_ses_could_not_delete_otherwise(stack: Stack) -> None:
    make(stack)

    assert set(identified(stack, "AWS::SES::ReceiptRuleSet")) <= set(only(stack, ACTIVE)["DependsOn"])


def test_activation_waits_for_every_rule_also_for_those_that_come_later(stack: Stack) -> None:
    rules = make(stack, drop_spam=True)
    rules.add_rule("Support", recipients=["support@example.com"], actions=[StoreMail()])
    rules.add_rule("Sales", recipients=["sales@example.com"], actions=[StopProcessing()])

    made = identified(stack, "AWS::SES::ReceiptRule")
    assert len(made) == 3
    assert set(made) <= set(only(stack, ACTIVE)["DependsOn"])


def test_a_second_active_set_in_one_stack_is_refused(stack: Stack) -> None:
    make(stack)

    with pytest.raises(
        ValueError,
        match=r"the active receipt rule set of an account and region must have one owner, and '.*' has it, got '.*'; "
        r"add the rules to that set, or pass activation=LeaveInactive\(\)",
    ):
        make(stack, "Second", activation=TakeOver())


def test_a_second_set_may_stand_by(stack: Stack) -> None:
    first = make(stack)
    second = make(stack, "Second", activation=LeaveInactive())

    assert only(stack, ACTIVE)["Properties"]["RuleSetName"] == first.rule_set_name
    assert first.rule_set_name != second.rule_set_name


def test_each_stack_may_activate_a_set_for_its_own_region(app: App) -> None:
    stacks = [
        Stack(app, region, env=Environment(account="111122223333", region=region))
        for region in ("eu-west-1", "us-east-1")
    ]
    for stack in stacks:
        make(stack)

    assert [len(resources(stack, ACTIVE)) for stack in stacks] == [1, 1]


@pytest.mark.parametrize("activation", [None, LeaveInactive()])
def test_joining_a_set_activates_nothing(stack: Stack, activation: Activation | None) -> None:
    existing = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Existing", "inbound")
    make(stack, rule_set=existing, activation=activation).add_rule("All", actions=[StopProcessing()])

    assert [each["Type"] for each in template(stack)["Resources"].values()] == ["AWS::SES::ReceiptRule"]


@pytest.mark.parametrize("activation", [ActivateIfFree(), TakeOver()])
def test_activating_a_set_that_was_joined_is_refused(stack: Stack, activation: Activation) -> None:
    existing = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Existing", "inbound")

    with pytest.raises(
        ValueError,
        match=rf"activation must be left out with rule_set, got {type(activation).__name__}\(\); whoever owns the set",
    ):
        make(stack, rule_set=existing, activation=activation)


class OwnActivation:
    """Another way to activate, as an application could write it."""

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct:
        return CfnResource(scope, "Own", type="Custom::Own", properties={"Name": rule_set_name})


def test_another_way_to_activate_waits_for_set_and_rules_as_well(stack: Stack) -> None:
    rules = make(stack, activation=OwnActivation())
    rules.add_rule("All", actions=[StopProcessing()])

    own = only(stack, "Custom::Own")
    made = {**identified(stack, "AWS::SES::ReceiptRuleSet"), **identified(stack, "AWS::SES::ReceiptRule")}
    assert own["Properties"]["Name"] == rules.rule_set_name
    assert set(own["DependsOn"]) == set(made)
