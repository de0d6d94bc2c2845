"""Programs log in by SMTP with the password derived from an access key, and send."""

import smtplib
import ssl
from collections.abc import Iterator

import pytest

from local_aws.aws import LocalAws
from local_aws.smtp.message import take_header
from local_aws.smtp.password import smtp_password
from local_aws.smtp.submission import Submission
from tests.local_aws.smtp_users import SmtpUser, add_login, add_user, login_of_function, remove_user
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws-2")

SENDER = "smtp@submission.example.com"
BODY = b"\r\n.leading dot \xe4\r\nend\r\n"
RAW = f"From: Some One <{SENDER}>\r\nTo: you@example.org\r\nSubject: by SMTP\r\n".encode() + BODY
# https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html, recomputed with AWS's own script
EXAMPLE_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PASSWORDS = {
    "us-east-1": "BLBM/9hSUELfq8Gw+rU1YcBjkOxGbhT2XG763xVLGWL9",
    "eu-west-1": "BMW5RDrXmmVs0lV7GpI4oLkHXpZ4stDsk6q91z1g38Pk",
}


@pytest.fixture(scope="module")
def submission(aws: LocalAws) -> Iterator[Submission]:
    with aws.submit_mail() as listening:
        yield listening


@pytest.fixture(scope="module")
def user(aws: LocalAws) -> Iterator[SmtpUser]:
    """A user, and a verified address to send from."""
    aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield add_user(aws, "smtp-submission")
    remove_user(aws, "smtp-submission")
    aws.client("sesv2").delete_email_identity(EmailIdentity=SENDER)


@pytest.mark.parametrize("region", PASSWORDS)
def test_derives_the_password_as_ses_does(region: str) -> None:
    assert smtp_password(EXAMPLE_SECRET, region) == PASSWORDS[region]


@pytest.mark.parametrize("starttls", [False, True])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_a_message_goes_out_byte_by_byte(
    aws: LocalAws, submission: Submission, user: SmtpUser, starttls: bool, mechanism: str
) -> None:
    with submission.connect(starttls=starttls) as smtp:
        smtp.user, smtp.password = user.key_id, user.password()
        smtp.ehlo()
        way = smtp.auth_plain if mechanism == "PLAIN" else smtp.auth_login
        assert smtp.auth(mechanism, way) == (235, b"Authentication successful.")
        smtp.sendmail(SENDER, ["you@example.org", "hidden@example.org"], RAW)
    message = aws.sent_messages()[-1]
    assert (message.source, message.to) == (SENDER, ("you@example.org", "hidden@example.org"))
    assert (message.raw, message.region) == (RAW, aws.region)


def test_nothing_is_said_without_tls(submission: Submission, user: SmtpUser) -> None:
    with smtplib.SMTP(submission.host, submission.starttls_port, timeout=10) as plain:
        plain.ehlo()
        assert not plain.has_extn("auth")
        assert plain.docmd("AUTH", "LOGIN")[0] == 530
        assert plain.mail(SENDER) == (530, b"Must issue a STARTTLS command first")
    strangers = ssl.create_default_context()  # it does not know our certificate
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL(submission.host, submission.port, timeout=10, context=strangers)


def test_nothing_is_sent_without_login(submission: Submission) -> None:
    with submission.connect() as smtp:
        smtp.ehlo()
        assert smtp.mail(SENDER) == (530, b"Authentication required")


def refusal(submission: Submission, username: str, password: str) -> str:
    with submission.connect() as smtp, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
        smtp.login(username, password)
    error = refused.value.smtp_error
    return f"{refused.value.smtp_code} {error.decode() if isinstance(error, bytes) else error}"


def test_refuses_every_other_login(aws: LocalAws, submission: Submission, user: SmtpUser) -> None:
    invalid = "535 Authentication Credentials Invalid"
    assert refusal(submission, user.key_id, user.password("eu-west-1")) == invalid
    assert refusal(submission, user.key_id, user.secret) == invalid
    assert refusal(submission, "AKIAUNKNOWNUNKNOWN00", user.password()) == invalid
    assert refusal(submission, user.name, user.password()) == invalid
    assert refusal(submission, "test", smtp_password("test", aws.region)) == invalid  # the account's root
    session = aws.client("sts").get_session_token()["Credentials"]
    assert refusal(submission, session["AccessKeyId"], smtp_password(session["SecretAccessKey"], aws.region)) == invalid


