"""Whatever happens to the records of two resources in one zone, in whatever order, the promises hold.

A history is made of deployments, failed deployments with their roll-backs, people who write and delete records, also
between two calls of the writer, and trouble with AWS. The machine plays CloudFormation: it sends what CloudFormation
would send next. It knows which record is whose by who wrote it, and not by what the writer remembers.
"""

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ses_constructs.handlers.dns.record_sets import Slot, slots_of
from ses_constructs.handlers.dns.spf import merged

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_dns import ZONE, record_set
from .world import Event, event, world

HANDLER = "dns_records"
APEX, DMARC = ("example.com", "TXT"), ("_dmarc.example.com", "TXT")
MX, KEY = ("mail.example.com", "MX"), ("k._domainkey.example.com", "CNAME")
SPF_OURS, SPF_THEIRS = '"v=spf1 include:amazonses.com ~all"', '"v=spf1 ip4:192.0.2.1 -all"'
# What each of two resources, and a person, may have at a name; a person may also write what a resource wants.
VALUES = {
    APEX: (('"one-a"', '"one-b"', SPF_OURS), ('"two"',), ('"theirs"', SPF_THEIRS)),
    DMARC: (
        ('"v=DMARC1; p=none"', '"v=DMARC1; p=reject"'),
        ('"v=DMARC1; p=quarantine"',),
        ('"v=DMARC1; p=none; t=y"',),
    ),
    MX: (("10 One.example.net",), ("10 two.example.net",), ("20 theirs.example.net",)),
    KEY: (("one.dkim.amazonses.com",), ("two.dkim.amazonses.com",), ("theirs.dkim.amazonses.com",)),
}
Key = tuple[str, str]
Part = tuple[Slot, tuple[str, ...]]


def parts_of(key: Key, values: list[str]) -> set[Part]:
    slots = slots_of(*key, values) if values else {}
    return {(slot, content.says) for slot, contents in slots.items() for content in contents}


@dataclass(frozen=True)
class Wanted:
    """What the template says of one resource."""

    records: tuple[tuple[Key, tuple[str, ...]], ...]
    ttl: int
    adopts: bool

    @property
    def properties(self) -> dict[str, object]:
        records = [
            {"Name": key[0], "Type": key[1], "TTL": str(self.ttl), "Values": list(values)}
            for key, values in self.records
        ]
        return {"Records": records, "AdoptsExisting": str(self.adopts).lower()}

    @property
    def parts(self) -> set[Part]:
        return {part for key, values in self.records for part in parts_of(key, list(values))}


def templates(number: int) -> st.SearchStrategy[Wanted]:
    def values(key: Key) -> st.SearchStrategy[tuple[str, ...]]:
        return st.lists(
            st.sampled_from(VALUES[key][number]), min_size=1, max_size=2 if key == APEX else 1, unique=True
        ).map(tuple)

    records = st.lists(st.sampled_from(list(VALUES)), min_size=1, unique=True).flatmap(
        lambda keys: st.tuples(*(st.tuples(st.just(key), values(key)) for key in keys))
    )
    return st.builds(Wanted, records, st.sampled_from([60, 300]), st.booleans())


