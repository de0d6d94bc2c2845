"""The header fields of a message, and what an event tells of them beside the fields themselves."""

import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.utils import getaddresses
from typing import Any

from .verdicts import Verdicts

Fields = tuple[tuple[str, str], ...]

_ADDRESSES = {"from": "from", "to": "to", "cc": "cc", "bcc": "bcc", "replyTo": "reply-to"}
_TEXTS = {"date": "date", "messageId": "message-id", "subject": "subject"}
_NEEDS_QUOTES = re.compile(r'[()<>@,;:\\".\[\]]')


def with_usual(headers: Mapping[str, str], *, sender: str, recipients: tuple[str, ...]) -> Fields:
    """*headers* as they are spelled, behind those that every message has and that they do not give."""
    usual = {"From": sender, "To": ", ".join(recipients), "Subject": ""}
    given = {name.lower() for name in headers}
    return (*((name, value) for name, value in usual.items() if name.lower() not in given), *headers.items())


def added_by_ses(sender: str, verdicts: Verdicts, *, scanned: bool) -> Fields:
    """The fields on top of a received message that depend on what a test says."""
    found = (("X-SES-Spam-Verdict", verdicts.spam), ("X-SES-Virus-Verdict", verdicts.virus)) if scanned else ()
    return (("Return-Path", f"<{sender}>"), *found)


def destination(fields: Fields) -> list[str]:
    """Whom the message itself names: To and Cc, not the envelope."""
    return [address for name in ("to", "cc") for _, address in _people(fields, name)]


def common_headers(fields: Fields, *, sender: str) -> dict[str, Any]:
    """Decoded, and only those that the message has."""
    has = {name.lower() for name, _ in fields}
    common: dict[str, Any] = {"returnPath": sender} if sender else {}
    common |= {key: _told(fields, name) for key, name in _ADDRESSES.items() if name in has}
    if senders := _told(fields, "sender"):
        common["sender"] = senders[0]
    return common | {key: _decoded(_values(fields, name)[0]) for key, name in _TEXTS.items() if name in has}


def _values(fields: Fields, wanted: str) -> list[str]:
    return [value for name, value in fields if name.lower() == wanted]


def _people(fields: Fields, name: str) -> list[tuple[str, str]]:
    return [(display, address) for display, address in getaddresses(_values(fields, name)) if address]


def _told(fields: Fields, name: str) -> list[str]:
    return [_one(_decoded(display), address) for display, address in _people(fields, name)]


def _one(display: str, address: str) -> str:
    if not display:
        return address
    if _NEEDS_QUOTES.search(display):
        display = '"' + display.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{display} <{address}>"


def _decoded(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):  # a charset or bytes that are none
        return text
