"""An account asks to leave the sandbox, and the review decides."""

from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.aws import LocalAws
from local_aws.process import LocalAwsError

pytestmark = pytest.mark.xdist_group("local-aws-2")

DETAILS: dict[str, Any] = {
    "MailType": "TRANSACTIONAL",
    "WebsiteURL": "https://example.com",
    "ContactLanguage": "EN",
    "UseCaseDescription": "Order confirmations to customers who ordered.",
    "AdditionalContactEmailAddresses": ["ops@example.com"],
}
WRONG: dict[str, dict[str, Any]] = {
    "MailType": {"MailType": "PROMOTIONAL"},
    "WebsiteURL": {"WebsiteURL": "example.com"},
    "1 to 1000 characters": {"WebsiteURL": "https://example.com/" + "x" * 1000},
    "ContactLanguage": {"ContactLanguage": "JP"},
    "5000 characters": {"UseCaseDescription": "x" * 5001},
    "1 to 4 addresses": {"AdditionalContactEmailAddresses": ["ops@example.com"] * 5},
    "nobody is not an e-mail address": {"AdditionalContactEmailAddresses": ["nobody"]},
}


@pytest.fixture(autouse=True)
def _sandbox(aws: LocalAws) -> Iterator[None]:
    aws.enter_sandbox()
    yield
    aws.leave_sandbox()


def ask(aws: LocalAws, **changes: Any) -> None:
    aws.client("sesv2").put_account_details(**({"ProductionAccessEnabled": True, **DETAILS} | changes))


def account(aws: LocalAws) -> tuple[bool, str]:
    """Whether it is in production, and how the review stands."""
    found = aws.client("sesv2").get_account()
    review = found.get("Details", {}).get("ReviewDetails", {})
    return found["ProductionAccessEnabled"], review.get("Status", "none")


@pytest.mark.parametrize(("verdict", "in_production"), [("GRANTED", True), ("DENIED", False), ("FAILED", False)])
def test_asks_once_and_waits_for_the_review(aws: LocalAws, verdict: str, in_production: bool) -> None:
    sesv2 = aws.client("sesv2")
    assert account(aws) == (False, "none")
    ask(aws)
    details = sesv2.get_account()["Details"]
    assert {key: details.get(key) for key in DETAILS} == DETAILS
    assert details["ReviewDetails"]["CaseId"]
    assert account(aws) == (False, "PENDING")
    with pytest.raises(sesv2.exceptions.ConflictException):
        ask(aws, WebsiteURL="https://example.org")
    assert sesv2.get_account()["Details"]["WebsiteURL"] == "https://example.com"
    aws.review(verdict)
    assert account(aws) == (in_production, verdict)


def test_fact_2_after_a_denial_nothing_is_asked_again(aws: LocalAws) -> None:
    """Fact 2: a conflict without a message, also for answers that ask for nothing; the case is for support."""
    sesv2 = aws.client("sesv2")
    ask(aws)
    aws.review("DENIED")
    with pytest.raises(sesv2.exceptions.ConflictException) as refused:
        ask(aws, UseCaseDescription="Better said.")
    assert not refused.value.response["Error"].get("Message")
    assert account(aws) == (False, "DENIED")
    with pytest.raises(sesv2.exceptions.ConflictException):
        sesv2.put_account_details(MailType="MARKETING", WebsiteURL="https://example.com")


def test_asks_again_after_a_failure_under_another_case(aws: LocalAws) -> None:
    sesv2 = aws.client("sesv2")
    ask(aws)
    first = sesv2.get_account()["Details"]["ReviewDetails"]["CaseId"]
    aws.review("FAILED")
    ask(aws, UseCaseDescription="Better said.")
    assert account(aws) == (False, "PENDING")
    assert sesv2.get_account()["Details"]["ReviewDetails"]["CaseId"] != first


def test_fact_2_support_may_grant_after_a_denial(aws: LocalAws) -> None:
    ask(aws)
    aws.review("DENIED")
    aws.review("GRANTED")
    assert account(aws) == (True, "GRANTED")


def test_answers_without_a_request_start_no_review(aws: LocalAws) -> None:
    aws.client("sesv2").put_account_details(MailType="MARKETING", WebsiteURL="https://example.com")
    assert account(aws) == (False, "none")
    assert aws.client("sesv2").get_account()["Details"]["MailType"] == "MARKETING"


def test_answers_in_production_start_no_review_and_stay_there(aws: LocalAws) -> None:
    ask(aws)
    aws.review("GRANTED")
    ask(aws, WebsiteURL="https://example.org")
    assert account(aws) == (True, "GRANTED")
    assert aws.client("sesv2").get_account()["Details"]["WebsiteURL"] == "https://example.org"


@pytest.mark.parametrize("told", WRONG)
def test_refuses_what_ses_refuses(aws: LocalAws, told: str) -> None:
    with pytest.raises(aws.client("sesv2").exceptions.BadRequestException, match=told):
        ask(aws, **WRONG[told])
    assert account(aws) == (False, "none")


def test_a_review_needs_a_request(aws: LocalAws) -> None:
    with pytest.raises(LocalAwsError, match="got GRANTED on none"):
        aws.review("GRANTED")
    ask(aws)
    with pytest.raises(LocalAwsError, match="got MAYBE"):
        aws.review("MAYBE")
    assert account(aws) == (False, "PENDING")


def test_each_region_has_a_sandbox_of_its_own(aws: LocalAws) -> None:
    assert aws.client("sesv2", region_name="eu-west-1").get_account()["ProductionAccessEnabled"]
    aws.enter_sandbox("eu-west-1")
    assert not aws.client("sesv2", region_name="eu-west-1").get_account()["ProductionAccessEnabled"]
    aws.leave_sandbox("eu-west-1")
