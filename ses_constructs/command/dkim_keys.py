"""The DKIM keys of an identity, as SES tells them."""

from collections.abc import Iterator, Mapping
from typing import Any


def dkim_keys(domain: str, identity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where receivers look for each key, and where the CNAME there leads; ``""`` for a key of one's own."""
    dkim = identity.get("DkimAttributes", {})
    # With a key of one's own the tokens are its selector, and SES does not tell the public half.
    own, zone = dkim.get("SigningAttributesOrigin") == "EXTERNAL", dkim.get("SigningHostedZone") or "dkim.amazonses.com"
    for token in dkim.get("Tokens", []):
        yield f"{token}._domainkey.{domain}", "" if own else f"{token}.{zone}"
