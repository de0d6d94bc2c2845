"""The rotation function: the four steps of Secrets Manager, and the sweep."""

import json
import logging
import os
import smtplib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ses_constructs.handlers._custom_resource import RefusedError
from ses_constructs.handlers.rotate_smtp_credentials import RotationError, fate
from ses_constructs.handlers.smtp.keys import AccessKey, room

from ..in_memory_aws import FOREVER, Fault, Then, Trouble
from .smtp_aws import DELAY_SECONDS, Key
from .smtp_world import ARN, GRACE, HOST, OTHER_ARN, OTHER_USER, STEPS, USER, SmtpWorld, recorded, smtp_world


@pytest.fixture
def deployed(smtp: SmtpWorld) -> SmtpWorld:
    """Credentials that rotate, with a key that is known everywhere by now."""
    smtp.deploy(Rotates="true")
    smtp.wait(DELAY_SECONDS)
    return smtp


@pytest.fixture
def shared(caplog: pytest.LogCaptureFixture) -> Iterator[SmtpWorld]:
    """The like, in a user with a life of its own."""
    with smtp_world(SMTP_USER_NAME=OTHER_USER, SMTP_OWNS_USER="false") as made:
        made.deploy(UserName=OTHER_USER, OwnsUser="false", Rotates="true")
        made.wait(DELAY_SECONDS)
        yield made


def ids(keys: list[Key]) -> set[str]:
    return {key.id for key in keys}


# What every step checks


@pytest.mark.parametrize("step", STEPS)
def test_another_secret_is_refused(deployed: SmtpWorld, step: str) -> None:
    token = deployed.begin()
    deployed.world.aws.calls.clear()

    with pytest.raises(RotationError, match=f"^this function rotates {ARN}, and not {OTHER_ARN}$"):
        deployed.step(step, token, SecretId=OTHER_ARN)

    assert not deployed.world.aws.calls


@pytest.mark.parametrize("step", STEPS)
def test_a_secret_without_rotation_is_refused(deployed: SmtpWorld, step: str) -> None:
    token = deployed.begin()
    deployed.secret.rotates = False

    with pytest.raises(RotationError, match="the secret has no rotation enabled"):
        deployed.step(step, token)

    assert len(deployed.keys_of()) == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("stage", ["", "AWSPREVIOUS", "mine"])
def test_a_version_that_is_not_pending_is_refused(deployed: SmtpWorld, step: str, stage: str) -> None:
    token = "f" * 36
    if stage:
        deployed.secret.values[token] = None
        deployed.secret.stages[stage] = token
    deployed.secret.rotates = True

    with pytest.raises(RotationError, match="is not the one that a rotation waits for"):
        deployed.step(step, token)

    assert len(deployed.keys_of()) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"Step": "deleteSecret"},
        {"Step": None},
        {"SecretId": None},
        {"ClientRequestToken": 7},
    ],
    ids=str,
)
def test_an_event_of_another_kind_is_refused(deployed: SmtpWorld, change: dict[str, object]) -> None:
    deployed.world.aws.calls.clear()

    with pytest.raises(RotationError, match="neither a step of a rotation nor a scheduled event"):
        deployed.invoke(recorded("rotation") | change)
    with pytest.raises(RotationError, match="neither a step of a rotation nor a scheduled event"):
        deployed.invoke(recorded("schedule") | {"source": "somebody.else"})

    assert not deployed.world.aws.calls


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SMTP_USER_NAME", " ", "SMTP_USER_NAME must be set"),
        ("SMTP_SECRET_ARN", "", "SMTP_SECRET_ARN must be set"),
        ("SMTP_OWNS_USER", "maybe", "SMTP_OWNS_USER must be 'true' or 'false', got 'maybe'"),
        ("SMTP_GRACE_SECONDS", "1.5", "SMTP_GRACE_SECONDS must be whole seconds, got '1.5'"),
        ("SMTP_GRACE_SECONDS", "-1", "SMTP_GRACE_SECONDS must be whole seconds, got '-1'"),
    ],
)
def test_a_bad_environment_is_refused(name: str, value: str, said: str) -> None:
    with smtp_world(**{name: value}) as smtp, pytest.raises(RotationError, match=f"^{said}$"):
        smtp.sweep()


# A rotation


