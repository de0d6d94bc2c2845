"""A received message: its bytes with the headers that SES puts on top, and how the events describe it."""

import random
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from local_aws.inbound.header_fields import addresses, common_headers, fields_of
from local_aws.inbound.records import Peer
from local_aws.inbound.verdicts import Verdicts, scan_headers

NOTIFIED_HEADERS = 10 * 1024  # bytes of headers in a notification
EVENT_HEADERS = 50 * 1024  # and in the event of a function


def new_message_id() -> str:
    """In the shape that SES gives to received mail: forty small letters and digits."""
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=40))


def timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedMessage:
    """As it came over SMTP, and what has been put on top since."""

    message_id: str
    mail_from: str
    recipients: tuple[str, ...]
    received: datetime
    raw: bytes
    on_top: tuple[tuple[str, str], ...] = ()

    def with_headers(self, headers: Iterable[tuple[str, str]]) -> "ReceivedMessage":
        """The message with *headers* above all others."""
        return replace(self, on_top=(*headers, *self.on_top))

    @property
    def content(self) -> bytes:
        """What is stored and published: every byte that was received, below our headers."""
        return "".join(f"{name}: {value}\r\n" for name, value in self.on_top).encode() + self.raw

    def mail(self, *, most_headers: int) -> dict[str, Any]:
        """The `mail` object of an event, with as many bytes of headers as it may have."""
        headers, truncated = self._headers(most_headers)
        fields = fields_of(self.raw)
        common = {"returnPath": self.mail_from} if self.mail_from else {}
        return {
            "timestamp": timestamp(self.received),
            "source": self.mail_from,
            "messageId": self.message_id,
            "destination": addresses(fields, "To", "Cc"),
            "headersTruncated": truncated,
            "headers": headers,
            "commonHeaders": common | common_headers(fields),
        }

    def _headers(self, most: int) -> tuple[list[dict[str, str]], bool]:
        size = 0
        headers: list[dict[str, str]] = []
        for name, value in fields_of(self.content):
            size += len(name.encode()) + len(value.encode())
            if size > most:
                return headers, True
            headers.append({"name": name, "value": value})
        return headers, False


def trace_headers(
    message: ReceivedMessage, *, scanned: Verdicts, peer: Peer, helo: str, tls: bool, host: str
) -> list[tuple[str, str]]:
    """What SES puts on top of every message it receives, with its DKIM signature and receipt only hinted at."""
    protocol = "ESMTPS" if tls else "ESMTP"
    domain = message.mail_from.rpartition("@")[2] or helo
    spf, dkim, dmarc = peer.spf.lower(), peer.dkim.lower(), peer.dmarc.lower()
    return [
        ("Return-Path", f"<{message.mail_from}>"),
        (
            "Received",
            f"from {helo} ({helo} [{peer.ip}])\r\n by {host} with {protocol} id {message.message_id}\r\n"
            f" for {message.recipients[0]};\r\n {format_datetime(message.received)}",
        ),
        *scan_headers(scanned),
        ("Received-SPF", f"{spf} (local-aws: {spf} for domain of {domain}) client-ip={peer.ip}; helo={helo};"),
        (
            "Authentication-Results",
            f"amazonses.com;\r\n spf={spf} client-ip={peer.ip};\r\n dkim={dkim};\r\n dmarc={dmarc}",
        ),
        ("X-SES-RECEIPT", "local-aws"),
        ("X-SES-DKIM-SIGNATURE", "a=rsa-sha256; q=dns/txt; b=local-aws"),
    ]


def receipt(
    message: ReceivedMessage, *, recipients: Sequence[str], verdicts: dict[str, dict[str, str]], peer: Peer
) -> dict[str, Any]:
    """The `receipt` object of an event, still without the action."""
    policy = {"dmarcPolicy": peer.dmarc_policy} if peer.dmarc == "FAIL" else {}
    return {
        "timestamp": timestamp(message.received),
        "processingTimeMillis": round((datetime.now(UTC) - message.received).total_seconds() * 1000),
        "recipients": list(recipients),
        **verdicts,
        **policy,
    }
