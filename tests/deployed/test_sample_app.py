"""The sample app with IAM enforced: its functions do their work with their own permissions, and the demo is content."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from app import Mail
from local_aws import demo, demo_reputation, demo_smtp
from local_aws.aws import LocalAws
from local_aws.demo_mail import MAILS, OPERATOR, SampleMail, send
from local_aws.inbound.inbox import Inbox
from local_aws.smtp.submission import Submission
from tests.local_aws.plain_app import ENV, new_app
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.fixtures import zone_in
from tests.running_aws.queues import next_message
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

STACK = "SampleApp"


@pytest.fixture(scope="module")
def submission(enforced_aws: LocalAws) -> Iterator[Submission]:
    with enforced_aws.submit_mail() as listening:
        yield listening


@pytest.fixture(scope="module")
def zone(enforced_aws: LocalAws, submission: Submission, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    """The zone of the deployed sample app."""
    assembly: Path = tmp_path_factory.mktemp("sample") / "cdk.out"
    for zone in zone_in(enforced_aws):
        app = new_app(assembly)
        Mail(
            app,
            STACK,
            domain_name=zone.domain,
            hosted_zone_id=zone.hosted_zone_id,
            alarm_address=OPERATOR,
            env=ENV,
        )
        app.synth()
        # Up to a minute: everything at once, and what is denied meanwhile is tried again.
        # As in a new account: in one deployment, with policies that take effect some seconds after they are attached.
        enforced_aws.set_iam_lag(8)
        enforced_aws.deploy(assembly, STACK)
        enforced_aws.set_iam_lag(0)
        yield zone
        DeployedStack(enforced_aws, STACK, assembly).destroy()


@pytest.fixture(scope="module")
def inbox_of_domain(enforced_aws: LocalAws, zone: Zone) -> Iterator[tuple[Inbox, str]]:
    """An inbox in front of the sample app, and the app's domain."""
    with enforced_aws.receive_mail() as inbox:
        yield inbox, zone.domain


@pytest.fixture
def watched(enforced_aws: LocalAws, zone: Zone) -> Iterator[demo_reputation.Watched]:
    """The domain's configuration set, which is not paused afterwards."""
    found = demo_reputation.Watched.of(enforced_aws, zone.domain)
    assert found
    yield found
    found.set_alarm("BounceRateCritical", "OK")
    found.resume()


@contextmanager
def denied(aws: LocalAws, action: str, *, to: str) -> Iterator[None]:
    """The role of the function whose handler is *to* may not do *action* for a while."""
    functions = aws.client("lambda").list_functions()["Functions"]
    iam, name = aws.client("iam"), "denied-for-a-while"
    roles = [
        function["Role"].rpartition("/")[2]
        for function in functions
        if function["FunctionName"].startswith(STACK) and function["Handler"] == f"handlers.{to}.on_event"
    ]
    assert roles
    statement = {"Effect": "Deny", "Action": action, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for role in roles:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
    try:
        yield
    finally:
        for role in roles:
            iam.delete_role_policy(RoleName=role, PolicyName=name)


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.what)
def test_mail_meets_its_fate(enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str], mail: SampleMail) -> None:
    inbox, domain = inbox_of_domain
    fate = send(enforced_aws, inbox, mail, domain)
    assert fate.problems() == []


def test_a_body_is_forwarded_as_it_was(enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str]) -> None:
    inbox, domain = inbox_of_domain
    body = b"8 bit: \xe4\xff\r\n.dot  \r\n" + b"x" * 990 + b"\r\n\r\n"
    fate = send(enforced_aws, inbox, SampleMail(what="Bytes", to="support", body=body, forwarded_to=OPERATOR), domain)
    (forwarded,) = fate.forwarded
    assert forwarded.raw.partition(b"\r\n\r\n")[2] == body


def test_what_may_not_be_sent_ends_in_the_dead_letter_queue(
    enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str]
) -> None:
    inbox, domain = inbox_of_domain
    sqs = enforced_aws.client("sqs")

    with denied(enforced_aws, "ses:*", to="forward_message"):
        fate = send(enforced_aws, inbox, SampleMail(what="Stuck", to="support", stored_below="support/"), domain)
        (queue,) = (each for each in sqs.list_queues(QueueNamePrefix=STACK)["QueueUrls"] if "DeadLetter" in each)
        message = next_message(enforced_aws, queue)

    assert fate.delivery
    (record,) = json.loads(message["Body"])["Records"]
    assert json.loads(record["Sns"]["Message"])["mail"]["messageId"] == fate.delivery.message_id
    assert not [each for each in enforced_aws.sent_messages() if each.subject == "Stuck"]


