"""The request to leave the sandbox: asked once, never in the way of a deployment, and quiet about persons."""

from typing import Any

import pytest

from ses_constructs.handlers._custom_resource import Properties, RefusedError
from ses_constructs.handlers.production_access import Answers, decide_create, decide_update, status_of

from .in_memory_account import CASE
from .in_memory_aws import Fault, Trouble
from .world import World, event, pairwise, rolled_back

HANDLER = "production_access"
PROPERTIES = event(HANDLER, "create")["ResourceProperties"]
NEXT = event(HANDLER, "update")["ResourceProperties"]
LOOK, SUBMIT = "sesv2.GetAccount", "sesv2.PutAccountDetails"
WHAT_TO_DO = (
    f"for production access in this region (support case {CASE}): reply to the case in the AWS Support Center, where "
    "it can be looked at again; without ProductionAccess the rest of the stack deploys"
)


@pytest.fixture(autouse=True)
def sandbox(aws: World) -> None:
    aws.state.account.in_production = False


def review(aws: World, status: str, properties: dict[str, Any] = PROPERTIES, case: str = CASE) -> dict[str, Any]:
    """What the account looks like once AWS has answered the request with *properties*."""
    aws.state.account.details = {
        "MailType": properties["MailType"],
        "WebsiteURL": properties["Website"],
        "UseCaseDescription": properties["UseCase"],
        "ContactLanguage": properties["ContactLanguage"],
        "AdditionalContactEmailAddresses": [*reversed(properties["Contacts"])],
        "ReviewDetails": {"Status": status, "CaseId": case},
    }
    return dict(aws.state.account.details)


def test_the_answers_are_submitted_and_nothing_is_waited_for(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", "production-access", {})
    assert aws.state.account.details == {
        "MailType": "TRANSACTIONAL",
        "WebsiteURL": "https://www.example.com",
        "UseCaseDescription": PROPERTIES["UseCase"],
        "ContactLanguage": "EN",
        "AdditionalContactEmailAddresses": ["cto@example.com", "mail-team@example.com"],
        "ReviewDetails": {"Status": "PENDING", "CaseId": CASE},
    }
    assert not aws.clock.sleeps


def test_without_contacts_none_are_submitted(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "create", Contacts=None))["Status"] == "SUCCESS"
    assert "AdditionalContactEmailAddresses" not in aws.state.account.details


@pytest.mark.parametrize("kind", ["create", "update"])
def test_an_account_in_production_is_left_alone(aws: World, kind: str) -> None:
    aws.state.account.in_production = True

    assert aws.send(HANDLER, event(HANDLER, kind))["Status"] == "SUCCESS"
    assert aws.aws.operations() == [LOOK]


@pytest.mark.parametrize("kind", ["create", "update"])
@pytest.mark.parametrize("status", ["PENDING", "GRANTED"])
def test_a_request_under_review_or_granted_is_left_alone_whatever_its_answers(
    aws: World, kind: str, status: str
) -> None:
    before = review(aws, status)

    assert aws.send(HANDLER, event(HANDLER, kind))["Status"] == "SUCCESS"
    assert aws.state.account.details == before
    assert aws.aws.operations() == [LOOK]


def test_a_create_with_answers_that_were_denied_fails_and_says_the_case_and_the_ways_out(aws: World) -> None:
    before = review(aws, "DENIED")

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "ses-constructs:create-failed")
    assert answer["Reason"] == f"AWS has denied this request {WHAT_TO_DO}"
    assert aws.state.account.details == before
    assert aws.aws.operations() == [LOOK]


def test_a_denial_without_a_case_is_told_too(aws: World) -> None:
    review(aws, "DENIED", case="")

    assert "(support case without a number)" in aws.send(HANDLER, event(HANDLER, "create"))["Reason"]


def test_a_create_with_other_answers_than_those_denied_asks_and_tells_what_a_conflict_means(aws: World) -> None:
    before = review(aws, "DENIED", NEXT)

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"AWS has denied an earlier request, and takes no other one, {WHAT_TO_DO}"
    assert aws.state.account.details == before
    assert SUBMIT in aws.aws.operations()


@pytest.mark.parametrize("kind", ["create", "update"])
def test_a_conflict_without_a_review_is_no_success(aws: World, kind: str) -> None:
    review(aws, "LOST")

    answer = aws.send(HANDLER, event(HANDLER, kind))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "SES refuses the request for production access as a conflict, and shows no review: look at the account "
        "dashboard of SES in this region, and deploy again"
    )


@pytest.mark.parametrize(
    "change",
    [
        {"MailType": "MARKETING"},
        {"Website": "https://other.example.com"},
        {"ContactLanguage": "JA"},
        {"Contacts": ["mail-team@example.com"]},
    ],
)
def test_each_answer_counts(aws: World, change: dict[str, Any]) -> None:
    review(aws, "DENIED")

    aws.send(HANDLER, event(HANDLER, "create", **change))

    assert SUBMIT in aws.aws.operations()


def test_an_update_with_changed_answers_after_a_denial_asks_and_warns_of_the_conflict(
    aws: World, caplog: pytest.LogCaptureFixture
) -> None:
    before = review(aws, "DENIED")

    assert aws.send(HANDLER, event(HANDLER, "update"))["Status"] == "SUCCESS"
    assert aws.state.account.details == before
    assert SUBMIT in aws.aws.operations()
    assert "these answers are not under review" in caplog.text


