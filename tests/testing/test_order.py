"""The order of rules: a chain of After, in whatever order and spelling the template has it."""

import itertools

import pytest

from tests.testing.rule_templates import rule, simulator

CHAIN = {"A": rule(), "B": rule(after={"Ref": "A"}), "C": rule(after={"Ref": "B"})}


@pytest.mark.parametrize("ids", list(itertools.permutations("ABC")), ids="".join)
def test_a_chain_is_followed_wherever_its_rules_stand(ids: tuple[str, ...]) -> None:
    assert simulator(**{each: CHAIN[each] for each in ids}).rules == ("A", "B", "C")


@pytest.mark.parametrize(
    "after",
    [
        {"Ref": "First"},
        {"Fn::GetAtt": ["First", "RuleName"]},
        {"Fn::GetAtt": "First.RuleName"},
        {"Fn::Sub": "${First}"},
        {"Fn::Select": [0, {"Fn::Split": ["|", {"Ref": "First"}]}]},
        "first-rule",
    ],
    ids=str,
)
def test_after_names_a_rule_in_every_spelling(after: object) -> None:
    assert simulator(Second=rule(after=after), First=rule(Name="first-rule")).rules == ("first-rule", "Second")


def test_of_two_rules_behind_the_same_one_the_later_comes_first() -> None:
    rules = simulator(A=rule(), B=rule(after={"Ref": "A"}), C=rule(after={"Ref": "A"}, depends_on="B"))

    assert rules.rules == ("A", "C", "B")


def test_what_follows_a_rule_stays_behind_it() -> None:
    rules = simulator(
        A=rule(), B=rule(after={"Ref": "A"}), C=rule(after={"Ref": "B"}), D=rule(after={"Ref": "A"}, depends_on=["C"])
    )

    assert rules.rules == ("A", "D", "B", "C")


@pytest.mark.parametrize(
    "reference",
    [
        {"Ref": "A"},
        {"Fn::GetAtt": ["A", "RuleName"]},
        {"Fn::GetAtt": "A.RuleName"},
        {"Fn::Sub": "of-${A.RuleName}"},
        {"Fn::Sub": ["of-${Name}", {"Name": {"Ref": "A"}}]},
        {"Fn::Join": ["-", ["of", {"Ref": "A"}]]},
    ],
    ids=str,
)
def test_without_after_a_rule_made_later_goes_to_the_top(reference: object) -> None:
    between = {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": reference}}

    assert simulator(A=rule(), Between=between, B=rule(depends_on="Between")).rules == ("B", "A")


def test_rules_whose_order_is_left_to_chance_are_refused() -> None:
    with pytest.raises(ValueError, match=r"rules must have one order, got \['A', 'B'\] all at the top"):
        simulator(A=rule(), B=rule())
    with pytest.raises(ValueError, match=r"got \['B', 'C'\] all behind 'A'.*give each but one an After"):
        simulator(A=rule(), B=rule(after={"Ref": "A"}), C=rule(after={"Ref": "A"}))


def test_a_rule_may_follow_one_from_elsewhere() -> None:
    rules = simulator(Top=rule(), Joined=rule(after="of-another-stack"), Next=rule(after={"Ref": "Joined"}))

    assert rules.rules == ("Top", "Joined", "Next")


def test_rules_behind_two_from_elsewhere_have_no_known_order() -> None:
    with pytest.raises(ValueError, match=r"After must name rules of this template, got \['one', 'two'\]"):
        simulator(A=rule(after="one"), B=rule(after="two"))


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match=r"After must lead to a first rule, got a circle of \['A', 'B'\]"):
        simulator(A=rule(after="B"), B=rule(after="A"), C=rule())


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="rules must have names of their own"):
        simulator(A=rule(Name="same"), B=rule(Name="same", after={"Ref": "A"}))
