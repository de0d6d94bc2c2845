"""The records that the function of a stack writes: its own code looks and decides, and stops before it changes."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from ...handlers.dns.claims import Claims, Memory
from ...handlers.dns.decide import Change, Plan, decide
from ...handlers.dns.owners import check_handed_over
from ...handlers.dns.record_sets import Key, RecordSet, Standing, values_of
from ...handlers.dns.route53 import HostedZone
from ...handlers.dns_records import DnsRecordsHandler, Wanted, memory_of
from ..ses_account import error_code
from .handler_request import RefusedError, Request, function_of, request_for
from .looked_stack import LookedStack
from .steps import PlannedStep, PlanVerdict
from .template_values import TemplateValues, is_known

_DKIM_NAME = re.compile(r"\$\{(\w+)\.DkimDNSTokenName([1-3])\}", re.ASCII)
WRITER = "Custom::SESDnsRecords"
_OF_ANOTHER_ACCOUNT = (
    "the zone is of another account, and the role that may look there admits the function of the stack alone"
)


def plan_written_records(stack: LookedStack) -> Iterator[PlannedStep]:
    """What becomes of each record of each writer."""
    with function_of(stack):
        for logical_id, properties in stack.after.of_type(WRITER):
            yield from _one(stack, logical_id, properties)
        for logical_id, properties in stack.gone(WRITER):
            if stack.before.keeps(logical_id):
                yield _all_of_them(logical_id, properties, "stays", "they leave the stack, retained")
            elif properties.get("RoleArn"):
                yield _all_of_them(logical_id, properties, "unknown", _OF_ANOTHER_ACCOUNT)
            else:
                yield from _Looking(logical_id, in_stack=True).delete_steps(request_for(stack, logical_id, properties))


def _all_of_them(
    logical_id: str, properties: Mapping[str, Any], verdict: PlanVerdict, says: str, fix: str = ""
) -> PlannedStep:
    thing = f"records of {properties.get('DomainName')}"
    return PlannedStep(resource=logical_id, thing=thing, verdict=verdict, says=says, fix=fix)


def _one(stack: LookedStack, logical_id: str, properties: Mapping[str, Any]) -> Iterator[PlannedStep]:
    if properties.get("RoleArn"):
        yield _all_of_them(logical_id, properties, "unknown", _OF_ANOTHER_ACCOUNT)
        return
    listed = properties.get("Records", [])
    known = [each for each in listed if is_known(each)]
    if not is_known(properties.get("HostedZoneId")):
        known = []
    yield from unnamed_records(stack, logical_id, [each for each in listed if each not in known])
    if known:
        request = request_for(stack, logical_id, {**properties, "Records": known})
        yield from _Looking(logical_id, in_stack=stack.deployed is not None).steps(
            request, update=bool(stack.physical_id(logical_id))
        )


def unnamed_records(stack: LookedStack, logical_id: str, records: Sequence[Mapping[str, Any]]) -> Iterator[PlannedStep]:
    """Records whose name, value or zone only the deployment brings."""
    for each in records:
        thing, says = open_record(stack.after, each)
        yield PlannedStep(resource=logical_id, thing=thing, verdict="made", says=says)


def no_zone(logical_id: str, zone_id: str, records: int) -> PlannedStep:
    """Records for a zone that is not there."""
    return PlannedStep(
        resource=logical_id,
        thing=f"hosted zone {zone_id}",
        verdict="refused",
        says=f"this account has none of that id, and {records} records are to be made there",
        fix="name a zone of this account",
    )


def record_thing(key: Key) -> str:
    """A record set in words; Route 53 spells the asterisk of a wildcard in octal."""
    name, record_type = key
    return f"{record_type} record {name.replace(chr(92) + '052', '*')}"


def open_record(values: TemplateValues, record: Mapping[str, Any]) -> tuple[str, str]:
    """A record that is not wholly known, in words, and why it is not."""
    name = str(record.get("Name"))
    if token := _DKIM_NAME.fullmatch(name):
        domain = values.properties(token[1]).get("EmailIdentity", token[1])
        says = "SES makes up its name with the identity, so that nothing can stand there"
        return f"CNAME record of DKIM key {token[2]} of {domain}", says
    return f"{record.get('Type')} record {name}", "with the value that the deployment brings"


class _Looking(DnsRecordsHandler):
    """The function without its last step."""

    def __init__(self, logical_id: str, *, in_stack: bool) -> None:
        self._logical_id = logical_id
        # A new stack has nothing that could own a record.
        self._in_stack = in_stack
        self._steps: list[PlannedStep] = []

    def steps(self, request: Request, *, update: bool) -> list[PlannedStep]:
        """What a Create or an Update would do."""
        try:
            if update:
                self.update(request)
            else:
                self.create(request)
        except RefusedError as error:
            if isinstance(error.__cause__, (BotoCoreError, ClientError)):
                raise error.__cause__ from error
            domain = request.properties.optional("DomainName")
            self._steps = [self._refused(f"records of {domain}", str(error))]
        except ClientError as error:
            if error_code(error) != "NoSuchHostedZone":
                raise
            zone_id = request.properties.text("HostedZoneId")
            self._steps = [no_zone(self._logical_id, zone_id, len(request.properties.values["Records"]))]
        return self._steps

    def delete_steps(self, request: Request) -> list[PlannedStep]:
        """What a Delete would do."""
        zone_id, _, _ = request.physical_id.partition("|")
        memory = memory_of(request, request.physical_id)
        claims, kept = memory.read()
        if claims and not kept:
            self._act(request, HostedZone(zone_id), memory, claims, None)
        return self._steps

    def _act(self, request: Request, zone: HostedZone, memory: Memory, claims: Claims, wanted: Wanted | None) -> None:
        records = wanted.records if wanted else ()
        found = zone.look([*(each.name for each in records), *(slot.name for slot in claims)])
        adopts = bool(wanted and wanted.adopts)
        try:
            plan = decide(records, found, claims, adopts=adopts)
        except RefusedError as error:
            self._steps = self._one_by_one(records, found, claims, adopts=adopts)
            if not any(step.verdict == "refused" for step in self._steps):
                raise error  # only all of them together are refused
            return
        if wanted and self._in_stack:
            check_handed_over(plan.adopts, wanted.group)
        self._steps = self._told(plan, records)

    def _one_by_one(
        self, records: Sequence[RecordSet], found: Mapping[Key, list[Standing]], claims: Claims, *, adopts: bool
    ) -> list[PlannedStep]:
        """The same for each record alone, so that each has a line of its own."""
        told = []
        for each in records:
            ours = {slot: claim for slot, claim in claims.items() if slot.key == each.key}
            try:
                told += self._told(decide([each], found, ours, adopts=adopts), [each])
            except RefusedError as error:
                told.append(self._refused(record_thing(each.key), str(error)))
        return told

    def _refused(self, thing: str, sentence: str) -> PlannedStep:
        says, _, fix = sentence.rpartition("; ")
        return PlannedStep(
            resource=self._logical_id, thing=thing, verdict="refused", says=says or sentence, fix=fix if says else ""
        )

    def _told(self, plan: Plan, records: Sequence[RecordSet]) -> list[PlannedStep]:
        changes = {change.key: change for change in plan.changes}
        adopted = {slot.key for slot in plan.adopts}
        told = []
        for key in dict.fromkeys([*(each.key for each in records), *changes]):
            verdict, says = _of_change(changes.get(key), adopted=key in adopted)
            told.append(PlannedStep(resource=self._logical_id, thing=record_thing(key), verdict=verdict, says=says))
        return told


def _of_change(change: Change | None, *, adopted: bool) -> tuple[PlanVerdict, str]:
    if change is None:
        return ("adopted", "it stands there as it is wanted, and outlives the stack") if adopted else ("stays", "")
    after = ", ".join(change.new.values) if change.new else ""
    if change.old is None:
        return "made", after
    before = ", ".join(values_of(change.old))
    return ("changes", f"from {before} to {after}") if change.new else ("goes", before)
