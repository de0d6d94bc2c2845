"""IAM's list of keys is some seconds old: no key is lost in that time, and none of somebody else is taken for ours."""

import json

import pytest

from ses_constructs.handlers.rotate_smtp_credentials import RotationError

from ..in_memory_aws import FOREVER, Fault, Trouble
from ..world import pairwise
from .smtp_aws import LIMIT, ids
from .smtp_world import ARN, DELETE, FOREIGN_USER, MAKE, OTHER_USER, SmtpWorld


def ours(smtp: SmtpWorld, user: str = OTHER_USER) -> list[str]:
    return [key.id for key in smtp.keys_of(user) if key.ours]


@pytest.fixture
def deployed(smtp: SmtpWorld) -> SmtpWorld:
    smtp.deploy(Rotates="true")
    smtp.wait(60)
    return smtp


# Keys of which IAM says nothing yet


def test_a_create_that_comes_again_at_once_knows_its_key(smtp: SmtpWorld) -> None:
    smtp.iam.lag, smtp.server.refusals = 10, [OSError("no route")]
    first = smtp.send("create")

    assert smtp.send("create") == first
    assert smtp.iam.made == 1


def test_the_roll_back_of_a_failed_replacement_asks_for_no_key_that_a_placeholder_names(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    placeholder = "f" * 32
    smtp.secret.values[placeholder] = '{"username": "none yet"}'
    smtp.secret.stages = {"AWSCURRENT": placeholder}
    smtp.world.aws.calls.clear()

    assert smtp.send("update", made, FOREIGN_USER)["Status"] == "SUCCESS"
    assert DELETE not in [call.operation for call in smtp.world.aws.calls if call.params.get("UserName") == OTHER_USER]


def test_a_rotation_right_after_a_new_pair_keeps_it(smtp: SmtpWorld) -> None:
    smtp.iam.lag, smtp.server.refusals = 10, [OSError("no route")]
    smtp.deploy(Rotates="true")
    before = smtp.current()["username"]

    smtp.rotate()

    assert ids(smtp.keys_of()) == [before, smtp.current()["username"]]


# Keys whose answer was lost


@pytest.mark.parametrize(
    ("lag", "trouble", "times", "theirs"),
    pairwise([0, 1.5, 5, 20], [Trouble.TIMED_OUT, Trouble.TIMED_OUT_AFTER, Trouble.BROKEN], [1, 2, 3], [0, 1]),
)
def test_a_lost_key_goes_however_late_the_list_shows_it(
    smtp: SmtpWorld, theirs: int, times: int, trouble: Trouble, lag: float
) -> None:
    foreign = [smtp.iam.add(OTHER_USER, ours=False).id for _ in range(theirs)]
    smtp.wait(60)
    smtp.iam.lag = lag
    smtp.world.aws.faults.append(Fault(trouble, MAKE, times=times))

    smtp.deploy(**FOREIGN_USER)

    assert ids(smtp.keys_of(OTHER_USER)) == [*foreign, smtp.current()["username"]]


@pytest.mark.parametrize("theirs", [0, 1])
def test_after_the_last_try_a_lost_key_is_waited_for(smtp: SmtpWorld, theirs: int) -> None:
    foreign = [smtp.iam.add(OTHER_USER, ours=False).id for _ in range(theirs)]
    smtp.wait(60)
    smtp.iam.lag = 20
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE, times=FOREVER))

    assert smtp.send("create", **FOREIGN_USER)["Status"] == "FAILED"
    assert ids(smtp.keys_of(OTHER_USER)) == foreign


def test_a_key_that_somebody_made_before_is_not_taken_for_a_lost_one(smtp: SmtpWorld) -> None:
    theirs = smtp.iam.add(OTHER_USER, ours=False).id
    smtp.wait(6)
    # The list does not show it when we look what was there before.
    smtp.iam.lag = 10
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT, MAKE))

    smtp.deploy(**FOREIGN_USER)

    assert theirs in ids(smtp.keys_of(OTHER_USER))


def test_a_new_key_beside_a_lost_one_that_cannot_be_deleted_either_is_named(smtp: SmtpWorld) -> None:
    smtp.iam.lag = FOREVER
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE))
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, DELETE, times=FOREVER))

    answer = smtp.send("create", **FOREIGN_USER)

    lost, new = ids(smtp.keys_of(OTHER_USER))
    assert f"access key {new}, which was made after it, could not be deleted either" in answer["Reason"]
    assert answer["PhysicalResourceId"] == f"smtp-credentials|{OTHER_USER}|{new}"
    assert lost not in answer["Reason"]


def test_of_two_lost_keys_that_cannot_be_deleted_both_are_told(smtp: SmtpWorld) -> None:
    smtp.iam.lag = 5
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE, times=FOREVER))
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, DELETE, times=FOREVER))

    answer = smtp.send("create", **FOREIGN_USER)

    lost = ids(smtp.keys_of(OTHER_USER))
    assert len(lost) == 2
    # The first is in the list by then, the second is not yet.
    assert f"delete access key {lost[0]} and any access key made since 2026-11-24" in answer["Reason"]
    assert answer["PhysicalResourceId"] == f"smtp-credentials|{OTHER_USER}|{lost[0]}"


def test_a_rotation_tells_the_limit_without_advice_that_hits_the_current_key(deployed: SmtpWorld) -> None:
    deployed.world.aws.faults.append(Fault(LIMIT, MAKE, times=FOREVER))

    with pytest.raises(RotationError, match="delete one that no secret names and nobody uses any more"):
        deployed.step("createSecret", deployed.begin())


# Old versions of the secret


def with_an_old_version(smtp: SmtpWorld) -> tuple[str, str]:
    """Let a person replace the secret's text twice, and return the physical id and the version without a label."""
    made = smtp.deploy(**FOREIGN_USER)
    smtp.iam.add(OTHER_USER, ours=False)
    first = smtp.secret.stages["AWSCURRENT"]
    for version in ("a" * 32, "b" * 32):
        smtp.secret.values[version] = "changed by hand"
        smtp.secret.move("AWSCURRENT", version)
    return made, first


def test_an_old_version_that_cannot_be_read_for_now_is_asked_for_again(smtp: SmtpWorld) -> None:
    made, _ = with_an_old_version(smtp)
    smtp.world.aws.faults.append(Fault(Trouble.BROKEN, "secretsmanager.GetSecretValue", skip=2, times=FOREVER))

    assert smtp.send("delete", made, **FOREIGN_USER)["Status"] == "FAILED"
    assert len(ours(smtp)) == 1


def test_what_is_no_id_of_a_key_is_no_credentials(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    by_hand = smtp.current() | {"username": "somebody"}
    smtp.secret.values[smtp.secret.stages["AWSCURRENT"]] = json.dumps(by_hand)

    assert smtp.send("update", made)["Status"] == "SUCCESS"
    assert smtp.logs_in(ARN)
