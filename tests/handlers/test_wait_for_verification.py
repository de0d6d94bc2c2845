"""Waiting for SES: polling, handing over, giving up, and what the person who deploys then reads."""

from typing import Any

import pytest

from ses_constructs.handlers._waiting import (
    FAILED_IN_A_ROW,
    INTERVAL_SECONDS,
    MOST_HAND_OVERS,
    NOTE,
    Pending,
)
from ses_constructs.handlers.wait_for_verification import given_up, pending

from .in_memory_aws import FOREVER, Fault, Trouble
from .world import World, event

HANDLER = "wait_for_verification"
POLL, INVOKE = "sesv2.GetEmailIdentity", "lambda.Invoke"


def test_a_verified_domain_is_not_waited_for(aws: World) -> None:
    aws.domain.succeed()

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "example.com")
    assert answer["Data"] == {"Domain": "example.com"}
    assert not aws.clock.sleeps


def test_the_wait_ends_with_the_first_poll_that_finds_everything(aws: World) -> None:
    aws.aws.faults.append(Fault(aws.domain.succeed, POLL, skip=3))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.clock.sleeps == [INTERVAL_SECONDS] * 3


def test_an_update_waits_for_what_changed(aws: World) -> None:
    aws.domain.succeed()

    def change() -> None:
        aws.domain.mail_from = "bounce.example.com"

    aws.aws.faults.append(Fault(change, POLL, skip=2))

    assert aws.send(HANDLER, event(HANDLER, "update"))["Status"] == "SUCCESS"


def test_an_update_to_another_domain_gets_another_id(aws: World) -> None:
    aws.domain.succeed()
    aws.state.identities["example.org"] = aws.domain

    answer = aws.send(HANDLER, event(HANDLER, "update", Domain="Example.org.", MailFromDomain=""))

    assert answer["PhysicalResourceId"] == "example.org"


@pytest.mark.parametrize("mail_from", [None, ""])
def test_without_a_mail_from_domain_its_status_does_not_matter(aws: World, mail_from: str | None) -> None:
    aws.domain.succeed()
    aws.domain.mail_from_status = "PENDING"

    assert aws.send(HANDLER, event(HANDLER, "create", MailFromDomain=mail_from))["Status"] == "SUCCESS"


def test_a_missed_deadline_says_what_is_pending_and_which_records_to_check(aws: World) -> None:
    aws.domain.error = "HOST_NOT_FOUND"
    start = aws.clock.now

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "example.com was not verified within 30 minutes: the identity is PENDING (HOST_NOT_FOUND), DKIM is PENDING, "
        "MAIL FROM mail.example.com is PENDING; check that public DNS has the records, then deploy again or allow more "
        "time; the records: abc123._domainkey.example.com. 300 IN CNAME abc123.dkim.amazonses.com. | "
        "mail.example.com. 300 IN MX 10 feedback-smtp.eu-west-1.amazonses.com."
    )
    assert aws.clock.now == start + 1800


def test_a_short_wait_is_told_in_seconds_and_needs_no_records(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds="20", Records=None))

    assert "was not verified within 20 seconds" in answer["Reason"]
    assert "records:" not in answer["Reason"]
    assert aws.clock.sleeps == [15, 5]


def test_a_long_list_of_records_is_cut_after_the_advice(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds="20", Records=['x 300 IN TXT "y"'] * 1000))

    assert len(aws.cloudformation.bodies[0]) <= 4096
    assert "then deploy again" in answer["Reason"]
    assert answer["Reason"].endswith(" ...")


def test_a_long_wait_is_handed_over_with_its_deadline(aws: World) -> None:
    start = aws.clock.now
    aws.invoke(HANDLER, event(HANDLER, "create"))

    (successor,) = aws.functions.queue
    assert not aws.cloudformation.requests
    assert successor == event(HANDLER, "create") | {NOTE: {"Deadline": start + 1800, "HandOvers": 1}}
    assert aws.clock.now < start + 900 - 152  # a slow hand-over and the retries of an answer still fit


def test_the_longest_wait_keeps_its_deadline_over_all_hand_overs(aws: World) -> None:
    start = aws.clock.now

    answer = aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds="3300"))

    assert "was not verified within 55 minutes" in answer["Reason"]
    assert aws.clock.now == start + 3300
    assert aws.aws.operations().count(INVOKE) <= 5


