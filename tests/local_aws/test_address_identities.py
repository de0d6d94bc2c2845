"""An e-mail address is PENDING until somebody follows the link that SES sends to it."""

from collections.abc import Iterator

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from local_aws.process import LocalAwsError
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws-2")

ADDRESS, FRIEND = "me@addresses.example.com", "friend@addresses.example.org"
SIMULATOR = "success@simulator.amazonses.com"


@pytest.fixture
def pending(aws: LocalAws) -> Iterator[str]:
    """An address that SES has just been told of."""
    aws.client("ses").verify_email_identity(EmailAddress=ADDRESS)
    yield ADDRESS
    aws.client("ses").delete_identity(Identity=ADDRESS)


@pytest.fixture
def sandbox(aws: LocalAws) -> Iterator[None]:
    aws.enter_sandbox()
    yield
    aws.leave_sandbox()


def status(aws: LocalAws, address: str) -> tuple[str, bool, str]:
    """What both APIs say."""
    found = aws.client("sesv2").get_email_identity(EmailIdentity=address)
    v1 = aws.client("ses").get_identity_verification_attributes(Identities=[address])["VerificationAttributes"]
    return found["VerificationStatus"], found["VerifiedForSendingStatus"], v1[address]["VerificationStatus"]


def mails_to(aws: LocalAws, address: str) -> int:
    return aws.verification_mails().count(address)


def send(aws: LocalAws, *recipients: str) -> None:
    aws.client("sesv2").send_email(
        FromEmailAddress=ADDRESS,
        Destination={"ToAddresses": list(recipients)},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    )


def test_is_pending_until_the_click(aws: LocalAws, pending: str) -> None:
    rejected = aws.client("sesv2").exceptions.MessageRejected
    assert status(aws, pending) == ("PENDING", False, "Pending")
    with pytest.raises(rejected, match="not verified"):
        send(aws, SIMULATOR)
    aws.click_verification_link(pending)
    assert status(aws, pending) == ("SUCCESS", True, "Success")
    send(aws, SIMULATOR)
    listed = {each["IdentityName"]: each for each in aws.client("sesv2").list_email_identities()["EmailIdentities"]}
    assert (listed[pending]["IdentityType"], listed[pending]["SendingEnabled"]) == ("EMAIL_ADDRESS", True)


def test_another_request_sends_another_mail_and_changes_nothing_else(aws: LocalAws, pending: str) -> None:
    before = mails_to(aws, pending)
    aws.client("ses").verify_email_identity(EmailAddress=pending)
    assert mails_to(aws, pending) == before + 1
    assert status(aws, pending) == ("PENDING", False, "Pending")
    aws.click_verification_link(pending)
    aws.client("ses").verify_email_identity(EmailAddress=pending)
    assert status(aws, pending) == ("SUCCESS", True, "Success")


def test_the_second_api_makes_one_once(aws: LocalAws) -> None:
    sesv2, address = aws.client("sesv2"), "second@addresses.example.com"
    assert sesv2.create_email_identity(EmailIdentity=address)["VerifiedForSendingStatus"] is False
    assert mails_to(aws, address) == 1
    with pytest.raises(sesv2.exceptions.AlreadyExistsException):
        sesv2.create_email_identity(EmailIdentity=address)
    assert status(aws, address) == ("PENDING", False, "Pending")
    sesv2.delete_email_identity(EmailIdentity=address)
    with pytest.raises(sesv2.exceptions.NotFoundException):
        sesv2.get_email_identity(EmailIdentity=address)
    with pytest.raises(LocalAwsError, match=r"identity second@addresses\.example\.com is gone"):
        aws.click_verification_link(address)


def test_a_deployed_address_is_pending_too(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack, *, feedback: bool) -> None:
        attributes = ses.CfnEmailIdentity.FeedbackAttributesProperty(email_forwarding_enabled=feedback)
        ses.CfnEmailIdentity(stack, "Identity", email_identity=FRIEND, feedback_attributes=attributes)

    deployed_stack.deploy(lambda stack: build(stack, feedback=True))
    assert (mails_to(aws, FRIEND), status(aws, FRIEND)) == (1, ("PENDING", False, "Pending"))
    aws.click_verification_link(FRIEND)
    deployed_stack.deploy(lambda stack: build(stack, feedback=False))
    assert (mails_to(aws, FRIEND), status(aws, FRIEND)) == (1, ("SUCCESS", True, "Success"))


def test_each_region_asks_for_itself(aws: LocalAws, pending: str) -> None:
    with pytest.raises(LocalAwsError, match=r"no verification mail to me@addresses\.example\.com in eu-west-1"):
        aws.click_verification_link(pending, "eu-west-1")
    sesv2 = aws.client("sesv2", region_name="eu-west-1")
    sesv2.create_email_identity(EmailIdentity=pending)
    aws.click_verification_link(pending, "eu-west-1")
    assert sesv2.get_email_identity(EmailIdentity=pending)["VerifiedForSendingStatus"]
    assert status(aws, pending)[0] == "PENDING"
    sesv2.delete_email_identity(EmailIdentity=pending)


def test_refuses_what_is_no_address(aws: LocalAws) -> None:
    v1 = aws.client("ses")
    with pytest.raises(v1.exceptions.ClientError, match="Invalid email address<nobody>"):
        v1.verify_email_identity(EmailAddress="nobody")


@pytest.mark.usefixtures("sandbox")
def test_in_the_sandbox_recipients_have_to_be_verified(aws: LocalAws, pending: str) -> None:
    rejected = aws.client("sesv2").exceptions.MessageRejected
    aws.click_verification_link(pending)
    send(aws, SIMULATOR)
    with pytest.raises(rejected, match=f"failed the check in region US-EAST-1: {FRIEND}"):
        send(aws, SIMULATOR, FRIEND)
    aws.client("ses").verify_email_identity(EmailAddress=FRIEND)
    with pytest.raises(rejected, match=FRIEND):
        send(aws, FRIEND)
    aws.click_verification_link(FRIEND)
    send(aws, FRIEND)
    aws.client("ses").delete_identity(Identity=FRIEND)
