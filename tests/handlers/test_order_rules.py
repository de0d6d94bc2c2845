"""The order of receipt rules: ours as the template says, those of others where they are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers.order_rules import moves

from .world import World, event

HANDLER = "order_rules"
OURS = ["A", "B", "C", "D"]


def moved(standing: list[str], wanted: list[str], after: str = "") -> list[str]:
    """The order after the moves, each as SES makes it."""
    order = list(standing)
    for rule, front in moves(standing, wanted, after):
        order.remove(rule)
        order.insert(order.index(front) + 1, rule)
    return order


@pytest.mark.parametrize(
    ("standing", "after", "expected"),
    [
        (["A", "B", "C", "D"], "", ["A", "B", "C", "D"]),
        (["B", "A", "D", "C"], "", ["A", "B", "C", "D"]),
        (["x", "A", "y", "B", "C", "D", "z"], "", ["x", "A", "y", "B", "C", "D", "z"]),
        (["A", "x", "B", "C", "D"], "x", ["x", "A", "B", "C", "D"]),
        # Deleted by hand, both the rule and the one to stand behind.
        (["C", "A"], "gone", ["A", "C"]),
    ],
)
def test_our_rules_follow_each_other(standing: list[str], after: str, expected: list[str]) -> None:
    assert moved(standing, OURS, after) == expected


@given(st.permutations([*OURS, "x", "y", "z"]), st.sampled_from(["", "x", "y"]))
def test_whatever_the_order_ours_follow_and_others_stay(standing: list[str], after: str) -> None:
    result = moved(standing, OURS, after)

    assert [each for each in result if each in OURS] == OURS
    assert [each for each in result if each not in OURS] == [each for each in standing if each not in OURS]
    assert not after or result.index(after) < result.index("A")


@given(st.permutations([*OURS, "x"]))
def test_an_order_that_is_right_is_left_alone(standing: list[str]) -> None:
    assert list(moves(moved(standing, OURS), OURS)) == []


def test_the_template_decides_on_create_and_on_update(aws: World) -> None:
    aws.state.rule_sets.add("MailInboundC83F51E0")
    aws.state.rules = ["Sales", "theirs", "Support", "DropSpam"]

    aws.send(HANDLER, event(HANDLER, "create"))
    assert aws.state.rules == ["theirs", "DropSpam", "Sales", "Support"]
    aws.send(HANDLER, event(HANDLER, "update"))
    assert aws.state.rules == ["theirs", "DropSpam", "Support", "Sales"]


def test_a_delete_moves_nothing(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert not aws.aws.calls
