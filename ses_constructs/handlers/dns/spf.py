"""Joining two SPF policies, of which a name may have one (RFC 7208 section 3.2). Pure.

The library's ``SpfPolicy`` does the same at synth; a test holds the two equal.
"""

import re

_MOST_LOOKUPS = 10
_LOOKUP_TERMS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
_ALL = re.compile(r"([-+~?]?)all", re.IGNORECASE)
_MODIFIER = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*)=")
# From strict to lax.
_ENDINGS = ("-", "~", "?")


class SpfError(ValueError):
    """Why the two cannot be joined."""


def merged(standing: str, ours: str) -> str:
    """Return one policy for the senders of both: *standing* first, in its own words, and what *ours* adds.

    A ``redirect=`` takes the place of both ``all`` terms; without one the stricter ``all`` holds.

    >>> merged("v=spf1 mx -all", "v=spf1 include:amazonses.com ~all")
    'v=spf1 mx include:amazonses.com -all'
    """
    first, first_all = _read(standing)
    second, second_all = _read(ours)
    known = {_same(term) for term in first}
    terms = [*first, *(term for term in second if _same(term) not in known)]
    modifiers = [term for term in terms if _modifier(term)]
    mechanisms = [term for term in terms if not _modifier(term)]
    for name in ("redirect", "exp"):
        if sum(_modifier(term) == name for term in modifiers) > 1:
            raise SpfError(f"both have a {name}=")
    lookups = sum(re.split("[:=/]", term.lstrip("-+~?").lower(), maxsplit=1)[0] in _LOOKUP_TERMS for term in terms)
    if lookups > _MOST_LOOKUPS:
        raise SpfError(f"together they need {lookups} DNS look-ups, and receivers stop at {_MOST_LOOKUPS}")
    redirects = any(_modifier(term) == "redirect" for term in modifiers)
    ending = [] if redirects else [min(first_all, second_all, key=_ENDINGS.index) + "all"]
    return " ".join(["v=spf1", *mechanisms, *ending, *modifiers])


def _read(text: str) -> tuple[list[str], str]:
    """The terms that count, each once, and how strict the end is; what receivers ignore is left out."""
    version, *terms = [term for term in text.split(" ") if term] or [""]
    if version.lower() != "v=spf1":
        raise SpfError(f"{text!r} is no SPF policy")
    counted: dict[str, str] = {}
    ending, reached = "", False
    for term in terms:
        modifier, everybody = _modifier(term), _ALL.fullmatch(term)
        if everybody and not reached:
            ending, reached = everybody[1] or "+", True
        elif modifier in ("redirect", "exp") or (not modifier and not everybody and not reached):
            counted.setdefault(_same(term), term)
    if ending == "+":
        raise SpfError(f"{text!r} lets everybody send")
    kept = [term for term in counted.values() if not (reached and _modifier(term) == "redirect")]
    if not ending and not any(_modifier(term) == "redirect" for term in kept):
        ending = "?"
    return kept, ending


def _modifier(term: str) -> str:
    match = _MODIFIER.match(term)
    return match[1].lower() if match else ""


def _same(term: str) -> str:
    """One spelling for terms that ask the same; macros keep their case, which has a meaning."""
    bare = term.removeprefix("+").removesuffix(".")
    return bare if "%" in bare else bare.lower()
