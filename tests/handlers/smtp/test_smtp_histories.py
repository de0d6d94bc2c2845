"""Whatever happens to SMTP credentials, in whatever order, the promises hold.

A history is made of deployments with their failures and roll-backs, rotations of which any step may come twice, fail or
never come, sweeps, people who make and delete keys of their own, trouble with AWS, lists of keys that are some seconds
old, and an SMTP endpoint that knows a key late or cannot be reached. The machine plays CloudFormation
and Secrets Manager: it sends what they would send next. One user is the stack's own, the other has a life of its own.
"""

import os
import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ses_constructs.handlers.rotate_smtp_credentials import RotationError

from ..in_memory_aws import FOREVER, Fault, Trouble
from ..world import Event
from .smtp_aws import MOST_KEYS, StoredSecret
from .smtp_world import ARN, GRACE, OTHER_ARN, OTHER_USER, STEPS, USER, secrets_seen, smtp_world


@dataclass(frozen=True)
class Wanted:
    """What the template says."""

    user: str
    secret: str
    region: str
    port: int
    rotates: bool

    @property
    def owned(self) -> bool:
        return self.user == USER

    @property
    def host(self) -> str:
        return f"email-smtp.{self.region}.amazonaws.com"

    @property
    def properties(self) -> dict[str, str]:
        return {
            "UserName": self.user,
            "SecretArn": self.secret,
            "Host": self.host,
            "Port": str(self.port),
            "Region": self.region,
            "OwnsUser": str(self.owned).lower(),
            "Rotates": str(self.rotates).lower(),
        }

    @property
    def environment(self) -> dict[str, str]:
        names = {"SMTP_USER_NAME": self.user, "SMTP_SECRET_ARN": self.secret, "SMTP_GRACE_SECONDS": str(GRACE)}
        endpoint = {"SMTP_HOST": self.host, "SMTP_PORT": str(self.port)}
        return names | endpoint | {"SMTP_OWNS_USER": str(self.owned).lower()}


