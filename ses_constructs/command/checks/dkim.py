"""The keys that SES signs with (RFC 6376)."""

import base64
import binascii
from collections.abc import Iterator

from ..findings import Finding
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain, DkimKey, shown, zone_line
from .mistakes import explain, explain_value

_EASY = "SES Developer Guide, Easy DKIM"
_KEY = "RFC 6376 section 3.6.1"
SHORTEST_KEY, GOOD_KEY = 1024, 2048  # RFC 8301 section 3.2


def check_dkim(domain: CheckedDomain) -> Iterator[Finding]:
    """Each key's record, and the key behind it."""
    yield from domain.dns.side_by_side(lambda key: _check_key(domain, key), domain.keys)


def _check_key(domain: CheckedDomain, key: DkimKey) -> Finding:
    check = f"dkim.{key.name.partition('.')[0]}"
    if key.target:
        return domain.judge(check, key.name, "CNAME", lambda reply: _alias(check, domain, key, reply))
    return domain.judge(check, key.name, "TXT", lambda reply: _own_key(check, domain, key, reply))


def _alias(check: str, domain: CheckedDomain, key: DkimKey, reply: DnsReply) -> Finding:
    if reply.values != (key.target,):
        return Finding(
            id=check,
            outcome="wrong",
            says=f"SES's key cannot be found{explain(domain, key.name, 'CNAME', reply, key.target)}",
            wanted=f"a CNAME to {key.target}",
            found=shown(reply),
            source=_EASY,
            fix=zone_line(key.name, "CNAME", key.target),
        )
    there = domain.dns.everywhere(key.target, "TXT")
    if there.kind == "failed":
        return Finding(id=check, outcome="unknown", says=f"the CNAME is right; of the key behind it: {there.problem}")
    flaws = {flaw for value in there.values if (flaw := key_flaw(value))}
    if flaws or not there.values:
        # While SES changes keys two of the three may be empty, so that this alone is no fault of anybody.
        behind = f"behind it {'; '.join(sorted(flaws)) or 'SES has published no key yet'}"
        return Finding(id=check, outcome="advice", says=f"the CNAME is right; {behind}", source=_EASY)
    return Finding(id=check, outcome="right", says="the CNAME leads to SES's key")


def _own_key(check: str, domain: CheckedDomain, key: DkimKey, reply: DnsReply) -> Finding:
    flaw = key_flaw(reply.values[0]) if len(reply.values) == 1 else f"{len(reply.values)} keys stand there, not one"
    if flaw:
        missing = not any("p=" in value for value in reply.values)
        hint = explain(domain, key.name, "TXT", reply, marker="p=") if missing else explain_value(key.name, reply, "p=")
        return Finding(
            id=check,
            outcome="wrong",
            says=f"the key cannot be used: {flaw}{hint}",
            wanted="one TXT record with v=DKIM1; and the whole public key in p=",
            found=shown(reply),
            source=_KEY,
            fix=f"publish the key again at {key.name}, in strings of at most 255 bytes",
        )
    (text,) = reply.values
    bits = key_bits(key_tags(text)["p"])
    if "y" in key_tags(text).get("t", "").split(":"):
        says = "the key says t=y, so that receivers treat the mail as not signed"
        return Finding(id=check, outcome="advice", says=says, found=text, source=_KEY, fix="take t=y out")
    if bits and bits < GOOD_KEY:
        says = f"the key has {bits} bits, which still counts; Gmail advises 2048"
        return Finding(id=check, outcome="advice", says=says, source="RFC 8301 section 3.2")
    return Finding(id=check, outcome="right", says=f"the key is there{f', with {bits} bits' if bits else ''}")


def key_tags(text: str) -> dict[str, str]:
    """The tags of a key's record."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip(): "".join(value.split()) for name, equals, value in pairs if equals}


def key_flaw(text: str) -> str:
    """Why receivers cannot use the key in *text*; ``""`` if they can.

    >>> key_flaw("v=DKIM1; k=rsa; p=")
    'p= is empty, which says that the key is revoked'
    """
    tags = key_tags(text)
    if tags.get("v", "DKIM1") != "DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        return "it does not begin with v=DKIM1"
    if "p" not in tags:
        return "it has no p= with a key"
    if not tags["p"]:
        return "p= is empty, which says that the key is revoked"
    if tags.get("k", "rsa") != "rsa":
        return "" if tags["k"] == "ed25519" else f"nobody knows the kind of key {tags['k']}"
    bits = key_bits(tags["p"])
    if bits is None:
        return "p= is no whole key, as after a cut at 255 characters"
    return f"its {bits} bits are too short for receivers" if bits < SHORTEST_KEY else ""


def key_bits(encoded: str) -> int | None:
    """How long an RSA key is; None for one that was cut, or is none (RFC 8017 appendix A.1.1, RFC 5280 section 4.1)."""
    try:
        data = base64.b64decode(encoded, validate=True)
        info, rest = _der(data)
        if rest:
            return None
        _, after_algorithm = _der(info)
        bit_string, _ = _der(after_algorithm)
        key, _ = _der(bit_string[1:])
        modulus, _ = _der(key)
    except (binascii.Error, IndexError):
        return None
    return int.from_bytes(modulus).bit_length()


def _der(data: bytes) -> tuple[bytes, bytes]:
    """The content of the first value and what is behind it; raise ``IndexError`` if it is not all there."""
    length, start = data[1], 2
    if length > 0x80:
        start += length - 0x80
        length = int.from_bytes(data[2:start])
    if len(data) < start + length:
        raise IndexError
    return data[start : start + length], data[start + length :]
