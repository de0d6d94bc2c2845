"""What the record writer uses: hosted zones of Route 53, parameters of SSM, and a role of another account."""

# ruff: noqa: N803 - parameters have the names of AWS

import copy
import re
from dataclasses import dataclass, field
from typing import Any

from .in_memory_aws import AwsError

ZONE = "Z0123456789ABCDEFGHIJ"
RecordSet = dict[str, Any]


def record_set(name: str, record_type: str, *values: str, ttl: int = 300) -> RecordSet:
    """A plain record set as Route 53 lists it."""
    return {
        "Name": f"{name}.",
        "Type": record_type,
        "TTL": ttl,
        "ResourceRecords": [{"Value": each} for each in values],
    }


def _order(standing: RecordSet) -> tuple[list[str], str, str]:
    return standing["Name"].split(".")[::-1], standing["Type"], standing.get("SetIdentifier", "")


@dataclass
class Route53:
    """Zones by their ids; a change is whole or not at all, and takes a while to reach all servers."""

    zones: dict[str, list[RecordSet]] = field(default_factory=lambda: {ZONE: []})
    zone: dict[str, Any] = field(default_factory=lambda: {"Config": {"PrivateZone": False}})
    comments: list[str] = field(default_factory=list)
    # How often GetChange says PENDING.
    pending: int = 1
    page: int = 2

    def records(self, zone: str = ZONE) -> dict[tuple[str, str], list[str]]:
        """The values of each record set."""
        return {
            (each["Name"].removesuffix("."), each["Type"]): [one["Value"] for one in each.get("ResourceRecords", [])]
            for each in self.zones[zone]
        }

    def put(self, standing: RecordSet, zone: str = ZONE) -> None:
        """Write a record set by hand, in the place of the one of that name and type."""
        self.remove(standing["Name"].removesuffix("."), standing["Type"], zone)
        self.zones[zone].append(standing)

    def remove(self, name: str, record_type: str, zone: str = ZONE) -> None:
        """Take a record set away by hand."""
        self.zones[zone] = [
            each for each in self.zones[zone] if _order(each)[:2] != _order(record_set(name, record_type))[:2]
        ]

    def get_hosted_zone(self, *, Id: str) -> dict[str, Any]:
        self._zone(Id)
        return {"HostedZone": {"Id": f"/hostedzone/{Id}", "Name": "example.com.", "CallerReference": "1", **self.zone}}

    def list_resource_record_sets(self, *, HostedZoneId: str, **start: str) -> dict[str, Any]:
        asked = {"Name": start["StartRecordName"], "Type": start.get("StartRecordType", "")}
        asked["Name"] = f"{asked['Name'].removesuffix('.')}."
        asked["SetIdentifier"] = start.get("StartRecordIdentifier", "")
        found = sorted((each for each in self._zone(HostedZoneId) if _order(each) >= _order(asked)), key=_order)
        size = min(int(start["MaxItems"]), self.page)
        more = found[size : size + 1]
        named = {"Name": "NextRecordName", "Type": "NextRecordType", "SetIdentifier": "NextRecordIdentifier"}
        return {
            "ResourceRecordSets": copy.deepcopy(found[:size]),
            "IsTruncated": bool(more),
            "MaxItems": str(size),
            **{tag: each[name] for each in more for name, tag in named.items() if name in each},
        }

    def change_resource_record_sets(self, *, HostedZoneId: str, ChangeBatch: dict[str, Any]) -> dict[str, Any]:
        records = list(self._zone(HostedZoneId))
        for change in ChangeBatch["Changes"]:
            _apply(change["Action"], change["ResourceRecordSet"], records)
        for each in records:
            others = {other["Type"] for other in records if other["Name"] == each["Name"]} - {each["Type"]}
            if each["Type"] == "CNAME" and others:
                message = f"[RRSet of type CNAME with DNS name {each['Name']} is not permitted as it conflicts]"
                raise AwsError("InvalidChangeBatch", message)
        self.zones[HostedZoneId] = records
        self.comments.append(ChangeBatch["Comment"])
        return {"ChangeInfo": self._info("PENDING")}

    def get_change(self, *, Id: str) -> dict[str, Any]:
        if self.pending:
            self.pending -= 1
            return {"ChangeInfo": self._info("PENDING")}
        return {"ChangeInfo": self._info("INSYNC")}

    @staticmethod
    def _info(status: str) -> dict[str, str]:
        return {"Id": "/change/C1", "Status": status, "SubmittedAt": "2026-11-28T12:00:00Z"}

    def _zone(self, zone: str) -> list[RecordSet]:
        if zone not in self.zones:
            raise AwsError("NoSuchHostedZone", f"No hosted zone found with ID: {zone}", 404)
        return self.zones[zone]


def _apply(action: str, changed: RecordSet, records: list[RecordSet]) -> None:
    label = f"resource record set [name='{changed['Name']}', type='{changed['Type']}']"
    same = [each for each in records if _order(each) == _order(changed)]
    if action == "CREATE":
        if same:
            raise AwsError("InvalidChangeBatch", f"[Tried to create {label} but it already exists]")
        records.append({**changed, "TTL": int(changed["TTL"])})
        return
    assert action == "DELETE"
    if not same:
        raise AwsError("InvalidChangeBatch", f"[Tried to delete {label} but it was not found]")
    if _values(same[0]) != _values(changed):
        message = f"[Tried to delete {label} but the values provided do not match the current values]"
        raise AwsError("InvalidChangeBatch", message)
    records.remove(same[0])


def _values(standing: RecordSet) -> tuple[int, list[str]]:
    return int(standing["TTL"]), sorted(each["Value"] for each in standing["ResourceRecords"])


@dataclass
class Parameters:
    """Parameters of SSM (JSON)."""

    values: dict[str, str] = field(default_factory=dict)

    def get_parameter(self, *, Name: str) -> dict[str, Any]:
        self._check(Name)
        return {"Parameter": {"Name": Name, "Type": "String", "Value": self.values[Name]}}

    def put_parameter(
        self, *, Name: str, Value: str, Type: str, Overwrite: bool, Tier: str = "Standard"
    ) -> dict[str, Any]:
        assert (Type, Overwrite) == ("String", True)
        assert len(Value.encode()) <= {"Standard": 4096, "Intelligent-Tiering": 8192}[Tier]
        if re.search(r"\{\{.*\}\}", Value):
            raise AwsError("ValidationException", "Parameter value can't nest another parameter.")
        self.values[Name] = Value
        return {"Version": 1}

    def delete_parameter(self, *, Name: str) -> dict[str, Any]:
        self._check(Name)
        del self.values[Name]
        return {}

    def _check(self, name: str) -> None:
        if name not in self.values:
            raise AwsError("ParameterNotFound", "")


@dataclass
class Sts:
    """Gives the credentials of a role."""

    sessions: list[tuple[str, str]] = field(default_factory=list)

    def assume_role(self, *, RoleArn: str, RoleSessionName: str) -> dict[str, Any]:
        self.sessions.append((RoleArn, RoleSessionName))
        given = {"AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "x", "SessionToken": "x"}
        return {"Credentials": {**given, "Expiration": "2026-11-28T13:00:00Z"}}
