"""A hosted zone of Route 53, of this account or, by a role, of another one.

Permissions: ``route53:GetHostedZone``, ``route53:ListResourceRecordSets`` and ``route53:ChangeResourceRecordSets`` on
the zone, ``route53:GetChange`` on ``change/*``; with a role ``sts:AssumeRole`` on it, and those are the role's.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from .._aws import RETRY_LONG, error_code, is_throttled, is_transient
from .._custom_resource import RefusedError
from .decide import Change
from .record_sets import Key, RecordSet, Standing, by_key
from .spelling import stored_name

if TYPE_CHECKING:
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_route53.type_defs import ChangeTypeDef

log = logging.getLogger(__name__)

# One try a call: after an answer of Route 53 that it refuses a change, nothing was changed; after a time-out nobody
# knows, and a second try by botocore would hide the first one.
_ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
_PAUSES_WHILE_BUSY = (1, 2, 4, 8, 16, 29)
_PAUSES_WHILE_PENDING = (1, 2, 4, 8, 15, 15, 15, 15, 15, 15, 15)
_LONGEST_COMMENT = 256
# Where STS answers in every account, also for a zone whose owner has not enabled the region of the stack
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html).
_STS_REGIONS = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


class LostRaceError(Exception):
    """Somebody else has changed a record in between; nothing was done."""


class UnknownOutcomeError(Exception):
    """The change may have taken place or not."""


class HostedZone:
    """What the handler does with a zone."""

    def __init__(self, zone_id: str, *, role_arn: str = "", session_name: str = "") -> None:
        self._id = zone_id
        self._role_arn = role_arn
        self._session_name = session_name

    @cached_property
    def _credentials(self) -> dict[str, Any]:
        if not self._role_arn:
            return {}
        partition = self._role_arn.split(":")[1]
        sts = boto3.client("sts", region_name=_STS_REGIONS.get(partition), config=RETRY_LONG)
        given = sts.assume_role(RoleArn=self._role_arn, RoleSessionName=self._session_name)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    @cached_property
    def _route53(self) -> "Route53Client":
        return boto3.client("route53", config=RETRY_LONG, **self._credentials)

    @cached_property
    def _once(self) -> "Route53Client":
        return boto3.client("route53", config=_ONCE, **self._credentials)

    def check(self) -> None:
        """Raise ``RefusedError`` for a zone whose records would be seen by nobody, or that AWS manages."""
        zone = self._route53.get_hosted_zone(Id=self._id)["HostedZone"]
        if zone.get("Config", {}).get("PrivateZone"):
            raise RefusedError(
                f"hosted zone {self._id} ({zone['Name']}) is private, and SES and receivers look in the public DNS; "
                "name the public zone"
            )
        if "LinkedService" in zone:
            raise RefusedError(f"hosted zone {self._id} ({zone['Name']}) belongs to an AWS service; name another one")

    def look(self, names: Iterable[str]) -> dict[Key, list[Standing]]:
        """Every record set that stands at one of *names*, whatever its type."""
        return by_key(each for name in dict.fromkeys(names) for each in self._at(name))

    def _at(self, name: str) -> Iterable[Standing]:
        # The list goes on behind the name, and its order is that of the reversed labels as they are stored.
        asked: dict[str, Any] = {"StartRecordName": name, "MaxItems": "20"}
        while True:
            page = self._route53.list_resource_record_sets(HostedZoneId=self._id, **asked)
            for each in page["ResourceRecordSets"]:
                if stored_name(each["Name"]) != name:
                    return
                yield each
            if not page["IsTruncated"]:
                return
            asked["StartRecordName"], asked["StartRecordType"] = page["NextRecordName"], page["NextRecordType"]
            asked.pop("StartRecordIdentifier", None)
            if page.get("NextRecordIdentifier"):
                asked["StartRecordIdentifier"] = page["NextRecordIdentifier"]

    def change(self, changes: Sequence[Change], comment: str) -> str:
        """Make *changes*, all of them or none; return the id to ask for with ``wait``."""
        batch: list[ChangeTypeDef] = []
        for change in changes:
            if change.old:
                batch.append({"Action": "DELETE", "ResourceRecordSet": change.old})  # type: ignore[typeddict-item]
            if change.new:
                batch.append({"Action": "CREATE", "ResourceRecordSet": _written(change.new)})
        pauses = iter(_PAUSES_WHILE_BUSY)
        while True:
            try:
                made = self._once.change_resource_record_sets(
                    HostedZoneId=self._id, ChangeBatch={"Comment": comment[:_LONGEST_COMMENT], "Changes": batch}
                )
                return made["ChangeInfo"]["Id"]
            except Exception as error:
                busy = error_code(error) == "PriorRequestNotComplete" or is_throttled(error)
                pause = next(pauses, None) if busy else None
                if pause is None:
                    raise self._why_not(error) from error
            time.sleep(pause)

    def _why_not(self, error: Exception) -> Exception:
        if error_code(error) == "InvalidChangeBatch":
            said = str(error)
            if any(each in said for each in ("already exists", "not found", "do not match")):
                return LostRaceError(said)
            return RefusedError(
                f"Route 53 refuses to change hosted zone {self._id}: {said}; if the zone protects these record sets or "
                "has a guardrail against the change, take that off, then deploy again"
            )
        if is_transient(error) and not is_throttled(error):
            return UnknownOutcomeError(str(error))
        return error

    def wait(self, change_id: str, *, has_time: Callable[[float], bool]) -> None:
        """Wait until all servers of Route 53 answer with the change, a minute as a rule, or until there is no time."""
        for pause in _PAUSES_WHILE_PENDING:
            if self._route53.get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC":
                return
            if not has_time(pause):
                break
            time.sleep(pause)
        # The change is made, and taking it back would not be faster.
        log.warning("the records are not on all servers of Route 53 yet", extra={"change": change_id})


def _written(record_set: RecordSet) -> Any:
    return {
        "Name": f"{record_set.name}.",
        "Type": record_set.type,
        "TTL": record_set.ttl,
        "ResourceRecords": [{"Value": value} for value in record_set.values],
    }
