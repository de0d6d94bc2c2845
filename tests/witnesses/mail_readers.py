"""What three parsers that are not ours read in a message: both policies of Python's, and mailparser of Node.js.

They say what is wrong with a forwarded message beside the one that was received.
"""

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses
from typing import Any

from tests.handlers.forwarding.mail_aws import LONGEST_LINE, ONCE, SENDER
from tests.witnesses.downloads import HERE

# What forwarding makes anew, or leaves out so that nobody but us signs, steers or answers automatically.
NOT_KEPT = {
    *("from", "reply-to", "references", "return-path", "sender", "message-id", "bcc", "delivered-to", "dkim-signature"),
    *("domainkey-signature", "disposition-notification-to", "return-receipt-to", "x-confirm-reading-to"),
    "x-original-date",
}
POLICIES = {"compat32": policy.compat32, "default": policy.default}
SAME_FOR_PEOPLE = ("to", "cc", "subject", "inReplyTo", "text", "html", "attachments")


@dataclass(frozen=True)
class Forwarded:
    """A message before and after, also as mailparser reads them."""

    name: str
    raw: bytes
    sent: bytes
    before: dict[str, Any]
    after: dict[str, Any]

    def faults(self) -> Iterator[str]:
        """Say what every parser finds wrong."""
        if body(self.sent) != body(self.raw):
            yield "the body differs"
        lines = self.sent.partition(b"\r\n\r\n")[0].split(b"\r\n")
        if not all(line.isascii() and len(line) <= LONGEST_LINE for line in lines):
            yield "a header line is too long, or not ASCII"
        for name, rules in POLICIES.items():
            before, after = (message_from_bytes(each, policy=rules) for each in (self.raw, self.sent))
            if addresses(after, "From") != [SENDER]:
                yield f"{name}: From is {addresses(after, 'From')}"
            if parts(before) != parts(after):
                yield f"{name}: the structure differs"
            for header in {each.lower() for each in before} - NOT_KEPT:
                if not same_values(values(before, header), values(after, header), once=header in ONCE):
                    yield f"{name}: {header} was {values(before, header)} and is {values(after, header)}"
        yield from self._mailparser_faults()

    def _mailparser_faults(self) -> Iterator[str]:
        if self.after["from"] != [SENDER]:
            yield f"mailparser: From is {self.after['from']}"
        answered = usable(self.before["replyTo"]) or usable(self.before["from"])
        if set(map(unquoted, self.after["replyTo"])) != set(map(unquoted, answered)):
            yield f"mailparser: answers went to {answered} and go to {self.after['replyTo']}"
        for what in SAME_FOR_PEOPLE:
            before, after = self.before[what], self.after[what]
            if before != after and skeleton(json.dumps(before)) != skeleton(json.dumps(after)):
                yield f"mailparser: {what} was {before!r} and is {after!r}"


def read_by_mailparser(messages: Sequence[bytes]) -> list[dict[str, Any]]:
    """Have one process of Node.js read all of them."""
    lines = b"".join(base64.b64encode(message) + b"\n" for message in messages)
    answer = subprocess.run(["node", HERE / "read_mail.mjs"], input=lines, capture_output=True, check=True)
    return [json.loads(line) for line in answer.stdout.splitlines()]


def body(raw: bytes) -> bytes:
    """What Python finds behind the headers; in Latin-1, a byte is a character."""
    return str(HeaderParser().parsestr(raw.decode("latin-1")).get_payload()).encode("latin-1")


def parts(message: Message) -> list[tuple[str, object]]:
    """The types of all parts with their boundaries and decoded contents."""
    return [
        (part.get_content_type(), part.get_boundary() if part.is_multipart() else part.get_payload(decode=True))
        for part in message.walk()
    ]


def values(message: Message, name: str) -> list[str]:
    return ["".join(str(value).splitlines()).strip() for value in message.get_all(name, [])]


def addresses(message: Message, name: str) -> list[str]:
    return [address for _, address in getaddresses(values(message, name))]


def same_values(before: list[str], after: list[str], *, once: bool) -> bool:
    wanted = before[:1] if once else before
    return after == wanted or [skeleton(each) for each in after] == [skeleton(each) for each in wanted]


def skeleton(text: str) -> str:
    """What everybody reads alike where bytes mean nothing: ASCII, without spaces, controls and quotes."""
    decoded = str(make_header(decode_header(text)))
    return re.sub(r"\\u[0-9a-f]{4}|[^!-~]|[\"\\]", "", decoded)


def usable(found: list[str]) -> list[str]:
    """Those that can be written to: in ASCII, and in a domain with a dot or an IP address."""
    return [one for one in found if re.fullmatch(r"[!-~]+@(?:[!-~]+\.[!-~]+|\[[!-~]+\])", one)]


def unquoted(address: str) -> str:
    """Take away the quotes around a local part that needs them, for mailparser does not always write them."""
    local, _, domain = address.rpartition("@")
    return f"{local[1:-1]}@{domain}" if local.startswith('"') else address
