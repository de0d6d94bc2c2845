"""The custom resource that makes SMTP credentials: what is in the secret, and which keys there are, after an event."""

import json
from urllib.parse import unquote, urlsplit

import pytest

from ses_constructs.handlers.smtp.plan import user_and_key_in

from ..in_memory_aws import FOREVER, CutOff, Fault, Trouble
from ..world import pairwise
from .smtp_aws import LIMIT, StoredSecret, ids
from .smtp_world import (
    ARN,
    DELETE,
    DESCRIBE,
    FOREIGN_USER,
    HOST,
    LIST,
    MAKE,
    OTHER_ARN,
    OTHER_USER,
    READ,
    REGION,
    USER,
    WRITE,
    SmtpWorld,
    smtp_world,
)

# Create


@pytest.mark.parametrize("placeholder", [None, "", "not JSON", "[]", '{"username": "none yet"}', '{"host": 1}'])
def test_the_secret_gets_what_a_client_needs(smtp: SmtpWorld, placeholder: str | None) -> None:
    if placeholder is not None:
        smtp.secret.values["f" * 32] = placeholder
        smtp.secret.stages["AWSCURRENT"] = "f" * 32

    answer = smtp.send("create")

    (key,) = smtp.keys_of()
    assert answer["Status"] == "SUCCESS"
    assert answer["Data"] == {}
    assert answer["PhysicalResourceId"] == f"smtp-credentials|{USER}|{key.id}"
    current = smtp.current()
    assert {name: current[name] for name in current if name not in ("password", "url")} == {
        "host": HOST,
        "port": 465,
        "username": key.id,
        "region": REGION,
    }
    assert smtp.logs_in()


def test_the_secret_has_a_url_that_says_the_same(smtp: SmtpWorld) -> None:
    smtp.send("create")

    current = smtp.current()
    url = urlsplit(current["url"])
    assert (url.scheme, url.hostname, url.port) == ("smtps", HOST, 465)
    assert [unquote(each or "") for each in (url.username, url.password)] == [current["username"], current["password"]]


@pytest.mark.parametrize(("port", "scheme"), [(465, "smtps"), (2465, "smtps"), (587, "smtp"), (2587, "smtp")])
def test_its_password_splits_no_url(port: int, scheme: str) -> None:
    from ses_constructs.handlers.smtp.secret import Credentials

    url = Credentials(host=HOST, port=port, region=REGION, username="AKIA1", password="a/b+c=@:?#%").url

    assert url == f"{scheme}://AKIA1:a%2Fb%2Bc%3D%40%3A%3F%23%25@{HOST}:{port}"


def test_a_create_that_comes_again_keeps_what_it_made(smtp: SmtpWorld) -> None:
    first = smtp.send("create")
    values = dict(smtp.secret.values)

    assert smtp.send("create") == first
    assert len(smtp.keys_of()) == 1
    assert smtp.secret.values == values


def test_keys_of_an_own_user_that_no_secret_names_make_room(smtp: SmtpWorld) -> None:
    strays = [smtp.iam.add(USER, ours=True).id for _ in range(2)]

    smtp.deploy()

    assert not {*strays} & {*ids(smtp.keys_of())}
    assert len(smtp.keys_of()) == 1


def test_another_user_without_room_is_refused_with_the_keys_it_has(smtp: SmtpWorld) -> None:
    before = [smtp.iam.add(OTHER_USER, ours=False).id for _ in range(2)]

    answer = smtp.send("create", **FOREIGN_USER)

    assert answer["Status"] == "FAILED"
    assert f"user {OTHER_USER} has 2 access keys ({', '.join(before)})" in answer["Reason"]
    assert "delete a key that nobody uses any more, or choose another user" in answer["Reason"]
    assert ids(smtp.keys_of(OTHER_USER)) == before
    assert answer["PhysicalResourceId"] == "ses-constructs:create-failed"


def test_another_user_keeps_its_key_beside_ours(smtp: SmtpWorld) -> None:
    theirs = smtp.iam.add(OTHER_USER, ours=False).id

    smtp.deploy(**FOREIGN_USER)

    assert smtp.logs_in()
    assert theirs in ids(smtp.keys_of(OTHER_USER))


