"""Custom::SESDnsRecords: the records of one domain in a hosted zone, beside whatever else stands there.

It looks, decides (``dns/decide.py``) and acts. What is absent is made; what stands with the same value is adopted, if
that was asked for; anything else is refused by name. A TXT value of ours is added beside those of others and taken away
alone, and two SPF policies become one. A change of Route 53 names what it replaces (DELETE and CREATE in one batch), so
that what somebody has changed meanwhile is never overwritten. A Delete takes away what was made and still reads so.

Properties: ``HostedZoneId``, ``DomainName``, ``AdoptsExisting`` and ``KeepsRecords`` (``true`` or ``false``),
``Records`` (a list of ``Name``, ``Type``, ``TTL`` and ``Values``, these as Route 53 takes them), ``Group`` (the logical
id of the record set group that would have these records otherwise), and for a zone of another account ``RoleArn``. No
data in the answer. The physical id is ``<zone>|<domain>``: a domain that gets another zone is published there before
CloudFormation asks to take it out of the old one, which is refused unless the old one keeps its records.

Permissions: those of ``dns/route53.py``, ``dns/claims.py`` and ``dns/owners.py``.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._aws import error_code, is_transient
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context
from .dns.claims import Claims, Memory, meanwhile
from .dns.decide import decide
from .dns.owners import check_handed_over
from .dns.record_sets import RecordSet
from .dns.route53 import HostedZone, LostRaceError, UnknownOutcomeError

log = logging.getLogger(__name__)

_MEMORY = "/ses-constructs/dns-records"
_PAUSES_BETWEEN_LOOKS = (1, 2, 4, 8)
# For the last question and the answer.
_SECONDS_TO_END = 60


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, DnsRecordsHandler(context), context)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template says."""

    zone_id: str
    domain: str
    role_arn: str
    group: str
    adopts: bool
    keeps: bool
    records: tuple[RecordSet, ...]

    @classmethod
    def of(cls, properties: Properties) -> Self:
        zone_id = properties.text("HostedZoneId").removeprefix("/hostedzone/")
        listed = properties.values.get("Records")
        if not isinstance(listed, list) or not listed:
            raise RefusedError("property Records must be a list of record sets; the template of this stack must set it")
        records = tuple(map(RecordSet.of, listed))
        keys = [" ".join(each.key) for each in records]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise RefusedError(f"property Records must hold each record set once, got {', '.join(twice)} twice")
        return cls(
            zone_id,
            properties.text("DomainName").lower().removesuffix("."),
            properties.optional("RoleArn"),
            properties.optional("Group"),
            properties.flag("AdoptsExisting"),
            properties.flag("KeepsRecords"),
            records,
        )

    @property
    def physical_id(self) -> str:
        return f"{self.zone_id}|{self.domain}"

    def moves_from(self, before: Self) -> bool:
        """Whether the domain gets another zone, and the old one would lose its records."""
        return self.domain == before.domain and self.zone_id != before.zone_id and not before.keeps


