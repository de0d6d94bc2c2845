"""Text in headers: reading encoded words, and writing as ASCII what is not (RFC 2047)."""

import binascii
import quopri
import re
from collections.abc import Iterable

from .._text import printable
from .charsets import codec

_ENCODED = re.compile(r"=\?([A-Za-z0-9_-]{1,40})(?:\*[A-Za-z-]{0,20})?\?([bBqQ])\?([^?\s]{0,2000})\?=")
_BETWEEN = re.compile(r"(?<=\?=)\s+(?==\?)")
# 39 bytes make 64 characters, which fit in one line of 76 with the names of the usual headers.
_WORD_BYTES = 39
_MOST_TIMES = 5

# What can become an encoded word depends on the header: a quoted string or an atom among addresses, a word inside the
# quotes of a parameter (which everybody reads, though RFC 2231 wants something else), and any word in free text.
_IN_ADDRESSES = re.compile(r'"(?:[^"\\]|\\.?)*(?:"|\Z)|[^\s"<>(),;:@\[\]\\]+|.', re.DOTALL)
_IN_PARAMETERS = re.compile(r'[^\s"=;]+|.', re.DOTALL)
_IN_TEXT = re.compile(r"\S+|\s")

_ADDRESS_HEADERS = frozenset({"from", "to", "cc", "reply-to", "sender", "mail-followup-to", "mail-reply-to"})
_PARAMETER_HEADERS = frozenset({"content-type", "content-disposition", "content-id", "dkim-signature"})


def encode_words(text: str) -> str:
    """Write *text* as encoded words, none of which ends inside a character."""
    words, current = [], b""
    for character in text:
        added = character.encode("utf-8", "replace")
        if len(current) + len(added) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += added
    words.append(current)
    return " ".join(f"=?utf-8?b?{binascii.b2a_base64(word, newline=False).decode()}?=" for word in words)


def decode_words(text: str) -> str:
    """Read the encoded words in *text*; one that cannot be read stays as it is."""
    return _ENCODED.sub(_decoded_word, _BETWEEN.sub("", text))


def read_words(text: str) -> str:
    """Read *text* as people see it: decoded as often as it is encoded, and without what is invisible."""
    text = printable(text)
    for _ in range(_MOST_TIMES):
        if "=?" not in text:
            break
        text = printable(decode_words(text))
    return text


def remove_words(text: str) -> str:
    """Take the encoded words out of *text*."""
    return _ENCODED.sub("", text)


def _decoded_word(match: re.Match[str]) -> str:
    charset, encoding, payload = match.groups()
    try:
        if encoding in "bB":
            raw = binascii.a2b_base64(payload + "=" * (-len(payload) % 4))
        else:
            raw = quopri.decodestring(payload.encode(), header=True)
        known = codec(charset)
        return raw.decode(known, "replace") if known else match.group()
    except ValueError:
        return match.group()


def as_ascii(name: str, value: str) -> str:
    """Write the value of header *name* in ASCII, with encoded words where it was not."""
    name = name.lower()
    if name in _ADDRESS_HEADERS or name.startswith("resent-"):
        return "".join(_with_encoded_words(_IN_ADDRESSES.findall(value)))
    pattern = _IN_PARAMETERS if name in _PARAMETER_HEADERS else _IN_TEXT
    return "".join(_with_encoded_words(pattern.findall(value)))


def _with_encoded_words(tokens: Iterable[str]) -> Iterable[str]:
    # The space between two encoded words is not seen, so that neighbours are encoded together.
    run: list[str] = []
    gap: list[str] = []
    for token in tokens:
        if not token.isascii():
            run += [*gap, _unquoted(token)]
            gap = []
        elif run and token.isspace():
            gap.append(token)
        else:
            yield from (*_as_words(run), *gap, token)
            run, gap = [], []
    yield from (*_as_words(run), *gap)


def _as_words(run: list[str]) -> list[str]:
    return [encode_words("".join(run))] if run else []


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token.strip('"')) if token.startswith('"') and len(token) > 1 else token
