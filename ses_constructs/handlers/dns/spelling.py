r"""How Route 53 spells names and values, and when two of them are the same. Pure.

Names come back in lower case, every character but ``a-z 0-9 - _`` in octal (``*`` as ``\052``)
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html).
"""

import ipaddress
import re

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
_NAME_PART = re.compile(r"\\([0-7]{3})|(.)", re.DOTALL)
# A string of a TXT value, in quotes or, as people write it by hand, without.
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"|((?:[^\s"\\]|\\.)+)', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-7]{3})|(.))", re.DOTALL)


def stored_name(name: str) -> str:
    r"""Return *name* as Route 53 stores it, without the dot at its end.

    >>> stored_name("*.Example.COM."), stored_name(r"\101.example.com")
    ('\\052.example.com', 'a.example.com')
    """
    return "".join(_stored(octal, plain) for octal, plain in _NAME_PART.findall(name.lower().removesuffix(".")))


def _stored(octal: str, plain: str) -> str:
    if octal:
        # A dot or a backslash within a label stays as it is written: read as itself, it would make another name.
        character = chr(int(octal, 8)).lower()
        return character if character in _PLAIN else f"\\{octal}"
    return plain if plain == "." or plain in _PLAIN else "".join(f"\\{byte:03o}" for byte in plain.encode())


def text_of(value: str) -> str:
    r"""Return the text of a TXT value: its strings, joined as readers join them (RFC 7208 section 3.3).

    >>> text_of(r'"v=DKIM1; p=abc" "def"'), text_of(r'"gr\303\274n \"x\""')
    ('v=DKIM1; p=abcdef', 'grün "x"')
    """
    strings = (quoted or bare for quoted, bare in _STRING.findall(value))
    # Byte by byte: the octal digits are those of bytes, of which a character may take several.
    raw = b"".join(_ESCAPE.sub(_unescaped, each).encode("utf-8", "surrogateescape") for each in strings)
    return raw.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[str]) -> str:
    octal, character = match.groups()
    if not octal:
        return str(character)
    code = int(octal, 8) & 0xFF
    return chr(code) if code < 0x80 else bytes([code]).decode("utf-8", "surrogateescape")


def meaning(record_type: str, value: str) -> str:
    """Return what *value* says; two values that say the same are the same for DNS, however they are spelled.

    >>> meaning("CNAME", "Token.DKIM.amazonses.com."), meaning("MX", "10  Mail.example.com")
    ('token.dkim.amazonses.com', '10 mail.example.com')
    """
    if record_type == "TXT":
        return text_of(value)
    if record_type in ("CNAME", "NS", "PTR"):
        return stored_name(value)
    if record_type == "MX" and (mx := re.fullmatch(r"\s*([0-9]+)\s+(\S+)\s*", value)):
        return f"{int(mx[1])} {stored_name(mx[2])}"
    if record_type in ("A", "AAAA"):
        try:
            return str(ipaddress.ip_address(value.strip()))
        except ValueError:
            return value
    return " ".join(value.split())


def kind_of(name: str, text: str) -> str:
    """Return what a TXT value is, where a name must have only one of it; nothing for any other text.

    A second SPF, DMARC or TLS-RPT policy voids both (RFC 7208 section 4.5, RFC 9989 section 4.10, RFC 8460 section 3),
    and what a second DKIM key does is undefined (RFC 6376 section 3.6.2.2).
    """
    if "._domainkey." in name:
        return "DKIM"
    tag = re.split(r"[\s;]", text.strip(), maxsplit=1)[0].lower()
    return {"v=spf1": SPF, "v=dmarc1": "DMARC", "v=tlsrptv1": "TLS-RPT"}.get(tag, "")


SPF = "SPF"