def test_a_rotation_gives_everybody_a_new_pair_and_leaves_the_old_one_working(deployed: SmtpWorld) -> None:
    before = deployed.current()

    token = deployed.rotate()

    after = deployed.current()
    assert deployed.secret.stages["AWSCURRENT"] == token
    assert json.loads(deployed.secret.value("AWSPREVIOUS")) == before
    assert {name for name in after if after[name] != before[name]} == {"username", "password", "url"}
    assert deployed.server.accepts(after["username"], after["password"])
    assert deployed.server.accepts(before["username"], before["password"])


def test_until_its_last_step_everybody_gets_the_old_pair(deployed: SmtpWorld) -> None:
    before, token = deployed.current(), deployed.begin()

    for step in STEPS[:-1]:
        deployed.step(step, token)
        assert deployed.current() == before


def test_every_step_may_come_twice(deployed: SmtpWorld) -> None:
    token = deployed.begin()
    for step in STEPS:
        deployed.step(step, token)
        after = dict(deployed.secret.values), dict(deployed.secret.stages), ids(deployed.keys_of())
        deployed.step(step, token)
        assert (dict(deployed.secret.values), dict(deployed.secret.stages), ids(deployed.keys_of())) == after
    for step in STEPS:
        deployed.step(step, token)
        assert (dict(deployed.secret.values), dict(deployed.secret.stages), ids(deployed.keys_of())) == after


def test_rotations_in_a_row_use_two_keys(deployed: SmtpWorld) -> None:
    for _ in range(4):
        current = deployed.current()["username"]
        deployed.rotate()
        assert ids(deployed.keys_of()) == {current, deployed.current()["username"]}
        assert deployed.logs_in()


def test_a_rotation_after_one_that_was_given_up_takes_its_key(deployed: SmtpWorld) -> None:
    deployed.step("createSecret", deployed.begin())
    abandoned = json.loads(deployed.secret.value("AWSPENDING"))["username"]
    del deployed.secret.stages["AWSPENDING"]

    deployed.rotate()

    assert abandoned not in ids(deployed.keys_of())
    assert deployed.logs_in()


def test_a_rotation_after_one_that_was_given_up_knows_its_key_in_a_user_that_is_not_ours(shared: SmtpWorld) -> None:
    shared.step("createSecret", shared.begin())
    abandoned = json.loads(shared.secret.value("AWSPENDING"))["username"]
    del shared.secret.stages["AWSPENDING"]

    shared.rotate()

    assert abandoned not in ids(shared.keys_of(OTHER_USER))
    assert shared.logs_in()


def test_a_key_that_no_version_names_goes_before_the_previous_one(deployed: SmtpWorld) -> None:
    stray = deployed.iam.add(USER, ours=True).id

    deployed.rotate()

    assert stray not in ids(deployed.keys_of())
    assert deployed.logs_in()


def test_a_key_that_became_current_meanwhile_makes_no_room() -> None:
    made = datetime.now(UTC)
    before, after = AccessKey("AKIABEFORE0000000000", True, made), AccessKey("AKIAAFTER00000000000", True, made)

    with pytest.raises(RefusedError, match="no room for a new one"):
        room(USER, [before, after], before.id, {after.id: ["AWSCURRENT"]}, owned=True)


def test_a_key_of_somebody_else_is_refused_and_stays(shared: SmtpWorld) -> None:
    theirs = shared.iam.add(OTHER_USER, ours=False).id
    before = ids(shared.keys_of(OTHER_USER))

    with pytest.raises(RotationError, match=f"user {OTHER_USER} has 2 access keys .*{theirs}.*no room for a new one"):
        shared.step("createSecret", shared.begin())

    assert ids(shared.keys_of(OTHER_USER)) == before
    assert shared.logs_in()


def test_without_credentials_in_the_secret_there_is_nothing_to_rotate(smtp: SmtpWorld) -> None:
    with pytest.raises(RotationError, match="holds no SMTP credentials; deploy its stack again"):
        smtp.step("createSecret", smtp.begin())

    assert smtp.keys_of() == []


def test_a_new_key_whose_secret_cannot_be_written_goes(deployed: SmtpWorld) -> None:
    deployed.world.aws.faults.append(Fault(Trouble.DENIED, "secretsmanager.PutSecretValue", times=FOREVER))

    with pytest.raises(RotationError, match="PutSecretValue"):
        deployed.step("createSecret", deployed.begin())

    assert ids(deployed.keys_of()) == {deployed.current()["username"]}


