"""What is read from a template: rule sets, references, parameters."""

from typing import Any

import pytest

from ses_constructs.testing import ReceiptSimulator
from tests.testing.rule_templates import ip_filter, rule, simulator, template

TWO_SETS = template(
    Ours={"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": "ours"}},
    Mine={"Type": "AWS::SES::ReceiptRuleSet"},
    A=rule(rule_set={"Ref": "Ours"}),
    B=rule(rule_set="ours", after={"Ref": "A"}),
    C=rule(rule_set={"Ref": "Mine"}),
)


@pytest.mark.parametrize(("rule_set", "rules"), [("Ours", ("A", "B")), ("ours", ("A", "B")), ("Mine", ("C",))])
def test_one_of_several_rule_sets_is_chosen_by_name_or_logical_id(rule_set: str, rules: tuple[str, ...]) -> None:
    assert ReceiptSimulator.from_template(TWO_SETS, rule_set=rule_set).rules == rules


def test_several_rule_sets_are_listed() -> None:
    with pytest.raises(ValueError, match=r"rule_set must be given .* pass one of \['Mine', 'ours'\]"):
        ReceiptSimulator.from_template(TWO_SETS)
    with pytest.raises(ValueError, match=r"rule_set must be a rule set of the template, got 'Other'"):
        ReceiptSimulator.from_template(TWO_SETS, rule_set="Other")


@pytest.mark.parametrize("empty", [{}, {"Resources": {}}, {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}], ids=str)
def test_a_template_without_rules_is_refused(empty: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="template must have SES receipt rules"):
        ReceiptSimulator.from_template(empty)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("literal", "literal"),
        ({"Ref": "Topic"}, "${Topic}"),
        ({"Fn::GetAtt": ["Topic", "TopicArn"]}, "${Topic.TopicArn}"),
        ({"Fn::GetAtt": "Topic.TopicArn"}, "${Topic.TopicArn}"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":sns"]]}, "arn:${AWS::Partition}:sns"),
        (
            {"Fn::Sub": "arn:${AWS::Partition}:${Topic.TopicName}:${!Kept}"},
            "arn:${AWS::Partition}:${Topic.TopicName}:${Kept}",
        ),
        ({"Fn::Sub": ["${Name}-x", {"Name": {"Ref": "Topic"}}]}, "${Topic}-x"),
        ({"Fn::ImportValue": "Shared"}, "${Fn::ImportValue:Shared}"),
        ({"Fn::If": ["Wanted", "a", "b"]}, "${Fn::If}"),
        ({"Ref": "Given"}, "given"),
        ({"Ref": "WithDefault"}, "default"),
        (["odd"], "['odd']"),
    ],
    ids=str,
)
def test_a_target_is_readable_whatever_it_refers_to(value: object, text: str) -> None:
    source = template(Rule=rule(actions=[{"SNSAction": {"TopicArn": value}}]))
    source["Parameters"] = {"WithDefault": {"Type": "String", "Default": "default"}, "Given": {"Type": "String"}}

    receipt = ReceiptSimulator.from_template(source, parameters={"Given": "given"}).deliver(recipients=["a@b.example"])

    assert receipt.actions[0].target == text


@pytest.mark.parametrize(
    ("recipients", "parameters"),
    [
        ([{"Ref": "Domain"}], {"Domain": "example.com"}),
        ([{"Fn::Join": ["@", ["a", {"Ref": "Domain"}]]}], {"Domain": "example.com"}),
        ({"Ref": "All"}, {"All": ["example.org", "example.com"]}),
        ({"Ref": "All"}, {"All": "example.org, example.com"}),
        ([{"Fn::GetAtt": ["Lookup", "Domain"]}], {"Lookup.Domain": "example.com"}),
        ([{"Fn::ImportValue": "Domain"}], {"Fn::ImportValue:Domain": "example.com"}),
    ],
    ids=str,
)
def test_parameters_answer_what_recipients_leave_open(recipients: object, parameters: dict[str, object]) -> None:
    source = template(Rule=rule(Recipients=recipients))

    rules = ReceiptSimulator.from_template(source, parameters=parameters)

    assert rules.deliver(recipients=["a@example.com"]).accepted
    assert not rules.deliver(recipients=["a@example.net"]).accepted


def test_recipients_that_are_not_known_name_the_rule_and_what_to_pass() -> None:
    with pytest.raises(
        ValueError, match=r"rule 'Rule': Recipients must be known .*pass parameters=\{'Domain': \.\.\.\}"
    ):
        simulator(Rule=rule(Recipients=[{"Ref": "Domain"}]))


def test_flags_may_be_spelled_as_text() -> None:
    assert simulator(Rule=rule(Enabled="true")).deliver(recipients=["a@example.com"]).accepted
    with pytest.raises(ValueError, match="rule 'Rule': Enabled must be true or false, got 'on'"):
        simulator(Rule=rule(Enabled="on"))


def test_a_tls_policy_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="rule 'Rule': TlsPolicy must be one of 'Require', 'Optional', got 'Always'"):
        simulator(Rule=rule(TlsPolicy="Always"))


def test_filters_are_read_as_carefully() -> None:
    with pytest.raises(ValueError, match="filter 'Filter': Cidr must be a range of IP addresses, got 'all'"):
        simulator(Rule=rule(), Filter=ip_filter("Block", "all"))
    with pytest.raises(ValueError, match="filter 'Filter': Policy must be one of 'Allow', 'Block', got 'Deny'"):
        simulator(Rule=rule(), Filter=ip_filter("Deny", "0.0.0.0/0"))
    with pytest.raises(ValueError, match=r"filter 'Filter': Cidr must be known .*'Office'"):
        simulator(Rule=rule(), Filter=ip_filter("Allow", {"Ref": "Office"}))