class DnsRecordsHandler:
    """Keeps the records as the template says."""

    resource_type = "Custom::SESDnsRecords"

    def __init__(self, context: Context) -> None:
        self._context = context

    def create(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        memory = memory_of(request, wanted.physical_id)
        try:
            self._settle(request, wanted, memory)
        except Exception as error:
            if not memory.may_exist and not is_transient(error):
                raise
            # With this id its Delete comes back, and reads what has been made.
            raise RefusedError(str(error), physical_id_to_delete=wanted.physical_id) from error
        return Succeeded(wanted.physical_id)

    def update(self, request: Request) -> Succeeded:
        wanted, before = Wanted.of(request.properties), request.before(Wanted.of)
        memory = memory_of(request, wanted.physical_id)
        if before and wanted.moves_from(before) and not memory.read()[0]:
            raise RefusedError(
                f"{wanted.domain} moves from hosted zone {before.zone_id} to {wanted.zone_id}, and the old zone would "
                "lose its records while resolvers still ask it; first deploy with hand_over_records(...) on the domain "
                "as it is, and name the new zone in the deployment after that one"
            )
        self._settle(request, wanted, memory)
        if before and before.physical_id != wanted.physical_id == request.physical_id:
            # The roll-back of a replacement that failed: CloudFormation does not know of the new id, so that no Delete
            # will come for it.
            self._take_away(request, before.physical_id, before.role_arn)
        return Succeeded(wanted.physical_id)

    def delete(self, request: Request) -> None:
        physical_id, role_arn = request.physical_id, request.properties.optional("RoleArn")
        if "|" not in physical_id:
            # CloudFormation makes up an id for a Create that never answered, which may have taken effect all the same.
            physical_id = Wanted.of(request.properties).physical_id
        self._take_away(request, physical_id, role_arn)

    def _settle(self, request: Request, wanted: Wanted, memory: Memory) -> None:
        claims, _ = memory.read()
        zone = _zone(request, wanted.zone_id, wanted.role_arn)
        zone.check()
        self._act(request, zone, memory, claims, wanted)

    def _take_away(self, request: Request, physical_id: str, role_arn: str) -> None:
        memory = memory_of(request, physical_id)
        claims, kept = memory.read()
        if claims and not kept:
            zone = _zone(request, physical_id.partition("|")[0], role_arn)
            try:
                self._act(request, zone, memory, claims, None)
            except Exception as error:
                if error_code(error) != "NoSuchHostedZone":
                    raise
        memory.forget()

    def _act(self, request: Request, zone: HostedZone, memory: Memory, claims: Claims, wanted: Wanted | None) -> None:
        """Look, decide and change, again where somebody or something came between."""
        records = wanted.records if wanted else ()
        adopts, keeps = (wanted.adopts, wanted.keeps) if wanted else (False, False)
        trouble: Exception | None = None
        for pause in (*_PAUSES_BETWEEN_LOOKS, 0):
            names = [*(each.name for each in records), *(slot.name for slot in claims)]
            found = zone.look(names)
            plan = decide(records, found, claims, adopts=adopts)
            if wanted:
                check_handed_over(plan.adopts, wanted.group)
            if not plan.changes:
                if wanted:
                    memory.write(plan.claims, kept=keeps)
                return
            both = meanwhile(claims, plan.claims)
            memory.write(both, kept=keeps)
            done = ""
            try:
                for batch in plan.batches():
                    done = zone.change(batch, f"CloudFormation stack {_stack_name(request)}, {request.logical_id}")
            except UnknownOutcomeError as error:
                trouble, claims = error, both
            except Exception as error:
                if not done:
                    memory.write(claims, kept=keeps)
                if not isinstance(error, LostRaceError):
                    raise
                trouble, claims = error, both if done else claims
            else:
                log.info("changed", extra={"records": [" ".join(change.key) for change in plan.changes]})
                if wanted:
                    memory.write(plan.claims, kept=keeps)
                    zone.wait(done, has_time=self._has_time)
                return
            time.sleep(pause)
        raise RefusedError(f"Route 53 did not take the records in {len(_PAUSES_BETWEEN_LOOKS) + 1} tries: {trouble}")

    def _has_time(self, seconds: float) -> bool:
        return self._context.get_remaining_time_in_millis() > (seconds + _SECONDS_TO_END) * 1000


def _stack_name(request: Request) -> str:
    return request.stack_id.split("/")[1]


def memory_of(request: Request, physical_id: str) -> Memory:
    stack = request.stack_id.split("/")[1:]
    return Memory("/".join([_MEMORY, *stack, request.logical_id, *physical_id.split("|")]))


def _zone(request: Request, zone_id: str, role_arn: str) -> HostedZone:
    return HostedZone(zone_id, role_arn=role_arn, session_name=request.logical_id[:64])
