"""With IAM enforced, whoever sends by SMTP needs ses:SendRawEmail on all that a message touches."""

import smtplib
from collections.abc import Iterator

import pytest

from local_aws.aws import LocalAws
from local_aws.smtp.submission import Submission
from tests.local_aws.smtp_users import SmtpUser, add_login, add_user, let_user, login_of_function, remove_user
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

NAME = "smtp-permissions"
SENDER, FRIEND = "alerts@permissions.example.com", "friend@example.org"
SEND = "ses:SendRawEmail"


@pytest.fixture(scope="module")
def submission(enforced_aws: LocalAws) -> Iterator[Submission]:
    with enforced_aws.submit_mail() as listening:
        yield listening


@pytest.fixture
def user(enforced_aws: LocalAws) -> Iterator[SmtpUser]:
    """A user who may do nothing yet, and two verified addresses."""
    for address in (SENDER, FRIEND):
        enforced_aws.client("sesv2").create_email_identity(EmailIdentity=address)
        enforced_aws.click_verification_link(address)
    yield add_user(enforced_aws, NAME)
    remove_user(enforced_aws, NAME)
    for address in (SENDER, FRIEND):
        enforced_aws.client("sesv2").delete_email_identity(EmailIdentity=address)


def arn(aws: LocalAws, kind: str, name: str) -> str:
    return f"arn:aws:ses:{aws.region}:{aws.account}:{kind}/{name}"


def answer(submission: Submission, user: SmtpUser, *, to: str = FRIEND, headers: str = "", shown: str = SENDER) -> str:
    """What the server says to a message in the end."""
    with submission.connect() as smtp:
        smtp.login(user.key_id, user.password())
        try:
            smtp.sendmail(SENDER, [to], f"From: {shown}\r\nSubject: s\r\n{headers}\r\nb\r\n")
        except smtplib.SMTPDataError as refused:
            error = refused.smtp_error
            return f"{refused.smtp_code} {error.decode() if isinstance(error, bytes) else error}"
    return "250"


def test_needs_the_permission_on_the_identity(enforced_aws: LocalAws, submission: Submission, user: SmtpUser) -> None:
    denied = answer(submission, user)
    assert denied.startswith("554 Access denied: User")
    assert f"user/{NAME}" in denied
    assert f"not authorized to perform: {SEND}" in denied
    let_user(enforced_aws, NAME, SEND, arn(enforced_aws, "identity", "example.com"))
    assert answer(submission, user).startswith("554 Access denied")
    let_user(enforced_aws, NAME, "ses:SendEmail", arn(enforced_aws, "identity", SENDER))
    assert answer(submission, user).startswith("554 Access denied")
    let_user(enforced_aws, NAME, SEND, arn(enforced_aws, "identity", SENDER))
    assert answer(submission, user) == "250"


def test_the_condition_is_on_the_from_that_the_recipient_sees(
    enforced_aws: LocalAws, submission: Submission, user: SmtpUser
) -> None:
    only_sender = {"StringLike": {"ses:FromAddress": SENDER}}
    let_user(enforced_aws, NAME, SEND, arn(enforced_aws, "identity", "*"), condition=only_sender)
    assert answer(submission, user) == "250"
    assert answer(submission, user, shown=FRIEND).startswith("554 Access denied")


def test_needs_the_permission_on_the_configuration_set(
    enforced_aws: LocalAws, submission: Submission, user: SmtpUser
) -> None:
    enforced_aws.client("sesv2").create_configuration_set(ConfigurationSetName=NAME)
    header = f"X-SES-CONFIGURATION-SET: {NAME}\r\n"
    identity = arn(enforced_aws, "identity", SENDER)
    let_user(enforced_aws, NAME, SEND, identity)
    assert f"configuration-set/{NAME}" in answer(submission, user, headers=header)
    let_user(enforced_aws, NAME, SEND, identity, arn(enforced_aws, "configuration-set", NAME))
    assert answer(submission, user, headers=header) == "250"
    enforced_aws.client("sesv2").delete_configuration_set(ConfigurationSetName=NAME)


def test_in_the_sandbox_it_needs_the_permission_on_the_recipient(
    enforced_aws: LocalAws, submission: Submission, user: SmtpUser
) -> None:
    identity = arn(enforced_aws, "identity", SENDER)
    let_user(enforced_aws, NAME, SEND, identity)
    enforced_aws.enter_sandbox()
    try:
        assert f"identity/{FRIEND}" in answer(submission, user)
        assert answer(submission, user, to="success@simulator.amazonses.com") == "250"
        let_user(enforced_aws, NAME, SEND, identity, arn(enforced_aws, "identity", FRIEND))
        assert answer(submission, user) == "250"
    finally:
        enforced_aws.leave_sandbox()


def test_a_function_trusts_the_certificate_of_a_tls_server(
    enforced_aws: LocalAws, submission: Submission, user: SmtpUser, enforced_deployed_stack: DeployedStack
) -> None:
    outputs = enforced_deployed_stack.deploy(add_login)
    assert login_of_function(enforced_aws, outputs["Function"], submission, user) == b"235"
