"""One DNS record set, ready for Route 53, for a zone file, or for a person."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from ..common.arguments import (
    check_choice,
    check_distinct,
    check_printable,
    check_text,
    invalid,
    is_token,
    name_flaw,
    text_tuple,
    without_tokens,
)
from ._ip_address import is_ip_address
from ._txt_strings import quoted_strings, wire_length

RecordType = Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT"]
"""The record types that a ``DnsRecord`` can have."""

_MAX_TTL = 2**31 - 1
_MAX_ROUTE53_VALUE = 4000
_MAX_RECORD_DATA = 65535
_CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f-\x9f]")  # Unicode's category Cc
_MX = re.compile(r"([0-9]{1,5}) (\S+)")
_CAA = re.compile(r'([0-9]{1,3}) [A-Za-z0-9]+ "(?:[ !#-\[\]-~]|\\[ -~])*"')
_EXAMPLES = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "CAA": '0 issue "amazon.com"',
    "CNAME": "target.example.com",
    "MX": "10 mail.example.com",
    "NS": "ns1.example.com",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsRecord:
    """All values of one name and type. CDK tokens may stand in the name and in the values.

    Args:
        name: The absolute name, such as ``_dmarc.example.com``. A trailing dot is taken off, the case is kept.
        type: The record type, such as ``TXT``.
        values: One value or more, stored as a tuple. A TXT value is the plain text, without quotes and of any length;
            an MX value is such as ``10 mail.example.com``; a CNAME has exactly one value.
        ttl: Seconds, 0 to 2147483647 (RFC 2181 section 8).
        purpose: In a few words what the record is for, on one line.

    Raises:
        ValueError: A name of more than 253 characters or with labels of more than 63 (RFC 1035 section 2.3.4), values
            that do not fit the type, and repeated values.

    >>> record = DnsRecord(name="_dmarc.example.com.", type="TXT", values=("v=DMARC1; p=none",), purpose="DMARC")
    >>> record.name
    '_dmarc.example.com'
    >>> record.route53_values()
    ['"v=DMARC1; p=none"']
    >>> record.zone_file_lines()
    ['_dmarc.example.com. 300 IN TXT "v=DMARC1; p=none"']
    """

    name: str
    type: RecordType
    values: Sequence[str]
    ttl: int = 300
    purpose: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _checked_name(self.name))
        check_choice("type", self.type, get_args(RecordType))
        object.__setattr__(self, "values", text_tuple("values", self.values))
        if not self.values:
            raise invalid("values", "hold at least one value", self.values, "leave the whole record out instead")
        for value in self.values:
            _check_value(self.type, value)
        check_distinct("values", self.values)
        if self.type == "CNAME" and len(self.values) > 1:
            raise invalid("values", "be exactly one target for a CNAME", self.values, "keep one of them")
        # bool is a subclass of int, and True would become a second.
        if isinstance(self.ttl, bool) or not isinstance(self.ttl, int) or not 0 <= self.ttl <= _MAX_TTL:
            raise invalid("ttl", f"be whole seconds from 0 to {_MAX_TTL}", self.ttl, "write a number such as 300")
        check_printable("purpose", self.purpose)

    def route53_values(self) -> list[str]:
        r"""Return the values as ``ResourceRecords`` of Route 53 takes them.

        TXT text becomes strings in double quotes, at most 255 bytes each, with a space between them. A quote and a
        backslash get a backslash, bytes outside printable ASCII become ``\ooo`` in octal. Text of up to 255 bytes,
        as written, stays one string even with CDK tokens in it; longer text is split, and each token in it has a
        string to itself. How long a token gets is unknown, so the limits count it as it is written.

        Raises:
            ValueError: A written TXT value that is longer than the 4000 characters that Route 53 takes.
        """
        if self.type != "TXT":
            return list(self.values)
        return [_route53_txt(value) for value in self.values]

    def zone_file_lines(self) -> list[str]:
        r"""Return a master file line per value (RFC 1035 section 5.1), all names absolute with a trailing dot.

        TXT text is split as in ``route53_values``, but its ``\DDD`` escapes are decimal.

        A CDK token stays in its line, such as ``${Token[TOKEN.12]}`` where the name of a DKIM key goes. It is for CDK
        to fill in: put the lines into an output of the stack, or read them after the deployment, as the command
        ``ses-constructs records`` does; printed while the app runs, such a line cannot be published.
        """
        return [f"{self.name}. {self.ttl} IN {self.type} {self._zone_file_data(value)}" for value in self.values]

    def _zone_file_data(self, value: str) -> str:
        if self.type == "TXT":
            return quoted_strings(value, "decimal")
        if self.type in ("CNAME", "MX", "NS") and not value.endswith("."):
            return f"{value}."
        return value


def _checked_name(name: str) -> str:
    bare = check_text("name", name).removesuffix(".")
    flaw = name_flaw(bare.removeprefix("*."), underscores=True, partial=bare.startswith("*."))
    if flaw is None and len(without_tokens(bare)) > 253:
        flaw = "have at most 253 characters"
    if flaw is not None:
        raise invalid("name", flaw, name, "write the absolute name, such as '_dmarc.example.com'")
    return bare


def _check_value(type_: RecordType, value: str) -> None:
    if type_ == "TXT":
        _check_txt(value)
    elif not is_token(value) and not _fits(type_, value):
        raise invalid("values", f"fit the type {type_}", value, f"write a value such as {_EXAMPLES[type_]!r}")


def _check_txt(text: str) -> None:
    if not text:
        raise invalid("values", "not hold an empty text", text, "leave the value out")
    if _CONTROL_CHARACTER.search(text):
        raise invalid("values", "have no control characters", text, "leave them out, or write spaces")
    try:
        length = wire_length(text)
    except UnicodeEncodeError:
        # Half of a surrogate pair has no UTF-8 form.
        raise invalid("values", "be Unicode text", text, "remove the lone surrogates") from None
    if length > _MAX_RECORD_DATA:
        raise invalid("values", f"fit into the {_MAX_RECORD_DATA} bytes of a record", text, "shorten the text")


def _fits(type_: RecordType, value: str) -> bool:
    match type_:
        case "A":
            return is_ip_address(value, version=4)
        case "AAAA":
            return is_ip_address(value, version=6)
        case "CAA":
            caa = _CAA.fullmatch(without_tokens(value))
            return caa is not None and int(caa[1]) <= 255
        case "MX":
            mx = _MX.fullmatch(value)
            # The lone dot is a null MX: this name takes no mail (RFC 7505 section 3).
            return mx is not None and int(mx[1]) <= 65535 and (value == "0 ." or _is_host(mx[2]))
        case _:
            return _is_host(value)


def _is_host(value: str) -> bool:
    return name_flaw(value.removesuffix("."), underscores=True) is None


def _route53_txt(value: str) -> str:
    written = quoted_strings(value, "octal")
    if len(written) > _MAX_ROUTE53_VALUE:
        rule = f"be at most {_MAX_ROUTE53_VALUE} characters in the form that Route 53 takes"
        raise invalid("values", rule, value, f"shorten the text by {len(written) - _MAX_ROUTE53_VALUE} characters")
    return written