numbered = st.integers(0, 1).flatmap(lambda number: st.tuples(st.just(number), templates(number)))
faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from(Trouble),
        operation=st.sampled_from(
            ["", "route53.ChangeResourceRecordSets", "ssm.PutParameter", "route53.ListResourceRecordSets"]
        ),
        skip=st.integers(0, 4),
        times=st.sampled_from([1, 2, FOREVER]),
    ),
    max_size=2,
)
by_hand = st.sampled_from(list(VALUES)).flatmap(
    lambda key: st.tuples(
        st.just(key),
        st.lists(
            st.sampled_from([value for values in VALUES[key] for value in values]),
            max_size=2 if key == APEX else 1,
            unique=True,
        ).filter(lambda values: sum("spf1" in value for value in values) < 2),
    )
)
meddling = st.none() | st.tuples(st.integers(3, 12), by_hand)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.aws = self.open.enter_context(world(tries=2))
        self.aws.route53.page = 3
        self.deployed: dict[int, Wanted] = {}
        # What people wrote and nobody has asked us to take over, and what was taken over.
        self.theirs: set[Part] = set()
        self.adopted: set[Part] = set()
        self.either: set[Part] = set()
        self.arrivals: list[Callable[[], None]] = []
        self.calm = True
        self.consents_to: set[Part] = set()
        self.aws.aws.arrived = self.arrive

    def teardown(self) -> None:
        self.open.close()

    def arrive(self) -> None:
        if self.arrivals:
            self.arrivals.pop(0)()

    def parts(self) -> set[Part]:
        return {part for key, values in self.aws.route53.records().items() for part in parts_of(key, values)}

    def remembered(self, *fields: str) -> str:
        """The fingerprints that the writer holds for its own."""
        stored = [json.loads(text)["records"] for text in self.aws.parameters.values.values()]
        return " ".join(
            mark for records in stored for each in records.values() for field in fields for mark in each.get(field, ())
        )

    def put(self, key: Key, values: list[str], *, stale: str = "") -> None:
        before = self.parts()
        self.aws.route53.remove(*key)
        if values:
            self.aws.route53.put(record_set(*key, *values, ttl=120))
        gone = before - self.parts()
        self.theirs -= gone
        self.adopted -= gone
        # What we have made once and a person makes again, nobody can tell from ours: it may go, and may stay.
        ours = f"{stale} {self.remembered('wrote')} {'' if self.calm else self.remembered('tried')}"
        for slot, contents in slots_of(*key, values).items() if values else ():
            for content in contents:
                part = slot, content.says
                if part not in before:
                    (self.either if content.fingerprint in ours else self.theirs).add(part)
        self.consent()

    def consent(self) -> None:
        """Take note of what may be taken over: what stands there and is wanted, and a policy that can be joined."""
        if self.consents_to:
            taken = {part for part in self.theirs if part in self.consents_to or part[0].purpose == "SPF"}
            self.theirs -= taken
            self.adopted |= {part for part in taken if part[0].purpose != "SPF"}

    # What CloudFormation sends.

    def send(self, kind: str, number: int, new: Wanted, old: Wanted | None = None, physical_id: str = "") -> Event:
        sent = event(HANDLER, kind, **new.properties)
        sent["LogicalResourceId"] = f"Records{number}"
        if kind != "create":
            sent["PhysicalResourceId"] = physical_id or f"{ZONE}|example.com"
        if old:
            sent["OldResourceProperties"] = {**sent["ResourceProperties"], **old.properties}
        self.consents_to = new.parts if kind != "delete" and new.adopts else set()
        self.consent()
        answer = self.aws.send(HANDLER, sent)
        self.consents_to = set()
        there = self.parts()
        assert self.theirs <= there, f"{kind} took away what is not ours: {self.theirs - there}"
        if kind == "delete":
            assert self.adopted <= there, f"what was adopted went: {self.adopted - there}"
        # What was taken over and then changed by the template is still what was taken over.
        changed = {slot for slot, _ in self.adopted - there}
        self.adopted = {part for part in there if part in self.adopted or part[0] in changed}
        return answer

    def calm_down(self) -> None:
        self.aws.aws.faults.clear()
        self.arrivals.clear()
        self.calm = True

    def delete(self, number: int, wanted: Wanted, physical_id: str) -> None:
        if self.send("delete", number, wanted, physical_id=physical_id)["Status"] == "FAILED":
            self.calm_down()
            assert self.send("delete", number, wanted, physical_id=physical_id)["Status"] == "SUCCESS"

    def roll_back(self, number: int, failed: Wanted, to: Wanted) -> None:
        """Return to *to*; a person helps where the reason says how."""
        answer = self.send("update", number, to, failed)
        self.calm_down()
        if answer["Status"] == "FAILED":
            answer = self.send("update", number, to, failed)
        if answer["Status"] == "FAILED":
            assert "continue the update roll-back" in answer["Reason"]
            for key in [key for key, _ in to.records]:
                self.put(key, [])
            answer = self.send("update", number, to, failed)
        assert answer["Status"] == "SUCCESS", answer["Reason"]

    def expect(self, trouble: list[Fault], meddled: tuple[int, tuple[Key, list[str]]] | None) -> None:
        self.aws.aws.faults[:] = trouble
        self.calm = not trouble
        stale = self.remembered("tried")
        self.arrivals[:] = []
        if meddled:
            at, (key, values) = meddled
            self.arrivals[:] = [lambda: None] * at + [lambda: self.put(key, values, stale=stale)]

    # What people do.

    @rule(one=numbered, trouble=faults, meddled=meddling)
    def deploy(
        self, one: tuple[int, Wanted], trouble: list[Fault], meddled: tuple[int, tuple[Key, list[str]]] | None
    ) -> None:
        number, wanted = one
        before, standing = self.deployed.get(number), self.parts()
        self.expect(trouble, meddled)
        answer = self.send("update" if before else "create", number, wanted, before)
        if answer["Status"] == "SUCCESS":
            self.deployed[number] = wanted
            if not before and not meddled:
                self.check_all_there(wanted)
        elif before:
            self.roll_back(number, wanted, before)
        else:
            taken = {slot for slot, _ in standing} & {slot for slot, _ in wanted.parts}
            assert trouble or meddled or taken, answer["Reason"]
            self.delete(number, wanted, answer["PhysicalResourceId"])
        self.calm_down()

    def check_all_there(self, wanted: Wanted) -> None:
        there = dict(self.parts())
        for slot, says in wanted.parts:
            assert slot in there
            if slot.purpose == "SPF":
                assert merged(there[slot][0], says[0]) == there[slot][0]
            else:
                assert there[slot] == says

    @precondition(lambda self: self.deployed)
    @rule(one=numbered, trouble=faults)
    def something_else_fails(self, one: tuple[int, Wanted], trouble: list[Fault]) -> None:
        number, wanted = one
        if number not in self.deployed:
            return
        before = self.deployed[number]
        self.expect(trouble, None)
        self.send("update", number, wanted, before)
        self.roll_back(number, wanted, before)

    @precondition(lambda self: self.deployed)
    @rule(number=st.integers(0, 1), trouble=faults, meddled=meddling)
    def destroy(self, number: int, trouble: list[Fault], meddled: tuple[int, tuple[Key, list[str]]] | None) -> None:
        if number in self.deployed:
            self.expect(trouble, meddled)
            self.delete(number, self.deployed.pop(number), "")
            self.calm_down()

    @rule(written=by_hand)
    def somebody_writes(self, written: tuple[Key, list[str]]) -> None:
        self.put(*written)

    # What we promise.

    @invariant()
    def nothing_of_ours_is_left_where_nothing_is_deployed(self) -> None:
        if self.deployed:
            return
        assert not self.aws.parameters.values
        left = {part for part in self.parts() if part[0].purpose != "SPF"}
        assert left <= self.theirs | self.adopted | self.either
        self.theirs |= left
        self.either.clear()

    @invariant()
    def a_name_has_one_spf_policy(self) -> None:
        assert sum("v=spf1" in value for value in self.aws.route53.records().get(APEX, ())) < 2


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
