"""Whatever stacks and people do to the one active rule set, in whatever order, the promises hold.

A history is made of deployments of several stacks, failed deployments with their roll-backs, people who activate and
delete sets by hand, and trouble with AWS. The machine plays CloudFormation: it makes a rule set before it sends the
event, and deletes the set afterwards, which SES refuses for an active one. So a set that is left active is found out.
"""

from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from ses_constructs.handlers._custom_resource import UNSURE
from ses_constructs.handlers.activate_rule_set import REPLACED_TAG

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_services import SesV1
from .world import Event, event, world

HANDLER = "activate_rule_set"
THEIRS = ("theirs", "others")
STACKS = ("Mail", "News", "Shop")


@dataclass(frozen=True)
class Wanted:
    """What the template of a stack says."""

    name: str
    take_over: bool

    @property
    def properties(self) -> dict[str, str]:
        return {"RuleSetName": self.name, "TakeOver": str(self.take_over).lower()}


@dataclass
class Stack:
    """What CloudFormation knows of a stack."""

    name: str
    deployed: Wanted | None = None
    physical_id: str = ""

    def wants(self, renamed: bool, take_over: bool) -> Wanted:
        return Wanted(f"{self.name}{'Renamed' if renamed else ''}", take_over)


picks = st.integers(0, 5)
# What a person makes active between two events of CloudFormation: nothing, most of the time.
meanwhiles = st.sampled_from([None, None, None, "", *THEIRS])
faults = st.lists(
    st.builds(
        Fault,
        st.sampled_from(Trouble),
        st.sampled_from(["", "ses.SetActiveReceiptRuleSet"]),
        skip=st.integers(0, 3),
        times=st.sampled_from([1, 2, FOREVER, FOREVER]),
    ),
    max_size=2,
)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.aws = self.open.enter_context(world(tries=2))
        self.sets = SesV1(self.aws.state)  # as CloudFormation and people call it, without trouble
        self.aws.state.rule_sets |= set(THEIRS)
        self.stacks = {name: Stack(name) for name in STACKS}
        self.tags: dict[str, dict[str, str]] = {name: {} for name in STACKS}
        self.aws.stack.others |= {
            ("AWS::SES::ReceiptRuleSet", stack.wants(renamed, False).name)
            for stack in self.stacks.values()
            for renamed in (False, True)
        }

    def teardown(self) -> None:
        self.open.close()

    @property
    def active(self) -> str:
        return self.aws.state.active_rule_set

    def those(self, *, deployed: bool) -> list[Stack]:
        return [stack for stack in self.stacks.values() if (stack.deployed is not None) is deployed]

    def pick(self, number: int, *, deployed: bool) -> Stack:
        return self.those(deployed=deployed)[number % len(self.those(deployed=deployed))]

    def meet(self, meanwhile: str | None) -> None:
        if meanwhile is not None and meanwhile in ("", *self.aws.state.rule_sets):
            self.aws.state.active_rule_set = meanwhile

    # What CloudFormation sends, and what may come of it.

    def sent(self, kind: str, new: Wanted, old: Wanted | None = None, physical_id: str = "") -> Event:
        # Each stack has a function of its own.
        self.aws.functions.tags = self.tags[new.name.removesuffix("Renamed")]
        sent = event(HANDLER, kind, **new.properties)
        if physical_id:
            sent["PhysicalResourceId"] = physical_id
        if old:
            sent["OldResourceProperties"] = {"ServiceToken": sent["ServiceToken"], **old.properties}
        return sent

    def create(self, new: Wanted) -> Event:
        before = self.active
        answer = self.aws.send(HANDLER, self.sent("create", new))  # which also checks that there is one answer
        if self.active != before:
            assert self.active == new.name
            assert not before or new.take_over, "replaced a set of somebody else without being told to"
            remembered = (f"active-rule-set|{before}", UNSURE)
            assert answer["PhysicalResourceId"] in remembered, "does not remember what it replaced"
        if answer["Status"] == "SUCCESS":
            assert self.active == new.name
        assert not answer["PhysicalResourceId"].endswith(f"|{new.name}"), "remembers itself"
        return answer

    def update(self, new: Wanted, old: Wanted, physical_id: str) -> Event:
        before = self.active
        answer = self.aws.send(HANDLER, self.sent("update", new, old, physical_id))
        assert answer["PhysicalResourceId"] == physical_id, "CloudFormation would delete what the old id stands for"
        if self.active != before:
            assert self.active == new.name
            assert before in ("", old.name), "an update replaced a set of somebody else"
        if answer["Status"] == "SUCCESS" and (new.name != old.name or before in ("", old.name)):
            assert self.active == new.name
        return answer

    def delete(self, deployed: Wanted, physical_id: str) -> None:
        """Send the Delete, again without trouble if it fails, and delete the set."""
        for _ in range(2):
            before = self.active
            sent = self.sent("delete", deployed, physical_id=physical_id)
            answer = self.aws.send(HANDLER, sent)
            replaced = physical_id.removeprefix("active-rule-set|") if "|" in physical_id else ""
            if "|" not in physical_id and deployed.take_over:
                replaced = self.aws.functions.tags.get(REPLACED_TAG, "")
            given_back = replaced if replaced in self.aws.state.rule_sets else ""
            if before != deployed.name:
                assert self.active == before, "a delete touched the set of somebody else"
            elif answer["Status"] == "SUCCESS":
                assert self.active == given_back
            else:
                assert self.active in (before, given_back)
            if answer["Status"] == "SUCCESS":
                break
            self.aws.aws.faults.clear()
        assert answer["Status"] == "SUCCESS"
        self.sets.delete_receipt_rule_set(RuleSetName=deployed.name)

    def roll_back(self, failed: Wanted, stack: Stack) -> None:
        """Return to what is deployed; a person helps where the reason says how."""
        assert stack.deployed
        answer = self.update(stack.deployed, failed, stack.physical_id)
        if answer["Status"] == "FAILED":
            self.aws.aws.faults.clear()
            answer = self.update(stack.deployed, failed, stack.physical_id)
        if answer["Status"] == "FAILED":
            assert "deactivate it" in answer["Reason"]
            self.aws.state.active_rule_set = ""
            answer = self.update(stack.deployed, failed, stack.physical_id)
        assert answer["Status"] == "SUCCESS"
        if failed.name != stack.deployed.name:
            self.sets.delete_receipt_rule_set(RuleSetName=failed.name)

    # What people do.

    @precondition(lambda self: self.those(deployed=False))
    @rule(pick=picks, renamed=st.booleans(), take_over=st.booleans(), trouble=faults, meanwhile=meanwhiles)
    def deploy(self, pick: int, renamed: bool, take_over: bool, trouble: list[Fault], meanwhile: str | None) -> None:
        stack = self.pick(pick, deployed=False)
        wanted, before = stack.wants(renamed, take_over), self.active
        self.sets.create_receipt_rule_set(RuleSetName=wanted.name)
        self.aws.aws.faults[:] = trouble
        answer = self.create(wanted)
        if answer["Status"] == "SUCCESS":
            stack.deployed, stack.physical_id = wanted, answer["PhysicalResourceId"]
        else:
            assert trouble or (before and not take_over)
            self.meet(meanwhile)
            self.delete(wanted, answer["PhysicalResourceId"])
        self.aws.aws.faults.clear()

    @precondition(lambda self: self.those(deployed=False))
    @rule(pick=picks, take_over=st.booleans(), trouble=faults, again=st.booleans(), more_trouble=faults)
    def deploy_with_a_lost_answer(
        self, pick: int, take_over: bool, trouble: list[Fault], again: bool, more_trouble: list[Fault]
    ) -> None:
        """Lambda runs the event again, or CloudFormation gives up and deletes under an id of its own."""
        stack = self.pick(pick, deployed=False)
        wanted, before = stack.wants(False, take_over), self.active
        self.sets.create_receipt_rule_set(RuleSetName=wanted.name)
        self.aws.aws.faults[:] = trouble
        self.aws.cloudformation.losses = [OSError("lost")] * 4
        with pytest.raises(RuntimeError, match="did not take the answer"):
            self.aws.invoke(HANDLER, self.sent("create", wanted))
        # Who may not look now was not allowed to act before either.
        self.aws.aws.faults[:] = [fault for fault in more_trouble if fault.trouble is not Trouble.DENIED]
        if again:
            answer = self.create(wanted)
            if answer["Status"] == "SUCCESS":
                stack.deployed, stack.physical_id = wanted, answer["PhysicalResourceId"]
            else:
                self.delete(wanted, answer["PhysicalResourceId"])
        else:
            self.delete(wanted, f"{stack.name}-Activation-1XYZ")
        if not stack.deployed:
            assert self.active == before, "a lost answer cost the set that was active"
        self.aws.aws.faults.clear()

    @precondition(lambda self: self.those(deployed=True))
    @rule(
        pick=picks,
        renamed=st.booleans(),
        take_over=st.booleans(),
        trouble=faults,
        something_else_fails=st.booleans(),
        meanwhile=meanwhiles,
    )
    def change(
        self,
        pick: int,
        renamed: bool,
        take_over: bool,
        trouble: list[Fault],
        something_else_fails: bool,
        meanwhile: str | None,
    ) -> None:
        stack = self.pick(pick, deployed=True)
        wanted, old = stack.wants(renamed, take_over), stack.deployed
        assert old
        if wanted.name != old.name:
            self.sets.create_receipt_rule_set(RuleSetName=wanted.name)
        before = self.active
        self.aws.aws.faults[:] = trouble
        answer = self.update(wanted, old, stack.physical_id)
        if answer["Status"] == "FAILED" or something_else_fails:
            asks_more = wanted.name != old.name or wanted.take_over > old.take_over
            assert answer["Status"] == "SUCCESS" or trouble or (before not in ("", old.name, wanted.name) and asks_more)
            self.meet(meanwhile)
            self.roll_back(wanted, stack)
            if before == old.name and meanwhile is None:
                assert self.active == before, "the roll-back did not restore"
        else:
            stack.deployed = wanted
            if wanted.name != old.name:
                self.sets.delete_receipt_rule_set(RuleSetName=old.name)
        self.aws.aws.faults.clear()

    @precondition(lambda self: self.those(deployed=True))
    @rule(pick=picks, trouble=faults)
    def destroy(self, pick: int, trouble: list[Fault]) -> None:
        stack = self.pick(pick, deployed=True)
        assert stack.deployed
        self.aws.aws.faults[:] = trouble
        self.delete(stack.deployed, stack.physical_id)
        stack.deployed = None
        self.aws.aws.faults.clear()

    @rule(data=st.data())
    def somebody_activates_a_set_or_none(self, data: st.DataObject) -> None:
        self.aws.state.active_rule_set = data.draw(st.sampled_from(["", *sorted(self.aws.state.rule_sets)]))

    @rule(name=st.sampled_from(THEIRS))
    def somebody_deletes_a_set_or_makes_it_again(self, name: str) -> None:
        if name not in self.aws.state.rule_sets:
            self.sets.create_receipt_rule_set(RuleSetName=name)
        elif name != self.active:
            self.sets.delete_receipt_rule_set(RuleSetName=name)

    # What we promise.

    @invariant()
    def the_active_set_exists_and_no_stack_leaves_a_set_behind(self) -> None:
        assert self.active in ("", *self.aws.state.rule_sets)
        deployed = {stack.deployed.name for stack in self.stacks.values() if stack.deployed}
        assert self.aws.state.rule_sets - set(THEIRS) == deployed


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
