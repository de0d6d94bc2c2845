"""Hosted zones for the tests, and records that someone puts into them by hand."""

from dataclasses import dataclass
from typing import Any

from local_aws.aws import LocalAws


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """A public hosted zone in the local Route 53."""

    domain: str
    hosted_zone_id: str


def put_record(aws: LocalAws, zone: Zone, label: str, record_type: str, *values: str, action: str = "UPSERT") -> None:
    """Write a record set behind CloudFormation's back; an empty *label* is the zone's own name."""
    # The stubs want a literal for action and type.
    change: Any = {
        "Action": action,
        "ResourceRecordSet": {
            "Name": f"{label}.{zone.domain}".lstrip("."),
            "Type": record_type,
            "TTL": 300,
            "ResourceRecords": [{"Value": value} for value in values],
        },
    }
    aws.client("route53").change_resource_record_sets(
        HostedZoneId=zone.hosted_zone_id, ChangeBatch={"Changes": [change]}
    )
