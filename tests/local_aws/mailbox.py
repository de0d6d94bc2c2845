"""The deployed rules of `inbound_app` with an inbox in front of them."""

import json
import smtplib
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from local_aws.inbound.inbox import Inbox
from local_aws.inbound.records import Delivery
from tests.running_aws.processes import wait_until

SENDER = "sender@example.org"


@dataclass(frozen=True)
class Mailbox:
    """The deployed rules, the inbox in front of them, and what they wrote."""

    aws: LocalAws
    inbox: Inbox
    domain: str
    bucket: str
    queue_url: str

    def send(self, *names: str, subject: str = "hello", body: bytes = b"body", starttls: bool = False) -> Delivery:
        """Send one message to these names in the domain."""
        with self.inbox.connect(starttls=starttls) as smtp:
            assert smtp.sendmail(SENDER, [f"{name}@{self.domain}" for name in names], self.raw(subject, body)) == {}
        return self.inbox.deliveries[-1]

    def raw(self, subject: str, body: bytes) -> bytes:
        head = f"From: Some One <{SENDER}>\r\nTo: team@{self.domain}\r\nSubject: {subject}\r\n\r\n"
        return head.encode() + body + b"\r\n"

    def refusal(self, name: str, *, starttls: bool = False) -> str:
        with self.inbox.connect(starttls=starttls) as smtp, pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            smtp.sendmail(SENDER, [name if "@" in name else f"{name}@{self.domain}"], b"Subject: s\r\n\r\nb")
        ((code, answer),) = refused.value.recipients.values()
        return f"{code} {answer.decode()}"

    def stored(self, key: str) -> bytes:
        return self.aws.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def event(self, delivery: Delivery) -> dict[str, Any]:
        """What a function was called with, which may come a moment later."""

        def has_run() -> bool:
            try:
                self.stored(f"events/{delivery.message_id}")
            except ClientError:
                return False
            return True

        assert wait_until(has_run)
        (record,) = json.loads(self.stored(f"events/{delivery.message_id}"))["Records"]
        assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
        ses: dict[str, Any] = record["ses"]
        return ses

    def notification(self) -> dict[str, Any]:
        """The one message in the topic's queue."""
        sqs = self.aws.client("sqs")
        (message,) = sqs.receive_message(QueueUrl=self.queue_url, MaxNumberOfMessages=10)["Messages"]
        sqs.delete_message(QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"])
        body: dict[str, Any] = json.loads(message["Body"])
        assert body["notificationType"] == "Received"
        return body
