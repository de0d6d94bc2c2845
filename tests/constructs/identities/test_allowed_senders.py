"""Whom ``allow_sender`` lets in, and whom no operator and no value of a condition smuggles in."""

from typing import Any

import pytest
from aws_cdk import Aws, CfnParameter, Fn, Stack, Token
from aws_cdk import aws_iam as iam

from ses_constructs import SendingDomain, VerifiedDomain
from tests.constructs.identities.test_sending_domain import sender_statements
from tests.constructs.templates import resources

SERVICE = iam.ServicePrincipal("email.cognito-idp.amazonaws.com")
ORGANIZATION = "aws:PrincipalOrgID"
ROLE = "arn:aws:iam::222233334444:role/app"


@pytest.fixture
def domain(stack: Stack) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, "Domain", "example.com")


def test_a_service_may_send_only_for_this_account(stack: Stack, domain: SendingDomain) -> None:
    domain.allow_sender(iam.ServicePrincipal("email.cognito-idp.amazonaws.com"))

    (statement,) = sender_statements(stack)
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_an_organization_may_send(stack: Stack, domain: SendingDomain) -> None:
    domain.allow_sender(iam.OrganizationPrincipal("o-1234567890"))

    (statement,) = sender_statements(stack)
    assert statement["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": "o-1234567890"}


