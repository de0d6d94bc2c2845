"""Mail that comes in by SMTP and goes through deployed receipt rules."""

import smtplib
from collections.abc import Iterator
from email import message_from_bytes
from functools import partial
from pathlib import Path

import pytest

from local_aws.aws import LocalAws
from local_aws.inbound.records import Peer
from local_aws.inbound.verdicts import EICAR, GTUBE
from tests.local_aws.inbound_app import ALLOWED, BLOCKED, RULE_SET, add_rules
from tests.local_aws.mailbox import SENDER, Mailbox
from tests.running_aws.fixtures import stack_in, zone_in

pytestmark = pytest.mark.xdist_group("local-aws")


@pytest.fixture(scope="module")
def mailbox(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    folder: Path = tmp_path_factory.mktemp("inbound")
    for zone in zone_in(aws):
        for stack in stack_in(aws, folder):
            # The domain of the same stack is not verified yet when the rule is made that bounces.
            bouncer = f"bounces@{zone.domain}"
            aws.client("sesv2").create_email_identity(EmailIdentity=bouncer)
            aws.click_verification_link(bouncer)
            outputs = stack.deploy(partial(add_rules, zone=zone))
            aws.client("ses").set_active_receipt_rule_set(RuleSetName=RULE_SET)
            with aws.receive_mail() as inbox:
                yield Mailbox(aws, inbox, zone.domain, outputs["BucketName"], outputs["QueueUrl"])
            aws.client("ses").set_active_receipt_rule_set()
            aws.client("sesv2").delete_email_identity(EmailIdentity=bouncer)


@pytest.fixture(autouse=True)
def _as_new(mailbox: Mailbox) -> None:
    mailbox.inbox.peer = Peer()
    mailbox.aws.client("sqs").purge_queue(QueueUrl=mailbox.queue_url)


def test_stores_every_byte_below_the_headers_of_ses(mailbox: Mailbox) -> None:
    body = b".leading dot\r\nbytes \xff\xfe\r\n" + b"x" * 900
    delivery = mailbox.send("stored", body=body)
    ((bucket, key),) = delivery.stored
    stored = mailbox.stored(key)
    assert bucket == mailbox.bucket
    assert key == f"mail/{delivery.message_id}"
    assert stored.endswith(mailbox.raw("hello", body))
    headers = message_from_bytes(stored)
    assert (headers["X-Team"], headers["X-SES-Spam-Verdict"], headers["X-SES-Virus-Verdict"]) == (
        "support",
        "PASS",
        "PASS",
    )
    assert headers["Return-Path"] == f"<{SENDER}>"
    assert delivery.message_id in headers["Received"]

    notification = mailbox.notification()
    assert notification["receipt"]["action"].items() >= {"type": "S3", "objectKey": key, "bucketName": bucket}.items()
    assert notification["mail"]["messageId"] == delivery.message_id
    assert "content" not in notification


def test_publishes_the_whole_message(mailbox: Mailbox) -> None:
    delivery = mailbox.send("published")
    notification = mailbox.notification()
    assert notification["content"].endswith(mailbox.raw("hello", b"body").decode())
    assert notification["receipt"]["action"]["type"] == "SNS"
    assert notification["receipt"]["recipients"] == [f"published@{mailbox.domain}"]
    assert notification["mail"]["commonHeaders"]["from"] == [f"Some One <{SENDER}>"]
    assert not delivery.problems


def test_bounces_what_is_too_large_for_a_topic(mailbox: Mailbox) -> None:
    delivery = mailbox.send("published", body=b"x" * 900 + (b"\r\n" + b"y" * 900) * 170)
    assert "too many for a topic" in delivery.problems[0]
    assert b"Status: 5.3.4" in mailbox.aws.sent_messages()[-1].raw


def test_a_function_decides_whether_the_next_rule_runs(mailbox: Mailbox) -> None:
    stopped = mailbox.send("guarded", subject="STOP_RULE_SET")
    assert [rule.name for rule in stopped.rules] == [stopped.rules[0].name]
    assert [run.answer for run in stopped.actions()] == ["STOP_RULE_SET"]

    next_rule = mailbox.send("guarded", subject="STOP_RULE")
    assert [run.kind for run in next_rule.actions()] == ["Lambda", "AddHeader", "S3"]
    assert b"X-Passed" not in mailbox.stored(next_rule.stored[0][1])

    goes_on = mailbox.send("guarded", subject="nonsense")
    assert [run.kind for run in goes_on.actions()] == ["Lambda", "AddHeader", "AddHeader", "S3"]
    assert b"X-Passed: guard" in mailbox.stored(goes_on.stored[0][1])
    assert mailbox.event(goes_on)["receipt"]["action"]["invocationType"] == "RequestResponse"


def test_a_failure_is_recorded_and_later_actions_run(mailbox: Mailbox) -> None:
    delivery = mailbox.send("guarded", subject="fail")
    (problem,) = delivery.problems
    assert "as the test wants it" in problem
    assert delivery.stored


def test_runs_a_function_without_waiting(mailbox: Mailbox) -> None:
    mailbox.inbox.peer = Peer(dmarc="FAIL", dmarc_policy="reject")
    event = mailbox.event(mailbox.send("run", body=GTUBE))
    assert event["receipt"]["spamVerdict"] == {"status": "FAIL"}
    assert event["receipt"]["virusVerdict"] == {"status": "PASS"}
    assert (event["receipt"]["dmarcVerdict"], event["receipt"]["dmarcPolicy"]) == ({"status": "FAIL"}, "reject")
    assert event["receipt"]["action"]["type"] == "Lambda"
    assert event["mail"]["destination"] == [f"team@{mailbox.domain}"]
    assert {"name": "X-SES-Spam-Verdict", "value": "FAIL"} in event["mail"]["headers"]


def test_marks_a_virus_and_delivers_it(mailbox: Mailbox) -> None:
    delivery = mailbox.send("stored", body=EICAR)
    assert b"X-SES-Virus-Verdict: FAIL" in mailbox.stored(delivery.stored[0][1])


def test_bounces_to_the_sender_and_stops(mailbox: Mailbox) -> None:
    delivery = mailbox.send("bounced")
    bounce = mailbox.aws.sent_messages()[-1]
    assert (bounce.source, bounce.to) == (f"bounces@{mailbox.domain}", (SENDER,))
    report = bounce.parsed()
    assert report.get_content_type() == "multipart/report"
    assert f"Final-Recipient: rfc822; bounced@{mailbox.domain}".encode() in bounce.raw
    assert b"Status: 5.1.1" in bounce.raw
    assert mailbox.notification()["receipt"]["action"]["smtpReplyCode"] == "550"
    assert [run.kind for run in delivery.actions()] == ["Bounce", "Stop"]


def test_a_bounce_is_never_bounced(mailbox: Mailbox) -> None:
    before = mailbox.aws.sent_messages()
    with mailbox.inbox.connect() as smtp:
        smtp.sendmail("", f"bounced@{mailbox.domain}", mailbox.raw("Undeliverable", b"body"))
    delivery = mailbox.inbox.deliveries[-1]
    assert (delivery.mail_from, delivery.problems) == ("", [])
    assert delivery.actions("Bounce")[0].target == "nobody, the sender is empty"
    assert mailbox.aws.sent_messages() == before


def test_each_rule_sees_its_own_recipients(mailbox: Mailbox) -> None:
    delivery = mailbox.send("stored", "run", "stored+label")
    assert [rule.recipients for rule in delivery.rules] == [
        (f"stored@{mailbox.domain}", f"stored+label@{mailbox.domain}"),
        (f"run@{mailbox.domain}",),
    ]


def test_refuses_unknown_recipients_rules_that_are_off_and_domains_of_others(mailbox: Mailbox) -> None:
    for name in ("nobody", "off", "someone@elsewhere.example"):
        assert mailbox.refusal(name).startswith("550 5.1.1")
    assert mailbox.inbox.refusals[-1].recipient == "someone@elsewhere.example"


def test_a_rule_may_require_tls(mailbox: Mailbox) -> None:
    assert mailbox.refusal("secure").startswith("530 5.7.0")
    assert mailbox.send("secure", starttls=True).tls
    to, before = [f"{name}@{mailbox.domain}" for name in ("run", "secure")], len(mailbox.inbox.deliveries)
    with mailbox.inbox.connect() as smtp, pytest.raises(smtplib.SMTPDataError, match=r"530.*5\.7\.0"):
        smtp.sendmail(SENDER, to, mailbox.raw("hello", b"body"))
    assert len(mailbox.inbox.deliveries) == before


def test_headers_that_nobody_should_write_are_told_and_bounced(mailbox: Mailbox) -> None:
    head = b"From: Gr\xfc\xdfe <>,, @\r\nTo: undisclosed:;\r\nMessage-ID: <\r\nSubject: caf\xc3\xa9 \xff"
    with mailbox.inbox.connect() as smtp:
        smtp.sendmail(SENDER, [f"{name}@{mailbox.domain}" for name in ("run", "bounced")], head + b"\r\n\r\nx")
    delivery = mailbox.inbox.deliveries[-1]
    assert not delivery.problems
    mail = mailbox.event(delivery)["mail"]
    assert (mail["destination"], mail["commonHeaders"]["subject"]) == ([], "café \ufffd")
    assert head in mailbox.aws.sent_messages()[-1].raw


def test_ip_filters(mailbox: Mailbox) -> None:
    mailbox.inbox.peer = Peer(ip=BLOCKED)
    assert mailbox.refusal("run").startswith("550 5.7.1")
    mailbox.inbox.peer = Peer(ip=ALLOWED)
    assert mailbox.send("run").source_ip == ALLOWED


def test_mail_is_refused_without_an_active_rule_set_and_the_listener_hangs_up(aws: LocalAws, mailbox: Mailbox) -> None:
    aws.client("ses").set_active_receipt_rule_set()
    with aws.receive_mail() as other:
        smtp = other.connect()
        assert smtp.ehlo()[0] == smtp.mail("")[0] == 250
        assert smtp.rcpt(f"run@{mailbox.domain}")[0] == 550
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.noop()
    smtp.close()
    aws.client("ses").set_active_receipt_rule_set(RuleSetName=RULE_SET)