templates = st.builds(
    Wanted,
    st.sampled_from([USER, OTHER_USER]),
    st.sampled_from([ARN, ARN, OTHER_ARN]),
    st.sampled_from(["eu-west-1", "eu-west-1", "us-east-1"]),
    st.sampled_from([465, 587]),
    st.sampled_from([True, True, False]),
)
OPERATIONS = (
    "iam.CreateAccessKey",
    "iam.DeleteAccessKey",
    "iam.ListAccessKeys",
    "secretsmanager.GetSecretValue",
    "secretsmanager.PutSecretValue",
    "secretsmanager.PutSecretValue",
    "secretsmanager.UpdateSecretVersionStage",
)
times = st.sampled_from([1, 2, FOREVER, FOREVER])
faults = st.just(list[Fault]()) | st.lists(
    st.builds(Fault, st.sampled_from(Trouble), st.sampled_from(OPERATIONS), skip=st.integers(0, 1), times=times)
    | st.builds(Fault, st.sampled_from(Trouble), skip=st.integers(0, 8), times=times),
    min_size=1,
    max_size=2,
)
# How often each step of a rotation comes; whole rotations, most of the time.
rotations = st.sampled_from([(1, 1, 1, 1)] * 3 + [(2, 2, 2, 2), (1, 2, 1), (2, 1), (1,)])


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.smtp = self.open.enter_context(smtp_world(2))
        self.aws = self.smtp.world.aws
        self.deployed: Wanted | None = None
        self.physical_id = ""
        self.said: list[str] = []
        self.reachable = True

    @initialize(lag=st.sampled_from([0, 3, 8]), reachable=st.sampled_from([True, True, False]))
    def find(self, lag: int, reachable: bool) -> None:
        self.smtp.iam.lag, self.reachable = lag, reachable

    def teardown(self) -> None:
        said = [*self.said, *(body.decode() for body in self.smtp.world.cloudformation.bodies)]
        assert secrets_seen(self.smtp, said) == []
        self.open.close()

    # What is there.

    def foreign(self) -> list[tuple[str, bool]]:
        return [(key.id, key.active) for key in self.smtp.keys_of(OTHER_USER) if not key.ours]

    def ours(self, user: str) -> set[str]:
        return {key.id for key in self.smtp.keys_of(user) if key.ours}

    def current_of(self, wanted: Wanted) -> str:
        return str(self.smtp.current(wanted.secret)["username"])

    # What CloudFormation sends.

    def begin_operation(self, trouble: list[Fault]) -> None:
        """Let the list of keys be as of now; in what follows, CloudFormation sends one event right after the other."""
        self.smtp.wait(self.smtp.iam.lag)
        self.aws.faults[:] = trouble

    def touching_no_key_of_others(self, run: Callable[[], None]) -> None:
        before = self.foreign()
        try:
            run()
        finally:
            assert self.foreign() == before, "touched a key of somebody else"

    def send(self, kind: str, new: Wanted, physical_id: str = "", old: Wanted | None = None) -> Event:
        answers: list[Event] = []
        calm = not self.aws.faults
        self.smtp.server.refusals = [] if self.reachable else [OSError("no route")]
        self.touching_no_key_of_others(
            lambda: answers.append(self.smtp.send(kind, physical_id, old.properties if old else None, **new.properties))
        )
        (answer,) = answers
        if answer["Status"] == "SUCCESS" and kind != "delete":
            self.check_login(new, at_once=calm and self.reachable)
        if answer["Status"] == "FAILED":
            self.follow(answer["Reason"], new)
        return answer

    def check_login(self, wanted: Wanted, *, at_once: bool = False) -> None:
        """Check that the current credentials log in, *at_once* or when their key is known everywhere."""
        current = self.smtp.current(wanted.secret)
        assert self.smtp.logs_in(wanted.secret)
        assert not at_once or self.smtp.server.accepts(current["username"], current["password"], wanted.region)
        assert {name: current[name] for name in ("host", "port", "region")} == {
            "host": wanted.host,
            "port": wanted.port,
            "region": wanted.region,
        }
        assert current["username"] in self.ours(wanted.user)

    def follow(self, sentence: str, wanted: Wanted) -> None:
        """Delete by hand the keys that a sentence names, as a person does."""
        if wanted.owned or "if no secret names it" not in sentence:
            return
        named = set(re.findall(r"access key (AKIA\d+)", sentence))
        lost = self.ours(wanted.user) if "any access key made since" in sentence else named
        values = "".join(value or "" for one in self.smtp.secrets.secrets.values() for value in one.values.values())
        keys = self.smtp.keys_of(wanted.user)
        keys[:] = [key for key in keys if key.id not in lost or key.id in values]

    def delete(self, wanted: Wanted, physical_id: str) -> None:
        """Send the Delete, again without trouble if it fails; then CloudFormation could delete an own user."""
        if self.send("delete", wanted, physical_id)["Status"] == "FAILED":
            self.aws.faults.clear()
            assert self.send("delete", wanted, physical_id)["Status"] == "SUCCESS"
        assert not self.ours(wanted.user), "left a key"

    def roll_back(self, failed: Wanted, physical_id: str) -> str:
        """Return to what is deployed; a person helps where the reason says how."""
        assert self.deployed
        answer = self.send("update", self.deployed, physical_id, failed)
        if answer["Status"] == "FAILED":
            self.aws.faults.clear()
            answer = self.send("update", self.deployed, physical_id, failed)
        if answer["Status"] == "FAILED":
            assert "delete" in answer["Reason"]
            self.remove_foreign(self.deployed.user)
            self.smtp.wait(self.smtp.iam.lag)
            answer = self.send("update", self.deployed, physical_id, failed)
        assert answer["Status"] == "SUCCESS", answer["Reason"]
        return str(answer["PhysicalResourceId"])

    def remove_foreign(self, user: str) -> None:
        keys = self.smtp.keys_of(user)
        keys[:] = [key for key in keys if key.ours]

    def forget_secret(self, arn: str) -> None:
        self.smtp.secrets.secrets[arn] = StoredSecret()

    def may_be_refused(self, wanted: Wanted) -> bool:
        return not wanted.owned and bool(self.foreign())

    # What people do.

    @precondition(lambda self: self.deployed is None)
    @rule(wanted=templates, trouble=faults)
    def create(self, wanted: Wanted, trouble: list[Fault]) -> None:
        self.begin_operation(trouble)
        answer = self.send("create", wanted)
        if answer["Status"] == "SUCCESS":
            self.deployed, self.physical_id = wanted, answer["PhysicalResourceId"]
        else:
            assert trouble or self.may_be_refused(wanted)
            self.delete(wanted, answer["PhysicalResourceId"])
            self.forget_secret(wanted.secret)
        self.aws.faults.clear()

    @precondition(lambda self: self.deployed is None)
    @rule(wanted=templates, again=st.sampled_from([True, True, False]), trouble=faults)
    def create_with_a_lost_answer(self, wanted: Wanted, again: bool, trouble: list[Fault]) -> None:
        """Lambda runs the event again, or CloudFormation gives up and deletes under an id of its own."""
        self.begin_operation([])
        self.smtp.world.cloudformation.losses = [OSError("lost")] * 4
        with pytest.raises(RuntimeError, match="did not take the answer"):
            self.send("create", wanted)
        if again and not self.may_be_refused(wanted):
            before = self.ours(wanted.user)
            self.smtp.wait(60)  # as long as Lambda waits
            # Who may not look now was not allowed to act before either.
            self.aws.faults[:] = [fault for fault in trouble if fault.trouble is not Trouble.DENIED]
            answer = self.send("create", wanted)
            if answer["Status"] == "SUCCESS":
                assert self.ours(wanted.user) == before, "made a second key"
                self.deployed, self.physical_id = wanted, answer["PhysicalResourceId"]
            else:
                self.delete(wanted, answer["PhysicalResourceId"])
                self.forget_secret(wanted.secret)
        else:
            self.smtp.wait(600)  # as long as CloudFormation waits
            self.delete(wanted, "Mail-Smtp-1XYZ")
            self.forget_secret(wanted.secret)
        self.aws.faults.clear()

    @precondition(lambda self: self.deployed is not None)
    @rule(wanted=templates, trouble=faults, something_else_fails=st.booleans())
    def update(self, wanted: Wanted, trouble: list[Fault], something_else_fails: bool) -> None:
        assert self.deployed
        before, id_before = self.deployed, self.physical_id
        self.begin_operation(trouble)
        answer = self.send("update", wanted, id_before, before)
        if answer["Status"] == "FAILED":
            assert answer["PhysicalResourceId"] == id_before
            assert trouble or self.may_be_refused(wanted)
            self.physical_id = self.roll_back(wanted, id_before)
            assert self.physical_id == id_before
            gone = wanted
        elif something_else_fails:
            new_id = answer["PhysicalResourceId"]
            self.physical_id = self.roll_back(wanted, new_id)
            if new_id != self.physical_id:
                self.delete(wanted, new_id)
            gone = wanted
        else:
            self.deployed, self.physical_id = wanted, answer["PhysicalResourceId"]
            if id_before != self.physical_id:
                self.delete(before, id_before)
            gone = before
        assert self.deployed
        if gone.secret != self.deployed.secret:
            self.forget_secret(gone.secret)
        if gone.user != self.deployed.user:
            if trouble and self.deployed.user == OTHER_USER:
                # A known gap: where trouble lasts until the end of a roll-back to a user that is not ours, a key of our
                # own user can be left, which a person has to delete before CloudFormation can delete the user.
                self.smtp.keys_of(gone.user)[:] = []
            assert not self.ours(gone.user), "left a key of the user before"
        if not self.deployed.rotates:
            assert self.ours(self.deployed.user) == {self.current_of(self.deployed)}, "left a key that was replaced"
        self.aws.faults.clear()

    @precondition(lambda self: self.deployed is not None)
    @rule(trouble=faults, really=st.sampled_from([False, False, True]))
    def destroy(self, trouble: list[Fault], really: bool) -> None:
        assert self.deployed
        if not really:  # or most histories would be short lives, one after the other
            return
        self.begin_operation(trouble)
        self.delete(self.deployed, self.physical_id)
        self.forget_secret(self.deployed.secret)
        self.deployed = None
        self.aws.faults.clear()

    # What Secrets Manager and EventBridge do.

    def run(self, run: Callable[[], None]) -> bool:
        """Run the rotation function; tell whether it did what it should."""
        assert self.deployed
        with mock.patch.dict(os.environ, self.deployed.environment):
            try:
                self.touching_no_key_of_others(run)
                return True
            except RotationError as error:
                said = error
        self.said.append(str(said))
        self.follow(str(said), self.deployed)
        assert said.__context__ is None
        return False

    @precondition(lambda self: self.deployed and self.deployed.rotates)
    @rule(times=rotations, trouble=faults, started=st.booleans())
    def rotate(self, times: tuple[int, ...], trouble: list[Fault], started: bool) -> None:
        """Run as many steps as *times* has entries, each as often as it says, until one fails."""
        assert self.deployed
        secret, before = self.smtp.secrets.secrets[self.deployed.secret], self.current_of(self.deployed)
        if started:  # by a person who took the label off a rotation that did not end
            secret.stages.pop("AWSPENDING", None)
        with mock.patch.object(type(self.smtp), "secret", secret):
            token = self.smtp.begin()
            self.aws.faults[:] = trouble
            for step, often in zip(STEPS, times, strict=False):
                for _ in range(often):
                    changes = {"SecretId": self.deployed.secret}
                    if not self.run(lambda step=step, changes=changes: self.smtp.step(step, token, **changes)):  # type: ignore[misc]
                        self.aws.faults.clear()
                        return
                self.check_login(self.deployed)
        if len(times) == len(STEPS):
            assert self.current_of(self.deployed) != before
        self.aws.faults.clear()

    @precondition(lambda self: self.deployed and self.deployed.rotates)
    @rule(seconds=st.sampled_from([0, GRACE // 2, GRACE + 1, 2 * GRACE + 1]), trouble=faults)
    def sweep(self, seconds: float, trouble: list[Fault]) -> None:
        assert self.deployed
        self.smtp.wait(seconds)
        self.aws.faults[:] = trouble
        assert self.run(self.smtp.sweep) or trouble
        self.aws.faults.clear()

    # What other people do with the user that is not ours.

    @rule()
    def somebody_makes_a_key(self) -> None:
        if len(self.smtp.keys_of(OTHER_USER)) < MOST_KEYS:
            self.smtp.iam.add(OTHER_USER, ours=False)
            # Whose key it is can only be told by its age if a call of ours gets lost right afterwards.
            self.smtp.wait(6)

    @rule()
    def somebody_deletes_their_keys(self) -> None:
        self.remove_foreign(OTHER_USER)

    # What we promise.

    @invariant()
    def the_current_credentials_are_those_of_the_template_and_log_in(self) -> None:
        if self.deployed:
            self.check_login(self.deployed)

    @invariant()
    def nothing_of_ours_is_left_anywhere_but_in_the_user_of_the_template(self) -> None:
        for user in (USER, OTHER_USER):
            assert len(self.smtp.keys_of(user)) <= MOST_KEYS
            if not self.deployed or self.deployed.user != user:
                assert not self.ours(user)


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
