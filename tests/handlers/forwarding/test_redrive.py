"""A person has forwarded what was not: from both queues, by reason, each once, and nothing is lost on the way."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from ses_constructs.handlers.forwarding.errors import NotForwardedError

from ..in_memory_aws import FOREVER, AwsError, Fault, Trouble
from .mail_queues import Queued
from .mail_world import BUCKET, MailWorld, event, logged, notification
from .test_forwarding import MESSAGE
from .test_policy import spoof, verdict
from .test_refusals import REFUSALS, counted

UNCHECKED = "unchecked: From is a domain of ours, and SES could not check it"


def told(number: int = 0, **receipt: Any) -> dict[str, Any]:
    return notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": f"inbound/{number}"}, **receipt)


def lambda_letter(message: dict[str, Any], error: str = "ses:SendEmail failed: MessageRejected") -> Queued:
    """What Lambda puts into the dead-letter queue."""
    texts = {"RequestID": "1", "ErrorCode": "200", "ErrorMessage": error}
    attributes = {name: {"DataType": "String", "StringValue": text} for name, text in texts.items()}
    return Queued(json.dumps(event(message)), attributes)


def sns_letter(message: dict[str, Any]) -> Queued:
    """What SNS puts there if it could not invoke the function."""
    return Queued(json.dumps({"Type": "Notification", "TopicArn": "arn", "Message": json.dumps(message)}))


def refused(message: dict[str, Any], reason: str) -> Queued:
    return Queued(json.dumps(message), {"Reason": {"DataType": "String", "StringValue": reason}})


AUTHORS: dict[str, tuple[bytes, dict[str, Any]]] = {
    "spam": (MESSAGE, REFUSALS["spam"]),
    "dmarc": (MESSAGE, REFUSALS["dmarc"]),
    "own-domain": (spoof(), {"dmarcVerdict": verdict("FAIL")}),
    "unchecked": (spoof(), {"dmarcVerdict": verdict("PROCESSING_FAILED")}),
    "auto-reply": (b"Auto-Submitted: auto-replied\r\n" + MESSAGE, {}),
}


@pytest.mark.parametrize("reason", AUTHORS)
def test_what_was_refused_is_forwarded_with_its_mark_once_a_person_says_so(
    mail: MailWorld, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    raw, receipt = AUTHORS[reason]
    mail.store(raw, "inbound/0")
    try:
        mail.invoke(told(**receipt))
    except NotForwardedError as error:
        mail.dead_letters.append(lambda_letter(told(**receipt), str(error)))
    capsys.readouterr()

    assert mail.redrive(reason) == {"forwarded": 1, "left": 0, "failed": 0, "more": False}

    (sent,) = mail.sent
    assert ("(unverified)" in sent.header("From")) == (reason in ("dmarc", "own-domain", "unchecked"))
    assert not mail.refused + mail.dead_letters
    assert not counted(capsys.readouterr().out)


@pytest.mark.parametrize("letter", [lambda_letter, sns_letter, lambda message: Queued(json.dumps(message))])
def test_what_failed_is_forwarded_whoever_put_it_into_the_queue(
    mail: MailWorld, letter: Callable[[dict[str, Any]], Queued]
) -> None:
    mail.store(MESSAGE, "inbound/0")
    mail.dead_letters.append(letter(told()))

    assert mail.redrive("failed") == {"forwarded": 1, "left": 0, "failed": 0, "more": False}
    assert not mail.dead_letters


def test_messages_with_another_reason_are_left_and_can_be_seen_at_once(mail: MailWorld) -> None:
    for number in range(30):
        mail.store(MESSAGE, f"inbound/{number}")
        mail.refused.append(refused(told(number, **REFUSALS["dmarc"]), "dmarc" if number % 3 else "spam"))
    mail.dead_letters.extend([lambda_letter(told(0)), lambda_letter(told(0), UNCHECKED)])

    assert mail.redrive("dmarc") == {"forwarded": 20, "left": 12, "failed": 0, "more": False}

    assert len(mail.sent) == 20
    assert len(mail.refused) == 10
    assert {one.hidden_until for one in mail.refused + mail.dead_letters} == {mail.clock.now - 2, mail.clock.now}
    assert {one.received for one in mail.refused} == {1}


def test_what_fails_again_stays_and_does_not_hold_up_the_others(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    mail.store(MESSAGE, "inbound/1")
    mail.store(MESSAGE, "inbound/2")
    both = REFUSALS["spam"] | REFUSALS["dmarc"]
    mail.refused.extend([refused(told(0, **REFUSALS["spam"]), "spam"), refused(told(1, **both), "spam")])
    mail.refused.append(Queued("no notification", refused({}, "spam").attributes))
    mail.refused.append(refused(told(2, **REFUSALS["spam"]), "spam"))

    assert mail.redrive("spam") == {"forwarded": 1, "left": 0, "failed": 3, "more": False}

    assert len(mail.refused) == 3
    assert [line for line in logged(caplog.records) if line[0] == "mail not forwarded again"] == [
        ("mail not forwarded again", "failed", "s3:GetObject failed: NoSuchKey"),
        ("mail not forwarded again", "dmarc", "DMARC fails, and the domain's policy is reject"),
        ("mail not forwarded again", "failed", "the notification is not about a stored message"),
    ]
    assert not counted(capsys.readouterr().out)


def test_a_message_that_comes_twice_is_sent_once(mail: MailWorld) -> None:
    mail.store(MESSAGE, "inbound/0")
    mail.refused.extend(refused(told(**REFUSALS["spam"]), "spam") for _ in range(2))

    assert mail.redrive("spam") == {"forwarded": 2, "left": 0, "failed": 0, "more": False}
    assert len(mail.sent) == 1


def test_it_stops_in_time_and_says_that_there_is_more(mail: MailWorld) -> None:
    for number in range(25):
        mail.store(MESSAGE, f"inbound/{number}")
        mail.dead_letters.append(lambda_letter(told(number)))
    mail.aws.faults.append(Fault(lambda: mail.clock.sleep(10), "sesv2.SendEmail", times=FOREVER))

    assert mail.redrive("failed", seconds=180) == {"forwarded": 12, "left": 0, "failed": 0, "more": True}
    assert {one.hidden_until <= mail.clock.now for one in mail.dead_letters} == {True}
    assert mail.redrive("failed", seconds=300) == {"forwarded": 13, "left": 0, "failed": 0, "more": False}
    assert len(mail.sent) == 25


@pytest.mark.parametrize("operation", ["sqs.ReceiveMessage", "sqs.DeleteMessage"])
def test_trouble_with_the_queue_gives_back_what_was_taken(mail: MailWorld, operation: str) -> None:
    for number in range(12):
        mail.store(MESSAGE, f"inbound/{number}")
        mail.dead_letters.append(lambda_letter(told(number)))
    mail.aws.faults.append(Fault(Trouble.DENIED, operation, skip=2, times=100))

    with pytest.raises(NotForwardedError, match=rf"^{operation.replace('.', ':')} failed: AccessDeniedException$"):
        mail.redrive("failed")

    assert {one.hidden_until <= mail.clock.now for one in mail.dead_letters} == {True}
    mail.aws.faults.clear()
    mail.redrive("failed")
    assert not mail.dead_letters
    assert len(mail.sent) == 12


def test_messages_that_cannot_be_given_back_come_back_by_themselves(
    mail: MailWorld, caplog: pytest.LogCaptureFixture
) -> None:
    mail.store(MESSAGE, "inbound/0")
    mail.refused.append(refused(told(**REFUSALS["spam"]), "spam"))
    mail.aws.faults.append(Fault(Trouble.THROTTLED, "sqs.ChangeMessageVisibilityBatch", times=7))

    assert mail.redrive("dmarc") == {"forwarded": 0, "left": 1, "failed": 0, "more": False}

    why = "sqs:ChangeMessageVisibility failed: ThrottlingException"
    assert logged(caplog.records) == [("messages not given back", why)]
    assert mail.clock.now < mail.refused[0].hidden_until <= mail.clock.now + 300


def test_mail_that_waits_for_sending_to_go_on_says_so(mail: MailWorld) -> None:
    mail.store(MESSAGE, "inbound/0")
    paused = AwsError("SendingPausedException", "Sending is paused for configuration set mail-set.")
    mail.aws.faults.append(Fault(paused, "sesv2.SendEmail"))
    with pytest.raises(
        NotForwardedError,
        match=r'^ses:SendEmail failed: sending is paused; once it is on again, invoke \{"redrive": "failed"\}$',
    ) as caught:
        mail.invoke(told())
    mail.dead_letters.append(lambda_letter(told(), str(caught.value)))

    assert mail.redrive("failed") == {"forwarded": 1, "left": 0, "failed": 0, "more": False}


@pytest.mark.parametrize("reason", ["virus", "loop", "", "Spam", None, ["spam"]])
def test_what_nobody_should_want_is_no_reason_to_redrive(mail: MailWorld, reason: object) -> None:
    with pytest.raises(
        ValueError, match=r"^redrive must be one of spam, dmarc, own-domain, unchecked, auto-reply, failed, got "
    ):
        mail.redrive(reason)

    assert not mail.aws.calls


def test_a_virus_and_a_loop_are_never_waived(mail: MailWorld) -> None:
    mail.store(MESSAGE, "inbound/0")
    mail.refused.append(refused(told(**REFUSALS["virus"] | REFUSALS["spam"]), "spam"))

    assert mail.redrive("spam") == {"forwarded": 0, "left": 0, "failed": 1, "more": False}
    assert not mail.sent
