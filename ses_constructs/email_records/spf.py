"""Which servers may send with your domain in the envelope (SPF, RFC 7208)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast, get_args

from ..common.arguments import check_choice, check_text, invalid, text_tuple
from ._spf_terms import (
    MODIFIERS,
    canonical_term,
    check_lookups,
    check_written,
    count_lookups,
    has_redirect,
    modifier_name,
    spf_terms,
)

SpfAll = Literal["-all", "~all", "?all"]
"""What to conclude about every other server: fail, soft fail, or nothing."""

# From strict to lax.
_ENDINGS: tuple[SpfAll, ...] = get_args(SpfAll)
_ALL = re.compile(r"[-+~?]?all", re.IGNORECASE)
_AMAZON_SES = "include:amazonses.com"


@dataclass(frozen=True, kw_only=True, slots=True)
class SpfPolicy:
    """The mechanisms of one SPF record in their order, and what holds for everybody else.

    Args:
        mechanisms: Terms such as ``include:amazonses.com``, ``ip4:192.0.2.0/24``, ``a``, ``-mx:example.net`` or
            ``exists:%{i}.example.net``, and the modifiers ``redirect=`` and ``exp=``, which move to the end. Stored in
            one spelling: names and literal domains in lower case, no needless ``+``. ``ptr`` is accepted although RFC
            7208 section 5.5 advises against it, because a record to be merged may depend on it.
        all: The verdict on every other server: ``-all``, ``~all`` or ``?all``; ``+all`` is refused, for it lets the
            whole Internet send. None beside ``redirect=``, which receivers would ignore otherwise (section 6.1), and
            nowhere else.

    Raises:
        ValueError: Malformed and repeated terms, and more than ten that query DNS (section 4.6.4).
    """

    mechanisms: Sequence[str] = ()
    all: SpfAll | None = "~all"

    def __post_init__(self) -> None:
        object.__setattr__(self, "mechanisms", spf_terms("mechanisms", self.mechanisms))
        check_choice("all", self.all, (*_ENDINGS, None))
        redirects = has_redirect(self.mechanisms)
        if redirects and self.all is not None:
            raise invalid("all", "be None beside redirect=", self.all, "pass all=None or leave redirect= out")
        if not redirects and self.all is None:
            raise invalid("all", "be given unless there is a redirect=", self.all, "pass all='~all'")

    @classmethod
    def amazon_ses(cls, *, also: Sequence[str] = (), fail: Literal["soft", "hard"] = "soft") -> Self:
        """Let Amazon SES send; a MAIL FROM domain needs nothing more.

        Args:
            also: Further mechanisms, behind that of SES.
            fail: How everybody else fails: ``soft`` (``~all``) or ``hard`` (``-all``).

        Raises:
            ValueError: As for the class, and for a ``redirect=``.

        >>> SpfPolicy.amazon_ses().to_txt()
        'v=spf1 include:amazonses.com ~all'
        >>> SpfPolicy.amazon_ses(also=["ip4:192.0.2.25"], fail="hard").to_txt()
        'v=spf1 include:amazonses.com ip4:192.0.2.25 -all'
        """
        check_choice("fail", fail, ("soft", "hard"))
        mechanisms = spf_terms("also", (_AMAZON_SES, *text_tuple("also", also)))
        if has_redirect(mechanisms):
            raise invalid("also", "hold no redirect=", also, "write include: instead, or merge the two policies")
        return cls(mechanisms=mechanisms, all="-all" if fail == "hard" else "~all")

    @property
    def lookups(self) -> int:
        """How many terms make a receiver query DNS.

        Receivers stop at ten, and count the terms of included records as well (RFC 7208 section 4.6.4), which nobody
        can know without asking DNS. So this is a lower bound.

        >>> SpfPolicy(mechanisms=("mx", "ip4:192.0.2.1", "include:amazonses.com")).lookups
        2
        """
        return count_lookups(self.mechanisms)

    def to_txt(self) -> str:
        """Return the text of the TXT record (RFC 7208 section 3)."""
        mechanisms = [term for term in self.mechanisms if modifier_name(term) is None]
        modifiers = [term for term in self.mechanisms if modifier_name(term)]
        return " ".join(["v=spf1", *mechanisms, *([self.all] if self.all else []), *modifiers])

    def merge(self, other: "SpfPolicy") -> "SpfPolicy":
        """Return one policy for the senders of both; a domain must not have two records (RFC 7208 section 3.2).

        A ``redirect=`` takes the place of both ``all`` terms; without one the stricter ``all`` holds.

        Args:
            other: The second policy. Its mechanisms come behind, and receivers take the first that matches.

        Raises:
            ValueError: The two redirect or explain differently, or need more than ten look-ups together.

        >>> SpfPolicy.parse("v=spf1 mx -all").merge(SpfPolicy.amazon_ses()).to_txt()
        'v=spf1 mx include:amazonses.com -all'
        """
        if not isinstance(other, SpfPolicy):
            raise invalid("other", "be an SpfPolicy", other, "read a record with SpfPolicy.parse first")
        mechanisms = spf_terms("other", tuple(dict.fromkeys((*self.mechanisms, *other.mechanisms))))
        if has_redirect(mechanisms):
            return SpfPolicy(mechanisms=mechanisms, all=None)
        strictest = min((ending for ending in (self.all, other.all) if ending), key=_ENDINGS.index)
        return SpfPolicy(mechanisms=mechanisms, all=strictest)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a published record.

        What receivers ignore is left out: mechanisms behind ``all`` (RFC 7208 section 5.1), a ``redirect=`` beside
        ``all`` (section 6.1), unknown modifiers (section 6) and repeated terms. A record without ``all`` and
        ``redirect=`` ends in ``?all`` (section 4.7).

        Args:
            text: The text of the TXT record.

        Raises:
            ValueError: Text that is no valid SPF record, and ``+all``.
        """
        if not is_spf(text):
            raise invalid("text", "begin with v=spf1 and a space", text, "pass an SPF record")
        try:
            return cls._from_terms([term for term in text.split(" ")[1:] if term])
        except ValueError as error:
            raise invalid("text", "be a valid SPF record", text, str(error)) from error

    @classmethod
    def _from_terms(cls, terms: list[str]) -> Self:
        # All of them, for a flaw voids the record wherever it stands (RFC 7208 section 4.6).
        check_written([term for term in terms if not _ALL.fullmatch(term)])
        endings = [index for index, term in enumerate(terms) if _ALL.fullmatch(term)]
        reached = endings[0] if endings else len(terms)
        ending = terms[reached].lower() if endings else None
        if ending in ("all", "+all"):
            raise invalid("all", "not let everybody send", ending, "end the record in '~all' or '-all'")
        # A modifier counts wherever it stands, even behind all.
        modifiers = ("exp",) if endings else MODIFIERS
        counted = [
            canonical_term("mechanisms", term)
            for index, term in enumerate(terms)
            if modifier_name(term) in modifiers or (index < reached and modifier_name(term) is None)
        ]
        # Before repeated terms go: receivers ask for each.
        check_lookups("mechanisms", counted)
        return cls(
            mechanisms=tuple(dict.fromkeys(counted)),
            all=None if has_redirect(counted) else cast(SpfAll, ending or "?all"),
        )


def is_spf(text: str) -> bool:
    """Tell whether a TXT value is an SPF record, of which a domain may have one (RFC 7208 sections 3.2 and 4.5).

    >>> is_spf("V=SPF1 -all"), is_spf("v=spf10 -all")
    (True, False)
    """
    return check_text("text", text).lower().split(" ")[0] == "v=spf1"
