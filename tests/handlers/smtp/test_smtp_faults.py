"""Every call that the SMTP handlers make, everything that can go wrong with it: no lost key, no login that fails."""

import traceback
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import pytest

from ses_constructs.handlers.rotate_smtp_credentials import RotationError

from ..in_memory_aws import FOREVER, Fault, Trouble
from ..world import pairwise
from .smtp_aws import DELAY_SECONDS
from .smtp_world import (
    DELETE,
    DESCRIBE,
    FOREIGN_USER,
    GRACE,
    LIST,
    MAKE,
    OTHER_USER,
    READ,
    STEPS,
    USER,
    WRITE,
    SmtpWorld,
    secrets_seen,
    smtp_world,
)

SWITCH = "iam.UpdateAccessKey"
MOVE, VERSIONS = "secretsmanager.UpdateSecretVersionStage", "secretsmanager.ListSecretVersionIds"
STAYING = [Trouble.BROKEN, Trouble.DENIED, Trouble.TIMED_OUT_AFTER]


def nothing(smtp: SmtpWorld) -> None:
    """Leave the world as it is."""


def deployed(smtp: SmtpWorld) -> None:
    smtp.deploy(Rotates="true")
    smtp.wait(DELAY_SECONDS)


def rotated(smtp: SmtpWorld) -> None:
    deployed(smtp)
    smtp.rotate()


def shared(smtp: SmtpWorld) -> None:
    smtp.deploy(**FOREIGN_USER)
    smtp.iam.add(OTHER_USER, ours=False)


def begun(steps: int) -> Callable[[SmtpWorld], None]:
    def begin(smtp: SmtpWorld) -> None:
        deployed(smtp)
        smtp.wait(DELAY_SECONDS)
        token = smtp.begin()
        for step in STEPS[:steps]:
            smtp.step(step, token)

    return begin


def over(times: int) -> Callable[[SmtpWorld], None]:
    def wait(smtp: SmtpWorld) -> None:
        rotated(smtp)
        smtp.wait(times * GRACE + 1)

    return wait


class Step(NamedTuple):
    """One event, in the state where it usually comes."""

    name: str
    arrange: Callable[[SmtpWorld], None]
    run: Callable[[SmtpWorld], object]
    calls: tuple[str, ...]


def custom(kind: str, physical_id: str = "", **properties: str) -> Callable[[SmtpWorld], object]:
    """An event of CloudFormation; a FAILED answer is raised, so that both handlers fail in one way."""

    def send(smtp: SmtpWorld) -> object:
        old = {"Rotates": properties.get("Rotates", "false")}
        answer = smtp.send(kind, physical_id, old if kind == "update" else None, **properties)
        if answer["Status"] == "FAILED":
            raise RotationError(answer["Reason"])
        return answer["PhysicalResourceId"]

    return send


def step(number: int) -> Callable[[SmtpWorld], object]:
    return lambda smtp: smtp.step(STEPS[number], smtp.secret.stages["AWSPENDING"] if number else smtp.begin())


EVENTS = (
    Step("create", nothing, custom("create"), (DESCRIBE, READ, LIST, DESCRIBE, MAKE, WRITE, LIST)),
    Step("another port", deployed, custom("update", Rotates="true"), (DESCRIBE, READ, LIST, DESCRIBE, WRITE, LIST)),
    Step(
        "another region",
        rotated,
        custom("update", Rotates="true", Region="us-east-1"),
        # Both keys are ours and the limit is met, so the previous one makes room.
        (
            DESCRIBE,
            READ,
            LIST,
            READ,
            DESCRIBE,
            READ,
            READ,
            DESCRIBE,
            MOVE,
            DELETE,
            MAKE,
            WRITE,
            LIST,
            DESCRIBE,
            READ,
            READ,
        ),
    ),
    Step("delete", rotated, custom("delete"), (DESCRIBE, DESCRIBE, VERSIONS, READ, READ, LIST, DELETE, DELETE)),
    Step(
        "delete from another user",
        shared,
        custom("delete", f"smtp-credentials|{OTHER_USER}|AKIA{1:016}", **FOREIGN_USER),
        (DESCRIBE, DESCRIBE, VERSIONS, READ, LIST, DELETE),
    ),
    Step("createSecret", deployed, step(0), (DESCRIBE, READ, LIST, READ, MAKE, WRITE)),
    Step(
        "createSecret again",
        rotated,
        step(0),
        (DESCRIBE, READ, LIST, DESCRIBE, READ, READ, READ, READ, DELETE, MAKE, WRITE),
    ),
    Step("testSecret", begun(2), step(2), (DESCRIBE, READ)),
    Step("finishSecret", begun(3), step(3), (DESCRIBE, READ, READ, LIST, MOVE)),
    Step("sweep, first", over(1), SmtpWorld.sweep, (LIST, DESCRIBE, DESCRIBE, READ, READ, SWITCH)),
    Step("sweep, last", over(2), SmtpWorld.sweep, (LIST, DESCRIBE, DESCRIBE, READ, READ, DELETE)),
)
CALLS = [
    pytest.param(event, call, skip, id=f"{event.name}-{call}-{skip}")
    for event in EVENTS
    for call in dict.fromkeys(event.calls)
    for skip in range(event.calls.count(call))
]
every_event = pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.name)
every_call = pytest.mark.parametrize(("event", "call", "skip"), CALLS)