def test_a_rotation_in_a_user_with_a_key_of_its_own_is_refused_at_once(smtp: SmtpWorld) -> None:
    theirs = smtp.iam.add(OTHER_USER, ours=False).id

    answer = smtp.send("create", **FOREIGN_USER, Rotates="true")

    assert answer["Status"] == "FAILED"
    assert f"access keys that this stack did not make ({theirs})" in answer["Reason"]
    assert "needs both of the keys that IAM allows" in answer["Reason"]
    assert ids(smtp.keys_of(OTHER_USER)) == [theirs]


def test_a_rotation_switched_on_later_is_refused_too(smtp: SmtpWorld) -> None:
    smtp.iam.add(OTHER_USER, ours=False)
    made = smtp.deploy(**FOREIGN_USER)

    answer = smtp.send("update", made, FOREIGN_USER, **FOREIGN_USER, Rotates="true")

    assert answer["Status"] == "FAILED"
    assert "(or continue the update roll-back)" in answer["Reason"]
    assert smtp.logs_in()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("Port", "0", r"property Port must be 1 to 65535, got '0'"),
        ("Port", "65536", r"property Port must be 1 to 65535, got '65536'"),
        ("Port", "smtp", r"property Port must be 1 to 65535, got 'smtp'"),
        ("Port", "٤٦٥", r"property Port must be 1 to 65535"),
        ("OwnsUser", "yes", r"property OwnsUser must be 'true' or 'false', got 'yes'"),
        ("Rotates", "True", r"property Rotates must be 'true' or 'false', got 'True'"),
        *[
            (name, None, f"property {name} must be a text that is not empty")
            for name in ("UserName", "SecretArn", "Host", "Port", "Region", "OwnsUser", "Rotates")
        ],
    ],
)
@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_bad_property_is_refused_before_any_call(
    smtp: SmtpWorld, kind: str, name: str, value: str | None, said: str
) -> None:
    answer = smtp.send(kind, **{name: value})

    assert answer["Status"] == "FAILED"
    assert said in answer["Reason"]
    assert not smtp.world.aws.calls


# What goes wrong while it makes the key


def test_a_key_whose_secret_cannot_be_written_goes(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, WRITE, times=FOREVER))

    answer = smtp.send("create")

    assert answer["Status"] == "FAILED"
    assert "PutSecretValue" in answer["Reason"]
    assert smtp.keys_of() == []
    # One in each try of the Create, while the denial may pass.
    assert smtp.iam.made == 8


def test_a_write_that_took_effect_counts_whatever_its_answer(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, WRITE, times=FOREVER))

    smtp.deploy()

    assert smtp.logs_in()


@pytest.mark.parametrize("user", [{}, FOREIGN_USER], ids=["own user", "another user"])
def test_a_key_that_cannot_be_deleted_either_is_named_and_comes_back_in_the_delete(
    smtp: SmtpWorld, user: dict[str, str]
) -> None:
    smtp.world.aws.faults += [Fault(Trouble.DENIED, call, times=FOREVER) for call in (WRITE, DELETE)]

    answer = smtp.send("create", **user)
    smtp.world.aws.faults.clear()

    name = user.get("UserName", USER)
    (key,) = smtp.keys_of(name)
    assert f"access key {key.id} of user {name} was made" in answer["Reason"]
    assert "delete that key if no secret names it" in answer["Reason"]
    assert user_and_key_in(answer["PhysicalResourceId"]) == (name, key.id)
    assert smtp.send("delete", answer["PhysicalResourceId"], **user)["Status"] == "SUCCESS"
    assert smtp.keys_of(name) == []


@pytest.mark.parametrize(
    ("trouble", "times", "user"),
    pairwise(
        [Trouble.TIMED_OUT_AFTER, Trouble.TIMED_OUT, Trouble.BROKEN, Trouble.THROTTLED],
        [1, 3, FOREVER],
        [{}, FOREIGN_USER],
    ),
)
def test_a_key_whose_answer_was_lost_goes(smtp: SmtpWorld, trouble: Trouble, times: int, user: dict[str, str]) -> None:
    theirs = smtp.iam.add(OTHER_USER, ours=False).id
    smtp.world.aws.faults.append(Fault(trouble, MAKE, times=times))

    answer = smtp.send("create", **user)

    assert answer["Status"] == ("FAILED" if times == FOREVER else "SUCCESS")
    assert len([key for key in smtp.keys_of(user.get("UserName", USER)) if key.ours]) == (times < FOREVER)
    assert theirs in ids(smtp.keys_of(OTHER_USER))


