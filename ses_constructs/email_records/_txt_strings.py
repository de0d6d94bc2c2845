"""Writing the text of a TXT record as the quoted strings that DNS stores (RFC 1035 section 3.3.14)."""

import re
from typing import Literal

from ..common.arguments import TOKEN_PATTERN, is_token

MAX_STRING_BYTES = 255

# A byte outside printable ASCII becomes a backslash and three digits. The trap: zone files read them as decimal
# (RFC 1035 section 5.1), Route 53 reads them as octal, and either takes the other's digits for a different byte.
EscapeBase = Literal["octal", "decimal"]
_ESCAPES = {"octal": "\\{:03o}", "decimal": "\\{:03d}"}
_SPECIAL = re.compile(rb'["\\]|[^ -~]')


def quoted_strings(text: str, escapes: EscapeBase) -> str:
    """Return *text* as strings of at most 255 bytes in double quotes, with one space between them.

    Readers join the strings again without anything between them (RFC 7208 section 3.3).
    """
    return " ".join(f'"{"".join(_escaped(piece, escapes) for piece in string)}"' for string in txt_strings(text))


def txt_strings(text: str) -> list[list[str]]:
    """Cut *text* into strings of at most 255 UTF-8 bytes, each a list of plain pieces and whole CDK tokens.

    Text that fits as it is written stays one string, tokens included. In longer text each token has a string of its
    own: nobody knows how long it will be, and there it has the most room. Characters are never cut apart.
    """
    pieces = split_tokens(text)
    if len(text.encode()) <= MAX_STRING_BYTES:
        return [pieces]
    return [[part] for piece in pieces for part in ([piece] if is_token(piece) else _chunks(piece))]


def split_tokens(text: str) -> list[str]:
    """Cut *text* before and behind every CDK token; the pieces, none of them empty, join to the same text."""
    return [piece for piece in re.split(f"({TOKEN_PATTERN})", text) if piece]


def wire_length(text: str) -> int:
    """Return how many bytes *text* takes in a TXT record: its UTF-8 bytes, and a length byte for every string."""
    return len(text.encode()) + len(txt_strings(text))


def _chunks(text: str) -> list[str]:
    chunks = [""]
    size = 0
    for character in text:
        width = len(character.encode())
        if size + width > MAX_STRING_BYTES:
            chunks.append("")
            size = 0
        chunks[-1] += character
        size += width
    return chunks


def _escaped(piece: str, escapes: EscapeBase) -> str:
    if is_token(piece):
        return piece
    return _SPECIAL.sub(lambda found: _escape(found[0][0], escapes), piece.encode()).decode()


def _escape(byte: int, escapes: EscapeBase) -> bytes:
    character = chr(byte)
    return (f"\\{character}" if character in '"\\' else _ESCAPES[escapes].format(byte)).encode()
