"""What the events tell of a message, and what a bounce says; nothing here needs a server."""

import base64
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import SMTP
from typing import Any

import pytest

from local_aws.demo_mail import Fate, SampleMail
from local_aws.inbound.admission import is_blocked, matched
from local_aws.inbound.bounces import bounce_message
from local_aws.inbound.message import NOTIFIED_HEADERS, ReceivedMessage, receipt, timestamp, trace_headers
from local_aws.inbound.records import ActionRun, Delivery, Peer, RuleRun
from local_aws.inbound.verdicts import EICAR, GTUBE, authentication_verdicts, scan_verdicts

RECEIVED = datetime(2026, 11, 24, 15, 30, 2, 28_000, UTC)
RAW = (
    b'From: "Doe, John" <john@example.org>\r\n'
    b"To: Support <support@example.com>, other@example.net\r\n"
    b"Cc: team@example.com\r\n"
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"References: <a@example.org>\r\n <b@example.org>\r\n"
    b"\r\n"
    b"body\r\n"
)


def message(raw: bytes = RAW, *, mail_from: str = "john@example.org") -> ReceivedMessage:
    return ReceivedMessage(
        message_id="id1", mail_from=mail_from, recipients=("hidden@example.com",), received=RECEIVED, raw=raw
    )


def test_the_mail_of_an_event() -> None:
    mail = message().with_headers([("Return-Path", "<john@example.org>")]).mail(most_headers=NOTIFIED_HEADERS)
    assert (mail["timestamp"], mail["source"], mail["messageId"]) == (
        "2026-11-24T15:30:02.028Z",
        "john@example.org",
        "id1",
    )
    assert mail["destination"] == [
        "support@example.com",
        "other@example.net",
        "team@example.com",
    ]
    assert mail["headers"][0] == {"name": "Return-Path", "value": "<john@example.org>"}
    assert {"name": "References", "value": "<a@example.org> <b@example.org>"} in mail["headers"]
    assert not mail["headersTruncated"]
    assert mail["commonHeaders"] == {
        "returnPath": "john@example.org",
        "from": ['"Doe, John" <john@example.org>'],
        "to": ["Support <support@example.com>", "other@example.net"],
        "cc": ["team@example.com"],
        "subject": "Grüße",
        "messageId": "<1@example.org>",
    }


def test_too_many_headers_are_cut_off() -> None:
    long = b"".join(b"X-Number-%d: %s\r\n" % (number, b"x" * 900) for number in range(20)) + RAW
    mail = message(long).mail(most_headers=NOTIFIED_HEADERS)
    assert mail["headersTruncated"]
    assert len(mail["headers"]) == 11


def test_a_receipt_tells_the_policy_only_when_dmarc_failed() -> None:
    def told(peer: Peer) -> dict[str, Any]:
        return receipt(message(), recipients=["r@example.com"], verdicts=authentication_verdicts(peer), peer=peer)

    assert "dmarcPolicy" not in told(Peer(dmarc_policy="reject"))
    assert told(Peer(dmarc="FAIL", dmarc_policy="reject"))["dmarcPolicy"] == "reject"
    assert told(Peer())["timestamp"] == timestamp(RECEIVED)


def test_the_trace_says_who_came_how() -> None:
    scanned = scan_verdicts(RAW)
    headers = dict(trace_headers(message(), scanned=scanned, peer=Peer(spf="FAIL"), helo="mx", tls=True, host="host"))
    assert [*headers][:4] == ["Return-Path", "Received", "X-SES-Spam-Verdict", "X-SES-Virus-Verdict"]
    assert "by host with ESMTPS id id1" in headers["Received"]
    assert headers["Received-SPF"].startswith("fail")


@pytest.mark.parametrize(
    ("raw", "spam", "virus"),
    [
        (RAW, "PASS", "PASS"),
        (RAW + GTUBE, "FAIL", "PASS"),
        (b"Content-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(EICAR), "PASS", "FAIL"),
    ],
)
def test_the_scan_finds_the_usual_markers(raw: bytes, spam: str, virus: str) -> None:
    assert scan_verdicts(raw) == {"spamVerdict": {"status": spam}, "virusVerdict": {"status": virus}}


def test_a_filter_that_allows_wins() -> None:
    def ip_filter(policy: Any, cidr: str) -> Any:
        return {"Name": cidr, "IpFilter": {"Policy": policy, "Cidr": cidr}}

    filters = [ip_filter("Block", "0.0.0.0/0"), ip_filter("Allow", "192.0.2.0/24")]
    assert is_blocked(filters, "198.51.100.1")
    assert not is_blocked(filters, "192.0.2.1")
    assert not is_blocked([], "198.51.100.1")


def test_a_rule_without_recipients_matches_all_and_one_that_is_off_none() -> None:
    assert matched({"Name": "r", "Enabled": True}, ["a@example.com"]) == ("a@example.com",)
    assert matched({"Name": "r", "Recipients": ["a@example.com"]}, ["a@example.com"]) == ()


def test_a_bounce_is_a_delivery_status_notification() -> None:
    bounce = bounce_message(
        sender="bounces@example.com",
        to="john@example.org",
        recipients=["a@example.com", "b@example.com"],
        raw=RAW,
        host="host",
        reply="550",
        status="5.1.1",
        text="Mailbox does not exist",
    )
    parsed = message_from_bytes(bounce, policy=SMTP)
    assert parsed.get_content_type() == "multipart/report"
    assert parsed["Auto-Submitted"] == "auto-replied"
    assert parsed["References"] == "<1@example.org>"
    text, status, headers = parsed.iter_parts()
    assert "Mailbox does not exist" in text.get_content()
    blocks: Any = status.get_payload()
    assert [block["Final-Recipient"] for block in blocks] == [
        None,
        "rfc822; a@example.com",
        "rfc822; b@example.com",
    ]
    assert "body" not in headers.get_payload()


def test_a_delivery_reads_as_what_was_done() -> None:
    runs = [
        ActionRun(kind="S3", target="s3://bucket/a/key"),
        ActionRun(kind="Lambda", target="arn", answer="CONTINUE"),
        ActionRun(kind="SNS", target="topic", problem="no such topic"),
    ]
    delivery = Delivery(
        message_id="id1",
        mail_from="a@example.org",
        recipients=("b@example.com",),
        source_ip="192.0.2.1",
        tls=True,
        raw=b"",
        rules=[RuleRun(name="Support", recipients=("b@example.com",), actions=runs)],
    )
    assert str(delivery).splitlines() == [
        "id1 from <a@example.org> at 192.0.2.1 over TLS",
        "  rule Support for b@example.com",
        "    S3 s3://bucket/a/key",
        "    Lambda arn -> CONTINUE",
        "    SNS topic FAILED: no such topic",
    ]
    assert delivery.problems == ["Support: SNS topic FAILED: no such topic"]
    assert delivery.stored == [("bucket", "a/key")]


def test_the_demo_names_what_is_missing_and_what_should_not_be() -> None:
    mail = SampleMail(what="A question", to="support", stored_below="support/", forwarded_to="ops@example.net")
    (stored, bytes_, refused, *_) = sorted(
        Fate(mail=mail, domain="example.com", answer="550 no").problems(), reverse=True
    )
    assert "stored should be True, is False" in stored
    assert "byte by byte" in bytes_
    assert "refused should be False, is True" in refused