def test_a_key_that_may_have_been_made_is_told(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE, times=FOREVER))
    smtp.world.aws.faults.append(Fault(Trouble.BROKEN, LIST, skip=1, times=FOREVER))

    answer = smtp.send("create", **FOREIGN_USER)

    assert f"IAM does not say whether it made an access key for user {OTHER_USER}" in answer["Reason"]
    assert (
        "delete any access key made since 2026-11-24 11:59 UTC, unless you made it yourself, if no" in answer["Reason"]
    )


def test_a_lost_key_that_cannot_be_deleted_is_named(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, MAKE, times=FOREVER))
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, DELETE, times=FOREVER))

    answer = smtp.send("create", **FOREIGN_USER)
    smtp.world.aws.faults.clear()

    (key,) = smtp.keys_of(OTHER_USER)
    assert f"delete access key {key.id} if no secret names it" in answer["Reason"]
    assert smtp.send("delete", answer["PhysicalResourceId"], **FOREIGN_USER)["Status"] == "SUCCESS"
    assert smtp.keys_of(OTHER_USER) == []


def test_the_limit_met_by_the_call_itself_is_a_sentence(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(LIMIT, MAKE, times=FOREVER))

    answer = smtp.send("create")

    assert f"user {USER} has all the access keys that IAM allows, though IAM may not list them yet" in answer["Reason"]
    assert "wait a minute and try again" in answer["Reason"]
    assert "delete one that no secret names and nobody uses any more" in answer["Reason"]


def test_an_answer_that_cannot_be_read_shows_no_secret_and_leaves_no_key(smtp: SmtpWorld) -> None:
    smtp.world.aws.faults.append(Fault(CutOff(20), MAKE, times=FOREVER))

    answer = smtp.send("create")

    assert answer["Status"] == "FAILED"
    assert "create_access_key was answered in a way that cannot be read (ResponseParserError)" in answer["Reason"]
    assert smtp.keys_of() == []
    assert smtp.iam.made == 4


# Update


def test_another_endpoint_of_the_region_gets_the_same_pair(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    before = smtp.current()

    answer = smtp.send("update", made, Host="email-smtp-fips.eu-west-1.amazonaws.com", Port="587")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made)
    now = smtp.current()
    assert now.pop("url").endswith("@email-smtp-fips.eu-west-1.amazonaws.com:587")
    del before["url"]
    assert now == before | {"host": "email-smtp-fips.eu-west-1.amazonaws.com", "port": 587}
    assert len(smtp.keys_of()) == 1


def test_an_update_of_nothing_writes_nothing(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    smtp.world.aws.calls.clear()

    smtp.send("update", made, Port="465")

    assert smtp.world.aws.operations() == [DESCRIBE, READ, LIST, LIST]


@pytest.mark.parametrize("rotates", ["true", "false"])
def test_another_region_needs_another_key(smtp: SmtpWorld, rotates: str) -> None:
    made = smtp.deploy(Rotates=rotates)
    before = smtp.keys_of()[0].id

    answer = smtp.send("update", made, {"Rotates": rotates}, Region="us-east-1", Rotates=rotates)

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made)
    assert smtp.logs_in()
    assert smtp.current()["region"] == "us-east-1"
    # With a rotation, the sweep retires it after the grace time.
    assert (before in ids(smtp.keys_of())) is (rotates == "true")


@pytest.mark.parametrize("rotates", ["true", "false"])
def test_another_user_gets_a_key_and_the_old_one_keeps_its_own_until_its_delete(smtp: SmtpWorld, rotates: str) -> None:
    made = smtp.deploy(Rotates=rotates)

    answer = smtp.send("update", made, {"Rotates": rotates}, **FOREIGN_USER, Rotates=rotates)

    (key,) = smtp.keys_of(OTHER_USER)
    assert answer["PhysicalResourceId"] == f"smtp-credentials|{OTHER_USER}|{key.id}"
    assert smtp.logs_in()
    assert len(smtp.keys_of(USER)) == 1

    assert smtp.send("delete", made)["Status"] == "SUCCESS"
    assert (smtp.keys_of(USER), ids(smtp.keys_of(OTHER_USER))) == ([], [key.id])
    assert smtp.logs_in()


