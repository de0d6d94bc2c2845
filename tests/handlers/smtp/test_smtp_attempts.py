"""Keys that only a kill or a stale list hides: none of them stays, and none is in the way of a later one."""

from collections.abc import Callable
from typing import Any

import pytest

from .smtp_world import ARN, OTHER_ARN, OTHER_USER, USER, SmtpWorld

FOREIGN_USER = {"UserName": OTHER_USER, "OwnsUser": "false"}


class Killed(BaseException):
    """Lambda ends a function, and no handler sees it."""


def killed_after_a_new_key(smtp: SmtpWorld, run: Callable[[], object]) -> None:
    create = smtp.iam.create_access_key

    def make_and_die(**parameters: str) -> dict[str, Any]:
        create(**parameters)
        raise Killed

    smtp.iam.create_access_key = make_and_die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        run()
    smtp.iam.create_access_key = create  # type: ignore[method-assign]


@pytest.fixture(params=[{}, FOREIGN_USER], ids=["own user", "another user"])
def user(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    properties: dict[str, str] = request.param
    return properties


def deployed(smtp: SmtpWorld, user: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    made = smtp.deploy(Rotates="true", **user)
    monkeypatch.setenv("SMTP_USER_NAME", user.get("UserName", USER))
    monkeypatch.setenv("SMTP_OWNS_USER", user.get("OwnsUser", "true"))
    smtp.wait(3600)
    return made


def test_a_rotation_that_was_killed_with_a_new_key_does_not_stop_the_next(
    smtp: SmtpWorld, user: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deployed(smtp, user, monkeypatch)
    for _ in range(2):
        token = smtp.begin()
        killed_after_a_new_key(smtp, lambda token=token: smtp.step("createSecret", token))  # type: ignore[misc]
        smtp.wait(3600)

    smtp.rotate()

    assert smtp.logs_in()
    assert "SES_CONSTRUCTS_ATTEMPTS" not in smtp.secret.stages
    smtp.send("delete", made, **user)
    assert smtp.keys_of(user.get("UserName", USER)) == []


def test_a_create_that_was_killed_with_a_new_key_leaves_none_behind(smtp: SmtpWorld, user: dict[str, str]) -> None:
    killed_after_a_new_key(smtp, lambda: smtp.send("create", **user))
    smtp.wait(60)

    made = smtp.deploy(**user)
    smtp.send("delete", made, **user)

    assert smtp.keys_of(user.get("UserName", USER)) == []


def test_a_create_that_never_answered_leaves_no_key_behind(smtp: SmtpWorld, user: dict[str, str]) -> None:
    killed_after_a_new_key(smtp, lambda: smtp.send("create", **user))

    smtp.send("delete", "Mail-SmtpResource-1XYZ", **user)

    assert smtp.keys_of(user.get("UserName", USER)) == []


def test_a_key_that_somebody_makes_later_is_not_taken_for_one_of_ours(
    smtp: SmtpWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = deployed(smtp, FOREIGN_USER, monkeypatch)
    token = smtp.begin()
    killed_after_a_new_key(smtp, lambda: smtp.step("createSecret", token))
    (stray,) = [key.id for key in smtp.keys_of(OTHER_USER) if key.id != smtp.current()["username"]]
    smtp.iam.delete_access_key(UserName=OTHER_USER, AccessKeyId=stray)
    smtp.wait(3600)
    theirs = smtp.iam.add(OTHER_USER, ours=False)

    smtp.send("delete", made, **FOREIGN_USER)

    assert smtp.keys_of(OTHER_USER) == [theirs]


def test_a_new_key_goes_with_a_delete_at_once_though_the_list_is_old(smtp: SmtpWorld, user: dict[str, str]) -> None:
    made = smtp.deploy(**user)
    smtp.wait(3600)
    smtp.send("update", made, user, **user, Region="us-east-1", Host="email-smtp.us-east-1.amazonaws.com")
    smtp.iam.lag = 19

    smtp.send("delete", made, **user, Region="us-east-1", Host="email-smtp.us-east-1.amazonaws.com")

    assert smtp.keys_of(user.get("UserName", USER)) == []


@pytest.mark.parametrize("lag", [0, 10, 14])
def test_a_secret_that_is_renamed_and_rolled_back_at_once_ends_with_a_pair_that_logs_in(
    smtp: SmtpWorld, user: dict[str, str], lag: int
) -> None:
    # Nothing waits for a login, and the list that has shown the new key may come from an older place now.
    smtp.server.refusals = [OSError("no route")] * 9
    made = smtp.deploy(**user)
    smtp.iam.lag = lag

    renamed = smtp.send("update", made, {**user, "SecretArn": ARN}, **user, SecretArn=OTHER_ARN)
    assert renamed["Status"] == "SUCCESS"
    assert smtp.logs_in(OTHER_ARN)
    back = smtp.send("update", made, {**user, "SecretArn": OTHER_ARN}, **user, SecretArn=ARN)

    assert back["Status"] == "SUCCESS"
    assert smtp.logs_in(ARN)