@pytest.mark.parametrize(
    "phase",
    [demo.read_back, demo.receive_mail, demo.watch_reputation, demo.send_by_smtp],
    ids=lambda phase: phase.__name__,
)
def test_the_demo_finds_nothing_wrong(
    enforced_aws: LocalAws,
    zone: Zone,
    submission: Submission,
    monkeypatch: pytest.MonkeyPatch,
    phase: Callable[[demo.Demo], list[str]],
) -> None:
    monkeypatch.setattr(demo, "DOMAIN", zone.domain)
    shown = StringIO()
    shared = demo.Demo(
        aws=enforced_aws,
        console=Console(file=shown, width=200),
        app=Path("nothing is deployed here"),
        cwd=Path(),
        submission=submission,
        hosted_zone_id=zone.hosted_zone_id,
    )
    assert phase(shared) == []
    wanted = {
        "read_back": "SUCCESS, signing is on",
        "receive_mail": "support",
        "watch_reputation": "--sending-enabled",
        "send_by_smtp": "rotated: ",
    }
    assert wanted[phase.__name__] in shown.getvalue()


def secret_of(aws: LocalAws) -> str:
    (secret,) = demo_smtp.secrets(aws)
    return secret


def test_the_secret_logs_in_before_and_after_a_rotation(
    enforced_aws: LocalAws, zone: Zone, submission: Submission
) -> None:
    secret = secret_of(enforced_aws)
    value = json.loads(enforced_aws.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])
    # The rotation tries the new login out under this very name and port.
    assert (value["host"], value["port"]) == (f"email-smtp.{enforced_aws.region}.amazonaws.com", 465)
    before = len(enforced_aws.sent_messages())
    done, problems = demo_smtp.rotate(enforced_aws, submission, secret=secret, domain=zone.domain)
    assert problems == []
    assert len(done) == 2
    sent = enforced_aws.sent_messages()[before:]
    assert [(each.source, each.to) for each in sent] == [(f"orders@{zone.domain}", (demo_smtp.RECIPIENT,))] * 3
    assert {each.subject for each in sent} == {"By SMTP"}


def test_mail_by_smtp_is_watched_and_paused_like_other_mail(
    enforced_aws: LocalAws, zone: Zone, submission: Submission, watched: demo_reputation.Watched
) -> None:
    login, sender = demo_smtp.Login.read(enforced_aws, secret_of(enforced_aws)), f"orders@{zone.domain}"
    before = watched.count("Send")
    assert login.send(submission, sender) == ""
    assert watched.count("Send") == before + 1
    enforced_aws.client("sesv2").put_configuration_set_sending_options(
        ConfigurationSetName=watched.configuration_set, SendingEnabled=False
    )
    assert "554" in login.send(submission, sender)


def test_the_demo_says_that_a_set_does_not_pause(
    enforced_aws: LocalAws, watched: demo_reputation.Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_reputation, "PAUSED_WITHIN", 3.0)
    with denied(enforced_aws, "ses:PutConfigurationSetSendingOptions", to="pause_sending"):
        told, problems = demo_reputation.pause_and_resume(watched)
    assert told == []
    assert problems == [f"configuration set {watched.configuration_set} should be paused"]


def test_the_demo_says_that_nobody_is_told(
    enforced_aws: LocalAws, watched: demo_reputation.Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_reputation, "TOLD_WITHIN", 3.0)
    with denied(enforced_aws, "sns:Publish", to="pause_sending"):
        told, problems = demo_reputation.pause_and_resume(watched)
    assert told == []
    assert problems == ["the team should be told how to resume"]


def test_the_demo_says_that_a_password_stays(
    enforced_aws: LocalAws, zone: Zone, submission: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo_smtp, "ROTATED_WITHIN", 3.0)
    secret = secret_of(enforced_aws)
    with denied(enforced_aws, "iam:CreateAccessKey", to="rotate_smtp_credentials"):
        done, problems = demo_smtp.rotate(enforced_aws, submission, secret=secret, domain=zone.domain)
    assert (done, problems) == ([], ["the password should have changed"])
