"""What policy refuses is kept for a person, logged and counted, once; what fails is not."""

import json
from typing import Any

import pytest

from ses_constructs.handlers.forwarding.errors import NotForwardedError, TryAgainError

from ..in_memory_aws import Fault, Trouble
from .mail_world import BUCKET, KEY, NAME, MailWorld, logged, notification
from .test_forwarding import MESSAGE
from .test_policy import spoof, verdict

REFUSALS: dict[str, dict[str, Any]] = {
    "virus": {"virusVerdict": verdict("FAIL")},
    "spam": {"spamVerdict": verdict("FAIL")},
    "dmarc": {"dmarcVerdict": verdict("FAIL"), "dmarcPolicy": "reject"},
}
every_refusal = pytest.mark.parametrize("reason", REFUSALS)


def counted(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


@every_refusal
def test_a_refusal_is_counted_by_its_reason(mail: MailWorld, capsys: pytest.CaptureFixture[str], reason: str) -> None:
    mail.store(MESSAGE)
    mail.invoke(notification(**REFUSALS[reason]))

    (metric,) = counted(capsys.readouterr().out)
    about = metric.pop("_aws")
    assert metric == {"RuleSet": NAME, "Reason": reason, "NotForwarded": 1}
    assert about["CloudWatchMetrics"] == [
        {
            "Namespace": "SesConstructs",
            "Dimensions": [["RuleSet", "Reason"]],
            "Metrics": [{"Name": "NotForwarded", "Unit": "Count"}],
        }
    ]
    assert about["Timestamp"] > 1_700_000_000_000


@every_refusal
def test_a_refusal_is_kept_for_a_person_unless_nobody_should_want_it(mail: MailWorld, reason: str) -> None:
    told = notification(**REFUSALS[reason])
    mail.store(MESSAGE)
    mail.invoke(told)

    kept = [(json.loads(one.body), one.attributes) for one in mail.refused]
    expected = [(told, {"Reason": {"DataType": "String", "StringValue": reason}})]
    assert kept == ([] if reason == "virus" else expected)


@every_refusal
def test_a_refusal_counts_once_however_often_its_event_comes(
    mail: MailWorld, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, reason: str
) -> None:
    told = notification(**REFUSALS[reason])
    mail.store(MESSAGE)
    mail.invoke(told, told)
    mail.invoke(told)

    assert len(counted(capsys.readouterr().out)) == 1
    assert len(mail.refused) == (reason != "virus")
    assert [message for message, *_ in logged(caplog.records)] == [
        "mail not forwarded",
        *["mail was refused before"] * 2,
    ]
    assert json.loads(mail.objects[BUCKET, f"{KEY}.forwarded"]) == {"sent": {}, "refused": [reason]}


@pytest.mark.parametrize(
    ("trouble", "error"), [(Trouble.THROTTLED, TryAgainError), (Trouble.DENIED, NotForwardedError)]
)
def test_a_refusal_that_cannot_be_kept_is_tried_again_before_it_is_counted(
    mail: MailWorld, capsys: pytest.CaptureFixture[str], trouble: Trouble, error: type[Exception]
) -> None:
    told = notification(**REFUSALS["spam"])
    mail.store(MESSAGE)
    mail.aws.faults.append(Fault(trouble, "sqs.SendMessage", times=7))
    with pytest.raises(error, match=r"^sqs:SendMessage failed: \w+$"):
        mail.invoke(told)
    assert not capsys.readouterr().out
    mail.aws.faults.clear()

    mail.invoke(told)

    assert len(counted(capsys.readouterr().out)) == len(mail.refused) == 1


def test_a_failure_is_no_refusal_and_is_not_counted(mail: MailWorld, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NotForwardedError, match=r"^s3:GetObject failed: NoSuchKey$"):
        mail.invoke(notification())

    assert not capsys.readouterr().out
    assert not mail.refused


def test_only_what_is_unchecked_as_a_whole_says_so_first(mail: MailWorld) -> None:
    unchecked = notification(dmarcVerdict=verdict("PROCESSING_FAILED"))
    mail.store(spoof())
    with pytest.raises(NotForwardedError, match=r"^unchecked: From is a domain of ours, and SES could not check it$"):
        mail.invoke(unchecked)

    gone = notification(action={"type": "S3", "bucketName": BUCKET, "objectKey": "inbound/gone"})
    with pytest.raises(NotForwardedError, match=r"^s3:GetObject failed: NoSuchKey; unchecked: From is "):
        mail.invoke(unchecked, gone)
