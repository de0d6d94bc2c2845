"""Waiting for people to click: one request for all addresses, and a failure that names every one that is missing."""

import pytest

from ses_constructs.handlers._waiting import FAILED_IN_A_ROW, INTERVAL_SECONDS, NOTE

from .in_memory_aws import Fault, Trouble
from .world import World, event

HANDLER = "wait_for_addresses"
ANN, BOB = event(HANDLER, "create")["ResourceProperties"]["Addresses"]
POLL, INVOKE = "ses.GetIdentityVerificationAttributes", "lambda.Invoke"


def click(aws: World, *addresses: str) -> None:
    for address in addresses:
        aws.state.new_identity(address).succeed()


@pytest.fixture(autouse=True)
def made(aws: World) -> None:
    for address in (ANN, BOB):
        aws.state.new_identity(address)


def test_the_wait_ends_when_everybody_has_clicked(aws: World) -> None:
    aws.aws.faults += [Fault(lambda: click(aws, ANN), POLL, skip=1), Fault(lambda: click(aws, BOB), POLL, skip=3)]

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", "address-verification", {})
    assert aws.clock.sleeps == [INTERVAL_SECONDS] * 3
    assert {tuple(call.params["Identities"]) for call in aws.aws.calls} == {(ANN, BOB)}


def test_a_missed_deadline_names_who_has_not_clicked(aws: World) -> None:
    click(aws, BOB)
    start = aws.clock.now

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Reason"] == (
        "these addresses were not verified within 30 minutes: Ann.Smith@example.com is Pending; their owners must "
        "click the link that SES sends them; deploy again or allow more time"
    )
    assert aws.clock.now == start + 1800


def test_an_address_that_ses_does_not_know_is_missing(aws: World) -> None:
    del aws.state.identities[BOB]
    click(aws, ANN)

    answer = aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds="20"))

    assert "bob@example.org is not known to SES; their owners" in answer["Reason"]


def test_a_link_that_is_too_old_ends_the_wait(aws: World) -> None:
    aws.state.identities[ANN].verification = "FAILED"

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Reason"] == (
        "these addresses are not verified: Ann.Smith@example.com is Failed, bob@example.org is Pending; "
        "a link works for 24 hours: pass another text as resend to send new ones"
    )
    assert len(aws.clock.sleeps) == FAILED_IN_A_ROW - 1


def test_a_failed_status_from_before_the_mail_is_waited_out(aws: World) -> None:
    aws.state.identities[ANN].verification = "FAILED"
    aws.aws.faults.append(Fault(lambda: click(aws, ANN, BOB), POLL, skip=2))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


def test_an_update_waits_for_who_is_new(aws: World) -> None:
    click(aws, ANN, BOB)
    aws.aws.faults.append(Fault(lambda: click(aws, "cleo@example.org"), POLL, skip=2))

    assert aws.send(HANDLER, event(HANDLER, "update"))["Status"] == "SUCCESS"


def test_a_long_wait_is_handed_over_and_can_still_succeed(aws: World) -> None:
    start = aws.clock.now
    aws.invoke(HANDLER, event(HANDLER, "create"))
    assert aws.functions.queue == [event(HANDLER, "create") | {NOTE: {"Deadline": start + 1800, "HandOvers": 1}}]
    click(aws, ANN, BOB)

    aws.invoke(HANDLER, aws.functions.queue.pop())

    assert [answer["Status"] for answer in aws.cloudformation.answers] == ["SUCCESS"]


def test_trouble_beyond_botocores_retries_does_not_end_the_wait(aws: World) -> None:
    aws.aws.faults.append(Fault(lambda: click(aws, ANN, BOB), POLL, skip=1))
    aws.aws.faults.append(Fault(Trouble.BROKEN, POLL, skip=1, times=7))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


def test_a_function_with_a_short_time_out_names_whom_it_waited_for(aws: World) -> None:
    aws.timeout = 60

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert "waiting for Ann.Smith@example.com, bob@example.org took more than 12 invocations" in answer["Reason"]


@pytest.mark.parametrize("addresses", [[], [f"a{number}@example.com" for number in range(101)]])
def test_ses_answers_for_1_to_100_addresses(aws: World, addresses: list[str]) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Addresses=addresses))

    assert f"property Addresses must be a list of 1 to 100, got {len(addresses)}" in answer["Reason"]


def test_delete_succeeds_at_once(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert not aws.aws.calls