@pytest.mark.parametrize("denied", [PROPERTIES, NEXT], ids=["others were denied", "these were denied"])
def test_an_update_that_changes_no_answer_sends_after_a_denial_what_was_not_denied(
    aws: World, denied: dict[str, Any]
) -> None:
    """The answers changed while others were under review, when nobody may edit them, so that they were never sent."""
    review(aws, "DENIED", denied)
    sent = event(HANDLER, "update")
    sent["OldResourceProperties"] = sent["ResourceProperties"] | {"ServiceToken": "arn:aws:lambda:elsewhere"}

    assert aws.send(HANDLER, sent)["Status"] == "SUCCESS"
    assert (SUBMIT in aws.aws.operations()) == (denied is PROPERTIES)


def test_the_roll_back_to_denied_answers_succeeds_and_asks_for_nothing(aws: World) -> None:
    before = review(aws, "DENIED")

    assert aws.send(HANDLER, rolled_back(event(HANDLER, "update")))["Status"] == "SUCCESS"
    assert aws.state.account.details == before


def test_the_roll_back_of_bad_answers_to_denied_ones_succeeds_and_asks_for_nothing(aws: World) -> None:
    before = review(aws, "DENIED")
    sent = event(HANDLER, "update", UseCase=PROPERTIES["UseCase"])
    sent["OldResourceProperties"] = sent["ResourceProperties"] | {"MailType": "PROMOTIONAL"}

    assert aws.send(HANDLER, sent)["Status"] == "SUCCESS"
    assert aws.state.account.details == before


def test_a_review_that_failed_inside_aws_is_asked_for_again(aws: World) -> None:
    for kind in ("create", "update"):
        review(aws, "FAILED", NEXT)

        assert aws.send(HANDLER, event(HANDLER, kind))["Status"] == "SUCCESS"
        assert aws.state.account.details["ReviewDetails"]["Status"] == "PENDING"


def test_a_conflict_is_a_success_where_the_account_shows_the_review(aws: World) -> None:
    # The answer to the first try is lost, and the second one meets the request that it made.
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, SUBMIT))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.aws.operations() == [LOOK, SUBMIT, SUBMIT, LOOK]


def test_a_request_whose_every_answer_was_lost_is_found_under_review(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, SUBMIT, times=100))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"


def test_delete_changes_nothing(aws: World) -> None:
    before = review(aws, "PENDING")

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert aws.state.account.details == before
    assert not aws.aws.calls


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"MailType": "PROMOTIONAL"}, "property MailType must be one of MARKETING, TRANSACTIONAL, and"),
        ({"ContactLanguage": "JP"}, "ContactLanguage one of EN, JA; the template of this stack must set them"),
        ({"Website": None}, "property Website must be a text"),
        ({"UseCase": " "}, "property UseCase must be a text"),
    ],
)
def test_bad_properties_are_refused(aws: World, properties: dict[str, str | None], message: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", **properties))

    assert message in answer["Reason"]
    assert not aws.aws.calls


@pytest.mark.parametrize(
    ("trouble", "status", "kind"), pairwise([None, *Trouble], ["", "PENDING", "DENIED"], ["create", "update"])
)
def test_contacts_are_never_logged_or_answered(
    aws: World, caplog: pytest.LogCaptureFixture, kind: str, status: str, trouble: Trouble | None
) -> None:
    if status:
        review(aws, status)
    if trouble:
        aws.aws.faults.append(Fault(trouble, SUBMIT, times=100))

    aws.send(HANDLER, event(HANDLER, kind))

    seen = [*(repr(record.__dict__) for record in caplog.records), *map(bytes.decode, aws.cloudformation.bodies)]
    for contact in PROPERTIES["Contacts"]:
        assert not [text for text in seen if contact in text]


def test_what_ses_says_about_a_contact_is_told_without_it(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Contacts=["ann@team.invalid"]))

    assert "(BadRequestException) when calling the PutAccountDetails operation" in answer["Reason"]
    assert "Cannot send to <(a contact)>." in answer["Reason"]
    assert "ann@team.invalid" not in caplog.text


def test_a_contact_that_is_part_of_another_is_hidden_whole() -> None:
    answers = Answers.of(Properties(PROPERTIES | {"Contacts": ["ann@example.com", "joann@example.com"]}))

    assert answers.without_contacts("joann@example.com, ann@example.com") == "(a contact), (a contact)"
    assert "ann@example.com" not in repr(answers)


@pytest.mark.parametrize(
    ("status", "properties", "account"), [("PENDING", PROPERTIES, "UNDER_REVIEW"), ("DENIED", NEXT, "DENIED")]
)
def test_answers_that_are_not_under_review_are_worth_a_warning_with_the_case(
    aws: World, caplog: pytest.LogCaptureFixture, status: str, properties: dict[str, Any], account: str
) -> None:
    review(aws, status, properties)
    aws.send(HANDLER, event(HANDLER, "update"))

    (record,) = [each for each in caplog.records if each.getMessage() == "these answers are not under review"]
    assert record.levelname == "WARNING"
    assert (record.__dict__["account"], record.__dict__["case"]) == (account, CASE)


def test_the_decisions_need_no_aws() -> None:
    first, second = Answers.of(Properties(PROPERTIES)), Answers.of(Properties(NEXT))
    new: Any = {"ProductionAccessEnabled": False}
    denied: Any = {
        "Details": {
            "MailType": "TRANSACTIONAL",
            "WebsiteURL": PROPERTIES["Website"],
            "UseCaseDescription": f"{PROPERTIES['UseCase']}\n",
            "ContactLanguage": "EN",
            "AdditionalContactEmailAddresses": PROPERTIES["Contacts"],
            "ReviewDetails": {"Status": "DENIED"},
        }
    }

    assert status_of(new) == "NOT_ASKED"
    assert decide_create(new, first) == decide_update(new, first) == "submit"
    assert decide_create(denied, second) == decide_update(denied, second) == "submit"
    assert decide_update(denied, first) == "keep"
    with pytest.raises(RefusedError, match="AWS has denied this request for production access in this region"):
        decide_create(denied, first)
