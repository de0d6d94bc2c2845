"""Secrets Manager may deliver a step again while its first run goes on: both end in one pair, and it logs in."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import repeat
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ..in_memory_aws import FOREVER, Fault, Trouble
from .smtp_aws import DELAY_SECONDS
from .smtp_world import GRACE, OTHER_USER, STEPS, USER, SmtpWorld, smtp_world
from .turns import Turns, after

# More than createSecret makes.
CALLS_OF_CREATE = 13
MAKE = "iam.CreateAccessKey"
DONE = ["", ""]


def deployed(smtp: SmtpWorld) -> None:
    """One key."""


def rotated(smtp: SmtpWorld) -> None:
    """A previous key that has to make room."""
    smtp.rotate()


def with_a_stray_key(smtp: SmtpWorld) -> None:
    """A key that no version names has to make room."""
    smtp.iam.add(USER, ours=True)


def with_a_fresh_stray_key(smtp: SmtpWorld) -> None:
    """The like, and so new that another run might be about to write it."""
    smtp.wait(GRACE)
    smtp.iam.add(USER, ours=True)


ARRANGED = (deployed, rotated, with_a_stray_key, with_a_fresh_stray_key)
every_arrangement = pytest.mark.parametrize("arrange", ARRANGED)


class Scene(NamedTuple):
    """A rotation that has begun, and can begin again."""

    smtp: SmtpWorld
    token: str
    user: str
    before: str

    def run(self, *steps: str) -> Callable[[], None]:
        """One delivery of these steps, which ends with the first that fails."""

        def run() -> None:
            for step in steps:
                self.smtp.step(step, self.token)

        return run

    def check_pair(self, *others: str) -> None:
        """One new pair is in the secret and logs in, and there is no other key but those of the *others*."""
        assert self.smtp.secret.stages["AWSCURRENT"] == self.token
        assert self.smtp.logs_in()
        expected = dict.fromkeys((*others, self.smtp.current()["username"]), True)
        assert {key.id: key.active for key in self.smtp.keys_of(self.user)} == expected


@contextmanager
def scene(arrange: Callable[[SmtpWorld], None], *, owned: bool = True, delay: float = 0) -> Iterator[Scene]:
    user, ours = (USER, "true") if owned else (OTHER_USER, "false")
    with smtp_world(SMTP_USER_NAME=user, SMTP_OWNS_USER=ours) as smtp:
        smtp.server.delay = delay
        smtp.deploy(UserName=user, OwnsUser=ours, Rotates="true")
        smtp.wait(DELAY_SECONDS)
        arrange(smtp)
        if arrange is not with_a_fresh_stray_key:
            smtp.wait(GRACE)
        yield Scene(smtp, smtp.begin(), user, smtp.current()["username"])


def again(at: Scene) -> Iterator[Callable[..., Turns]]:
    """The same scene again and again, for an order of turns: how many calls a run makes before the other goes on."""
    iam, secrets, clock = at.smtp.iam, at.smtp.secrets, at.smtp.world.clock
    saved = iam.users, iam.made, iam.deleted, secrets.secrets, clock.now
    while True:
        iam.users, iam.made, iam.deleted, secrets.secrets, clock.now = copy.deepcopy(saved)
        yield lambda *order: Turns(at.smtp, after(*order))


def check_every_interleaving(at: Scene, *others: str) -> None:
    """Have a second createSecret come in after each call of the first, and the first go on after each of the second."""
    fresh = again(at)
    for first in range(CALLS_OF_CREATE):
        for second in range(1, CALLS_OF_CREATE):
            turns = next(fresh)(first, second, FOREVER)
            assert turns.run(*repeat(at.run("createSecret"), 2)) == DONE
            at.run(*STEPS)()
            at.check_pair(*others)
            if turns.calls[1] <= second:  # it was over before the first went on
                break
        if turns.calls[0] <= first:
            break


@every_arrangement
def test_two_runs_of_a_step_make_one_key(arrange: Callable[[SmtpWorld], None]) -> None:
    with scene(arrange) as at:
        check_every_interleaving(at, at.before)


def test_two_runs_of_a_step_make_one_key_of_a_user_that_is_not_ours() -> None:
    with scene(rotated, owned=False) as at:
        check_every_interleaving(at, at.before)


def test_two_runs_make_one_key_where_there_is_room_for_two() -> None:
    with scene(deployed) as at:
        # By somebody who should not have.
        at.smtp.iam.delete_access_key(UserName=USER, AccessKeyId=at.before)
        check_every_interleaving(at)


@every_arrangement
def test_a_run_that_was_held_up_finds_the_whole_rotation_done(arrange: Callable[[SmtpWorld], None]) -> None:
    with scene(arrange) as at:
        for first, fresh in enumerate(again(at)):
            turns = fresh(first, FOREVER)
            assert turns.run(*repeat(at.run(*STEPS), 2)) == DONE
            at.check_pair(at.before)
            if turns.calls[0] <= first:
                return


@given(
    order=st.lists(st.integers(1, CALLS_OF_CREATE), max_size=8),
    arrange=st.sampled_from(ARRANGED),
    owned=st.booleans(),
    delays=st.tuples(st.sampled_from([0, 1]), st.sampled_from([0, 3, 8])),
    fault=st.none()
    | st.builds(
        Fault,
        st.sampled_from([Trouble.THROTTLED, Trouble.TIMED_OUT, Trouble.TIMED_OUT_AFTER]),
        st.sampled_from([MAKE, MAKE, "iam.DeleteAccessKey", "secretsmanager.PutSecretValue", ""]),
        skip=st.integers(0, 3),
        times=st.integers(1, 3),
    ),
)
# The first run looks for the key of a call that did nothing, and finds the one that the other is about to write.
@example([5, 5, 3, 1, 9], deployed, True, (1, 0), Fault(Trouble.TIMED_OUT, MAKE))
# Or it finds the one that the other has written.
@example([5], deployed, True, (0, 0), Fault(Trouble.TIMED_OUT, MAKE))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_two_runs_and_a_lost_answer_end_in_one_pair(
    order: list[int],
    arrange: Callable[[SmtpWorld], None],
    owned: bool,
    delays: tuple[float, float],
    fault: Fault | None,
) -> None:
    # A stray key can make room in a user of ours alone.
    with scene(arrange if owned else rotated, owned=owned, delay=DELAY_SECONDS) as at:
        call_takes, at.smtp.iam.lag = delays
        if fault:
            at.smtp.world.aws.faults.append(copy.copy(fault))
        said = Turns(at.smtp, after(*order), call_takes=call_takes).run(*repeat(at.run(*STEPS), 2))
        assert fault or said == DONE
        at.smtp.world.aws.faults.clear()
        # Secrets Manager comes back to a rotation that failed.
        at.run(*STEPS)()
        at.check_pair(at.before)
