"""Records in the form that a DNS host or its tool takes; each form creates, and overwrites nothing."""

import json
from collections.abc import Sequence
from typing import Any

from ..email_records import DnsRecord


def records_data(records: Sequence[DnsRecord]) -> dict[str, Any]:
    """What ``--json`` prints."""
    fields = ("name", "type", "values", "ttl", "purpose")
    return {
        "schema": "ses-constructs.records/1",
        "records": [{field: getattr(each, field) for field in fields} for each in records],
    }


def as_zone(records: Sequence[DnsRecord]) -> str:
    """Lines of a zone file, with absolute names (RFC 1035 section 5)."""
    return "".join(f"{line}\n" for each in records for line in each.zone_file_lines())


def as_route53(records: Sequence[DnsRecord]) -> str:
    """A change batch. CREATE, for UPSERT would overwrite what others wrote."""
    changes = [
        {
            "Action": "CREATE",
            "ResourceRecordSet": {
                "Name": f"{each.name}.",
                "Type": each.type,
                "TTL": each.ttl,
                "ResourceRecords": [{"Value": value} for value in each.route53_values()],
            },
        }
        for each in records
    ]
    return json.dumps({"Comment": "ses-constructs records", "Changes": changes}, indent=2) + "\n"


def as_cloudflare(records: Sequence[DnsRecord]) -> str:
    """The body of a batch; a record is one value there, and a proxied CNAME would hide the key."""
    posts = []
    for record in records:
        for value, text in zip(record.values, record.route53_values(), strict=True):
            post: dict[str, Any] = {"type": record.type, "name": record.name, "ttl": record.ttl, "content": text}
            if record.type == "MX":
                priority, _, host = value.partition(" ")
                post |= {"priority": int(priority), "content": host}
            elif record.type == "CNAME":
                post["proxied"] = False
            posts.append(post)
    return json.dumps({"posts": posts}, indent=2) + "\n"


def as_octodns(records: Sequence[DnsRecord], zone: str) -> str:
    """A file of octoDNS: names below *zone*, every key sorted, ``;`` escaped, strings not split."""
    by_name: dict[str, list[DnsRecord]] = {}
    for record in records:
        label = record.name.removesuffix(zone).removesuffix(".")
        by_name.setdefault(label, []).append(record)
    lines = ["---"]
    for label in sorted(by_name):
        lines.append(f"{_quoted(label)}:")
        for record in sorted(by_name[label], key=lambda each: each.type):
            lines += [f"- ttl: {record.ttl}", f"  type: {record.type}", *_octodns_values(record)]
    return "\n".join(lines) + "\n"


def _octodns_values(record: DnsRecord) -> list[str]:
    if record.type == "MX":
        pairs = (value.partition(" ") for value in record.values)
        entries = [[f"  - exchange: {_quoted(_absolute(host))}", f"    preference: {pref}"] for pref, _, host in pairs]
        return ["  values:", *(line for entry in entries for line in entry)]
    if record.type == "CNAME":
        return [f"  value: {_quoted(_absolute(record.values[0]))}"]
    return ["  values:", *(f"  - {_quoted(value.replace(';', chr(92) + ';'))}" for value in record.values)]


def _absolute(host: str) -> str:
    return f"{host.removesuffix('.')}."


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