def end(smtp: SmtpWorld) -> object:
    """What counts in the end: who has which keys, and what the current credentials are for."""
    keys = {
        user: sorted((key.ours, key.active, key.id == name) for key in smtp.keys_of(user))
        for user in (USER, OTHER_USER)
        for name in [smtp.current()["username"] if smtp.secret.value() else ""]
    }
    current = smtp.current() if smtp.secret.value() else {}
    return keys, {name: current.get(name) for name in ("host", "port", "region")}, sorted(smtp.secret.stages)


@cache
def calm_end(name: str) -> object:
    """What an event comes to without trouble."""
    (event,) = (event for event in EVENTS if event.name == name)
    with smtp_world() as calm:
        event.arrange(calm)
        event.run(calm)
        return end(calm)


def check_promises(smtp: SmtpWorld) -> None:
    assert all(len(smtp.keys_of(user)) <= 2 for user in (USER, OTHER_USER))
    assert [key.active for key in smtp.keys_of(OTHER_USER) if not key.ours] in ([], [True])


@every_event
def test_an_event_makes_no_other_calls_than_these(smtp: SmtpWorld, event: Step) -> None:
    event.arrange(smtp)
    smtp.world.aws.calls.clear()

    event.run(smtp)

    assert tuple(smtp.world.aws.operations()) == event.calls


@every_event
def test_an_event_may_come_twice(smtp: SmtpWorld, event: Step) -> None:
    event.arrange(smtp)
    event.run(smtp)
    after, made = end(smtp), smtp.iam.made

    event.run(smtp)

    assert (end(smtp), smtp.iam.made) == (after, made)


@every_call
def test_a_lost_answer_is_sat_out(smtp: SmtpWorld, event: Step, call: str, skip: int) -> None:
    expected = calm_end(event.name)
    event.arrange(smtp)
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, call, skip=skip, times=2))

    event.run(smtp)

    assert end(smtp) == expected


@pytest.mark.parametrize("trouble", STAYING, ids=lambda trouble: trouble.name)
@every_call
def test_trouble_that_stays_fails_without_harm_and_the_event_can_come_again(
    smtp: SmtpWorld, event: Step, call: str, skip: int, trouble: Trouble
) -> None:
    expected = calm_end(event.name)
    event.arrange(smtp)
    worked = bool(smtp.secret.value()) and smtp.logs_in()
    smtp.world.aws.faults.append(Fault(trouble, call, skip=skip, times=FOREVER))

    said = ""
    try:
        event.run(smtp)
    except RotationError as error:
        said = "".join(traceback.format_exception(error)) + repr(error)
        # A time-out is told by its URL alone.
        assert call.partition(".")[2] in said or "Read timeout" in said
        assert "User is not authorized" in said or trouble is not Trouble.DENIED
    # The keys of an own user are known from their list as well.
    unneeded = event.name == "delete" and call in (READ, VERSIONS, DESCRIBE) and trouble is Trouble.DENIED
    assert said or trouble is Trouble.TIMED_OUT_AFTER or unneeded
    check_promises(smtp)
    assert secrets_seen(smtp, [said]) == []
    # What was promised to clients holds in the middle of a failure, but for a delete.
    assert not worked or "delete" in event.name or smtp.logs_in()

    smtp.world.aws.faults.clear()
    event.run(smtp)

    assert end(smtp) == expected


@pytest.mark.parametrize(("skip", "user", "trouble"), pairwise(range(6), [{}, FOREIGN_USER], [*Trouble]))
def test_after_a_create_that_failed_anywhere_its_delete_leaves_nothing(
    smtp: SmtpWorld, skip: int, user: dict[str, str], trouble: Trouble
) -> None:
    smtp.world.aws.faults.append(Fault(trouble, skip=skip, times=FOREVER))
    answer = smtp.send("create", **user)
    smtp.world.aws.faults.clear()

    assert smtp.send("delete", answer["PhysicalResourceId"], **user)["Status"] == "SUCCESS"

    left = [key for name in (USER, OTHER_USER) for key in smtp.keys_of(name)]
    # Of a user that is not ours, nobody can tell who made a key while neither IAM nor the secret answers.
    assert not left or (user and "delete any access key made since" in answer["Reason"])
