"""The header fields of a message as the events tell them; strangers write them, so nothing here raises."""

import re
from collections.abc import Iterable
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses

Fields = list[tuple[str, str]]

# The name in the event -> the header; the others are lists of addresses.
TEXT_HEADERS = {"date": "Date", "messageId": "Message-ID", "subject": "Subject"}
ADDRESS_HEADERS = {"from": "From", "to": "To", "cc": "Cc", "bcc": "Bcc", "replyTo": "Reply-To"}
_NEEDS_QUOTES = re.compile(r'[()<>\[\]:;@\\,."]')


def fields_of(message: bytes) -> Fields:
    """Every field, unfolded and not decoded; bytes beyond ASCII are read as UTF-8 where they are."""
    # The raw items, because others are made into objects, and email.policy.SMTP raises on what it cannot parse.
    raw = BytesHeaderParser(policy=compat32).parsebytes(message).raw_items()
    return [(name, re.sub(r"\r?\n[ \t]*", " ", _read(str(value)))) for name, value in raw]


def addresses(fields: Fields, *names: str) -> list[str]:
    """The bare addresses in the fields of these names."""
    return [address for _, address in getaddresses(_values(fields, names)) if address]


def common_headers(fields: Fields) -> dict[str, str | list[str]]:
    """Decoded, and only those that the message has."""
    common: dict[str, str | list[str]] = {}
    for key, name in ADDRESS_HEADERS.items():
        if values := _values(fields, [name]):
            common[key] = _shown(values)
    if senders := _shown(_values(fields, ["Sender"])):
        common["sender"] = senders[0]
    for key, name in TEXT_HEADERS.items():
        if values := _values(fields, [name]):
            common[key] = _decoded(values[0])
    return common


def _values(fields: Fields, names: Iterable[str]) -> list[str]:
    return [value for wanted in names for name, value in fields if name.lower() == wanted.lower()]


def _shown(values: Iterable[str]) -> list[str]:
    """Addresses with their names, which are decoded, and quoted only where they have to be."""
    found = [(_decoded(name), address) for name, address in getaddresses(list(values)) if address]
    return [f"{_quoted(name)} <{address}>" if name else address for name, address in found]


def _quoted(name: str) -> str:
    escaped = re.sub(r'(["\\])', r"\\\1", name)
    return f'"{escaped}"' if _NEEDS_QUOTES.search(name) else name


def _decoded(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, ValueError):  # no such charset, or bytes that are none of it
        return text


def _read(value: str) -> str:
    return value.encode("ascii", "surrogateescape").decode("utf-8", "replace")
