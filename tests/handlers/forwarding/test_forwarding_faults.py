"""Every call that the forwarder makes, everything that can go wrong with it: no message is lost, and none is silent."""

import pytest

from ses_constructs.handlers.forwarding.errors import NotForwardedError, TryAgainError

from ..in_memory_aws import FOREVER, CutOff, Fault, Trouble
from ..world import PASSING
from .mail_world import BUCKET, KEY, MailWorld, logged, mail_world, notification, rules
from .test_forwarding import MESSAGE

READ_NOTE, READ_MAIL, SEND, WRITE_NOTE = range(4)
OPERATIONS = ["s3.GetObject", "s3.GetObject", "sesv2.SendEmail", "s3.PutObject"]
# Which of the calls of one operation is meant: the note is read before the mail.
SKIP = {READ_NOTE: 0, READ_MAIL: 1, SEND: 0, WRITE_NOTE: 0}
BEFORE_SEND = [READ_NOTE, READ_MAIL]
EVERY_CALL = [*BEFORE_SEND, SEND, WRITE_NOTE]


def strike(mail: MailWorld, call: int, trouble: Trouble, times: int) -> None:
    mail.store(MESSAGE)
    mail.aws.faults.append(Fault(trouble, OPERATIONS[call], skip=SKIP[call], times=times))


def name(value: object) -> str:
    if isinstance(value, Trouble):
        return value.name
    return {READ_NOTE: "read note", READ_MAIL: "read mail", SEND: "send", WRITE_NOTE: "write note"}[int(str(value))]


def test_a_message_takes_four_calls(mail: MailWorld) -> None:
    mail.forward(MESSAGE)

    assert mail.aws.operations() == OPERATIONS


@pytest.mark.parametrize("trouble", PASSING, ids=name)
@pytest.mark.parametrize("call", EVERY_CALL, ids=name)
def test_trouble_that_passes_is_sat_out(mail: MailWorld, call: int, trouble: Trouble) -> None:
    strike(mail, call, trouble, times=1)
    mail.invoke(notification())

    # A send that took effect before its answer was lost is the one case in which a message comes twice.
    assert len(mail.sent) == (2 if (call, trouble) == (SEND, Trouble.TIMED_OUT_AFTER) else 1)
    assert len({(sent.raw, sent.recipients) for sent in mail.sent}) == 1
    assert len(mail.note(KEY)) == 1


@pytest.mark.parametrize("trouble", PASSING, ids=name)
@pytest.mark.parametrize("call", [*BEFORE_SEND, SEND], ids=name)
def test_trouble_that_stays_makes_lambda_try_again_and_is_not_logged_as_final(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, call: int, trouble: Trouble
) -> None:
    strike(mail, call, trouble, times=FOREVER)

    with pytest.raises(TryAgainError, match=r"^(s3:GetObject|ses:SendEmail) failed: \w+$") as caught:
        mail.invoke(notification())

    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert logged(caplog.records) == []
    mail.aws.faults.clear()
    sent_before = len(mail.sent)

    mail.invoke(notification())

    assert len(mail.sent) == sent_before + 1
    assert len(mail.note(KEY)) == 1


@pytest.mark.parametrize("call", [*BEFORE_SEND, SEND], ids=name)
def test_denied_access_fails_at_once_and_is_logged(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, call: int
) -> None:
    strike(mail, call, Trouble.DENIED, times=FOREVER)

    with pytest.raises(NotForwardedError, match=r"^(s3:GetObject|ses:SendEmail) failed: AccessDenied(Exception)?$"):
        mail.invoke(notification())

    assert len(mail.aws.calls) == call + 1
    assert [message for message, *_ in logged(caplog.records)] == ["mail not forwarded"]
    assert mail.objects == {(BUCKET, KEY): MESSAGE}


@pytest.mark.parametrize(
    "trouble", [trouble for trouble in Trouble if trouble is not Trouble.TIMED_OUT_AFTER], ids=name
)
def test_a_note_that_cannot_be_written_does_not_send_the_message_again(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, trouble: Trouble
) -> None:
    strike(mail, WRITE_NOTE, trouble, times=FOREVER)
    mail.invoke(notification())

    assert len(mail.sent) == 1
    assert [message for message, *_ in logged(caplog.records)] == ["mail forwarded", "note not written"]


def test_an_event_that_comes_again_without_a_note_sends_again_rather_than_never(mail: MailWorld) -> None:
    strike(mail, WRITE_NOTE, Trouble.DENIED, times=FOREVER)
    mail.invoke(notification())
    mail.invoke(notification())

    assert len(mail.sent) == 2


def test_a_connection_that_breaks_in_the_middle_of_a_message_forwards_no_half_of_it(mail: MailWorld) -> None:
    mail.store(MESSAGE)
    mail.aws.faults.append(Fault(CutOff(5), "s3.GetObject", skip=1))

    with pytest.raises(TryAgainError, match=r"^s3:GetObject failed: IncompleteReadError$"):
        mail.invoke(notification())

    assert not mail.sent
    mail.invoke(notification())
    assert mail.sent[0].body == b"not to be logged\r\n"


def test_the_batches_before_the_trouble_are_not_sent_again() -> None:
    everybody = [f"member{number}@corp.example" for number in range(120)]
    with mail_world(FORWARD_RULES=rules({"*": everybody})) as mail:
        mail.store(MESSAGE)
        mail.aws.faults.append(Fault(Trouble.THROTTLED, "sesv2.SendEmail", skip=1, times=3))
        with pytest.raises(TryAgainError, match=r"^ses:SendEmail failed: TooManyRequestsException$"):
            mail.invoke(notification())
        assert len(mail.sent) == 1

        mail.invoke(notification())

        assert [one for sent in mail.sent for one in sent.recipients] == everybody


def test_a_passing_and_a_lasting_failure_in_one_event_are_both_told(mail: MailWorld) -> None:
    mail.store(MESSAGE)
    mail.aws.faults.append(Fault(Trouble.THROTTLED, "sesv2.SendEmail", times=3))
    gone = notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": "inbound/gone"})

    with pytest.raises(
        NotForwardedError,
        match=r"^ses:SendEmail failed: TooManyRequestsException; s3:GetObject failed: NoSuchKey$",
    ):
        mail.invoke(notification(), gone)


def test_each_try_to_send_carries_the_whole_message(mail: MailWorld) -> None:
    body = bytes(range(256)) * 4000
    mail.aws.faults.append(Fault(Trouble.THROTTLED, "sesv2.SendEmail", times=2))

    sent = mail.forward(b"From: a@author.example\r\n\r\n" + body)

    assert sent.body == body
    assert mail.aws.operations().count("sesv2.SendEmail") == 3
