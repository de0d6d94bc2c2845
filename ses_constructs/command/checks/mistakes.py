"""The mistakes that people make with DNS, recognised by what else can be seen there."""

from secrets import token_hex

from ...email_records import RecordType, is_spf
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain


def explain(
    domain: CheckedDomain, name: str, record_type: RecordType, reply: DnsReply, wanted: str = "", marker: str = ""
) -> str:
    """Why the record is not there, as a sentence that follows another one; ``""`` if nothing is seen.

    Args:
        domain: The domain.
        name: The record's name.
        record_type: Its type.
        reply: What a server says.
        wanted: The host that the record should lead to.
        marker: What a TXT record of this kind holds, for others stand at the same name.
    """
    found = (
        in_the_value(name, reply, wanted, marker)
        or _alias_in_the_way(record_type, reply)
        or _name_twice(domain, name, record_type, marker)
        or _wildcard(domain, name, record_type, reply)
        or _without_underscore(domain, name, record_type, marker)
        or _flattened(domain, name, record_type, wanted)
    )
    return f"; {found}" if found else ""


def explain_value(name: str, reply: DnsReply, marker: str) -> str:
    """Why a record that is there cannot be read, as ``explain`` says it."""
    found = in_the_value(name, reply, "", marker)
    return f"; {found}" if found else ""


def in_the_value(name: str, reply: DnsReply, wanted: str, marker: str) -> str:
    """What was entered wrong, as the value itself shows."""
    for value in _of_kind(reply, marker):
        if value.startswith('"'):
            return "quotes were published as a part of the value: enter it without them"
        if "\\;" in value:
            return "a backslash was published before the semicolon: enter the value without it"
        if value.strip() == "v=DMARC1":
            return "the value ends at its semicolon, which begins a comment in a zone file: put it in quotes"
        if value.startswith("v=spf1") and not is_spf(value):
            return "there is no blank behind v=spf1: strings in quotes are joined without one"
        added = value.rpartition(" ")[2].removeprefix(wanted)
        if wanted and added.startswith(".") and f".{name}".endswith(added):
            return "the zone's name was added to the target: end the target in a dot"
    return ""


def _of_kind(reply: DnsReply, marker: str) -> list[str]:
    return [value for value in reply.values if marker in value]


def _alias_in_the_way(record_type: RecordType, reply: DnsReply) -> str:
    if reply.alias and record_type in ("MX", "TXT") and not reply.values:
        return f"a CNAME to {reply.alias} stands at this name and hides every other record (RFC 1034 section 3.6.2)"
    return ""


def _name_twice(domain: CheckedDomain, name: str, record_type: RecordType, marker: str) -> str:
    doubled = f"{name}.{domain.name}"
    replies = domain.dns.at_every_server(doubled, record_type)
    if not any(_of_kind(reply, marker) for reply in replies):
        return ""
    if _at_random(domain, doubled.split(".", 1)[1], record_type):
        return ""
    label = name.removesuffix(f".{domain.name}")
    return (
        f"it stands at {doubled}, for the DNS host adds the domain by itself: enter {label if label != name else '@'}"
    )


def _wildcard(domain: CheckedDomain, name: str, record_type: RecordType, reply: DnsReply) -> str:
    if not reply.values and not reply.alias:
        return ""
    parent = name.split(".", 1)[1]
    while len(parent) >= len(domain.name):
        same = _at_random(domain, parent, record_type)
        if same and set(same) == {*reply.values, reply.alias} - {""}:
            return f"this is a wildcard at or above {parent}, which answers for every name that has no record"
        parent = parent.partition(".")[2]
    return ""


def _at_random(domain: CheckedDomain, parent: str, record_type: RecordType) -> tuple[str, ...]:
    """What a name answers that nobody made: never the literal ``*``, which only asks for the wildcard itself."""
    label = domain.dns.remember(("random", parent), lambda: token_hex(8))
    for reply in domain.dns.at_every_server(f"{label}.{parent}", record_type):
        if reply.values or reply.alias:
            return tuple(filter(None, (*reply.values, reply.alias)))
    return ()


def _without_underscore(domain: CheckedDomain, name: str, record_type: RecordType, marker: str) -> str:
    bare = name.replace("_", "")
    if bare == name:
        return ""
    for reply in domain.dns.at_every_server(bare, record_type):
        if _of_kind(reply, marker) and not _at_random(domain, bare.split(".", 1)[1], record_type):
            return f"it stands at {bare}, without the underscore"
    return ""


def _flattened(domain: CheckedDomain, name: str, record_type: RecordType, wanted: str) -> str:
    if record_type != "CNAME" or not wanted:
        return ""
    addresses = {value for reply in domain.dns.at_every_server(name, "A") for value in reply.values}
    if not addresses:
        return ""
    if addresses & set(domain.dns.everywhere(wanted, "A").values):
        return "the DNS host flattens it to the addresses behind it: switch CNAME flattening off for this record"
    return "the DNS host answers with addresses of its own, as for a proxied record: set it to DNS only"
