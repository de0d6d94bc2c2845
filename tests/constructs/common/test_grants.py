"""A grant gives what it says, or is refused with the way: no policy that is none."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, PhysicalName, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager

from ses_constructs import (
    BounceMonitoring,
    EventHistory,
    InboundRuleSet,
    SmtpCredentials,
    StoreMail,
    VerifiedAddress,
    VerifiedDomain,
)
from tests.constructs.templates import resources, warnings, written

ELSEWHERE = "999988887777"
HERE = "111122223333"
LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")

Make = Callable[[Stack], Any]

CANNOT_CARRY: Mapping[str, Make] = {
    "a role of another account": lambda stack: iam.Role.from_role_arn(
        stack, "R", f"arn:aws:iam::{ELSEWHERE}:role/their-role"
    ),
    "a user of another account": lambda stack: iam.User.from_user_arn(
        stack, "R", f"arn:aws:iam::{ELSEWHERE}:user/their-user"
    ),
    "a role that stays as it is": lambda stack: iam.Role.from_role_arn(
        stack, "R", f"arn:aws:iam::{HERE}:role/fixed-role", mutable=False
    ),
    "a role of the app that stays as it is": lambda stack: iam.Role(
        stack, "R", assumed_by=LAMBDA
    ).without_policy_updates(),
    "a service": lambda stack: iam.ServicePrincipal("email.cognito-idp.amazonaws.com"),
    "two services": lambda stack: iam.CompositePrincipal(LAMBDA, iam.ServicePrincipal("ec2.amazonaws.com")),
    "an account": lambda stack: iam.AccountPrincipal(ELSEWHERE),
    "an organization": lambda stack: iam.OrganizationPrincipal("o-1234567890"),
}


def domain_of(stack: Stack) -> Any:
    return VerifiedDomain.from_domain_name(stack, "Domain", "example.com")


SENDING: Mapping[str, Make] = {
    "domain": domain_of,
    "monitoring": lambda stack: BounceMonitoring(stack, "B", domain=domain_of(stack), default_for_domain=False),
    "address": lambda stack: VerifiedAddress(stack, "A", address="ann@example.net"),
}


@pytest.mark.parametrize("make_owner", SENDING.values(), ids=SENDING)
@pytest.mark.parametrize("make_grantee", CANNOT_CARRY.values(), ids=CANNOT_CARRY)
def test_who_has_no_policies_here_is_not_granted_to_send(stack: Stack, make_owner: Make, make_grantee: Make) -> None:
    owner = make_owner(stack)

    with pytest.raises(ValueError, match=r"grantee must be .*, got .*; (let it send by allow_sender|grant a role)"):
        owner.grant_send(make_grantee(stack))


@pytest.mark.parametrize("make_grantee", CANNOT_CARRY.values(), ids=CANNOT_CARRY)
def test_who_has_no_policies_here_is_not_granted_to_ask_the_history(stack: Stack, make_grantee: Make) -> None:
    history = EventHistory(stack, "History", monitoring=BounceMonitoring(stack, "B"))

    with pytest.raises(ValueError, match=r"grantee must be .*; grant a role of this account, which the other one"):
        history.grant_query(make_grantee(stack))


@pytest.mark.parametrize("make_grantee", CANNOT_CARRY.values(), ids=CANNOT_CARRY)
def test_the_mailbox_lets_in_who_has_no_policies(stack: Stack, make_grantee: Make) -> None:
    key = kms.Key(stack, "Key")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack), mailbox_key=key)

    assert inbound.grant_read(make_grantee(stack), prefix="support/").success
    (bucket_policy,) = resources(stack, "AWS::S3::BucketPolicy")
    given = bucket_policy["Properties"]["PolicyDocument"]["Statement"][-1]
    assert given["Action"] == "s3:GetObject"
    assert written(given["Resource"]).endswith("/support/*")
    (key_resource,) = resources(stack, "AWS::KMS::Key")
    on_key = key_resource["Properties"]["KeyPolicy"]["Statement"][-1]
    assert on_key["Action"] == "kms:Decrypt"
    assert on_key["Principal"] == given["Principal"]
    via = {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}
    assert {key: on_key["Condition"]["StringEquals"][key] for key in via} == via


@pytest.mark.parametrize("make_grantee", CANNOT_CARRY.values(), ids=CANNOT_CARRY)
def test_an_imported_mailbox_lets_nobody_in(stack: Stack, make_grantee: Make) -> None:
    mailbox = s3.Bucket.from_bucket_name(stack, "Mailbox", "mail")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack), mailbox=mailbox)

    with pytest.raises(ValueError, match=r"grantee must be somebody whose policies can be changed here, got .*; have"):
        inbound.grant_read(make_grantee(stack))


def test_a_role_of_the_account_may_read_and_the_policy_of_the_bucket_stays(stack: Stack) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack), mailbox=s3.Bucket(stack, "Mailbox"))

    inbound.grant_read(iam.Role(stack, "Role", assumed_by=LAMBDA))

    assert resources(stack, "AWS::S3::BucketPolicy") == []
    assert not [each for each in warnings(stack) if "policy" in each]


def test_the_owner_of_a_bucket_elsewhere_is_told_what_to_add(stack: Stack) -> None:
    mailbox = s3.Bucket.from_bucket_attributes(stack, "Mailbox", bucket_name="mail", account=ELSEWHERE)
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack), mailbox=mailbox, drop_spam=False)

    inbound.grant_read(iam.Role.from_role_arn(stack, "Reader", f"arn:aws:iam::{HERE}:role/reader"))

    (warning,) = [each for each in warnings(stack) if "must let Mail/Reader in before it is used" in each]
    assert '"AWS": "arn:aws:iam::111122223333:role/reader"' in warning


def test_the_secret_lets_in_a_role_that_stays_as_it_is(stack: Stack) -> None:
    credentials = SmtpCredentials(stack, "Smtp", domain=domain_of(stack))

    credentials.grant_read(CANNOT_CARRY["a role that stays as it is"](stack))

    (policy,) = resources(stack, "AWS::SecretsManager::ResourcePolicy")
    assert policy["Properties"]["ResourcePolicy"]["Statement"][0]["Principal"] == {
        "AWS": f"arn:aws:iam::{HERE}:role/fixed-role"
    }


def test_an_imported_secret_lets_nobody_in(stack: Stack) -> None:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Secret", "mail/smtp")

    with pytest.raises(ValueError, match=r"grantee must be somebody .*; have the owner of the secret let the grantee"):
        SmtpCredentials.from_secret(stack, "Smtp", secret).grant_read(CANNOT_CARRY["a role that stays as it is"](stack))


def test_a_function_without_a_known_role_is_refused(stack: Stack) -> None:
    function = lambda_.Function.from_function_arn(stack, "F", f"arn:aws:lambda:eu-west-1:{HERE}:function:f")

    with pytest.raises(
        ValueError, match=r"grantee must have a role that is known here, got .*; import it with its role"
    ):
        domain_of(stack).grant_send(function)


def test_ses_does_not_act_as_a_role_that_gets_no_permissions(stack: Stack) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack))
    store = StoreMail(role=CANNOT_CARRY["a role that stays as it is"](stack))

    with pytest.raises(ValueError, match=r"grantee must be somebody .*; import the role by Role.from_role_arn without"):
        inbound.add_rule("Rule", actions=[store])


def test_conditions_around_a_role_do_not_hide_its_policies(stack: Stack) -> None:
    role = iam.Role(stack, "Role", assumed_by=LAMBDA)

    grant = domain_of(stack).grant_send(iam.PrincipalWithConditions(role, {"Bool": {"aws:SecureTransport": "true"}}))

    assert grant.success
    assert len(resources(stack, "AWS::IAM::Policy")) == 1


@pytest.mark.parametrize(
    "env",
    [
        Environment(account=ELSEWHERE, region="eu-west-1"),
        Environment(account=HERE, region="us-east-1"),
        None,
    ],
    ids=["another account", "another region", "anywhere"],
)
def test_a_role_of_the_app_without_a_name_cannot_be_named_elsewhere(env: Environment | None) -> None:
    app = App()
    stack = Stack(app, "Mail", env=Environment(account=HERE, region="eu-west-1"))
    role = iam.Role(Stack(app, "Other", env=env), "Role", assumed_by=LAMBDA)

    with pytest.raises(ValueError, match=r"principal must have a name that Mail can know.*got 'Other/Role'; pass role"):
        domain_of(stack).allow_sender(role)


def test_a_role_of_another_account_of_the_app_reads_by_both_policies() -> None:
    app = App()
    stack = Stack(app, "Mail", env=Environment(account=HERE, region="eu-west-1"))
    other = Stack(app, "Other", env=Environment(account=ELSEWHERE, region="eu-west-1"))
    mailbox = s3.Bucket(stack, "Mailbox", bucket_name=PhysicalName.GENERATE_IF_NEEDED)
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack), mailbox=mailbox)
    named = iam.Role(other, "Named", assumed_by=LAMBDA, role_name=PhysicalName.GENERATE_IF_NEEDED)

    inbound.grant_read(named)

    assert len(resources(stack, "AWS::S3::BucketPolicy")) == 1
    assert len(resources(other, "AWS::IAM::Policy")) == 1


def test_a_role_of_another_account_of_the_app_needs_a_name_to_read(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account=ELSEWHERE, region="eu-west-1"))
    inbound = InboundRuleSet(stack, "Inbound", domain=domain_of(stack))

    with pytest.raises(ValueError, match=r"grantee must have a name that Mail can know"):
        inbound.grant_read(iam.Role(other, "Role", assumed_by=LAMBDA))


def test_a_history_that_is_encrypted_is_read_by_a_role_of_the_account(stack: Stack) -> None:
    history = EventHistory(
        stack,
        "History",
        monitoring=BounceMonitoring(stack, "B"),
        encryption_key=kms.Key(stack, "Key"),
        keep_for=Duration.days(30),
    )

    assert history.grant_query(iam.Role(stack, "Role", assumed_by=LAMBDA)).success
