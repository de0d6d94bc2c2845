"""Finds the header block in the bytes of a message, takes it apart, and writes one that every server takes.

Lines end with CRLF or LF, and with a bare CR only in a message that has no LF at all. The block ends at the first blank
line, or before the first line that cannot be part of it, as mail servers have it. The body is never looked at.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .encoded_words import as_ascii
from .errors import NotForwardedError

# Servers refuse headers long before this; it also bounds the memory that they take.
MOST_HEADER_BYTES = 256 * 1024
LONGEST_LINE = 998
USUAL_LINE = 76

_FIELD = re.compile(rb"(?:([!-9;-~]{1,200})[ \t]*)?:")
_CONTROLS = {code: " " for code in (*range(32), 127) if code not in (9, 10)}


@dataclass(frozen=True, slots=True)
class Header:
    """One header. In *value*, a newline stands for a fold, and white space follows it."""

    name: str
    value: str
    width: int = LONGEST_LINE

    @property
    def unfolded(self) -> str:
        return self.value.replace("\n", "").strip()

    def lines(self) -> Iterator[str]:
        """Write the header in lines of at most 998 ASCII characters, folded as it was where that is allowed."""
        value, width = self.value, self.width
        if not value.isascii():
            # A line with an encoded word has at most 76 characters.
            value, width = as_ascii(self.name, self.unfolded), USUAL_LINE
        first, *rest = value.split("\n")
        yield from _folded(f"{self.name}: {first.strip()}", width)
        # A line of white space would end the header for some.
        for line in filter(str.strip, rest):
            yield from _folded(line, width)


def parse_headers(message: bytes | bytearray) -> tuple[list[Header], int]:
    """Read the headers of *message*, and find where its body begins."""
    fields: list[tuple[bytes, list[bytes]]] = []
    newline = b"\n" if b"\n" in message else b"\r"
    at = 0
    while at < len(message):
        end = message.find(newline, at) + 1 or len(message)
        field = _FIELD.match(message, at, end)
        line = bytes(message[at : min(end, at + MOST_HEADER_BYTES)])
        blank = at + len(line) == end and not line.strip(b"\r\n")
        more = bool(fields) and message[at] in b" \t"
        if not blank and not more and not field:
            return _headers(fields), at
        if blank:
            return _headers(fields), end
        if end > MOST_HEADER_BYTES:
            raise NotForwardedError(f"the header is larger than {MOST_HEADER_BYTES} bytes")
        if more:
            fields[-1][1].append(line.rstrip(b"\r\n"))
        elif field:
            fields.append((field.group(1) or b"", [line[field.end() - at :].rstrip(b"\r\n")]))
        at = end
    return _headers(fields), at


def serialize_headers(headers: Iterable[Header]) -> bytes:
    """Write a header block and the blank line that ends it."""
    return b"".join(line.encode() + b"\r\n" for header in headers for line in header.lines()) + b"\r\n"


def all_headers(headers: Iterable[Header], name: str) -> list[Header]:
    """Return every header of a name, whatever its case."""
    return [header for header in headers if header.name.lower() == name.lower()]


def first_value(headers: Iterable[Header], name: str) -> str:
    """Return the unfolded value of the first header of a name; nothing if there is none."""
    return next((header.unfolded for header in all_headers(headers, name)), "")


def _headers(fields: list[tuple[bytes, list[bytes]]]) -> list[Header]:
    # SES refuses a message with a header that has no name.
    return [Header(name.decode(), "\n".join(map(_text, lines)).strip(" \t")) for name, lines in fields if name]


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return text.translate(_CONTROLS)


def _folded(line: str, width: int) -> Iterator[str]:
    line = line.rstrip(" \t")
    if line[:1] in (" ", "\t") and len(line) > width:
        line = " " + line.lstrip(" \t")
    while len(line) > width:
        at = _fold_in(line, width)
        if at < 0:
            if len(line) <= LONGEST_LINE:
                break
            at = LONGEST_LINE
        yield line[:at]
        line = " " + line[at:].lstrip(" \t")
    yield line


def _fold_in(line: str, width: int) -> int:
    """Find where to fold: the last white space within *width*, else the first one within the longest line."""
    before = max(line.rfind(" ", 2, width + 1), line.rfind("\t", 2, width + 1))
    if before > 0:
        return before
    return min((at for at in (line.find(" ", 2, LONGEST_LINE), line.find("\t", 2, LONGEST_LINE)) if at > 0), default=-1)
