"""Everything around the forwarder: its environment, the notifications of SES, and AWS."""

import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.notification import Notification, parse_notification
from ses_constructs.handlers.forwarding.policy import Policy
from ses_constructs.handlers.forwarding.settings import Settings

from ..in_memory_aws import InMemoryAws
from ..world import Clock, Context, World, world
from .mail_aws import SENDER, Sent
from .mail_queues import Queued

BUCKET, KEY, MESSAGE_ID = "mail-bucket", "inbound/7c191be45-e9aedb9a-02f9-000000", "7c191be45-e9aedb9a-02f9-000000"
NAME = "MailInboundForwarding-111122223333-eu-west-1"
MARK = hashlib.sha256(NAME.encode()).hexdigest()[:32]
REFUSED_QUEUE, DEAD_LETTER_QUEUE = (f"https://sqs.eu-west-1.amazonaws.com/111122223333/{name}" for name in ("r", "d"))


def rules(to: object, **more: object) -> dict[str, Any]:
    """The one rule that stores its messages where ``KEY`` lies."""
    return {"inbound": {"to": to, "from": SENDER, **more}}


ENVIRONMENT = {
    "FORWARD_RULES": json.dumps(rules({"support@example.com": ["team@corp.example"]})),
    "FORWARD_CONFIGURATION_SET": "mail-set",
    "FORWARD_RECEIVING_DOMAINS": json.dumps(["example.com", ".in.example.com"]),
    "FORWARD_NAME": NAME,
    "FORWARD_REFUSED_QUEUE": REFUSED_QUEUE,
    "FORWARD_DEAD_LETTER_QUEUE": DEAD_LETTER_QUEUE,
}
PASS = {"status": "PASS"}

Event = dict[str, Any]


def notification(**receipt: Any) -> dict[str, Any]:
    """What SES publishes about a stored message; ``None`` takes a part of the receipt away."""
    parts = {
        "timestamp": "2026-11-24T14:40:02.028Z",
        "processingTimeMillis": 1205,
        "recipients": ["support@example.com"],
        **{f"{name}Verdict": PASS for name in ("spam", "virus", "spf", "dkim", "dmarc")},
        "action": {
            "type": "S3",
            "topicArn": "arn:aws:sns:eu-west-1:111122223333:mail",
            "bucketName": BUCKET,
            "objectKeyPrefix": "not-to-be-used",
            "objectKey": KEY,
        },
    } | receipt
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": "2026-11-24T14:40:02.028Z",
            "source": "author@author.example",
            "messageId": MESSAGE_ID,
            "destination": ["support@example.com", "somebody@elsewhere.example"],
            "headersTruncated": True,
            "headers": [],
            "commonHeaders": {"subject": "not to be logged"},
        },
        "receipt": {name: value for name, value in parts.items() if value is not None},
    }


def event(*messages: Mapping[str, Any] | str) -> Event:
    """Wrap notifications as SNS does for Lambda."""
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "Sns": {"Type": "Notification", "Subject": "Amazon SES Email Receipt Notification", "Message": text},
            }
            for text in texts
        ]
    }


def policy(**receipt: Any) -> Policy:
    """The policy for a message about which SES says this."""
    found = parse_notification(json.dumps(notification(**receipt)))
    assert found
    settings = Settings.of(ENVIRONMENT)
    return Policy(Notification.of(*found), settings.rule(KEY), settings)


@dataclass
class MailWorld:
    """One bucket with mail, one SES, and the two queues of what was not forwarded."""

    world: World

    @property
    def aws(self) -> InMemoryAws:
        return self.world.aws

    @property
    def clock(self) -> Clock:
        return self.world.clock

    @property
    def objects(self) -> dict[tuple[str, str], bytes]:
        return self.world.s3.objects

    @property
    def refused(self) -> list[Queued]:
        return self.world.sqs.queues[REFUSED_QUEUE]

    @property
    def dead_letters(self) -> list[Queued]:
        return self.world.sqs.queues[DEAD_LETTER_QUEUE]

    @property
    def sent(self) -> list[Sent]:
        return self.world.state.sent

    def store(self, raw: bytes, key: str = KEY) -> None:
        self.objects[BUCKET, key] = raw

    def note(self, key: str) -> dict[str, str]:
        """What the forwarder has written beside a message."""
        note: dict[str, str] = json.loads(self.objects[BUCKET, f"{key}.forwarded"])["sent"]
        return note

    def invoke(self, *messages: Mapping[str, Any] | str) -> None:
        forward_message.on_event(event(*messages), Context(self.clock, self.clock.now + 300))

    def redrive(self, reason: object, seconds: float = 300) -> dict[str, Any] | None:
        """Have forwarded what was not."""
        return forward_message.on_event({"redrive": reason}, Context(self.clock, self.clock.now + seconds))

    def forward(self, raw: bytes, **receipt: Any) -> Sent:
        """Deliver *raw* and return the one message that went out."""
        before = len(self.sent)
        self.store(raw)
        self.invoke(notification(**receipt))
        (sent,) = self.sent[before:]
        return sent


@contextmanager
def mail_world(**environment: object) -> Iterator[MailWorld]:
    """Put a fresh world around the forwarder; settings that are no text become JSON."""
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in environment.items()}
    with world() as outer, mock.patch.dict(os.environ, ENVIRONMENT | texts):
        outer.sqs.queues = {REFUSED_QUEUE: [], DEAD_LETTER_QUEUE: []}
        yield MailWorld(outer)


def logged(records: list[logging.LogRecord]) -> list[tuple[Any, ...]]:
    """The messages of our log, with their reasons and details where they have any."""
    ours = [record for record in records if record.name.startswith("ses_constructs")]
    extras = [(record.__dict__.get("reason"), record.__dict__.get("detail")) for record in ours]
    return [(record.getMessage(), *filter(None, extra)) for record, extra in zip(ours, extras, strict=True)]
