"""The terms of an SPF record: what one may look like, and its one canonical spelling (RFC 7208 section 12)."""

import re
from collections.abc import Sequence
from typing import Literal

from ..common.arguments import (
    check_distinct,
    check_text,
    contains_token,
    invalid,
    is_token,
    name_flaw,
    text_tuple,
)
from ._ip_address import is_ip_address

MAX_LOOKUPS = 10
MODIFIERS = ("redirect", "exp")

_LOOKUP_TERMS = ("include", "a", "mx", "ptr", "exists", "redirect")
_TERM = re.compile(r"(?P<qualifier>[-+~?]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>(?:[:=/].*)?)")
_MACRO = re.compile(r"%(?:[%_-]|\{[slodiphvSLODIPHV](?:0*[1-9][0-9]*)?[rR]?[.+,/_=-]*\})")
# Of unknown modifiers, which may use what is for explanations.
_MACRO_STRING = re.compile(r"(?:[!-$&-~]|%(?:[%_-]|\{[slodiphvcrtSLODIPHVCRT](?:0*[1-9][0-9]*)?[rR]?[.+,/_=-]*\}))+")
_PREFIX_LENGTH = r"(?:0|[1-9][0-9]{0,2})"
# The lengths for IPv4 and IPv6. The expression is anchored at the end, for a macro may hold a slash too.
_DUAL_PREFIX = re.compile(rf"(?P<domain>.*?)(?:/(?P<ip4>{_PREFIX_LENGTH}))?(?://(?P<ip6>{_PREFIX_LENGTH}))?")
_ADDRESS = re.compile(rf"(?P<address>[^/]+)(?:/(?P<length>{_PREFIX_LENGTH}))?")
_EXAMPLE = "write a term such as 'include:amazonses.com' or 'ip4:192.0.2.0/24'"


def spf_terms(argument: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return mechanisms and modifiers in canonical spelling, modifiers last.

    Raises ``ValueError`` for malformed and repeated terms, for a second ``redirect=`` or ``exp=`` (RFC 7208 section
    6), and for more than ten terms that query DNS (section 4.6.4).
    """
    terms = tuple(canonical_term(argument, value) for value in text_tuple(argument, values))
    check_distinct(argument, terms)
    _check_modifiers(argument, terms)
    check_lookups(argument, terms)
    return tuple(sorted(terms, key=lambda term: modifier_name(term) is not None))


def check_lookups(argument: str, terms: Sequence[str]) -> None:
    """Raise ``ValueError`` if the canonical *terms* query DNS more than ten times (RFC 7208 section 4.6.4)."""
    lookups = count_lookups(terms)
    if lookups > MAX_LOOKUPS:
        rule = f"need at most {MAX_LOOKUPS} DNS look-ups"
        fix = f"there are {lookups}; replace some terms by the ip4: and ip6: ranges behind them"
        raise invalid(argument, rule, terms, fix)


def check_written(terms: Sequence[str]) -> None:
    """Raise ``ValueError`` if one of *terms*, as published, is none, or a modifier of ours stands twice."""
    _check_modifiers("mechanisms", terms)
    for term in terms:
        if modifier_name(term) in (None, *MODIFIERS):
            canonical_term("mechanisms", term)
        elif not _MACRO_STRING.fullmatch(term):
            raise invalid("mechanisms", "hold modifiers whose macros RFC 7208 knows", term, "leave it out")


def _check_modifiers(argument: str, terms: Sequence[str]) -> None:
    for modifier in MODIFIERS:
        if sum(modifier_name(term) == modifier for term in terms) > 1:
            raise invalid(argument, f"hold one {modifier}= at most", terms, "keep one of them")


def canonical_term(argument: str, term: str) -> str:
    """Return *term* with its name in lower case, no needless ``+``, and its domain in lower case if it is literal."""
    match = _TERM.fullmatch(check_text(argument, term))
    if match is None:
        raise invalid(argument, "hold SPF mechanisms and modifiers", term, _EXAMPLE)
    name, rest = match["name"].lower(), match["rest"]
    qualifier = match["qualifier"]
    if name == "all":
        raise invalid(argument, "leave the term for everybody else to the argument all", term, "pass all='~all'")
    if rest.startswith("="):
        if name not in MODIFIERS or qualifier:
            raise invalid(argument, "hold no modifiers but redirect= and exp=", term, "leave it out")
        rest = f"={_domain(argument, term, rest[1:])}"
    elif name in ("ip4", "ip6"):
        rest = f":{_network(argument, term, name, rest)}"
    elif name in ("include", "exists"):
        rest = f":{_domain(argument, term, _behind_colon(argument, term, rest))}"
    elif name == "ptr":
        rest = f":{_domain(argument, term, _behind_colon(argument, term, rest))}" if rest else ""
    elif name in ("a", "mx"):
        rest = _host_and_prefix(argument, term, rest)
    else:
        raise invalid(argument, "hold mechanisms that RFC 7208 knows", term, _EXAMPLE)
    return f"{qualifier.removeprefix('+')}{name}{rest}"


def modifier_name(term: str) -> str | None:
    """Return the name of the modifier in lower case; ``None`` if *term* is a mechanism."""
    match = _TERM.fullmatch(term)
    return match["name"].lower() if match is not None and match["rest"].startswith("=") else None


def has_redirect(terms: Sequence[str]) -> bool:
    """Tell whether another domain's record decides about everybody whom *terms* do not name."""
    return any(modifier_name(term) == "redirect" for term in terms)


def count_lookups(terms: Sequence[str]) -> int:
    """Return how many of the canonical *terms* make a receiver query DNS."""
    return sum(re.split("[:=/]", term.lstrip("-~?"), maxsplit=1)[0] in _LOOKUP_TERMS for term in terms)


def _behind_colon(argument: str, term: str, rest: str) -> str:
    if not rest.startswith(":"):
        raise invalid(argument, "have a colon and a value behind the mechanism", term, _EXAMPLE)
    return rest[1:]


def _domain(argument: str, term: str, domain: str) -> str:
    domain = domain.removesuffix(".")
    known = _MACRO.sub("t", domain)
    # A macro such as %{d} is one label here, and a whole domain once it is expanded.
    flaw = name_flaw(known, underscores=True, partial=known != domain)
    if flaw is not None:
        raise invalid(argument, f"name domains that {flaw}", term, _EXAMPLE)
    # Macros and tokens change their meaning with their case.
    return domain if known != domain or contains_token(domain) else domain.lower()


def _host_and_prefix(argument: str, term: str, rest: str) -> str:
    match = _DUAL_PREFIX.fullmatch(rest)
    if match is None or int(match["ip4"] or 0) > 32 or int(match["ip6"] or 0) > 128:
        raise invalid(argument, "have prefix lengths of at most /32 and //128", term, "write them as 'a/24//64'")
    written = match["domain"]
    host = f":{_domain(argument, term, _behind_colon(argument, term, written))}" if written else ""
    return host + rest[len(written) :]


def _network(argument: str, term: str, name: str, rest: str) -> str:
    version: Literal[4, 6] = 4 if name == "ip4" else 6
    bits = 32 if version == 4 else 128
    match = _ADDRESS.fullmatch(_behind_colon(argument, term, rest))
    if (
        match is None
        or int(match["length"] or 0) > bits
        or not (is_token(match["address"]) or is_ip_address(match["address"], version=version))
    ):
        raise invalid(argument, f"have an IPv{version} address or network behind {name}:", term, _EXAMPLE)
    return rest[1:] if contains_token(rest) else rest[1:].lower()
