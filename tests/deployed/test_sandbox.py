"""VerifiedAddress and ProductionAccess through the real CDK CLI, with IAM enforced, from the sandbox to production."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam

from local_aws.aws import LocalAws
from ses_constructs import ProductionAccess, VerifiedAddress
from tests.local_aws.smtp_users import add_user, remove_user
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.fixtures import stack_in
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

ONE, OTHER = "one@sandbox.example.com", "Other.One@sandbox.example.org"
USER = "sandbox-sender"
USE_CASE = "Order confirmations to customers who have just ordered in our shop. " * 2


@pytest.fixture(autouse=True)
def _sandbox(enforced_aws: LocalAws) -> Iterator[None]:
    enforced_aws.enter_sandbox()
    yield
    enforced_aws.leave_sandbox()


def add_team(stack: Stack, *, sender: str = "", **changes: Any) -> None:
    team = VerifiedAddress(stack, "Team", **({"addresses": [ONE, OTHER]} | changes))
    if sender:
        team.grant_send(iam.User.from_user_name(stack, "Sender", sender), sandbox=True)


def add_request(stack: Stack, *, use_case: str = USE_CASE) -> None:
    ProductionAccess(
        stack,
        "Production",
        mail_type="transactional",
        website="https://www.example.com",
        use_case=use_case,
        contacts=["ops@example.com"],
    )


def verified(aws: LocalAws) -> dict[str, bool]:
    """The identities of the team that are there, and whether they are verified."""
    found = aws.client("sesv2").list_email_identities()["EmailIdentities"]
    return {each["IdentityName"]: each["SendingEnabled"] for each in found if each["IdentityName"] in (ONE, OTHER)}


def review(aws: LocalAws) -> tuple[bool, str, str]:
    """Whether the account is in production, how the review stands, and what it is about."""
    account = aws.client("sesv2").get_account()
    details = account["Details"]
    return account["ProductionAccessEnabled"], details["ReviewDetails"]["Status"], details["UseCaseDescription"]


def test_a_team_is_asked_and_each_click_counts(enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack) -> None:
    before = len(enforced_aws.verification_mails())
    enforced_deployed_stack.deploy(add_team)
    assert enforced_aws.verification_mails()[before:] == (ONE, OTHER)
    assert verified(enforced_aws) == {ONE: False, OTHER: False}
    enforced_aws.click_verification_link(ONE)

    enforced_deployed_stack.deploy(partial(add_team, resend="again"))
    assert enforced_aws.verification_mails()[before:] == (ONE, OTHER, OTHER)
    enforced_aws.click_verification_link(OTHER)
    enforced_deployed_stack.deploy(partial(add_team, resend="and again"))
    assert enforced_aws.verification_mails()[before:] == (ONE, OTHER, OTHER)
    assert verified(enforced_aws) == {ONE: True, OTHER: True}

    enforced_deployed_stack.destroy()
    assert verified(enforced_aws) == {}


def test_the_stack_waits_for_the_clicks(enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack) -> None:
    before = len(enforced_aws.verification_mails())

    def click() -> None:
        assert wait_until(lambda: len(enforced_aws.verification_mails()) == before + 2)
        for address in (ONE, OTHER):
            enforced_aws.click_verification_link(address)

    person = threading.Thread(target=click)
    person.start()
    build = partial(add_team, wait_until_verified=Duration.minutes(5))
    enforced_deployed_stack.deploy(build)
    person.join()
    assert verified(enforced_aws) == {ONE: True, OTHER: True}


def test_an_identity_that_was_there_stays(enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack) -> None:
    sesv2 = enforced_aws.client("sesv2")
    sesv2.create_email_identity(EmailIdentity=ONE)
    enforced_deployed_stack.deploy(add_team)
    assert set(verified(enforced_aws)) == {ONE, OTHER}
    enforced_deployed_stack.destroy()
    assert verified(enforced_aws) == {ONE: False}
    sesv2.delete_email_identity(EmailIdentity=ONE)


def test_who_may_send_sends_within_the_team_only(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    user = add_user(enforced_aws, USER)
    enforced_deployed_stack.deploy(partial(add_team, sender=USER))
    for address in (ONE, OTHER):
        enforced_aws.click_verification_link(address)
    sesv2 = enforced_aws.client("sesv2", aws_access_key_id=user.key_id, aws_secret_access_key=user.secret)

    def send(sender: str, recipient: str) -> str:
        return sesv2.send_email(
            FromEmailAddress=sender,
            Destination={"ToAddresses": [recipient]},
            Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
        )["MessageId"]

    assert send(ONE, OTHER)
    with pytest.raises(sesv2.exceptions.MessageRejected, match="not verified"):
        send(ONE, "customer@example.net")
    with pytest.raises(sesv2.exceptions.ClientError, match="not authorized to perform: ses:SendEmail"):
        send("somebody@else.example.com", OTHER)
    enforced_deployed_stack.destroy()
    remove_user(enforced_aws, USER)


# Four deployments and the end of the stack, one after the other.
def test_asks_once_and_after_a_denial_support_decides(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    enforced_deployed_stack.deploy(add_request)
    assert review(enforced_aws) == (False, "PENDING", USE_CASE.strip())
    better = f"{USE_CASE}Bounces and complaints take an address off our list at once."
    enforced_deployed_stack.deploy(partial(add_request, use_case=better))
    assert review(enforced_aws) == (False, "PENDING", USE_CASE.strip())

    enforced_aws.review("DENIED")
    best = f"{better} Each message has a link to opt out."
    enforced_deployed_stack.deploy(partial(add_request, use_case=best))
    assert review(enforced_aws) == (False, "DENIED", USE_CASE.strip())
    enforced_aws.review("GRANTED")
    enforced_deployed_stack.deploy(add_request)
    enforced_deployed_stack.destroy()
    assert review(enforced_aws) == (True, "GRANTED", USE_CASE.strip())


@pytest.mark.parametrize("more", ["", "Each message has a link to opt out."])
def test_a_request_fails_after_a_denial_and_names_the_case(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack, more: str
) -> None:
    enforced_deployed_stack.deploy(add_request)
    enforced_deployed_stack.destroy()
    enforced_aws.review("DENIED")
    case = enforced_aws.client("sesv2").get_account()["Details"]["ReviewDetails"]["CaseId"]
    with pytest.raises(DeploymentError, match=case):
        enforced_deployed_stack.deploy(partial(add_request, use_case=f"{USE_CASE}{more}"))


def test_one_stack_asks(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("second")
    enforced_deployed_stack.deploy(add_request)
    for second in stack_in(enforced_aws, folder):
        with pytest.raises(DeploymentError, match=r"one-per-region/production-access.*already exists"):
            second.deploy(partial(add_request, use_case=USE_CASE * 2))
    assert review(enforced_aws) == (False, "PENDING", USE_CASE.strip())