def test_a_key_that_was_made_too_long_ago_to_be_written_goes(deployed: SmtpWorld) -> None:
    token = deployed.begin()

    deployed.world.aws.faults.append(Fault(Then(lambda: deployed.wait(70)), "iam.CreateAccessKey"))

    with pytest.raises(RotationError, match="came too late to be written; try again"):
        deployed.step("createSecret", token)

    assert ids(deployed.keys_of()) == {deployed.current()["username"]}


@pytest.mark.parametrize("step", ["createSecret", "finishSecret"])
@pytest.mark.parametrize("how", ["deleted", "deactivated", "another port by now", "current by now", "written over"])
def test_a_pending_version_that_is_no_good_is_given_up_and_the_next_rotation_works(
    deployed: SmtpWorld, step: str, how: str
) -> None:
    token = deployed.begin()
    deployed.step("createSecret", token)
    pending = json.loads(deployed.secret.value("AWSPENDING"))
    match how:
        case "deleted":
            deployed.iam.delete_access_key(UserName=USER, AccessKeyId=pending["username"])
        case "deactivated":
            deployed.iam.update_access_key(UserName=USER, AccessKeyId=pending["username"], Status="Inactive")
        case "another port by now":
            deployed.secret.values[deployed.secret.stages["AWSCURRENT"]] = json.dumps(deployed.current() | {"port": 2})
            os.environ["SMTP_PORT"] = "2"
        case "current by now":
            deployed.secret.values[deployed.secret.stages["AWSCURRENT"]] = json.dumps(pending)
        case _:
            deployed.secret.values[token] = "something else"
    before = deployed.current()

    with pytest.raises(RotationError, match="this rotation was given up; the next one starts afresh"):
        deployed.step(step, token)

    assert deployed.current() == before
    assert deployed.rotate() != token
    assert deployed.logs_in()


# The login


@pytest.mark.parametrize(
    ("port", "how"), [(465, "TLS"), (2465, "TLS"), (587, "STARTTLS"), (2587, "STARTTLS"), (25, "STARTTLS")]
)
def test_the_login_is_over_tls(smtp: SmtpWorld, port: int, how: str) -> None:
    smtp.deploy(Port=str(port), Rotates="true")
    smtp.rotate()

    assert {*smtp.server.connections} == {(HOST, port, how)}
    assert smtp.current()["port"] == port


def test_the_login_waits_until_the_key_is_known(deployed: SmtpWorld) -> None:
    token, before = deployed.begin(), deployed.world.clock.now
    deployed.step("createSecret", token)

    deployed.step("testSecret", token)

    assert DELAY_SECONDS <= deployed.world.clock.now - before <= DELAY_SECONDS + 15
    assert len(deployed.server.connections) > 2


