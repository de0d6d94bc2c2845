"""The active receipt rule set: one for a whole account and region, so that others may want it too."""

import pytest

from ses_constructs.handlers.activate_rule_set import physical_id, replaced_in

from .in_memory_aws import FOREVER, AwsError, Fault, Then, Trouble
from .world import Event, World, event

HANDLER = "activate_rule_set"
OURS: str = event(HANDLER, "create")["ResourceProperties"]["RuleSetName"]
RENAMED: str = event(HANDLER, "update")["ResourceProperties"]["RuleSetName"]
THEIRS = "theirs"
ASK, SET = "ses.DescribeActiveReceiptRuleSet", "ses.SetActiveReceiptRuleSet"
# The answers to SetActiveReceiptRuleSet are lost, and then nobody can look.
UNSEEN = ((Trouble.TIMED_OUT_AFTER, SET, 0, 7), (Trouble.BROKEN, ASK, 1, 7))


@pytest.fixture(autouse=True)
def _rule_sets(aws: World) -> None:
    aws.state.rule_sets |= {OURS, RENAMED, THEIRS}


def take_over() -> Event:
    return event(HANDLER, "create", TakeOver="true")


def delete(physical_id: str = "active-rule-set|", **properties: str) -> Event:
    return event(HANDLER, "delete", **properties) | {"PhysicalResourceId": physical_id}


def test_a_set_is_activated_when_none_is_active(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", "active-rule-set|", {})
    assert aws.state.active_rule_set == OURS


def test_create_refuses_when_another_set_is_active_and_its_delete_does_nothing(aws: World) -> None:
    aws.state.active_rule_set = THEIRS

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "receipt rule set 'theirs' is active in this region, which allows only one: add the rules to that set "
        "(rule_set=), deactivate it ('aws ses set-active-receipt-rule-set' without a name), or replace it with "
        "activation=TakeOver()"
    )
    assert aws.send(HANDLER, delete(answer["PhysicalResourceId"]))["Status"] == "SUCCESS"
    assert aws.aws.operations() == [ASK]
    assert aws.state.active_rule_set == THEIRS


def test_a_take_over_remembers_the_set_logs_both_and_gives_it_back(
    aws: World, caplog: pytest.LogCaptureFixture
) -> None:
    aws.state.active_rule_set = THEIRS

    answer = aws.send(HANDLER, take_over())
    assert answer["PhysicalResourceId"] == "active-rule-set|theirs"
    assert aws.state.active_rule_set == OURS
    (record,) = [record for record in caplog.records if record.getMessage() == "took over"]
    assert (record.__dict__["active"], record.__dict__["replaced"]) == (OURS, THEIRS)

    aws.send(HANDLER, delete("active-rule-set|theirs"))
    assert aws.state.active_rule_set == THEIRS


def test_a_take_over_from_nobody_remembers_nobody(aws: World) -> None:
    assert aws.send(HANDLER, take_over())["PhysicalResourceId"] == "active-rule-set|"
    assert aws.state.active_rule_set == OURS


@pytest.mark.parametrize(
    ("trouble", "times"), [(Trouble.TIMED_OUT_AFTER, 3), (Trouble.BROKEN, 3), (Trouble.TIMED_OUT_AFTER, FOREVER)]
)
def test_a_take_over_that_needs_several_tries_still_remembers_the_set(aws: World, trouble: Trouble, times: int) -> None:
    aws.state.active_rule_set = THEIRS
    aws.aws.faults.append(Fault(trouble, SET, times=times))

    answer = aws.send(HANDLER, take_over())

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "active-rule-set|theirs")


@pytest.mark.parametrize(("times", "status"), [(1, "SUCCESS"), (FOREVER, "FAILED")])
def test_a_take_over_whose_look_afterwards_is_denied_remembers_the_set(aws: World, times: int, status: str) -> None:
    aws.state.active_rule_set = THEIRS
    aws.aws.faults.append(Fault(Trouble.DENIED, ASK, skip=1, times=times))

    answer = aws.send(HANDLER, take_over())

    assert (answer["Status"], answer["PhysicalResourceId"]) == (status, "active-rule-set|theirs")
    assert aws.state.active_rule_set == OURS


@pytest.mark.parametrize("before", [THEIRS, ""])
@pytest.mark.parametrize("again", [True, False])
def test_a_take_over_whose_answer_was_lost_gives_back_what_it_replaced(aws: World, before: str, again: bool) -> None:
    aws.state.active_rule_set = before
    aws.cloudformation.losses = [OSError("lost")] * 4
    with pytest.raises(RuntimeError, match="did not take the answer"):
        aws.invoke(HANDLER, take_over())

    made_up = "Mail-InboundActivation-1XYZ"
    physical_id = aws.send(HANDLER, take_over())["PhysicalResourceId"] if again else made_up
    assert physical_id == (f"active-rule-set|{before}" if again else made_up)
    assert aws.send(HANDLER, delete(physical_id, TakeOver="true"))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == before