def test_the_roll_back_of_another_user_brings_back_the_pair_that_clients_have(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    before = smtp.current()
    replaced = smtp.send("update", made, **FOREIGN_USER)["PhysicalResourceId"]

    answer = smtp.send("update", replaced, FOREIGN_USER, Port="465")

    assert answer["PhysicalResourceId"] == made
    assert smtp.current() == before
    assert smtp.send("delete", replaced, **FOREIGN_USER)["Status"] == "SUCCESS"
    assert smtp.keys_of(OTHER_USER) == []
    assert smtp.logs_in()


def test_the_roll_back_of_a_failed_replacement_takes_its_key_for_which_no_delete_comes(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    # The key is made and written; then it cannot be seen whether there is anything to clean up.
    smtp.world.aws.faults.append(Fault(Trouble.DENIED, LIST, skip=1, times=FOREVER))
    failed = smtp.send("update", made, **FOREIGN_USER)
    smtp.world.aws.faults.clear()
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", made)
    assert len(smtp.keys_of(OTHER_USER)) == 1

    answer = smtp.send("update", made, FOREIGN_USER, Port="465")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made)
    assert smtp.keys_of(OTHER_USER) == []
    assert smtp.logs_in()


def test_another_secret_gets_the_same_pair_and_so_does_the_roll_back(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    before = smtp.current()

    answer = smtp.send("update", made, SecretArn=OTHER_ARN, Port="465")

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made)
    assert smtp.current(OTHER_ARN) == before
    assert smtp.send("update", made, {"SecretArn": OTHER_ARN}, Port="465")["Status"] == "SUCCESS"
    assert smtp.current() == before
    assert len(smtp.keys_of()) == 1


@pytest.mark.parametrize("user", [{}, FOREIGN_USER], ids=["own user", "another user"])
def test_another_secret_when_the_old_one_cannot_be_read_gets_a_new_pair(smtp: SmtpWorld, user: dict[str, str]) -> None:
    made = smtp.deploy(**user)
    name = user.get("UserName", USER)
    before = smtp.keys_of(name)[0].id
    denied = Fault(Trouble.DENIED, READ, times=FOREVER, params={"SecretId": ARN})
    smtp.world.aws.faults.append(denied)

    answer = smtp.send("update", made, user, SecretArn=OTHER_ARN, **user)

    assert answer["Status"] == "SUCCESS"
    assert smtp.logs_in(OTHER_ARN)
    assert before not in ids(smtp.keys_of(name))


def test_a_key_that_somebody_deactivated_does_not_come_back(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    smtp.keys_of()[0].active = False
    leaked = smtp.keys_of()[0].id

    smtp.send("update", made)

    assert leaked not in ids(smtp.keys_of())
    assert smtp.logs_in()


@pytest.mark.parametrize("user", [{}, FOREIGN_USER], ids=["own user", "another user"])
def test_without_a_rotation_the_keys_that_it_would_have_retired_go_now(smtp: SmtpWorld, user: dict[str, str]) -> None:
    name = user.get("UserName", USER)
    with smtp_world(SMTP_USER_NAME=name, SMTP_OWNS_USER=user.get("OwnsUser", "true")) as smtp:
        made = smtp.deploy(**user, Rotates="true")
        smtp.rotate()
        assert len(smtp.keys_of(name)) == 2

        answer = smtp.send("update", made, {**user, "Rotates": "true"}, **user, Port="465")

        assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", made)
        assert ids(smtp.keys_of(name)) == [smtp.current()["username"]]
        assert smtp.logs_in()


def test_without_a_rotation_one_that_has_begun_does_not_end(smtp: SmtpWorld) -> None:
    made = smtp.deploy(Rotates="true")
    smtp.step("createSecret", smtp.begin())

    smtp.send("update", made, {"Rotates": "true"}, Port="465")

    assert "AWSPENDING" not in smtp.secret.stages
    assert ids(smtp.keys_of()) == [smtp.current()["username"]]


def test_with_a_rotation_the_previous_and_the_pending_key_stay(smtp: SmtpWorld) -> None:
    made = smtp.deploy(Rotates="true")
    smtp.rotate()
    before = ids(smtp.keys_of())

    smtp.send("update", made, {"Rotates": "true"}, Rotates="true", Port="587")

    assert ids(smtp.keys_of()) == before
    # Or Secrets Manager would come back to it, and to the port of that time.
    assert "AWSPENDING" not in smtp.secret.stages
    smtp.rotate()
    assert smtp.current()["port"] == 587


# Delete


def test_a_delete_takes_every_key_of_an_own_user(smtp: SmtpWorld) -> None:
    made = smtp.deploy()
    smtp.iam.add(USER, ours=True)

    assert smtp.send("delete", made)["Status"] == "SUCCESS"
    assert smtp.keys_of() == []
    assert smtp.world.aws.operations()[-3:] == [LIST, DELETE, DELETE]


def test_a_delete_leaves_another_user_its_own_key(smtp: SmtpWorld) -> None:
    made = smtp.deploy(**FOREIGN_USER)
    theirs = smtp.iam.add(OTHER_USER, ours=False).id

    assert smtp.send("delete", made, **FOREIGN_USER)["Status"] == "SUCCESS"
    assert ids(smtp.keys_of(OTHER_USER)) == [theirs]


def test_a_delete_takes_the_keys_that_any_version_names(smtp: SmtpWorld) -> None:
    with smtp_world(SMTP_USER_NAME=OTHER_USER, SMTP_OWNS_USER="false") as smtp:
        made = smtp.deploy(**FOREIGN_USER, Rotates="true")
        smtp.rotate()
        by_hand = "b" * 32
        smtp.secret.values[by_hand] = json.dumps({"username": "nobody"})
        smtp.secret.stages = {"AWSCURRENT": by_hand}

        assert smtp.send("delete", made, **FOREIGN_USER)["Status"] == "SUCCESS"
        assert smtp.keys_of(OTHER_USER) == []


@pytest.mark.parametrize("how", ["emptied", "deleted", "waits for its deletion"])
def test_without_its_secret_a_delete_still_knows_the_first_key(smtp: SmtpWorld, how: str) -> None:
    made = smtp.deploy(**FOREIGN_USER)
    theirs = smtp.iam.add(OTHER_USER, ours=False).id
    if how == "emptied":
        smtp.secrets.secrets[ARN] = StoredSecret()
    elif how == "deleted":
        del smtp.secrets.secrets[ARN]
    else:
        smtp.secret.marked_for_deletion = True

    assert smtp.send("delete", made, **FOREIGN_USER)["Status"] == "SUCCESS"
    assert ids(smtp.keys_of(OTHER_USER)) == [theirs]


@pytest.mark.parametrize("user", [{}, FOREIGN_USER], ids=["own user", "another user"])
def test_a_delete_without_the_user_is_done(smtp: SmtpWorld, user: dict[str, str]) -> None:
    made = smtp.deploy(**user)
    smtp.iam.users.clear()

    assert smtp.send("delete", made, **user)["Status"] == "SUCCESS"


@pytest.mark.parametrize("user", [{}, FOREIGN_USER], ids=["own user", "another user"])
def test_a_delete_of_a_create_that_never_answered_takes_what_it_made(smtp: SmtpWorld, user: dict[str, str]) -> None:
    smtp.deploy(**user)

    assert smtp.send("delete", "Mail-Smtp-1XYZ", **user)["Status"] == "SUCCESS"
    assert smtp.keys_of(user.get("UserName", USER)) == []


def test_the_secret_half_and_the_password_are_not_in_a_repr() -> None:
    from ses_constructs.handlers.smtp.new_key import Login
    from ses_constructs.handlers.smtp.secret import Credentials

    credentials = Credentials(host="h", port=1, region="r", username="u", password="not to be seen")

    assert "not to be seen" not in f"{credentials!r} {Login('u', 'not to be seen', 0)!r}"
