"""The legacy token for ``_amazonses.<domain>``."""

from typing import Any

from ses_constructs.handlers.verification_token import token_in

from .in_memory_services import DomainIdentity
from .world import World, event

HANDLER = "verification_token"
LOOK, ASK = "ses.GetIdentityVerificationAttributes", "ses.VerifyDomainIdentity"


def test_a_token_that_ses_already_gave_is_not_asked_for_again(aws: World) -> None:
    aws.domain.token = "given-before"

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Data"] == {"Token": "given-before"}
    assert aws.aws.operations() == [LOOK]


def test_a_domain_without_a_token_gets_one(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Data"] == {"Token": "token-of-example.com"}
    assert answer["PhysicalResourceId"] == "_amazonses.example.com"
    assert aws.aws.operations() == [LOOK, ASK]


def test_the_case_and_the_last_dot_of_a_domain_do_not_matter(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Domain="Example.COM."))

    assert answer["PhysicalResourceId"] == "_amazonses.example.com"
    assert list(aws.state.identities) == ["example.com"]


def test_an_update_to_another_domain_gets_another_id(aws: World) -> None:
    aws.state.identities["example.org"] = DomainIdentity()

    answer = aws.send(HANDLER, event(HANDLER, "update", Domain="example.org"))

    assert answer["PhysicalResourceId"] == "_amazonses.example.org"
    assert answer["Data"] == {"Token": "token-of-example.org"}


def test_an_update_of_nothing_keeps_id_and_token(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "update"))["Data"] == aws.send(HANDLER, event(HANDLER, "create"))["Data"]


def test_a_delete_leaves_the_identity_to_cloudformation(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "delete"))

    assert answer["Status"] == "SUCCESS"
    assert "example.com" in aws.state.identities
    assert not aws.aws.calls


def test_a_delete_succeeds_when_the_identity_is_gone(aws: World) -> None:
    aws.state.identities.clear()

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"


def test_no_token_at_all_is_a_failure_with_a_way_out(aws: World) -> None:
    aws.aws.services["ses"] = _WithoutTokens()

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert "SES gave no verification token for example.com; deploy again" in answer["Reason"]


def test_only_the_token_of_the_domain_itself_counts() -> None:
    attributes: Any = {
        "VerificationAttributes": {
            "mail.example.com": {"VerificationStatus": "Success", "VerificationToken": "of the subdomain"},
            "Example.com": {"VerificationStatus": "Success", "VerificationToken": "of the domain"},
        }
    }

    assert token_in(attributes, "example.com") == "of the domain"
    assert token_in(attributes, "example.org") == ""


class _WithoutTokens:
    def get_identity_verification_attributes(self, **_: object) -> dict[str, object]:
        return {"VerificationAttributes": {"example.com": {"VerificationStatus": "Pending"}}}

    def verify_domain_identity(self, **_: object) -> dict[str, object]:
        return {}
