"""What takes its time: a list of keys that is some seconds old, and a server that does not know a new key yet."""

from unittest import mock

import pytest

from ..in_memory_aws import FOREVER, Fault, Trouble
from ..world import event
from .smtp_world import FOREIGN_USER, GRACE, JOB, LIST, MAKE, OTHER_USER, READ, REGION, STEPS, SmtpWorld

ELSEWHERE = {"Region": "us-east-1", "Host": "email-smtp.us-east-1.amazonaws.com"}
OWN = {name: event(JOB, "create")["ResourceProperties"][name] for name in FOREIGN_USER}
LAGS = [1.5, 5, 9]


def ids(smtp: SmtpWorld, user: str = "") -> list[str]:
    return [key.id for key in (smtp.keys_of(user) if user else smtp.keys_of())]


def deployed(smtp: SmtpWorld, **properties: str) -> str:
    made = smtp.deploy(**properties)
    smtp.wait(60)
    return made


@pytest.mark.parametrize("lag", [*LAGS, 60])
def test_what_is_replaced_goes_though_the_list_shows_the_new_key_late_or_never(smtp: SmtpWorld, lag: float) -> None:
    made = deployed(smtp)
    smtp.iam.lag, smtp.server.delay = lag, 0

    assert smtp.send("update", made, {"Region": REGION}, **ELSEWHERE)["Status"] == "SUCCESS"

    assert ids(smtp) == [smtp.current()["username"]]


def test_the_roll_back_that_comes_at_once_finds_the_key_of_the_create(smtp: SmtpWorld) -> None:
    smtp.iam.lag, smtp.server.delay = 8, 0
    made = smtp.deploy()
    first = ids(smtp)

    smtp.send("update", made, OWN, **FOREIGN_USER)
    assert smtp.send("update", made, FOREIGN_USER)["Status"] == "SUCCESS"

    assert (ids(smtp), ids(smtp, OTHER_USER)) == (first, [])


@pytest.mark.parametrize("lag", [3, 60])
def test_the_roll_back_of_another_user_takes_a_key_that_the_list_does_not_show(smtp: SmtpWorld, lag: float) -> None:
    made = deployed(smtp)
    smtp.iam.lag, smtp.server.delay = lag, 0

    smtp.send("update", made, OWN, **FOREIGN_USER)
    assert smtp.send("update", made, FOREIGN_USER)["Status"] == "SUCCESS"

    assert ids(smtp, OTHER_USER) == []


def test_the_roll_back_of_another_region_does_not_bring_back_a_key_that_is_gone(smtp: SmtpWorld) -> None:
    made = deployed(smtp)
    smtp.iam.lag, smtp.server.delay = 8, 0

    smtp.send("update", made, {"Region": REGION}, **ELSEWHERE)
    assert smtp.send("update", made, ELSEWHERE)["Status"] == "SUCCESS"

    assert smtp.logs_in()


def test_a_create_that_fails_after_its_key_was_made_names_it_to_the_delete(smtp: SmtpWorld) -> None:
    smtp.iam.lag, smtp.server.delay = 60, 0
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, LIST, skip=1))

    answer = smtp.send("create")
    assert answer["Status"] == "FAILED"
    (key,) = ids(smtp)
    assert answer["PhysicalResourceId"].endswith(f"|{key}")

    assert smtp.send("delete", answer["PhysicalResourceId"])["Status"] == "SUCCESS"
    assert ids(smtp) == []


@pytest.mark.parametrize("foreign", [False, True], ids=["room", "no room"])
def test_a_key_whose_answer_was_lost_and_that_no_list_shows_is_told(smtp: SmtpWorld, foreign: bool) -> None:
    if foreign:
        smtp.iam.add(OTHER_USER, ours=False)
        smtp.wait(600)
    smtp.iam.lag = 300
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE))

    reason = smtp.send("create", **FOREIGN_USER)["Reason"]

    assert f"IAM does not say whether it made an access key for user {OTHER_USER}" in reason
    assert "delete any access key made since" in reason
    # Of our own, only the key that nobody knows of is left.
    assert len([key for key in smtp.keys_of(OTHER_USER) if key.ours]) == 1


@pytest.mark.parametrize("lag", LAGS)
def test_a_rotation_sits_out_an_old_list(smtp: SmtpWorld, lag: float) -> None:
    deployed(smtp, Rotates="true")
    before = smtp.current()["username"]
    smtp.iam.lag, smtp.server.delay = lag, 0
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE))

    token = smtp.begin()
    for step in STEPS:
        # The first one twice at once, when the list does not show the key that it made.
        for _ in range(2):
            smtp.step(step, token)

    assert ids(smtp) == [before, smtp.current()["username"]]
    assert before != smtp.current()["username"]
    smtp.wait(2 * GRACE + 1)
    smtp.sweep()
    assert ids(smtp) == [smtp.current()["username"]]


def test_an_update_waits_for_a_new_key_before_the_one_before_goes(smtp: SmtpWorld) -> None:
    made = deployed(smtp)
    there: list[int] = []
    accepts = smtp.server.accepts

    def counting(username: str, password: str, region: str) -> bool:
        there.append(len(smtp.keys_of()))
        return accepts(username, password, region)

    with mock.patch.object(smtp.server, "accepts", counting):
        smtp.send("update", made, {"Region": REGION}, **ELSEWHERE)

    assert set(there) == {2}
    assert len(there) > 1
    assert ids(smtp) == [smtp.current()["username"]]


def test_an_update_that_makes_no_key_tries_no_login(smtp: SmtpWorld) -> None:
    made = deployed(smtp)
    smtp.server.connections.clear()

    smtp.send("update", made, {"Port": "465"}, Port="587")

    assert smtp.server.connections == []


def test_an_old_version_that_cannot_be_decrypted_is_not_in_the_way_of_a_delete(
    smtp: SmtpWorld, caplog: pytest.LogCaptureFixture
) -> None:
    made = deployed(smtp, **FOREIGN_USER)
    smtp.iam.add(OTHER_USER, ours=False)
    for port in ("587", "465"):
        smtp.send("update", made, FOREIGN_USER, **FOREIGN_USER, Port=port)
    (old,) = [
        version
        for version, value in smtp.secret.values.items()
        if not smtp.secret.labels(version) and "username" in str(value)
    ]
    denied = Fault(Trouble.DENIED, READ, times=FOREVER, params={"VersionId": old})
    smtp.world.aws.faults.append(denied)

    assert smtp.send("delete", made, **FOREIGN_USER)["Status"] == "SUCCESS"
    assert [key.ours for key in smtp.keys_of(OTHER_USER)] == [False]
    (record,) = [each for each in caplog.records if each.getMessage() == "old version of the secret not readable"]
    assert record.__dict__["version"] == old


def test_a_schedule_is_tested_while_the_secret_says_nothing_about_rotation(smtp: SmtpWorld) -> None:
    deployed(smtp, Rotates="true")
    token = smtp.begin()
    smtp.secret.rotates = None
    smtp.server.connections.clear()

    smtp.step("testSecret", token)

    assert smtp.server.connections