def test_a_delete_that_does_not_know_what_was_replaced_refuses_to_deactivate(aws: World) -> None:
    aws.state.active_rule_set = OURS

    answer = aws.send(HANDLER, delete("Mail-InboundActivation-1XYZ", TakeOver="true"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        f"receipt rule set {OURS!r} is active, and may have replaced another set that is not known any more: activate "
        "that one, or deactivate it ('aws ses set-active-receipt-rule-set' without a name), then delete again"
    )
    assert aws.state.active_rule_set == OURS


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_a_set_that_is_not_of_the_stack_is_not_touched(aws: World, kind: str) -> None:
    aws.state.active_rule_set = THEIRS if kind == "delete" else ""

    answer = aws.send(HANDLER, event(HANDLER, kind, RuleSetName=THEIRS, TakeOver="true"))

    assert (answer["Status"], answer["Reason"]) == ("FAILED", "receipt rule set 'theirs' is not one of this stack")
    assert not aws.aws.calls


def test_a_set_that_does_not_exist_is_not_activated(aws: World) -> None:
    aws.state.rule_sets.discard(OURS)

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert f"Rule set does not exist: {OURS}" in answer["Reason"]


@pytest.mark.parametrize(("choice", "before"), [("false", ""), ("true", THEIRS)])
def test_a_create_whose_effect_nobody_saw_is_undone_by_its_delete(aws: World, choice: str, before: str) -> None:
    aws.state.active_rule_set = before
    aws.aws.faults += [Fault(*fault) for fault in UNSEEN]

    failed = aws.send(HANDLER, event(HANDLER, "create", TakeOver=choice))
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", f"active-rule-set|{before}")
    assert "InternalFailure" in failed["Reason"]
    assert aws.state.active_rule_set == OURS

    assert aws.send(HANDLER, delete(failed["PhysicalResourceId"]))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == before


def test_a_second_try_that_cannot_look_is_followed_by_a_delete_that_does(aws: World) -> None:
    aws.invoke(HANDLER, event(HANDLER, "create"))
    aws.aws.faults.append(Fault(Trouble.THROTTLED, ASK, times=7))

    failed = aws.send(HANDLER, event(HANDLER, "create"))
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", "ses-constructs:unsure")

    aws.send(HANDLER, delete(failed["PhysicalResourceId"]))
    assert aws.state.active_rule_set == ""


@pytest.mark.parametrize(("winner", "seen"), [(THEIRS, "'theirs'"), ("", "none")])
@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_lost_race_is_told_and_not_fought(aws: World, kind: str, winner: str, seen: str) -> None:
    aws.aws.faults.append(Fault(Then(lambda: setattr(aws.state, "active_rule_set", winner)), SET, times=FOREVER))

    answer = aws.send(HANDLER, event(HANDLER, kind, RuleSetName=OURS))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        f"receipt rule set {OURS!r} was activated, but right afterwards {seen} was active, because somebody else "
        "changes it too; agree on one set, then deploy again"
    )
    assert aws.send(HANDLER, delete(answer["PhysicalResourceId"]))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == winner


def test_a_race_on_delete_that_somebody_else_wins_is_no_failure(aws: World) -> None:
    aws.state.active_rule_set = OURS

    def win() -> None:
        aws.state.active_rule_set = THEIRS
        raise AwsError("InternalFailure", "An internal error occurred.", 500)

    aws.aws.faults.append(Fault(Then(win), SET, times=FOREVER))

    assert aws.send(HANDLER, delete())["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == THEIRS


def test_ses_may_also_say_by_an_error_that_no_set_is_active(aws: World) -> None:
    aws.aws.faults.append(Fault(AwsError("RuleSetDoesNotExist", "No rule set is active."), ASK))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


@pytest.mark.parametrize(("name", "value"), [("RuleSetName", ""), ("TakeOver", None)])
def test_a_missing_property_is_named(aws: World, name: str, value: object) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", **{name: value}))

    assert f"property {name} must be a text that is not empty" in answer["Reason"]
    assert not aws.aws.calls


@pytest.mark.parametrize("value", ["True", "yes", "1"])
def test_take_over_is_true_or_false(aws: World, value: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", TakeOver=value))

    assert answer["Reason"] == f"property TakeOver must be 'true' or 'false', got {value!r}"
    assert not aws.aws.calls


def test_the_longest_name_fits_into_the_physical_id() -> None:
    assert replaced_in(physical_id("n" * 64)) == "n" * 64
    assert len(physical_id("n" * 64).encode()) < 1024
