"""Reads mailboxes from address headers, whatever people and programs write there, and writes correct ones.

The parser of the standard library raises on some of what they write; on the rest, its versions differ.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from .domains import to_ascii
from .encoded_words import encode_words, read_words, remove_words

_MOST_CHARACTERS = 4000
_MOST_NAME = 120
_MOST_LOCAL, _MOST_DOMAIN = 256, 253

_TOKEN = re.compile(
    r"""
      (?P<quoted>  "(?:[^"\\]|\\.)*" )
    | (?P<encoded> =\?[^?\s]+\?[bq]\?[^?\s]*\?= )
    | (?P<comment> \((?:[^()\\]|\\.|\([^()]*\))*\) )
    | (?P<angle>   <[^<>]*(?:>|\Z) )
    | (?P<space>   \s+ )
    | (?P<end>     [,;] )
    | (?P<group>   : )
    | (?P<atom>    [^\s"<>,;:()]+ )
    | (?P<junk>    . )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ROUTE = re.compile(r"\A@[^:]*:|\Amailto:", re.IGNORECASE)
_AFTER_AT = re.compile(r"@([^\s<>,;:()@]+)")
_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_DOT_ATOM = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+|\[[0-9A-Za-z.:]+\]")
_LOCAL = re.compile(r"[!-~](?:[ -~]*[!-~])?")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name as a reader sees it, and an address that mail can be sent to; either may be empty."""

    name: str
    address: str

    def __str__(self) -> str:
        if not self.name:
            return self.address
        return f"{phrase(self.name)} <{self.address}>"


def phrase(name: str) -> str:
    """Write a display name: as a quoted string, or in encoded words if it is not ASCII."""
    return '"{}"'.format(re.sub(r'(["\\])', r"\\\1", name)) if name.isascii() else encode_words(name)


def mailboxes(text: str) -> list[Mailbox]:
    """Read every mailbox of an address header, with groups resolved."""
    return [box for box in (parser.mailbox() for parser in _parsed(text)) if box.name or box.address]


def author_domains(text: str) -> set[str]:
    """List the domains of every address that somebody may find in an address header, as they are written."""
    if len(text) > _MOST_CHARACTERS:
        return {name.rstrip(".") for name in _AFTER_AT.findall(text.lower())}
    return {domain for parser in _parsed(text) for domain in parser.domains()}


def _parsed(text: str) -> "Iterator[_MailboxParser]":
    if len(text) > _MOST_CHARACTERS:
        # Half an address is another one.
        text = text[:_MOST_CHARACTERS].rpartition(",")[0]
    current = _MailboxParser()
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup or "", match.group()
        if kind == "end":
            yield current
            current = _MailboxParser()
        elif kind == "group":
            # A name, unless there is an address in it that somebody may find.
            if current.domains():
                yield current
            current = _MailboxParser()
        else:
            current.add(kind, token)
    yield current


@dataclass(slots=True)
class _MailboxParser:
    """One mailbox while it is read. A word has no spaces outside quotes; it is kept as written and as it reads."""

    words: list[tuple[str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    angles: list[str] = field(default_factory=list)
    glued: bool = False

    def add(self, kind: str, token: str) -> None:
        match kind:
            case "angle":
                self.angles.append(token.strip("<>"))
            case "comment":
                self.comments.append(token[1:-1])
            case "atom" | "encoded" | "quoted":
                read = re.sub(r"\\(.)", r"\1", token[1:-1]) if kind == "quoted" else token
                before = self.words.pop() if self.glued else ("", "")
                self.words.append((before[0] + token, before[1] + read))
        self.glued = kind in ("atom", "encoded", "quoted")

    def mailbox(self) -> Mailbox:
        address, rest = self._address()
        name = read_words(" ".join(read for _, read in rest)) or read_words(" ".join(self.comments))
        return Mailbox(name[:_MOST_NAME].strip(), address)

    def domains(self) -> set[str]:
        written = (*self.angles, *(remove_words(raw) for raw, _ in self.words), self._address()[0])
        names = (one.rpartition("@")[2] for one in written if "@" in one)
        return {name for one in names if (name := "".join(one.split()).lower().rstrip("."))}

    def _address(self) -> tuple[str, list[tuple[str, str]]]:
        """Find the address, and the words that are not part of it."""
        if address := _first_address(self.angles):
            return address, self.words
        # Without brackets, an address is a word like the others, or several where a program put spaces in it.
        raws = [raw for raw, _ in self.words]
        if address := _first_address(raws):
            return address, [word for word in self.words if normalize_address(word[0]) != address]
        address = normalize_address("".join(raws))
        return address, [] if address else self.words


def _first_address(candidates: list[str]) -> str:
    return next(filter(None, map(normalize_address, candidates)), "")


def normalize_address(raw: str) -> str:
    """Write an address in ASCII; empty if no mail can be sent to it that way."""
    local, _, domain = _ROUTE.sub("", raw.strip()).rpartition("@")
    local, domain = local.strip(), domain.strip().rstrip(".")
    # Quotes may stand around each of its words.
    local = _QUOTED.sub(lambda quoted: re.sub(r"\\(.)", r"\1", quoted[1]), local)
    if len(local) > _MOST_LOCAL or len(domain) > _MOST_DOMAIN:
        return ""
    domain = domain if domain.isascii() else to_ascii(domain)
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return ""
    return f"{local if _DOT_ATOM.fullmatch(local) else phrase(local)}@{domain}"


def join_addresses(boxes: Iterable[Mailbox]) -> str:
    """Write the mailboxes that have an address as the value of a header, each once."""
    return ", ".join({box.address: str(box) for box in boxes if box.address}.values())
