"""The records that CloudFormation writes itself: record sets and groups of them, which look at nothing before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from ...handlers.dns.record_sets import Key, RecordSet, Standing, key_of, slots_of, values_of
from ...handlers.dns.route53 import HostedZone
from ...handlers.dns.spelling import stored_name
from ..ses_account import error_code
from .handler_request import function_of
from .looked_stack import LookedStack
from .steps import PlannedStep, PlanVerdict
from .template_values import is_known
from .written_records import no_zone, record_thing, unnamed_records

GROUP, SINGLE = "AWS::Route53::RecordSetGroup", "AWS::Route53::RecordSet"
_DRIFTED = "; somebody has changed it since, for which Route 53 may refuse the change"
_TAKES_OVER = "delete it before, or have Route53Zone(zone, adopts_existing=True) take it over"


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupedRecord:
    """A record set in a template."""

    resource: str
    zone_id: str
    record: RecordSet


def records_in(resource_type: str, properties: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The record sets of a resource, of which a group has several; the zone of the group is that of each."""
    if resource_type == SINGLE:
        return [properties]
    zone = {name: properties[name] for name in ("HostedZoneId", "HostedZoneName") if name in properties}
    return [{**zone, **each} for each in properties.get("RecordSets", [])]


def plan_grouped_records(stack: LookedStack) -> Iterator[PlannedStep]:
    """What becomes of each record set of the stack."""
    before = [
        each
        for logical_id, properties in stack.before.of_type(GROUP, SINGLE)
        for each in _readable(logical_id, records_in(stack.before.type_of(logical_id), properties))
    ]
    wanted: list[GroupedRecord] = []
    for logical_id, properties in stack.after.of_type(GROUP, SINGLE):
        listed = records_in(stack.after.type_of(logical_id), properties)
        wanted += _readable(logical_id, listed)
        yield from _unreadable(stack, logical_id, listed)
    with function_of(stack):
        for zone_id in dict.fromkeys(each.zone_id for each in (*wanted, *before)):
            yield from _in_zone(
                stack, zone_id, *([e for e in each if e.zone_id == zone_id] for each in (wanted, before))
            )


def _readable(logical_id: str, listed: Sequence[Mapping[str, Any]]) -> list[GroupedRecord]:
    return [
        GroupedRecord(
            resource=logical_id,
            zone_id=str(each["HostedZoneId"]).removeprefix("/hostedzone/"),
            record=RecordSet(
                name=stored_name(str(each["Name"])),
                type=str(each["Type"]),
                ttl=int(each.get("TTL") or 0),
                values=tuple(map(str, each.get("ResourceRecords", []))),
            ),
        )
        for each in listed
        # Mail has no use for routing policies, and several record sets of one name and type go by.
        if "HostedZoneId" in each and "SetIdentifier" not in each and is_known(each)
    ]


def _unreadable(stack: LookedStack, logical_id: str, listed: Sequence[Mapping[str, Any]]) -> Iterator[PlannedStep]:
    listed = [each for each in listed if "SetIdentifier" not in each]
    by_zone_name = [each for each in listed if "HostedZoneId" not in each]
    for each in by_zone_name:
        says = "it names its zone by name; with HostedZoneId it could be looked at"
        thing = f"{each.get('Type')} record {each.get('Name')}"
        yield PlannedStep(resource=logical_id, thing=thing, verdict="unknown", says=says)
    yield from unnamed_records(
        stack, logical_id, [each for each in listed if each not in by_zone_name and not is_known(each)]
    )


def _in_zone(
    stack: LookedStack, zone_id: str, wanted: Sequence[GroupedRecord], before: Sequence[GroupedRecord]
) -> Iterator[PlannedStep]:
    try:
        found = HostedZone(zone_id).look(each.record.name for each in (*wanted, *before))
    except ClientError as error:
        if error_code(error) != "NoSuchHostedZone":
            raise
        if wanted:
            yield no_zone(wanted[0].resource, zone_id, len(wanted))
        return
    owned = {each.record.key: each for each in before}
    kept = {each.record.key for each in wanted}
    for each in wanted:
        yield _wanted(each, owned.get(each.record.key), found)
    for each in before:
        if each.record.key in kept or each.record.key not in found:
            continue
        if stack.before.keeps(each.resource):
            yield _step(each, "stays", "it leaves the stack and is retained")
        elif _same(each.record, found[each.record.key][0]):
            yield _step(each, "goes", ", ".join(each.record.values))
        else:
            yield _step(each, "goes", "if Route 53 lets it: somebody has changed it, and it stays if that is refused")


def _wanted(each: GroupedRecord, owned: GroupedRecord | None, found: Mapping[Key, Sequence[Standing]]) -> PlannedStep:
    record = each.record
    standing = [one for one in found.get(record.key, ()) if "SetIdentifier" not in one]
    shown = ", ".join(value for one in standing for value in values_of(one)) or "an alias"
    if owned and owned.resource == each.resource:
        if owned.record == record:
            if not standing:
                return _step(each, "stays", "somebody has deleted it, and CloudFormation does not notice")
            if not _same(record, standing[0]):
                return _step(each, "stays", f"somebody has changed it to {shown}, and CloudFormation does not notice")
            return _step(each, "stays")
        drifted = "" if standing and _same(owned.record, standing[0]) else _DRIFTED
        says = f"from {shown if standing else 'nothing'} to {', '.join(record.values)}{drifted}"
        return _step(each, "changes", says)
    if owned:
        says = f"it stands there, and {owned.resource} of this stack has it, which goes at the end of the deployment"
        return _step(each, "refused", says, "keep the logical id, or call hand_over_records(...) first")
    if standing:
        right = "as it is wanted" if _same(record, standing[0]) else f"as {shown}"
        says = f"it exists {right}; CloudFormation refuses that, or takes it over and deletes it with the stack"
        return _step(each, "refused", f"{says}: which of the two is not known", _TAKES_OVER)
    others = sorted({one_type for name, one_type in found if name == record.name and one_type != record.type})
    blocking = [other for other in others if "CNAME" in (other, record.type)]
    if blocking:
        says = f"a CNAME stands alone at its name, and a record of type {', '.join(blocking)} is there"
        return _step(each, "refused", says, "delete that one before")
    return _step(each, "made", ", ".join(record.values))


def _same(record: RecordSet, standing: Standing) -> bool:
    """Whether the values say the same, however they are spelled."""
    there, wanted = (slots_of(*record.key, values) for values in (values_of(standing), record.values))
    return key_of(standing) == record.key and {k: [c.says for c in v] for k, v in there.items()} == {
        k: [c.says for c in v] for k, v in wanted.items()
    }


def _step(each: GroupedRecord, verdict: PlanVerdict, says: str = "", fix: str = "") -> PlannedStep:
    return PlannedStep(resource=each.resource, thing=record_thing(each.record.key), verdict=verdict, says=says, fix=fix)
