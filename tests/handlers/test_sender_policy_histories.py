"""Whatever happens to a stack with a sender policy, in whatever order, the promises hold.

A history is made of deployments, failed deployments with their roll-backs, strangers who write and delete policies, and
trouble with AWS. The machine plays CloudFormation: it sends what CloudFormation would send next.
"""

import json
from contextlib import ExitStack
from dataclasses import dataclass

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_services import DomainIdentity
from .world import Event, event, world

HANDLER = "sender_policy"


def document(sid: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Deny"}]})


OURS = {sid: document(sid) for sid in ("OursA", "OursB")}
THEIRS = {sid: document(sid) for sid in ("TheirsA", "TheirsB")}
IDENTITIES, NAMES = ("example.com", "example.org"), ("First", "Second")

Key = tuple[str, str]
keys = st.tuples(st.sampled_from(IDENTITIES), st.sampled_from(NAMES))


@dataclass(frozen=True)
class Wanted:
    """What the template says."""

    key: Key
    document: str

    @property
    def properties(self) -> dict[str, str]:
        return {"Identity": self.key[0], "PolicyName": self.key[1], "Policy": self.document}


templates = st.builds(Wanted, keys, st.sampled_from(sorted(OURS.values())))
faults = st.lists(
    st.builds(Fault, st.sampled_from(Trouble), skip=st.integers(0, 4), times=st.sampled_from([1, 2, FOREVER])),
    max_size=2,
)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.aws = self.open.enter_context(world(tries=2))
        self.aws.state.identities = {name: DomainIdentity() for name in IDENTITIES}
        self.deployed: Wanted | None = None
        self.physical_id = ""

    def teardown(self) -> None:
        self.open.close()

    # What is there, and what CloudFormation sends.

    def policies(self) -> dict[Key, str]:
        found = self.aws.state.identities.items()
        return {(name, policy): text for name, identity in found for policy, text in identity.policies.items()}

    def send(self, kind: str, new: Wanted, old: Wanted | None = None, physical_id: str = "") -> Event:
        sent = event(HANDLER, kind, **new.properties)
        if physical_id:
            sent["PhysicalResourceId"] = physical_id
        if old:
            sent["OldResourceProperties"] = {"ServiceToken": sent["ServiceToken"], **old.properties}
        before = self.policies()
        answer = self.aws.send(HANDLER, sent)  # which also checks that there is one answer
        may_go = {physical_id} if kind == "delete" else set()
        for key, text in before.items():
            if text in THEIRS.values() and "|".join(key) not in may_go:
                assert self.policies().get(key) == text, f"{kind} touched a policy of somebody else"
        return answer

    def delete(self, wanted: Wanted, physical_id: str) -> None:
        if self.send("delete", wanted, physical_id=physical_id)["Status"] == "FAILED":
            self.aws.aws.faults.clear()
            assert self.send("delete", wanted, physical_id=physical_id)["Status"] == "SUCCESS"

    def roll_back(self, failed: Wanted, to: Wanted, physical_id: str) -> str:
        """Return to *to*; a person helps where the reason says how."""
        answer = self.send("update", to, failed, physical_id)
        if answer["Status"] == "FAILED":
            self.aws.aws.faults.clear()
            answer = self.send("update", to, failed, physical_id)
        if answer["Status"] == "FAILED":
            assert "delete that policy" in answer["Reason"]
            self.forget(to.key)
            answer = self.send("update", to, failed, physical_id)
        assert answer["Status"] == "SUCCESS"
        return str(answer["PhysicalResourceId"])

    def forget(self, key: Key) -> None:
        self.aws.state.identities[key[0]].policies.pop(key[1], None)

    # What people do.

    @precondition(lambda self: self.deployed is None)
    @rule(wanted=templates, trouble=faults)
    def create(self, wanted: Wanted, trouble: list[Fault]) -> None:
        self.aws.aws.faults[:] = trouble
        taken = self.policies().get(wanted.key) in THEIRS.values()
        answer = self.send("create", wanted)
        if answer["Status"] == "SUCCESS":
            assert not taken
            self.deployed, self.physical_id = wanted, answer["PhysicalResourceId"]
        else:
            assert taken or trouble
            self.delete(wanted, answer["PhysicalResourceId"])
        self.aws.aws.faults.clear()

    @precondition(lambda self: self.deployed is not None)
    @rule(wanted=templates, trouble=faults, something_else_fails=st.booleans())
    def update(self, wanted: Wanted, trouble: list[Fault], something_else_fails: bool) -> None:
        assert self.deployed
        self.aws.aws.faults[:] = trouble
        before = self.deployed, self.physical_id
        answer = self.send("update", wanted, self.deployed, self.physical_id)
        if answer["Status"] == "FAILED":
            assert answer["PhysicalResourceId"] == self.physical_id
            self.physical_id = self.roll_back(wanted, self.deployed, self.physical_id)
            assert self.physical_id == before[1]
        elif something_else_fails:
            self.physical_id = self.roll_back(wanted, self.deployed, answer["PhysicalResourceId"])
            if answer["PhysicalResourceId"] != self.physical_id:
                self.delete(wanted, answer["PhysicalResourceId"])
        else:
            self.deployed, self.physical_id = wanted, answer["PhysicalResourceId"]
            if before[1] != self.physical_id:
                self.delete(*before)
        self.aws.aws.faults.clear()

    @precondition(lambda self: self.deployed is not None)
    @rule(trouble=faults)
    def destroy(self, trouble: list[Fault]) -> None:
        assert self.deployed
        self.aws.aws.faults[:] = trouble
        self.delete(self.deployed, self.physical_id)
        self.deployed = None
        self.aws.aws.faults.clear()

    @rule(key=keys, text=st.sampled_from(sorted(THEIRS.values())))
    def somebody_writes_a_policy(self, key: Key, text: str) -> None:
        self.aws.state.identities[key[0]].policies[key[1]] = text

    @rule(key=keys)
    def somebody_deletes_a_policy(self, key: Key) -> None:
        self.forget(key)

    # What we promise.

    @invariant()
    def nothing_of_ours_is_left_anywhere_but_where_the_template_says(self) -> None:
        ours = {key for key, text in self.policies().items() if text in OURS.values()}
        assert ours <= ({self.deployed.key} if self.deployed else set())

    @invariant()
    def a_policy_of_ours_says_what_the_template_says(self) -> None:
        if self.deployed:
            found = self.policies().get(self.deployed.key)
            assert found is None or found in (self.deployed.document, *THEIRS.values())


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
