"""The request to leave the sandbox: what is submitted, and which answers SES would not take."""

from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Stack

from ses_constructs import ProductionAccess
from tests.constructs.templates import identified, only, role_statements

REQUEST = "Custom::SESProductionAccess"
USE_CASE = (
    "We send receipts to customers who signed up with a confirmed address. Bounces and complaints go to a topic, "
    "and the address is taken off at once. About 2,000 messages a day."
)


def make(scope: Stack, construct_id: str = "Access", **changes: Any) -> ProductionAccess:
    arguments = {"mail_type": "transactional", "website": "https://www.example.com", "use_case": USE_CASE}
    return ProductionAccess(scope, construct_id, **{**arguments, **changes})


def submitted(stack: Stack) -> dict[str, Any]:
    found = only(stack, REQUEST)["Properties"]
    return {key: found[key] for key in found if not key.startswith("Service")}


def test_the_answers_are_written_as_ses_takes_them(stack: Stack) -> None:
    make(stack)

    assert submitted(stack) == {
        "MailType": "TRANSACTIONAL",
        "Website": "https://www.example.com",
        "UseCase": USE_CASE,
        "ContactLanguage": "EN",
    }


def test_every_answer_can_be_given(stack: Stack) -> None:
    make(
        stack,
        mail_type="marketing",
        contact_language="ja",
        contacts=["a@example.com", "b@example.com"],
        use_case="x" * 100,
    )

    assert submitted(stack) == {
        "MailType": "MARKETING",
        "Website": "https://www.example.com",
        "UseCase": "x" * 100,
        "ContactLanguage": "JA",
        "Contacts": ["a@example.com", "b@example.com"],
    }


def test_the_request_waits_for_the_claim_of_its_stack_and_for_its_permissions(stack: Stack) -> None:
    make(stack)

    claim = only(stack, "AWS::SSM::Parameter")["Properties"]
    assert (claim["Name"], claim["Value"]) == (
        "/ses-constructs/one-per-region/production-access",
        {"Ref": "AWS::StackId"},
    )
    assert set(only(stack, REQUEST)["DependsOn"]) == {
        *identified(stack, "AWS::SSM::Parameter"),
        *identified(stack, "AWS::IAM::Policy"),
        *identified(stack, "AWS::Lambda::EventInvokeConfig"),
    }


def test_the_handler_may_read_and_write_the_details_of_the_account(stack: Stack) -> None:
    make(stack)

    assert role_statements(stack, of="SesProductionAccess") == [
        {"Action": ["ses:GetAccount", "ses:PutAccountDetails"], "Effect": "Allow", "Resource": "*"}
    ]


def test_a_second_request_in_one_stack_is_refused(app: App, stack: Stack) -> None:
    make(stack)
    make(Stack(app, "Other"))

    with pytest.raises(
        ValueError,
        match=r"the production-access .* must have one owner, .* 'Mail/.*' has it, got .*; leave one",
    ):
        make(stack, "Second")


@pytest.mark.parametrize(
    "website",
    [
        "http://example.com",
        "https://example.com:8443/mail?topic=news#top",
        "https://xn--bcher-kva.example/",
        "https://example.com/" + "x" * 980,
    ],
)
def test_a_website_is_an_http_or_https_address(stack: Stack, website: str) -> None:
    make(stack, website=website)

    assert submitted(stack)["Website"] == website


@pytest.mark.parametrize(
    ("website", "message"),
    [
        ("", "website must have 1 to 1000 characters, got ''; write an address such as 'https://www.example.com'"),
        ("https://example.com/" + "x" * 981, "website must have 1 to 1000 characters"),
        ("www.example.com", "website must be an http or https address with a public host, got 'www.example.com'"),
        ("ftp://example.com", "website must be an http or https address with a public host"),
        ("https://localhost", "website must be an http or https address with a public host"),
        ("https://192.0.2.1/", "website must be an http or https address with a public host"),
        ("https://", "website must be an http or https address with a public host"),
        ("https://[example.com", "website must be an http or https address, got"),
        ("https://bücher.example", "website must be printable ASCII without spaces"),
        ("https://example.com/a b", "website must be printable ASCII without spaces"),
        ("https://example.com/\n", "website must be printable ASCII without spaces"),
        ("https://ann:secret@example.com", "website must hold no user name and no password"),
        (None, "website must be text, got None"),
    ],
)
def test_any_other_website_is_refused(stack: Stack, website: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, website=website)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mail_type": "TRANSACTIONAL"}, "mail_type must be one of 'transactional', 'marketing', got 'TRANSACTIONAL'"),
        ({"mail_type": "promotional"}, "mail_type must be one of"),
        ({"contact_language": "jp"}, "contact_language must be one of 'en', 'ja', got 'jp'; write one of them"),
        (
            {"use_case": "We send mail."},
            "use_case must have 100 to 5,000 characters, got '13 characters'; say what you send and to whom, where "
            "addresses come from, and what bounces, complaints and opt-outs lead to",
        ),
        ({"use_case": " " * 200}, "use_case must have 100 to 5,000 characters, got '0 characters'"),
        ({"use_case": "x" * 5001}, "use_case must have 100 to 5,000 characters, got '5001 characters'"),
        ({"use_case": None}, "use_case must be text, got None"),
        ({"contacts": "ops@example.com"}, "contacts must be a sequence of str, not one str"),
        ({"contacts": ["ops"]}, "contacts must have one @, got 'ops'"),
        ({"contacts": ["a@b.c"]}, "contacts must be addresses of at least 6 characters, got 'a@b.c'; check it"),
        (
            {"contacts": [f"ops{number}@example.com" for number in range(5)]},
            "contacts must be at most 4 addresses, got '5 addresses'; name a mailbox that several people read",
        ),
        ({"contacts": ["ops@example.com"] * 2}, "contacts must hold every entry once"),
    ],
)
def test_answers_that_ses_would_not_take_are_refused(stack: Stack, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(stack, **changes)


def test_answers_may_be_known_at_deploy_only(stack: Stack) -> None:
    website, use_case, contact = (
        CfnParameter(stack, name).value_as_string for name in ("Website", "UseCase", "Contact")
    )
    make(stack, website=website, use_case=use_case, contacts=[contact])

    assert submitted(stack)["Website"] == {"Ref": "Website"}
    assert submitted(stack)["UseCase"] == {"Ref": "UseCase"}
    assert submitted(stack)["Contacts"] == [{"Ref": "Contact"}]
