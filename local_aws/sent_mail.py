"""The mail that left through SES's send API, as it was handed over."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from local_aws.process import ServerProcess


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMessage:
    """One call that sent mail. SES itself would still sign a raw message, and set its Message-ID and Date."""

    message_id: str
    source: str
    to: tuple[str, ...]  # the envelope's recipients, with cc and bcc
    subject: str
    text: str
    raw: bytes  # empty for a message that SES puts together
    configuration_set: str
    region: str
    sent: datetime

    def parsed(self) -> EmailMessage:
        """A raw message as Python's email package sees it."""
        return message_from_bytes(self.raw, _class=EmailMessage, policy=SMTP)


def sent_messages(server: ServerProcess, account: str) -> tuple[SentMessage, ...]:
    """Everything that *account* has sent since the start, the oldest first."""
    body = json.loads(server.get(f"/_ministack/ses/messages?account={account}"))
    messages = (_message(record) for records in body["messages"].values() for record in records)
    return tuple(sorted(messages, key=lambda message: message.sent))


def _message(record: dict[str, Any]) -> SentMessage:
    return SentMessage(
        message_id=record["MessageId"],
        source=record["Source"],
        to=tuple(record.get("Destinations") or _recipients(record)),
        subject=record["Subject"] or "",
        text=record["BodyText"] or "",
        raw=base64.b64decode(record.get("RawData", "")),
        configuration_set=record.get("ConfigurationSetName", ""),
        region=record.get("Region", ""),
        sent=datetime.fromtimestamp(record["Timestamp"], UTC),
    )


def _recipients(record: dict[str, Any]) -> Iterator[str]:
    for kind in ("To", "CC", "BCC"):
        yield from record[kind]
