"""What becomes of the active receipt rule set when the stack changes or goes."""

import pytest

from .in_memory_aws import FOREVER, Fault, Trouble
from .test_activate_rule_set import HANDLER, OURS, RENAMED, SET, THEIRS, UNSEEN, delete
from .test_activate_rule_set import _rule_sets as _rule_sets
from .world import Event, World, event, rolled_back


def change(before: str, after: str) -> Event:
    """An Update of nothing but ``TakeOver``."""
    sent = event(HANDLER, "update", RuleSetName=OURS, TakeOver=after)
    sent["OldResourceProperties"]["TakeOver"] = before
    return sent


@pytest.mark.parametrize("seen", [True, False])
def test_a_renamed_set_is_active_before_the_old_one_goes_and_a_roll_back_restores_it(aws: World, seen: bool) -> None:
    aws.state.active_rule_set = OURS
    renaming = event(HANDLER, "update") | {"PhysicalResourceId": "active-rule-set|theirs"}
    if not seen:
        aws.aws.faults += [Fault(*fault) for fault in UNSEEN]

    answer = aws.send(HANDLER, renaming)
    assert (answer["Status"] == "SUCCESS", answer["PhysicalResourceId"]) == (seen, "active-rule-set|theirs")
    assert aws.state.active_rule_set == RENAMED

    assert aws.send(HANDLER, rolled_back(renaming))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == OURS


def test_a_roll_back_knows_the_set_that_an_update_has_replaced(aws: World) -> None:
    aws.state.active_rule_set = RENAMED
    aws.stack.others.discard(("AWS::SES::ReceiptRuleSet", OURS))
    back = rolled_back(event(HANDLER, "update"))
    assert "is not one of this stack" in aws.send(HANDLER, back)["Reason"]

    aws.stack.events.append(
        {
            "LogicalResourceId": "InboundRuleSet",
            "PhysicalResourceId": OURS,
            "ResourceType": "AWS::SES::ReceiptRuleSet",
            "ResourceStatus": "UPDATE_IN_PROGRESS",
        }
    )
    assert aws.send(HANDLER, back)["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == OURS


@pytest.mark.parametrize("bad", [{"RuleSetName": ""}, {"TakeOver": "maybe"}])
def test_the_roll_back_of_an_update_with_bad_properties_changes_nothing(aws: World, bad: dict[str, str]) -> None:
    aws.state.active_rule_set = THEIRS
    failed = event(HANDLER, "update", **bad)
    assert aws.send(HANDLER, failed)["Status"] == "FAILED"

    assert aws.send(HANDLER, rolled_back(failed))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == THEIRS


@pytest.mark.parametrize("name", [OURS, RENAMED])
def test_an_update_activates_the_set_again_that_somebody_deactivated(aws: World, name: str) -> None:
    aws.send(HANDLER, event(HANDLER, "update", RuleSetName=name))

    assert aws.state.active_rule_set == name


def test_an_update_that_asks_nothing_of_the_active_set_leaves_that_of_somebody_else(
    aws: World, caplog: pytest.LogCaptureFixture
) -> None:
    aws.state.active_rule_set = THEIRS

    assert aws.send(HANDLER, event(HANDLER, "update", RuleSetName=OURS, ServiceTimeout="900"))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == THEIRS
    (record,) = [record for record in caplog.records if record.getMessage() == "another set is active"]
    assert (record.__dict__["active"], record.__dict__["ours"]) == (THEIRS, OURS)


@pytest.mark.parametrize("choice", ["false", "true"])
def test_a_renaming_does_not_replace_the_set_that_somebody_activated_since(aws: World, choice: str) -> None:
    aws.state.active_rule_set = THEIRS
    renaming = change(choice, choice)
    renaming["ResourceProperties"]["RuleSetName"] = RENAMED

    answer = aws.send(HANDLER, renaming)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "receipt rule set 'theirs' was activated outside of this stack, and an update never replaces another set: "
        "deactivate it ('aws ses set-active-receipt-rule-set' without a name), then deploy again (or continue the "
        "update roll-back)"
    )
    assert aws.state.active_rule_set == THEIRS

    # The way out works in both directions.
    assert aws.send(HANDLER, rolled_back(renaming))["Status"] == "FAILED"
    aws.state.active_rule_set = ""
    assert aws.send(HANDLER, rolled_back(renaming))["Status"] == "SUCCESS"
    assert aws.send(HANDLER, renaming)["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == RENAMED


def test_the_change_to_take_over_is_refused_while_another_set_is_active_and_rolls_back(aws: World) -> None:
    aws.state.active_rule_set = THEIRS

    assert "an update never replaces another set" in aws.send(HANDLER, change("false", "true"))["Reason"]
    assert aws.send(HANDLER, rolled_back(change("false", "true")))["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == THEIRS


def test_a_roll_back_to_take_over_does_not_grab_the_account(aws: World) -> None:
    aws.state.active_rule_set = THEIRS

    assert aws.send(HANDLER, change("true", "false"))["Status"] == "SUCCESS"
    assert aws.send(HANDLER, rolled_back(change("true", "false")))["Status"] == "FAILED"
    assert aws.state.active_rule_set == THEIRS


@pytest.mark.parametrize(
    ("sent", "active", "afterwards"),
    [
        pytest.param(delete(), OURS, "", id="ours is deactivated"),
        pytest.param(delete("Mail-Activation-1XYZ"), OURS, "", id="ours, of a create that never answered"),
        pytest.param(delete("active-rule-set|theirs", TakeOver="false"), OURS, THEIRS, id="given back in any case"),
        pytest.param(delete("active-rule-set|gone"), OURS, "", id="the earlier set is gone"),
        pytest.param(delete("active-rule-set|theirs", RuleSetName=THEIRS), THEIRS, "", id="renamed to the earlier one"),
        pytest.param(delete("active-rule-set|theirs"), "", "", id="somebody deactivated ours"),
        pytest.param(delete("active-rule-set|theirs"), THEIRS, THEIRS, id="somebody gave it back"),
        pytest.param(delete("active-rule-set|theirs"), RENAMED, RENAMED, id="somebody activated a third one"),
    ],
)
@pytest.mark.parametrize("lost", [0, FOREVER], ids=["answered", "answers lost"])
def test_delete_acts_only_while_ours_is_active(
    aws: World, sent: Event, active: str, afterwards: str, lost: int
) -> None:
    aws.state.active_rule_set = active
    aws.stack.others.add(("AWS::SES::ReceiptRuleSet", sent["ResourceProperties"]["RuleSetName"]))
    # A lost answer says nothing of a set that does not exist either.
    aws.aws.faults.append(
        Fault(Trouble.TIMED_OUT_AFTER, SET, times=lost, skip=int("gone" in sent["PhysicalResourceId"]))
    )

    assert aws.send(HANDLER, sent)["Status"] == "SUCCESS"
    assert aws.state.active_rule_set == afterwards
    assert (SET in aws.aws.operations()) is (active == sent["ResourceProperties"]["RuleSetName"])


@pytest.mark.parametrize("replaced", ["", THEIRS])
def test_a_delete_that_may_not_act_fails_and_leaves_the_set_active(aws: World, replaced: str) -> None:
    aws.state.active_rule_set = OURS
    aws.aws.faults.append(Fault(Trouble.DENIED, SET))

    answer = aws.send(HANDLER, delete(f"active-rule-set|{replaced}"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", f"active-rule-set|{replaced}")
    assert "User is not authorized" in answer["Reason"]
    assert aws.state.active_rule_set == OURS
