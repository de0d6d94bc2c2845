"""What is known about a domain before its records are looked at, and how a record is judged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...email_records import DnsRecord, RecordType
from ..dkim_keys import dkim_keys
from ..findings import Finding, could_not_look
from ..name_servers import DnsReply, NameServers, answered


@dataclass(frozen=True, kw_only=True, slots=True)
class DkimKey:
    """A key that SES signs with.

    Args:
        name: Where receivers look for it.
        target: Where the CNAME of Easy DKIM leads; ``""`` for a key of one's own, which stands there itself.
    """

    name: str
    target: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedDomain:
    """The domain, whom to ask, and what SES wants as far as somebody said so.

    Args:
        name: The domain, in lower case and ASCII.
        dns: Whom to ask.
        region: That of SES; ``""`` where none is known.
        keys: Those that SES signs with.
        mail_from: The MAIL FROM domain; ``""`` where none is known.
        account: What SES says about the identity; None without an account or without the identity.
    """

    name: str
    dns: NameServers
    region: str = ""
    keys: tuple[DkimKey, ...] = ()
    mail_from: str = ""
    account: dict[str, Any] | None = None

    def judge(self, check: str, name: str, record_type: RecordType, verdict: Callable[[DnsReply], Finding]) -> Finding:
        """Ask every responsible server, and give the worst verdict on what they say."""
        return judge(check, self.dns.at_every_server(name, record_type), verdict)


def with_identity(domain: CheckedDomain, region: str, identity: Mapping[str, Any] | None) -> CheckedDomain:
    """*domain* with what SES wants in *region*."""
    if identity is None:
        return replace(domain, region=region)
    keys = [DkimKey(name=name, target=target) for name, target in dkim_keys(domain.name, identity)]
    mail_from = identity.get("MailFromAttributes", {}).get("MailFromDomain", "")
    return replace(
        domain,
        region=region,
        keys=(*keys, *(key for key in domain.keys if key.name not in {each.name for each in keys})),
        mail_from=mail_from or domain.mail_from,
        account=dict(identity),
    )


def judge(check: str, replies: Sequence[DnsReply], verdict: Callable[[DnsReply], Finding]) -> Finding:
    """The worst verdict on *replies*; servers that say different things are a fault of their own."""
    told = answered(replies)
    if not told:
        return could_not_look(check, *(reply.problem for reply in replies))
    versions: dict[tuple[object, ...], list[DnsReply]] = {}
    for reply in told:
        versions.setdefault((reply.kind == "answer", reply.values, reply.alias), []).append(reply)
    verdicts = [(verdict(same[0]), same) for same in versions.values()]
    worst, servers = max(verdicts, key=lambda each: each[0].severity)
    if len(verdicts) == 1:
        return worst
    names = ", ".join(reply.server for reply in servers)
    return replace(
        worst,
        outcome="wrong",
        says=f"its name servers do not agree; of {names}: {worst.says}",
        found="; ".join(f"{same[0].server}: {shown(same[0])}" for _, same in verdicts),
        source=worst.source or "RFC 1034 section 4.3.5",
    )


def shown(reply: DnsReply) -> str:
    """A reply in words."""
    if reply.values:
        return ", ".join(reply.values)
    if reply.alias:
        return f"a CNAME to {reply.alias}, and nothing behind it"
    return "no such name" if reply.kind == "no name" else "no record of this type"


def zone_line(name: str, record_type: RecordType, value: str) -> str:
    """The record as a line of a zone file."""
    (line,) = DnsRecord(name=name, type=record_type, values=(value,), ttl=1800).zone_file_lines()
    return line
