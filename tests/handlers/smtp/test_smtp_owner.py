"""What others send while CloudFormation is at work: the secret says whose it is, and the event is not believed."""

import json

import pytest

from ..in_memory_aws import Fault
from ..world import event
from .smtp_world import ARN, HOST, JOB, OTHER_ARN, OTHER_USER, USER, SmtpWorld

CREDENTIALS = "ses-constructs:smtp-credentials"
READING = {
    "iam.ListAccessKeys",
    "secretsmanager.DescribeSecret",
    "secretsmanager.GetSecretValue",
    "secretsmanager.ListSecretVersionIds",
}


@pytest.fixture
def two(smtp: SmtpWorld) -> SmtpWorld:
    """Two credentials of one stack, of which one is being changed."""
    smtp.deploy(UserName=OTHER_USER, SecretArn=OTHER_ARN, OwnsUser="false")
    smtp.secrets.secrets[OTHER_ARN].tags[CREDENTIALS] = "NewsResource1A2B3C4D"
    smtp.deploy()
    smtp.wait(3600)
    smtp.server.connections.clear()
    return smtp


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize(
    "forged",
    [
        {"Host": "smtp.attacker.example"},
        {"Port": "2525"},
        {"Region": "us-east-1"},
        {"OwnsUser": "false"},
        {"UserName": OTHER_USER},
        {"SecretArn": OTHER_ARN},
        {"SecretArn": OTHER_ARN, "UserName": OTHER_USER, "OwnsUser": "false"},
    ],
    ids=lambda forged: " ".join(forged),
)
def test_an_event_that_says_something_else_than_the_secret_changes_nothing(
    two: SmtpWorld, kind: str, forged: dict[str, str]
) -> None:
    keys = {user: list(found) for user, found in two.iam.users.items()}
    two.world.aws.calls.clear()

    answer = two.world.send(JOB, event(JOB, kind, **forged))

    assert answer["Status"] == "FAILED"
    assert "of the secret do not say what this event says, so that nothing was done" in answer["Reason"]
    assert set(two.world.aws.operations()) <= READING
    assert two.iam.users == keys
    assert two.server.connections == []


@pytest.mark.parametrize(
    "forged", [{"UserName": OTHER_USER}, {"SecretArn": OTHER_ARN}, {"SecretArn": OTHER_ARN, "UserName": OTHER_USER}]
)
def test_a_delete_that_says_something_else_than_the_secret_and_the_id_deletes_nothing(
    two: SmtpWorld, forged: dict[str, str]
) -> None:
    two.world.aws.calls.clear()

    answer = two.world.send(JOB, event(JOB, "delete", **forged))

    assert answer["Reason"] == "the secret or the user in this event is not that of SmtpResource5C8D2E19"
    assert set(two.world.aws.operations()) <= READING


def test_a_delete_takes_no_key_of_others_by_calling_their_user_our_own(smtp: SmtpWorld) -> None:
    made = smtp.deploy(UserName=OTHER_USER, OwnsUser="false")
    theirs = smtp.iam.add(OTHER_USER, ours=False)

    answer = smtp.send("delete", made, UserName=OTHER_USER, OwnsUser="true")

    assert answer["Status"] == "SUCCESS"
    assert smtp.keys_of(OTHER_USER) == [theirs]


def test_a_create_that_never_answered_is_deleted_only_as_the_secret_says(two: SmtpWorld) -> None:
    sent = event(JOB, "delete", UserName=OTHER_USER) | {"PhysicalResourceId": "Mail-SmtpResource-1XYZ"}

    assert two.world.send(JOB, sent)["Status"] == "SUCCESS"
    assert len(two.keys_of(OTHER_USER)) == len(two.keys_of(USER)) == 1


def test_a_tag_that_shows_late_is_waited_for(smtp: SmtpWorld) -> None:
    sent = event(JOB, "create")

    smtp.world.aws.faults.append(Fault(lambda: smtp.tag(sent), "secretsmanager.DescribeSecret", skip=2))

    assert smtp.world.send(JOB, sent)["Status"] == "SUCCESS"


def test_a_rotation_logs_in_at_its_own_endpoint_whatever_the_secret_says(smtp: SmtpWorld) -> None:
    smtp.deploy(Rotates="true")
    smtp.wait(3600)
    smtp.server.connections.clear()
    forged = json.dumps(smtp.current() | {"host": "smtp.attacker.example"})
    smtp.secrets.secrets[ARN].values[smtp.secret.stages["AWSCURRENT"]] = forged

    token = smtp.begin()
    smtp.step("createSecret", token)
    smtp.step("testSecret", token)

    assert {host for host, _, _ in smtp.server.connections} == {HOST}
    assert json.loads(smtp.secret.value("AWSPENDING"))["host"] == HOST
