"""Hypothesis strategies for the values of this folder, and decoders written apart from the code under test."""

import re
from collections.abc import Callable
from typing import TypeVar, get_args

import pytest
from hypothesis import settings
from hypothesis import strategies as st

from ses_constructs.email_records import DmarcAction, DmarcAlignment, DmarcPolicy, SpfPolicy, TlsReporting

T = TypeVar("T")

quick = settings(deadline=None, max_examples=80)

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
domains = st.builds(
    lambda head, tld: ".".join([*head, tld]), st.lists(labels, min_size=1, max_size=3), st.sampled_from(["com", "test"])
)
tokens = st.from_regex(r"\$\{Token\[[A-Za-z0-9:._-]{1,20}\]\}", fullmatch=True)
local_parts = st.from_regex(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,12}(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,5})?", fullmatch=True
)
addresses = st.builds(lambda local, domain: f"{local}@{domain}", local_parts, domains)
https_uris = st.builds(
    lambda domain, rest: f"https://{domain}{rest}",
    domains,
    st.from_regex(r"(/([A-Za-z0-9._~,!;&=?-]|%[0-9A-Fa-f]{2}){0,20})?", fullmatch=True),
)
uris = st.one_of(addresses, https_uris)
destinations = st.lists(uris, max_size=3).map(lambda found: tuple(dict.fromkeys(found)))

actions: st.SearchStrategy[DmarcAction] = st.sampled_from(get_args(DmarcAction))
alignments: st.SearchStrategy[DmarcAlignment] = st.sampled_from(get_args(DmarcAlignment))


def valid(build: Callable[[], T]) -> T | None:
    """Return what *build* makes, or ``None`` where two random parts do not go together."""
    try:
        return build()
    except ValueError:
        return None


@st.composite
def dmarc_policies(draw: st.DrawFn, *, destinations: st.SearchStrategy[tuple[str, ...]] = destinations) -> DmarcPolicy:
    failure_reports_to = draw(destinations)
    options = st.sampled_from([(), ("0",), ("1",), ("1", "d"), ("0", "d", "s"), ("s",)])
    policy = valid(
        lambda: DmarcPolicy(
            action=draw(actions),
            subdomain_action=draw(st.none() | actions),
            nonexistent_subdomain_action=draw(st.none() | actions),
            testing=draw(st.booleans()),
            public_suffix=draw(st.none() | st.sampled_from(["y", "n", "u"])),
            dkim_alignment=draw(alignments),
            spf_alignment=draw(alignments),
            reports_to=draw(destinations),
            failure_reports_to=failure_reports_to,
            failure_options=draw(options) if failure_reports_to else (),
        )
    )
    # Two spellings of one URI are the only way to fail here.
    return policy or DmarcPolicy(action="none")


qualifiers = st.sampled_from(["", "+", "-", "~", "?"])
mechanisms = st.one_of(
    st.builds(lambda q, d: f"{q}include:{d}", qualifiers, domains),
    st.builds(lambda q, d: f"{q}exists:%{{i}}._spf.{d}", qualifiers, domains),
    st.builds(lambda q, d, p: f"{q}a{d}{p}", qualifiers, domains.map(":{}".format), st.sampled_from(["", "/24//64"])),
    st.builds(lambda q, p: f"{q}mx{p}", qualifiers, st.sampled_from(["", "/30", "//64"])),
    st.builds(lambda a: f"ip4:{a}", st.ip_addresses(v=4)),
    st.builds(lambda a, n: f"ip6:{a}/{n}", st.ip_addresses(v=6), st.integers(0, 128)),
)


@st.composite
def spf_policies(draw: st.DrawFn) -> SpfPolicy:
    terms = draw(st.lists(mechanisms, max_size=6))
    redirect = draw(st.booleans())
    modifiers = [f"redirect={draw(domains)}"] if redirect else []
    modifiers += draw(st.sampled_from([[], ["exp=explain.%{d2}"]]))
    policy = valid(
        lambda: SpfPolicy(
            mechanisms=tuple(dict.fromkeys([*terms, *modifiers])),
            all=None if redirect else draw(st.sampled_from(["-all", "~all", "?all"])),
        )
    )
    # "+mx" and "mx" are the same term.
    return policy or SpfPolicy.amazon_ses()


@st.composite
def tls_reportings(draw: st.DrawFn) -> TlsReporting:
    return TlsReporting(reports_to=(draw(uris),))


def decoded(rdata: str, base: int) -> list[bytes]:
    """Read quoted strings back: what a name server keeps, with ``\\ooo`` (base 8) or ``\\DDD`` (base 10) escapes."""
    strings = re.findall(r'"((?:[^"\\]|\\[0-9]{3}|\\[^0-9])*)"', rdata)
    assert " ".join(f'"{string}"' for string in strings) == rdata
    return [
        re.sub(
            rb"\\([0-9]{3}|[^0-9])",
            lambda m: bytes([int(m[1], base)]) if len(m[1]) == 3 else m[1],
            string.encode("ascii"),
        )
        for string in strings
    ]


def assert_names_itself(build: Callable[[], object], argument: str, *values: object) -> None:
    """Assert that *build* succeeds, or raises a plain ``ValueError`` with the argument and one of the values in it."""
    failure: ValueError | None = None
    try:
        build()
    except ValueError as error:
        failure = error
    if failure is not None:
        assert type(failure) is ValueError
        message = str(failure)
        assert message.startswith(f"{argument} must ")
        assert any(repr(value) in message for value in values)
        assert "; " in message
        assert not message.endswith(".")


def refuses(argument: str, value: object) -> pytest.RaisesExc[ValueError]:
    """Expect a ``ValueError`` about *argument* that shows *value*."""
    return pytest.raises(ValueError, match=f"^{argument} must .*, got {re.escape(repr(value))}; ")