def test_a_wait_that_was_handed_over_can_still_succeed(aws: World) -> None:
    aws.aws.faults.append(Fault(aws.domain.succeed, POLL, skip=59))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert INVOKE in aws.aws.operations()
    assert aws.aws.operations().count(POLL) == 60


def test_the_same_hand_over_twice_ends_in_one_state(aws: World) -> None:
    aws.invoke(HANDLER, event(HANDLER, "create"))
    (successor,) = aws.functions.queue
    aws.functions.queue.clear()
    aws.domain.succeed()

    assert aws.send(HANDLER, successor) == aws.send(HANDLER, successor)


def test_a_hand_over_whose_answer_was_lost_still_ends_in_equal_answers(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, INVOKE))
    aws.invoke(HANDLER, event(HANDLER, "create"))
    assert len(aws.functions.queue) == 2
    aws.domain.succeed()

    for successor in aws.functions.queue:
        aws.invoke(HANDLER, successor)
    first, second = aws.cloudformation.answers
    assert first == second


@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.THROTTLED, Trouble.BROKEN, Trouble.TIMED_OUT])
def test_a_hand_over_that_fails_is_answered(aws: World, trouble: Trouble) -> None:
    aws.aws.faults.append(Fault(trouble, INVOKE, times=FOREVER))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "FAILED"


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.BROKEN, Trouble.TIMED_OUT])
def test_a_hand_over_is_tried_again(aws: World, trouble: Trouble) -> None:
    aws.aws.faults.append(Fault(trouble, INVOKE, times=3))
    aws.invoke(HANDLER, event(HANDLER, "create"))

    assert len(aws.functions.queue) == 1
    assert not aws.cloudformation.requests


def test_a_function_with_a_short_time_out_does_not_call_itself_for_ever(aws: World) -> None:
    aws.timeout = 60

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert "give the function that waits a time-out of 15 minutes" in answer["Reason"]
    assert aws.aws.operations().count(INVOKE) == MOST_HAND_OVERS


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.BROKEN, Trouble.TIMED_OUT])
def test_trouble_beyond_botocores_retries_does_not_end_the_wait(aws: World, trouble: Trouble) -> None:
    aws.aws.faults.append(Fault(aws.domain.succeed, POLL, skip=1))
    aws.aws.faults.append(Fault(trouble, POLL, skip=1, times=7))  # two polls of three tries, and one try

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


def test_polls_come_more_slowly_while_ses_is_in_trouble(aws: World) -> None:
    aws.domain.succeed()
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT, POLL, times=4 * 3))

    aws.send(HANDLER, event(HANDLER, "create"))

    assert [pause for pause in aws.clock.sleeps if pause >= INTERVAL_SECONDS] == [30, 60, 60, 60]


def test_a_deadline_in_the_middle_of_trouble_names_it(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT, POLL, times=FOREVER))

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert "SES never answered (the last question to SES failed: Read timeout" in answer["Reason"]


def test_denied_access_is_asked_about_until_the_deadline(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.DENIED, POLL, times=FOREVER))

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    assert "was not verified within 30 minutes: SES never answered (the last question to SES failed" in reason
    assert "(AccessDeniedException) when calling the GetEmailIdentity" in reason


def test_the_identity_alone_waits_for_neither_dkim_nor_mail_from(aws: World) -> None:
    aws.domain.verified = True

    assert aws.send(HANDLER, event(HANDLER, "create", IdentityAlone="true"))["Status"] == "SUCCESS"
    assert not aws.clock.sleeps
    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "FAILED"


def test_an_identity_that_does_not_exist_fails_at_once(aws: World) -> None:
    aws.state.identities.clear()

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Reason"] == "SES has no identity example.com in this region; make it before waiting"


@pytest.mark.parametrize("part", ["dkim", "mail_from_status"])
def test_a_part_that_ses_gave_up_on_fails_before_the_deadline(aws: World, part: str) -> None:
    setattr(aws.domain, part, "FAILED")

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert "is FAILED" in answer["Reason"]
    assert "SES does not look again by itself" in answer["Reason"]
    assert len(aws.clock.sleeps) == FAILED_IN_A_ROW - 1


