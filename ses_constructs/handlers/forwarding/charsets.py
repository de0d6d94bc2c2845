"""The encodings of text in headers, under all the names that mail programs have for them."""

import re
from collections.abc import Callable, Iterable, Sequence

_DECLARED = re.compile(rb"""charset\s*=\s*["']?([A-Za-z0-9_.:-]{1,40})""", re.IGNORECASE)
_ASCII = bytes(range(32, 127))
# ISO-2022 shifts between character sets by escape sequences, so that its lines are ASCII.
_ESCAPE = b"\x1b"
_USUAL_SHIFTED = "iso2022_jp_2"

_NAMES = (
    (re.compile(r"(?:x-)?(?:windows|win|cp|ibm|dos)-?([0-9]{3,4})"), r"cp\1"),
    # Right to left in the order of reading, or of writing: the bytes are the same.
    (re.compile(r"(iso-8859-[0-9]{1,2})-[ei]"), r"\1"),
    (re.compile(r"x-(?:sjis|ms-cp932)(?:-.*)?"), "cp932"),
    (re.compile(r"x-(euc-jp|euc-kr|euc-tw|gbk|big5)"), r"\1"),
    (re.compile(r"x-mac-([a-z0-9_-]+)"), r"mac-\1"),
)


def codec(name: str) -> str:
    """Find Python's name of a character set; empty if Python does not know it."""
    name = name.lower()
    for known in (name, *(pattern.sub(to, name) for pattern, to in _NAMES if pattern.fullmatch(name))):
        try:
            # Not every codec is one of text, and Python does not even look up the one of no bytes.
            b"aaaa".decode(known)
        except LookupError:
            continue
        except UnicodeError:
            pass
        return known
    return ""


def reader(fields: Sequence[tuple[bytes, list[bytes]]]) -> Callable[[bytes], str]:
    """Return what reads the lines of a header block that nobody encoded.

    The standard comes first, then what the message says that it is written in, then what is usual.
    """
    block = b"\n".join(line for _, lines in fields for line in lines)
    if block.isascii() and _ESCAPE not in block:
        return bytes.decode
    declared = _declared_charset(fields)
    shifted = declared if "2022" in declared else _USUAL_SHIFTED

    def read(line: bytes) -> str:
        if _ESCAPE in line and (text := _decoded(line, shifted)):
            return text
        return _decoded(line, "utf-8") or _decoded(line, declared) or line.decode("cp1252", "replace")

    return read


def _declared_charset(fields: Iterable[tuple[bytes, list[bytes]]]) -> str:
    """Find the character set that the first Content-Type names; empty if it names none that ASCII is a part of."""
    value = next((b"".join(lines) for name, lines in fields if name.lower() == b"content-type"), b"")
    match = _DECLARED.search(value)
    found = codec(match.group(1).decode()) if match else ""
    return found if found and _decoded(_ASCII, found) == _ASCII.decode() else ""


def _decoded(line: bytes, charset: str) -> str:
    try:
        return line.decode(charset) if charset else ""
    except UnicodeError:
        return ""
