"""Whatever happens to stacks with verified addresses, in whatever order, each deletes its own identities and no other.

Two stacks want the same addresses, people make and delete identities by hand, owners click their links or not, and
calls fail, are lost, or take effect without an answer. The machine sends what CloudFormation would send next.
"""

import os
from contextlib import ExitStack
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ses_constructs.handlers.verified_address import OWNER_TAG

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_services import StackRecords
from .world import Event, event, world

HANDLER = "verified_address"
ADDRESSES = ("Ann.Smith@example.com", "bob@example.org")
STACKS = [event(HANDLER, "create")["StackId"].replace("/Mail/", name) for name in ("/Mail/", "/Other/")]

addresses = st.sampled_from(ADDRESSES)
stacks = st.sampled_from(STACKS)
faults = st.lists(
    st.builds(Fault, st.sampled_from(Trouble), skip=st.integers(0, 4), times=st.sampled_from([1, FOREVER, FOREVER])),
    max_size=2,
)


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.aws = self.open.enter_context(world(tries=2))
        self.stacks = {stack: StackRecords(stack) for stack in STACKS}
        self.deployed: dict[tuple[str, str], str] = {}  # the text of Resend, by stack and address

    def teardown(self) -> None:
        self.open.close()

    def owners(self) -> dict[str, str]:
        """By address, the stack whose identity it is, or nothing where it is nobody's."""
        return {
            address: next((tag["Value"] for tag in found.tags if tag["Key"] == OWNER_TAG), "")
            for address, found in self.aws.state.identities.items()
        }

    def send(self, kind: str, stack: str, address: str, resend: str, before: str | None = None) -> Event:
        sent = event(HANDLER, kind, Address=address, Resend=resend)
        sent |= {"StackId": stack, "LogicalResourceId": f"Address{ADDRESSES.index(address)}"}
        if kind != "create":
            sent["PhysicalResourceId"] = address
        if before is not None:
            sent["OldResourceProperties"] = sent["ResourceProperties"] | {"Resend": before}
        owners = self.owners()
        self.aws.stack = self.stacks[stack]
        self.aws.aws.services = {**self.aws.aws.services, "cloudformation": self.aws.stack}
        with mock.patch.dict(os.environ, {"STACK_ID": stack}):
            answer = self.aws.send(HANDLER, sent)  # which also checks that there is one answer
        for other, owner in owners.items():
            if kind != "delete" or (other, owner) != (address, stack):
                assert self.owners().get(other) == owner, f"{kind} changed an identity that is not its own"
        return answer

    def delete(self, stack: str, address: str) -> None:
        if self.send("delete", stack, address, "")["Status"] == "FAILED":
            self.aws.aws.faults.clear()
            assert self.send("delete", stack, address, "")["Status"] == "SUCCESS"
        assert self.owners().get(address) != stack

    @rule(stack=stacks, address=addresses, resend=st.sampled_from(["", "1", "2"]), trouble=faults, fails=st.booleans())
    def deploy(self, stack: str, address: str, resend: str, trouble: list[Fault], fails: bool) -> None:
        """Create or update; *fails* says that another resource of the stack fails, so that this one is rolled back."""
        self.aws.aws.faults[:] = trouble
        before, there = self.deployed.get((stack, address)), address in self.aws.state.identities
        kind = "create" if before is None else "update"
        answer = self.send(kind, stack, address, resend, before)
        succeeded = answer["Status"] == "SUCCESS"
        assert succeeded or trouble
        if succeeded:
            assert self.owners().get(address) == stack or there
            self.deployed[stack, address] = resend
        if before is None and (fails or not succeeded):
            self.deployed.pop((stack, address), None)
            # Without its own id, a failed Create's Delete sends nothing: then it must have made nothing.
            if answer["PhysicalResourceId"] == address:
                self.delete(stack, address)
            assert self.owners().get(address) != stack
        elif before is not None and (fails or not succeeded):
            self.aws.aws.faults.clear()
            assert self.send("update", stack, address, before, resend)["Status"] == "SUCCESS"
            self.deployed[stack, address] = before
        self.aws.aws.faults.clear()

    @rule(stack=stacks, address=addresses, trouble=faults)
    def destroy(self, stack: str, address: str, trouble: list[Fault]) -> None:
        if self.deployed.pop((stack, address), None) is not None:
            self.aws.aws.faults[:] = trouble
            self.delete(stack, address)
            self.aws.aws.faults.clear()

    @rule(address=addresses)
    def somebody_makes_an_identity(self, address: str) -> None:
        if address not in self.aws.state.identities:
            self.aws.state.new_identity(address)

    @rule(address=addresses)
    def somebody_deletes_an_identity(self, address: str) -> None:
        self.aws.state.identities.pop(address, None)

    @rule(address=addresses)
    def the_owner_clicks_the_link(self, address: str) -> None:
        if address in self.aws.state.identities:
            self.aws.state.identities[address].succeed()

    @invariant()
    def an_identity_of_ours_is_in_a_template(self) -> None:
        assert {(owner, address) for address, owner in self.owners().items() if owner} <= set(self.deployed)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=200, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
