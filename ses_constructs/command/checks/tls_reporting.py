"""Reports about TLS connections that failed (RFC 8460)."""

from collections.abc import Iterator

from ...email_records import TlsReporting
from ..findings import Finding, FindingOutcome
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain, shown, zone_line
from .mistakes import explain

_SOURCE = "RFC 8460 section 3"


def check_tls_reporting(domain: CheckedDomain) -> Iterator[Finding]:
    """At most one record, and a valid one."""
    name = f"_smtp._tls.{domain.name}"
    yield domain.judge("tls-rpt.record", name, "TXT", lambda reply: _judge(domain, name, reply))


def _judge(domain: CheckedDomain, name: str, reply: DnsReply) -> Finding:
    check = "tls-rpt.record"
    records = [value for value in reply.values if value.startswith("v=TLSRPTv1;")]
    example = TlsReporting(reports_to=(f"tls-reports@{domain.name}",)).to_txt()
    if not records:
        hint = explain(domain, name, "TXT", reply, marker="v=TLSRPTv1")
        says = f"nobody is told when senders cannot reach your servers by TLS{hint}"
        fix = zone_line(name, "TXT", example)
        # Without a record nothing fails; one that was meant and is not found is a fault.
        outcome: FindingOutcome = "wrong" if hint else "advice"
        return Finding(
            id=check, outcome=outcome, says=says, wanted=example, found=shown(reply), source=_SOURCE, fix=fix
        )
    says = f"{len(records)} TLS reporting records, of which there may be one: senders report to nobody"
    if len(records) == 1:
        try:
            to = TlsReporting.parse(records[0]).reports_to
            return Finding(id=check, outcome="right", says=f"reports go to {', '.join(to)}")
        except ValueError as error:
            says = f"the TLS reporting record is not valid: {error}"
    return Finding(
        id=check,
        outcome="wrong",
        says=says,
        wanted=example,
        found=shown(reply),
        source=_SOURCE,
        fix=f"keep one valid record at {name}",
    )
