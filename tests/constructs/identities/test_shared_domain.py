"""The sender's half of a domain that another account owns."""

from typing import Any

import pytest
from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from ses_constructs import BounceMonitoring, SmtpCredentials, VerifiedDomain
from tests.constructs.templates import only, resources

ARN = "arn:aws:ses:eu-west-1:999988887777:identity/example.com"


def refer(stack: Stack, arn: str = ARN, **arguments: Any) -> Any:
    return VerifiedDomain.from_identity_arn(stack, "Shared", arn, **arguments)


def named(stack: Stack) -> list[Any]:
    """Every resource that a policy of a role or user names."""
    found: list[Any] = []
    for policy in resources(stack, "AWS::IAM::Policy"):
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            each = statement["Resource"]
            found += each if isinstance(each, list) else [each]
    return found


def role(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


@pytest.mark.parametrize("arn", [ARN, ARN.replace("eu-west-1", "*"), ARN.replace("example.com", "EXAMPLE.com")])
def test_a_grant_names_the_identity_of_its_owner_and_no_other(stack: Stack, arn: str) -> None:
    shared = refer(stack, arn)

    shared.grant_send(role(stack), from_addresses=["billing@example.com"])

    assert shared.domain_name == "example.com"
    assert shared.identity.email_identity_arn == arn
    assert named(stack) == [arn]


def test_a_set_of_this_account_goes_with_it(stack: Stack) -> None:
    news = ses.ConfigurationSet.from_configuration_set_name(stack, "News", "news")

    refer(stack, configuration_set=news).grant_send(role(stack))

    assert len(named(stack)) == 4  # the identity and the set, for ses:SendBulkEmail too
    assert named(stack).count(ARN) == 2


def test_smtp_credentials_send_from_it(stack: Stack) -> None:
    SmtpCredentials(stack, "Smtp", domain=refer(stack))

    sending = [each for each in resources(stack, "AWS::IAM::Policy") if "Users" in each["Properties"]]
    assert sending[0]["Properties"]["PolicyDocument"]["Statement"][0]["Resource"] == ARN


def test_its_mail_is_watched_by_a_set_that_messages_name(stack: Stack) -> None:
    BounceMonitoring(stack, "Bounces", domain=refer(stack), default_for_domain=False).grant_send(role(stack))

    assert only(stack, "AWS::SES::ConfigurationSet")
    assert ARN in named(stack)


def test_an_identity_of_this_account_covers_its_addresses(stack: Stack) -> None:
    refer(stack, ARN.replace("999988887777", "111122223333")).grant_send(role(stack))

    assert len([each for each in named(stack) if "*@example.com" in str(each)]) == 2


def test_only_its_owner_lets_others_send(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"domain must be of this account to let others send from it, got 'example.com'"
    ):
        refer(stack).allow_sender("222233334444")


def test_the_region_may_be_that_of_the_deployment(agnostic_stack: Stack) -> None:
    arn = ARN.replace("eu-west-1", Aws.REGION)

    assert refer(agnostic_stack, arn).domain_name == "example.com"


@pytest.mark.parametrize(
    ("arn", "message"),
    [
        (
            "example.com",
            "identity_arn must be the ARN of a domain's identity, known at synth, got 'example.com'; write",
        ),
        ("arn:aws:ses:eu-west-1:1:identity/example.com", "identity_arn must be the ARN"),
        (ARN.replace("example.com", "ann@example.com"), "identity_arn must be the ARN"),
        (ARN.replace("identity", "configuration-set"), "identity_arn must be the ARN"),
        (ARN.replace("example.com", "example"), "domain_name must have at least two labels"),
        (ARN.replace("eu-west-1", "us-east-1"), "identity_arn must be in the region of the stack, eu-west-1, got 'us-"),
        (5, "identity_arn must be text"),
    ],
)
def test_what_cannot_be_one_is_refused(stack: Stack, arn: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        refer(stack, arn)
