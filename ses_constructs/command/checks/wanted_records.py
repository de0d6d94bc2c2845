"""Whether what a stack or a template wants to be published is published, at every server."""

from collections.abc import Iterator, Sequence
from typing import Literal

from ...common.arguments import is_within
from ...email_records import DnsRecord
from ..findings import Finding
from ..name_servers import DnsReply
from .checked_domain import CheckedDomain, shown
from .mistakes import explain


def check_wanted_records(
    domain: CheckedDomain, records: Sequence[DnsRecord], wants: Literal["stack", "template"]
) -> Iterator[Finding]:
    """One finding for each record at the domain or below it that a stack or a template *wants*."""
    own = [each for each in records if is_within(each.name.lower(), domain.name)]
    yield from domain.dns.side_by_side(lambda record: _check(domain, record, wants), own)


def _check(domain: CheckedDomain, record: DnsRecord, wants: str) -> Finding:
    check, name = f"{wants}.{record.type.lower()}.{record.name}", record.name.lower()
    wanted = {_comparable(record, value) for value in record.values}

    def verdict(reply: DnsReply) -> Finding:
        # Beside a TXT record others may stand at the same name; of other types every value counts.
        held = set(reply.values)
        if wanted == held or (record.type == "TXT" and wanted <= held):
            return Finding(id=check, outcome="right", says=f"published as the {wants} wants it")
        hint = explain(domain, name, record.type, reply, next(iter(wanted)).rpartition(" ")[2])
        return Finding(
            id=check,
            outcome="wrong",
            says=f"not published as the {wants} wants it{hint}",
            wanted=", ".join(sorted(wanted)),
            found=shown(reply),
            source=f"the {wants}",
            fix=record.zone_file_lines()[0],
        )

    return domain.judge(check, name, record.type, verdict)


def _comparable(record: DnsRecord, value: str) -> str:
    return value if record.type == "TXT" else value.lower().removesuffix(".")
