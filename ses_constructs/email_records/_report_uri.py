"""Where receivers send reports: the URIs in the ``rua`` and ``ruf`` tags of DMARC and TLS reporting."""

import re
from collections.abc import Callable, Sequence
from urllib.parse import quote, unquote

from ..common.arguments import (
    TOKEN_PATTERN,
    address_flaw,
    check_distinct,
    check_text,
    contains_token,
    invalid,
    is_token,
    known_address_flaw,
    name_flaw,
    text_tuple,
    without_tokens,
)
from ._txt_strings import split_tokens

# A token is one thing: could it be read by its letters as well, the readings would double with each further one.
_HOST = rf"(?:{TOKEN_PATTERN}|(?!{TOKEN_PATTERN})[^/?:])*"
_HTTPS = re.compile(rf"(?i:https)://(?P<host>{_HOST})(?P<port>:[0-9]{{1,5}})?(?P<rest>(?:[/?].*)?)")
_PATH_AND_QUERY = re.compile(r"(?:[A-Za-z0-9\-._~$&'()*+=:@/?,!;]|%[0-9A-Fa-f]{2})*")
# These separate URIs, size limits and tags in a record, so inside a URI they are escaped (RFC 9989 section 4.7,
# RFC 8460 section 3); an escape that is there already only gets its digits in upper case.
_TO_ESCAPE = re.compile(r"[,!;]|%..")
_SIZE_LIMIT = re.compile(r"![0-9]+[kmgtKMGT]?")


def report_uris(argument: str, values: Sequence[str]) -> tuple[str, ...]:
    """Return e-mail addresses and ``mailto:`` or ``https:`` URIs as URIs in one canonical form, without repeats."""
    uris = tuple(_report_uri(argument, value) for value in text_tuple(argument, values))
    check_distinct(argument, uris)
    return uris


def published_uris(argument: str, text: str) -> tuple[str, ...]:
    """Cut the value of a published tag at its commas; raise ``ValueError`` for an address that is no URI.

    Receivers ignore such an address, so its owner gets no reports.
    """
    uris = tuple(part.strip(" \t") for part in text.split(","))
    for uri in uris:
        if not uri.lower().startswith(("mailto:", "https:")):
            raise invalid(argument, "hold mailto:/https: URIs", uri, "write 'mailto:dmarc@example.com'")
    return uris


def split_dmarc_uris(argument: str, text: str) -> tuple[str, ...]:
    """As ``published_uris``, without the size limits (``!10m``) that DMARC has retired."""
    return tuple(_without_size_limit(uri) for uri in published_uris(argument, text))


def mail_host(uri: str) -> str | None:
    """Return the domain a canonical ``mailto:`` URI leads to; ``None`` for other URIs and unknown domains."""
    address = uri.removeprefix("mailto:")
    return address.rpartition("@")[2] if address != uri and "@" in address else None


def _report_uri(argument: str, value: str) -> str:
    check_text(argument, value)
    if value[:8].lower() == "https://":
        return _https_uri(argument, value)
    is_uri = value[:7].lower() == "mailto:"
    address = value[7:] if is_uri else value
    local_part, at, domain = address.rpartition("@")
    flaw = _uri_flaw(local_part, domain) if is_uri and at else address_flaw(address)
    if flaw is not None:
        if _SIZE_LIMIT.search(domain):
            raise invalid(argument, "have no size limit behind the domain", value, "leave out everything from the !")
        rule = f"be e-mail addresses or mailto:/https: URIs, and {flaw}"
        raise invalid(argument, rule, value, "write 'dmarc@example.com'")
    local_part = _outside_tokens(lambda text: _mailto_escaped(text, is_uri), local_part)
    return f"mailto:{local_part}{at}{_outside_tokens(str.lower, domain)}"


def _uri_flaw(local_part: str, domain: str) -> str | None:
    # Tokens go before the escapes are read: what reads as a token only then is none.
    known = f"{unquote(without_tokens(local_part))}@{without_tokens(domain)}"
    return known_address_flaw(known, partial=contains_token(domain))


def _mailto_escaped(text: str, is_uri: bool) -> str:
    return quote(unquote(text) if is_uri else text, safe="$'*+")


def _https_uri(argument: str, value: str) -> str:
    rule = "be e-mail addresses or mailto:/https: URIs"
    match = _HTTPS.fullmatch(value)
    if match is None or name_flaw(match["host"]) is not None or int((match["port"] or ":0")[1:]) > 65535:
        raise invalid(argument, f"{rule} with a host name", value, "write 'https://reports.example.com/path'")
    if _PATH_AND_QUERY.fullmatch(without_tokens(match["rest"])) is None:
        raise invalid(argument, f"{rule} of ASCII characters, without a fragment", value, "percent-encode the others")
    rest = _outside_tokens(_https_escaped, match["rest"])
    return f"https://{_outside_tokens(str.lower, match['host'])}{match['port'] or ''}{rest}"


def _https_escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda m: m[0].upper() if len(m[0]) > 1 else f"%{ord(m[0]):02X}", text)


def _outside_tokens(change: Callable[[str], str], text: str) -> str:
    """Apply *change* to what stands around the CDK tokens of *text*."""
    return "".join(piece if is_token(piece) else change(piece) for piece in split_tokens(text))


def _without_size_limit(uri: str) -> str:
    head, _, tail = uri.rpartition("!")
    return head if head and _SIZE_LIMIT.fullmatch(f"!{tail}") else uri