def test_a_login_that_never_works_ends_in_time_and_says_no_password(deployed: SmtpWorld) -> None:
    token = deployed.begin()
    deployed.step("createSecret", token)
    deployed.server.delay, before = FOREVER, deployed.world.clock.now
    pending = json.loads(deployed.secret.value("AWSPENDING"))

    with pytest.raises(RotationError) as caught:
        deployed.step("testSecret", token)

    assert str(caught.value) == (
        f"no login at {HOST}:465 as {pending['username']} within 80 seconds: the server answered 535"
    )
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)
    assert deployed.world.clock.now - before <= 90


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (ConnectionRefusedError(111, "refused"), "ConnectionRefusedError"),
        (TimeoutError(), "TimeoutError"),
        (smtplib.SMTPConnectError(421, b"busy"), "the server answered 421"),
        (smtplib.SMTPServerDisconnected("gone"), "SMTPServerDisconnected"),
        (untrusted(), r"the certificate of the server is not good \(self-signed certificate\)"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_trouble_with_the_connection_is_sat_out_or_told(deployed: SmtpWorld, refusal: Exception, said: str) -> None:
    token = deployed.begin()
    deployed.step("createSecret", token)
    deployed.server.refusals = [refusal]
    deployed.step("testSecret", token)
    deployed.server.refusals = [refusal] * 100

    with pytest.raises(RotationError, match=f"within 80 seconds: {said}$"):
        deployed.step("testSecret", token)


def test_a_schedule_that_does_not_rotate_at_once_is_tested_with_the_current_pair(deployed: SmtpWorld) -> None:
    deployed.server.connections.clear()

    deployed.step("testSecret", deployed.begin())

    assert deployed.server.connections == [(HOST, 465, "TLS")]
    assert len(deployed.keys_of()) == 1


def test_a_test_of_an_empty_secret_is_refused(smtp: SmtpWorld) -> None:
    with pytest.raises(RotationError, match="the secret holds no SMTP credentials"):
        smtp.step("testSecret", smtp.begin())


# The sweep


@pytest.mark.parametrize(
    ("age", "active", "expected"),
    [
        (0, True, "keep"),
        (100, True, "keep"),
        (101, True, "deactivate"),
        (101, False, "keep"),
        (200, True, "deactivate"),
        (200, False, "keep"),
        (201, True, "delete"),
        (201, False, "delete"),
    ],
)
def test_a_superseded_key_is_deactivated_and_later_deleted(age: float, active: bool, expected: str) -> None:
    assert fate(age, 100, active=active) == expected


def test_the_sweep_retires_the_previous_key_in_two_steps(deployed: SmtpWorld) -> None:
    before = deployed.keys_of()[0]
    deployed.rotate()

    deployed.wait(GRACE - 60)
    deployed.sweep()
    assert before.active

    deployed.wait(120)
    deployed.sweep()
    assert [(key.id, key.active) for key in deployed.keys_of()][:1] == [(before.id, False)]

    deployed.wait(GRACE)
    deployed.sweep()
    assert ids(deployed.keys_of()) == {deployed.current()["username"]}
    assert deployed.logs_in()

    deployed.world.aws.calls.clear()
    deployed.sweep()
    assert deployed.world.aws.operations() == ["iam.ListAccessKeys"]


def test_the_grace_time_counts_from_when_the_new_key_became_current(deployed: SmtpWorld) -> None:
    token, before = deployed.begin(), deployed.keys_of()[0]
    deployed.step("createSecret", token)
    deployed.wait(3 * GRACE)
    for step in STEPS:
        deployed.step(step, token)

    deployed.sweep()

    assert before.active


def test_the_sweep_finds_the_previous_key_behind_a_change_of_the_port(deployed: SmtpWorld) -> None:
    before = deployed.keys_of()[0]
    deployed.rotate()
    made = f"smtp-credentials|{USER}|{before.id}"
    changed = deployed.send("update", made, {"Rotates": "true"}, Rotates="true", Port="587")
    assert changed["Status"] == "SUCCESS"
    assert json.loads(deployed.secret.value("AWSPREVIOUS"))["username"] == deployed.current()["username"]

    deployed.wait(2 * GRACE + 1)
    deployed.sweep()

    assert before not in deployed.keys_of()
    assert deployed.logs_in()


def test_the_sweep_leaves_a_pending_key(deployed: SmtpWorld) -> None:
    deployed.step("createSecret", deployed.begin())
    before = ids(deployed.keys_of())

    deployed.wait(3 * GRACE)
    deployed.sweep()

    assert ids(deployed.keys_of()) == before
    assert all(key.active for key in deployed.keys_of())


@pytest.mark.parametrize("owned", ["true", "false"])
def test_the_sweep_leaves_a_key_that_no_version_names(owned: str) -> None:
    # In an own user it may be one that is just being made.
    with smtp_world(SMTP_OWNS_USER=owned) as smtp:
        smtp.deploy(OwnsUser=owned, Rotates="true")
        unnamed = smtp.iam.add(USER, ours=False)
        smtp.wait(3 * GRACE)

        smtp.sweep()

        assert unnamed in smtp.keys_of()
        assert unnamed.active


def test_the_sweep_leaves_everything_while_the_current_key_is_not_one_of_the_user(deployed: SmtpWorld) -> None:
    deployed.rotate()
    deployed.secret.values[deployed.secret.stages["AWSCURRENT"]] = "{}"
    deployed.wait(3 * GRACE)

    deployed.sweep()

    assert len(deployed.keys_of()) == 2


def test_a_failure_is_logged_with_its_step_and_reason(deployed: SmtpWorld, caplog: pytest.LogCaptureFixture) -> None:
    deployed.world.aws.faults.append(Fault(Trouble.DENIED, times=FOREVER))

    with pytest.raises(RotationError, match="User is not authorized"):
        deployed.sweep()

    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert (record.getMessage(), record.__dict__["step"]) == ("rotation failed", "sweep")
    assert "ListAccessKeys" in record.__dict__["reason"]
    assert record.exc_info is None


def test_an_error_that_nobody_thought_of_is_told_by_its_type_alone(
    deployed: SmtpWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError(deployed.current()["password"])

    monkeypatch.setattr("ses_constructs.handlers.rotate_smtp_credentials.Keys", broken)

    with pytest.raises(RotationError, match=r"^unexpected LookupError$"):
        deployed.sweep()