def test_a_failed_status_from_before_the_change_is_waited_out(aws: World) -> None:
    aws.domain.dkim = "FAILED"
    aws.aws.faults.append(Fault(aws.domain.succeed, POLL, skip=2))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


def test_delete_succeeds_at_once(aws: World) -> None:
    aws.state.identities.clear()

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert not aws.aws.calls


@pytest.mark.parametrize("timeout", ["0", "3301", "-5", "1.5", "soon", "²"])
def test_a_timeout_out_of_range_is_refused(aws: World, timeout: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds=timeout))

    assert f"TimeoutSeconds must be 1 to 3300 whole seconds, got {timeout!r}" in answer["Reason"]


def test_a_note_cannot_make_the_wait_longer(aws: World) -> None:
    start = aws.clock.now
    aws.send(HANDLER, event(HANDLER, "create", TimeoutSeconds="60") | {NOTE: {"Deadline": start + 1e9, "HandOvers": 1}})

    assert aws.clock.now == start + 60


@pytest.mark.parametrize("note", [{}, {"Deadline": "soon", "HandOvers": 1}])
def test_a_damaged_note_is_answered(aws: World, note: object) -> None:
    assert aws.send(HANDLER, event(HANDLER, "create") | {NOTE: note})["Status"] == "FAILED"


def test_the_decision_needs_no_aws() -> None:
    assert pending({}, None) == (Pending("the identity", "PENDING"), Pending("DKIM", "NOT_STARTED"))  # type: ignore[typeddict-item]
    identity: Any = {
        "VerifiedForSendingStatus": True,
        "VerificationStatus": "SUCCESS",
        "DkimAttributes": {"Status": "SUCCESS"},
        "MailFromAttributes": {"MailFromDomain": "Mail.example.com", "MailFromDomainStatus": "SUCCESS"},
    }
    assert pending(identity, None) == pending(identity, "") == pending(identity, "mail.example.com") == ()
    (other,) = pending(identity, "bounce.example.com")
    assert str(other) == "MAIL FROM bounce.example.com is NOT_STARTED"


def test_only_dkim_and_mail_from_can_be_given_up_on() -> None:
    assert given_up((Pending("DKIM", "FAILED"),))
    assert not given_up((Pending("the identity", "FAILED"), Pending("DKIM", "TEMPORARY_FAILURE")))


@pytest.mark.parametrize("status", ["PENDING", "FAILED"])
def test_a_key_of_our_own_says_what_to_look_at(aws: World, status: str) -> None:
    aws.domain.dkim = status
    record = 'm1._domainkey.example.com. 300 IN TXT "v=DKIM1; k=rsa; p=MIGf"'

    reason = aws.send(HANDLER, event(HANDLER, "create", Records=[record]))["Reason"]

    assert "the private half of the pair whose public half is in the TXT record" in reason
    assert "in PKCS #1 or PKCS #8, as one line of base64 without the BEGIN and END lines" in reason
    assert record in reason


def test_a_key_of_our_own_that_is_verified_needs_no_look(aws: World) -> None:
    aws.domain.succeed()
    aws.domain.mail_from, aws.domain.mail_from_status = "mail.example.com", "PENDING"
    record = 'm1._domainkey.example.com. 300 IN TXT "v=DKIM1; k=rsa; p=MIGf"'

    reason = aws.send(HANDLER, event(HANDLER, "create", Records=[record]))["Reason"]

    assert "MAIL FROM mail.example.com is PENDING" in reason
    assert "PKCS" not in reason


@pytest.mark.parametrize("alone", ["true", "false"])
def test_a_key_of_our_own_is_looked_at_too_where_the_identity_alone_is_awaited(aws: World, alone: str) -> None:
    record = 'm1._domainkey.example.com. 300 IN TXT "v=DKIM1; k=rsa; p=MIGf"'

    reason = aws.send(HANDLER, event(HANDLER, "create", Records=[record], IdentityAlone=alone))["Reason"]

    assert "look at the secret" in reason


def test_a_key_of_ses_needs_no_look_at_a_secret(aws: World) -> None:
    assert "PKCS" not in aws.send(HANDLER, event(HANDLER, "create"))["Reason"]
