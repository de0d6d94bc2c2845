"""The order of rules that exist: After alone does not move them, so a custom resource looks and moves."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from ses_constructs import InboundRuleSet, StopProcessing, VerifiedDomain
from tests.constructs.templates import identified, only, receipt_rules, resources


def make(stack: Stack, *ids: str, **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    rules = InboundRuleSet(stack, "Inbound", domain=domain, **changes)
    for construct_id in ids:
        rules.add_rule(construct_id, actions=[StopProcessing()])
    return rules


def test_the_order_is_that_of_the_rules_and_looked_at_when_they_are_there(stack: Stack) -> None:
    make(stack, "First", "Second")

    order = only(stack, "Custom::SESRuleOrder")
    assert order["Properties"]["Rules"] == [each["Properties"]["Rule"]["Name"] for each in receipt_rules(stack)]
    assert order["Properties"]["After"] == ""
    assert identified(stack, "AWS::SES::ReceiptRule").keys() <= set(order["DependsOn"])


def test_rules_that_join_a_set_stand_behind_the_rule_that_is_named(stack: Stack) -> None:
    theirs = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Theirs", "theirs")
    make(stack, "First", "Second", rule_set=theirs, after_rule="their-rule", drop_spam=False)

    properties = only(stack, "Custom::SESRuleOrder")["Properties"]
    assert (properties["RuleSetName"], properties["After"]) == ("theirs", "their-rule")


def test_a_rule_alone_has_no_order(stack: Stack) -> None:
    make(stack, "Only", drop_spam=False)

    assert resources(stack, "Custom::SESRuleOrder") == []
