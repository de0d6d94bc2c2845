"""Which reasons put an address on the account's suppression list."""

from typing import Any

import pytest

from .world import World, event, in_turn, pairwise, rolled_back

HANDLER = "suppression_list"
WRITE = "sesv2.PutAccountSuppressionAttributes"


@pytest.mark.parametrize(
    ("reasons", "before", "kind"),
    pairwise(
        [[], ["BOUNCE"], ["COMPLAINT"], ["BOUNCE", "COMPLAINT"]],
        [[], ["BOUNCE"], ["COMPLAINT", "BOUNCE"]],
        ["create", "update"],
    ),
    ids=repr,
)
def test_the_account_gets_the_reasons_and_only_a_difference_is_written(
    aws: World, kind: str, before: list[str], reasons: list[str]
) -> None:
    aws.state.account.suppressed_reasons = before

    answer = aws.send(HANDLER, event(HANDLER, kind, SuppressedReasons=reasons))

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", "suppression-list", {})
    assert sorted(aws.state.account.suppressed_reasons) == reasons
    assert (WRITE in aws.aws.operations()) is (sorted(before) != reasons)


def test_an_empty_list_is_sent_as_one_and_nothing_else_is(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create", SuppressedReasons=[]))

    (call,) = [call for call in aws.aws.calls if call.operation == WRITE]
    assert call.params == {"SuppressedReasons": []}


def test_a_reason_that_is_there_twice_counts_once(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create", SuppressedReasons=["BOUNCE", "BOUNCE"]))

    assert aws.state.account.suppressed_reasons == ["BOUNCE"]


def test_delete_leaves_the_account_as_it_is(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "delete"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "suppression-list")
    assert aws.state.account.suppressed_reasons == ["BOUNCE", "COMPLAINT"]
    assert not aws.aws.calls


def test_a_change_is_logged_with_what_was_there_before(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    aws.send(HANDLER, event(HANDLER, "update"))

    (record,) = [record for record in caplog.records if record.getMessage() == "suppression list changed"]
    assert (record.__dict__["before"], record.__dict__["now"]) == (["BOUNCE", "COMPLAINT"], ["COMPLAINT"])


@pytest.mark.parametrize(
    ("reasons", "kind"),
    in_turn([None, "BOUNCE", "", {}, ["bounce"], ["BOUNCE", "OTHER"], [7], [["BOUNCE"]]], ["create", "update"]),
    ids=repr,
)
def test_anything_but_a_list_of_reasons_is_refused_before_any_call(aws: World, kind: str, reasons: Any) -> None:
    answer = aws.send(HANDLER, event(HANDLER, kind, SuppressedReasons=reasons))

    assert answer["Status"] == "FAILED"
    assert "property SuppressedReasons must be a list of BOUNCE and COMPLAINT, got" in answer["Reason"]
    assert not aws.aws.calls


def test_the_roll_back_of_an_update_gives_the_earlier_reasons_back(aws: World) -> None:
    update = event(HANDLER, "update")
    aws.send(HANDLER, update)

    answer = aws.send(HANDLER, rolled_back(update))

    assert answer["Status"] == "SUCCESS"
    assert aws.state.account.suppressed_reasons == ["BOUNCE", "COMPLAINT"]