def test_an_inactive_key_does_not_log_in_until_it_is_active_again(
    aws: LocalAws, submission: Submission, user: SmtpUser
) -> None:
    iam = aws.client("iam")
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Inactive")
    assert refusal(submission, user.key_id, user.password()).startswith("535")
    iam.update_access_key(UserName=user.name, AccessKeyId=user.key_id, Status="Active")
    with submission.connect() as smtp:
        assert smtp.login(user.key_id, user.password())[0] == 235


def test_each_region_has_a_password_and_identities_of_its_own(aws: LocalAws, user: SmtpUser) -> None:
    with aws.submit_mail(region="eu-west-1") as elsewhere:
        with elsewhere.connect() as smtp:
            assert smtp.login(user.key_id, user.password("eu-west-1"))[0] == 235
            with pytest.raises(smtplib.SMTPDataError, match="failed the check in region EU-WEST-1"):
                smtp.sendmail(SENDER, ["you@example.org"], RAW)
        assert refusal(elsewhere, user.key_id, user.password()).startswith("535")


@pytest.mark.parametrize(("envelope", "shown"), [("other@example.org", SENDER), (SENDER, "other@example.org")])
def test_both_senders_have_to_be_verified(
    aws: LocalAws, submission: Submission, user: SmtpUser, envelope: str, shown: str
) -> None:
    before = aws.sent_messages()
    with submission.connect() as smtp:
        smtp.login(user.key_id, user.password())
        with pytest.raises(smtplib.SMTPDataError, match="Message rejected: Email address is not verified") as refused:
            smtp.sendmail(envelope, ["you@example.org"], RAW.replace(SENDER.encode(), shown.encode()))
    assert refused.value.smtp_code == 554
    assert aws.sent_messages() == before


def test_the_empty_sender_is_refused(submission: Submission, user: SmtpUser) -> None:
    with submission.connect() as smtp:
        smtp.login(user.key_id, user.password())
        assert smtp.mail("") == (501, b"Invalid MAIL FROM address provided")


def test_the_configuration_set_of_the_header_is_used_and_the_header_goes(
    aws: LocalAws, submission: Submission, user: SmtpUser
) -> None:
    aws.client("sesv2").create_configuration_set(ConfigurationSetName="by-smtp")

    def send(name: bytes) -> None:
        ours = b"X-SES-Configuration-Set: " + name + b"\r\nX-SES-MESSAGE-TAGS: kind=news, team=a\r\n"
        with submission.connect() as smtp:
            smtp.login(user.key_id, user.password())
            smtp.sendmail(SENDER, ["you@example.org"], ours + RAW)

    send(b"by-smtp")
    message = aws.sent_messages()[-1]
    assert (message.configuration_set, message.raw) == ("by-smtp", RAW)
    with pytest.raises(smtplib.SMTPDataError, match="no-such-set"):
        send(b"no-such-set")
    aws.client("sesv2").delete_configuration_set(ConfigurationSetName="by-smtp")


def test_only_headers_are_taken_out() -> None:
    raw = b"A: 1\r\nX-Ses: one\r\n two\r\nB: 2\r\n\r\nX-Ses: body\r\n"
    assert take_header(raw, "X-SES") == (b"A: 1\r\nB: 2\r\n\r\nX-Ses: body\r\n", "one two")
    assert take_header(b"A: 1\r\n\r\nX-Ses: body", "X-SES") == (b"A: 1\r\n\r\nX-Ses: body", "")


def test_a_function_logs_in_and_trusts_the_certificate(
    aws: LocalAws, submission: Submission, user: SmtpUser, deployed_stack: DeployedStack
) -> None:
    outputs = deployed_stack.deploy(add_login)
    assert login_of_function(aws, outputs["Function"], submission, user) == b"235"


def test_hangs_up_with_its_block(aws: LocalAws, user: SmtpUser) -> None:
    with aws.submit_mail() as submission:
        smtp = submission.connect()
        smtp.login(user.key_id, user.password())
    with pytest.raises(smtplib.SMTPServerDisconnected):
        smtp.noop()
    smtp.close()
    with pytest.raises(OSError, match="refused"):
        submission.connect()