@pytest.mark.parametrize("account", ["", "1234", "12345678901a", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_account_id_has_twelve_digits(domain: SendingDomain, account: str) -> None:
    with pytest.raises(ValueError, match="principal must be a 12-digit account id or an IAM principal, got"):
        domain.allow_sender(account)


@pytest.mark.parametrize(
    "principal",
    [
        iam.AnyPrincipal(),
        iam.StarPrincipal(),
        iam.ArnPrincipal("*"),
        iam.AccountPrincipal("*"),
        iam.FederatedPrincipal("*"),
        # Whoever has an account there, or an identity pool anywhere.
        iam.FederatedPrincipal("accounts.google.com"),
        iam.WebIdentityPrincipal("cognito-identity.amazonaws.com"),
        iam.CompositePrincipal(iam.AccountPrincipal("222233334444"), iam.AnyPrincipal()),
    ],
)
def test_everyone_must_not_send(domain: SendingDomain, principal: iam.IPrincipal) -> None:
    with pytest.raises(ValueError, match=r"principal must name who may send, and not everyone, got '\*'; pass"):
        domain.allow_sender(principal)


@pytest.mark.parametrize("key", ["ses:FromAddress", "SES:fromaddress"])
def test_a_condition_on_the_from_address_is_for_from_addresses(domain: SendingDomain, key: str) -> None:
    narrowed = iam.AccountPrincipal("222233334444").with_conditions({"StringLike": {key: "x@example.com"}})

    with pytest.raises(ValueError, match=r"principal must carry no condition on ses:FromAddress, got \{'.*; pass"):
        domain.allow_sender(narrowed)


@pytest.mark.parametrize(
    "principal",
    [
        iam.ServicePrincipal("email.cognito-idp.amazonaws.com").with_conditions(
            {"Bool": {"aws:SecureTransport": "true"}}
        ),
        iam.CompositePrincipal(iam.ServicePrincipal("email.cognito-idp.amazonaws.com")),
    ],
)
def test_a_service_in_disguise_sends_only_for_this_account(
    stack: Stack, domain: SendingDomain, principal: iam.IPrincipal
) -> None:
    domain.allow_sender(principal)

    (statement,) = sender_statements(stack)
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


def test_a_service_may_be_held_to_another_source(stack: Stack, domain: SendingDomain) -> None:
    theirs = {"StringEquals": {"aws:SourceAccount": "222233334444"}}
    domain.allow_sender(iam.ServicePrincipal("email.cognito-idp.amazonaws.com").with_conditions(theirs))

    (statement,) = sender_statements(stack)
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "222233334444"}


def test_a_sender_is_an_account_or_a_principal(domain: SendingDomain) -> None:
    with pytest.raises(ValueError, match="principal must be a 12-digit account id or an IAM principal, got 5; pass"):
        domain.allow_sender(5)  # type: ignore[arg-type]


SAY_NOT_WHO = [
    # What such an operator is about is met by requests that lack the key, or by all but one.
    *(
        {operator: {ORGANIZATION: "o-1234567890"}}
        for operator in (
            "StringNotEquals",
            "StringNotEqualsIgnoreCase",
            "StringNotLike",
            "ArnNotEquals",
            "ArnNotLike",
            "StringEqualsIfExists",
            "StringLikeIfExists",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringNotEquals",
            "ForAnyValue:StringEqualsIfExists",
            "NumericEquals",
            "BinaryEquals",
        )
    ),
    {"Null": {ORGANIZATION: "false"}},
    {"Null": {"aws:PrincipalArn": "true"}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
    {"StringEquals": {"aws:SourceIp": "192.0.2.1"}},
    # A caller has no say in these, but a service has, so they name nobody who calls directly.
    {"StringEquals": {"aws:SourceAccount": "222233334444"}},
    # Values that stand for many.
    *({"StringLike": {ORGANIZATION: value}} for value in ("*", "o-*", "o-123456789?", "?-1234567890")),
    {"StringLike": {ORGANIZATION: ["o-1234567890", "*"]}},
    {"StringLike": {ORGANIZATION: []}},
    {"StringEquals": {ORGANIZATION: ""}},
    *(
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": value}}
        for value in ("*", "o-*", "o-1234*/r-ab12/*", "o-1234567890*", "*/r-ab12/*")
    ),
    *(
        {"StringLike": {"aws:PrincipalAccount": value}}
        for value in ("*", "2222*", "????????????", "22223333444", "٢٢٢٢٣٣٣٣٤٤٤٤")
    ),
    *(
        {operator: {"aws:PrincipalArn": value}}
        for operator in ("ArnLike", "ArnEquals", "StringLike")
        for value in (
            "*",
            "arn:aws:iam::*",
            "arn:aws:iam::*:role/app",
            "arn:aws:iam::2222*:role/app",
            "arn:aws:iam::????????????:root",
            "arn:aws:iam::22223333444?:role/app",
            "*:222233334444:role/app",
            # Met by arn:aws:iam::999999999999:role/:222233334444:role/x, where the operator reads '*' over colons.
            "arn:aws:*:222233334444:*",
            "arn:aws:iam:*:222233334444:*",
        )
    ),
    # IAM puts the caller's own in the place of a variable.
    {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalAccount}"}},
    {"StringEquals": {ORGANIZATION: "${aws:PrincipalOrgID}"}},
    {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::${aws:PrincipalAccount}:role/app"}},
    {"ArnLike": {"aws:PrincipalArn": f"arn:{Aws.PARTITION}:iam::*:role/app"}},
]


@pytest.mark.parametrize("conditions", SAY_NOT_WHO)
def test_a_condition_that_does_not_say_who_lets_nobody_in(domain: SendingDomain, conditions: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"principal must name who may send, and not everyone, got \{'.*; pass an acc"):
        domain.allow_sender(iam.AnyPrincipal().with_conditions(conditions))


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringEquals": {"aws:principalorgid": ["o-1234567890", "o-abcdefghij"]}},
        {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1234567890/r-ab12/ou-ab12-11111111/*"]}},
        {"StringEquals": {"aws:PrincipalAccount": "222233334444"}},
        {"StringEquals": {"aws:PrincipalAccount": 222233334444}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws-cn:iam::222233334444:role/app-*"}},
        {"StringLike": {"aws:PrincipalArn": f"arn:{Aws.PARTITION}:sts::{Aws.ACCOUNT_ID}:assumed-role/*"}},
        # One that says who is enough, for all must be met.
        {"StringLike": {ORGANIZATION: "*"}, "ArnEquals": {"aws:PrincipalArn": ROLE}},
    ],
)
def test_a_condition_that_says_who_lets_these_in(
    stack: Stack, domain: SendingDomain, conditions: dict[str, Any]
) -> None:
    domain.allow_sender(iam.AnyPrincipal().with_conditions(conditions))

    (statement,) = sender_statements(stack)
    assert statement["Condition"].keys() == {"StringLike", *conditions}


def test_what_is_known_at_deployment_only_says_who(stack: Stack, domain: SendingDomain) -> None:
    organizations = CfnParameter(stack, "Organizations", type="CommaDelimitedList")
    for value in (Fn.import_value("organization"), organizations.value_as_list, Token.as_any({"Ref": "Other"})):
        domain.allow_sender(iam.AnyPrincipal().with_conditions({"StringEquals": {ORGANIZATION: value}}))

    assert str(resources(stack, "Custom::SESSenderPolicy")).count("aws:PrincipalOrgID") == 3


@pytest.mark.parametrize("provider", ["arn:aws:iam::222233334444:saml-provider/staff", Fn.import_value("provider")])
def test_the_users_of_one_account_s_provider_may_send(stack: Stack, domain: SendingDomain, provider: str) -> None:
    domain.allow_sender(iam.FederatedPrincipal(provider))

    assert len(sender_statements(stack)) == 1


@pytest.mark.parametrize(
    "conditions",
    [
        {"StringLike": {"aws:SourceAccount": "*"}},
        {"StringEqualsIfExists": {"aws:SourceAccount": "222233334444"}},
        {"StringNotEquals": {"AWS:sourceaccount": "222233334444"}},
        {"ArnLike": {"aws:SourceArn": "arn:aws:cognito-idp:*:*:userpool/*"}},
        {"StringLike": {"aws:SourceArn": "arn:aws:cognito-idp:*:222233334444:userpool/*"}},
        # No account stands in it, and a bucket of this name may be somebody else's tomorrow.
        {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::bucket"}},
    ],
)
def test_a_service_is_not_held_to_a_source_that_is_any(domain: SendingDomain, conditions: dict[str, Any]) -> None:
    with pytest.raises(
        ValueError, match=r"principal must name the account that a service acts for, got \{'.*; compare aws:Sourc"
    ):
        domain.allow_sender(SERVICE.with_conditions(conditions))


def test_a_service_may_be_held_to_one_source_beside_others(stack: Stack, domain: SendingDomain) -> None:
    pool = "arn:aws:cognito-idp:eu-west-1:222233334444:userpool/*"
    domain.allow_sender(SERVICE.with_conditions({"ArnLike": {"AWS:SourceArn": pool}}))

    (statement,) = sender_statements(stack)
    assert statement["Condition"].keys() == {"StringLike", "ArnLike"}
