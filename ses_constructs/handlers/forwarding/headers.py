"""Finds the header block in the bytes of a message, takes it apart, and writes one that every server takes.

Lines end with CRLF or LF; SES puts headers with CRLF before every message, so a CR alone ends none. The block ends at
the first blank line, or before the first line that cannot be part of it, as mail servers have it. The body is never
looked at.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .charsets import reader
from .encoded_words import as_ascii
from .errors import NotForwardedError

# Servers refuse headers long before this; it also bounds the memory that they take.
MOST_HEADER_BYTES = 256 * 1024
LONGEST_LINE = 998
USUAL_LINE = 76

_LONGEST_NAME = 200
_FIELD = re.compile(rb"(?:([!-9;-~]{1,998})[ \t]*)?:")
# What programs that keep mail in one file write before each message, and mail servers pass over.
_MAILBOX_LINE = re.compile(rb">?From \S.*\d\d:\d\d")
_TOKEN = re.compile(r"[ \t]*[^ \t]+|[ \t]+\Z")
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
        *lines, last = f"{self.name}: {value.lstrip()}".split("\n")
        kept = ""
        for line in lines:
            kept += line
            # A line of white space would end the header for some, so it goes to the next one.
            if kept.strip():
                yield from _folded(kept, width)
                kept = ""
        if last := (kept + last).rstrip():
            yield from _folded(last, width)


class Headers(list[Header]):
    """The headers of a message in their order, and by their names, whatever the case."""

    def __init__(self, headers: Iterable[Header]) -> None:
        super().__init__(headers)
        self._named: dict[str, list[Header]] = {}
        for header in self:
            self._named.setdefault(header.name.lower(), []).append(header)

    def named(self, name: str) -> list[Header]:
        """Return all that have a name."""
        return self._named.get(name.lower(), [])

    def first(self, name: str) -> str:
        """Return the unfolded value of the first one that has a name; nothing if there is none."""
        return next((header.unfolded for header in self.named(name)), "")


def parse_headers(message: bytes | bytearray) -> tuple[Headers, int]:
    """Read the headers of *message*, and find where its body begins."""
    fields: list[tuple[bytes, list[bytes]]] = []
    at = 0
    while at < len(message):
        end = message.find(b"\n", at) + 1 or len(message)
        line = bytes(message[at : min(end, at + MOST_HEADER_BYTES)])
        text = line.rstrip(b"\r\n")
        if not text and at + len(line) == end:
            return _headers(fields), end
        more = bool(fields) and line[:1] in (b" ", b"\t")
        field = None if more else _FIELD.match(text)
        if not more and not field and not _MAILBOX_LINE.match(text):
            return _headers(fields), at
        if end > MOST_HEADER_BYTES:
            raise NotForwardedError(f"the header is larger than {MOST_HEADER_BYTES} bytes")
        if more:
            fields[-1][1].append(text)
        elif field:
            fields.append((field.group(1) or b"", [text[field.end() :]]))
        at = end
    return _headers(fields), at


def serialize_headers(headers: Iterable[Header]) -> bytes:
    """Write a header block and the blank line that ends it."""
    return "".join(f"{line}\r\n" for header in headers for line in header.lines()).encode() + b"\r\n"


def _headers(fields: list[tuple[bytes, list[bytes]]]) -> Headers:
    read = reader(fields)
    # SES refuses a message with a header that has no name.
    return Headers(
        Header(name.decode(), "\n".join(map(read, lines)).translate(_CONTROLS).strip(" \t"))
        for name, lines in fields
        if 1 <= len(name) <= _LONGEST_NAME
    )


def _folded(line: str, width: int) -> Iterator[str]:
    """Break a line before white space, which stays: within *width* if it can be, and within the longest line if not."""
    if len(line) <= width:
        yield line
        return
    current = ""
    for token in _TOKEN.findall(line):
        if token.isspace():
            current += token[: LONGEST_LINE - len(current)]
        elif current and len(current) + len(token) > width:
            yield current
            current = token
        else:
            current += token
        if len(current) > LONGEST_LINE:
            # One word that is longer than a line, or has more white space before it.
            *full, current = _pieces(current.lstrip())
            yield from full
    yield current


def _pieces(word: str) -> list[str]:
    return [f" {word[at : at + LONGEST_LINE - 1]}" for at in range(0, len(word), LONGEST_LINE - 1)]
