"""Logical ids are a contract: a changed one replaces the resource, so each change belongs into the changelog."""

from aws_cdk import App, Duration, Stack

from app import Mail
from ses_constructs import RecordsToPublish, Route53Zone, VerifiedDomain
from tests.constructs.templates import template


def logical_ids(stack: Stack) -> dict[str, str]:
    return {key: each["Type"] for key, each in template(stack)["Resources"].items()}


def test_the_sample_app_keeps_its_logical_ids(app: App) -> None:
    mail = Mail(app, "Mail", domain_name="example.com", hosted_zone_id="Z1", alarm_address="ops@example.com")

    assert logical_ids(mail) == {
        "DomainIdentityE179405D": "AWS::SES::EmailIdentity",
        "DomainRecords3DDBC200": "AWS::Route53::RecordSetGroup",
    }


def test_a_domain_with_everything_keeps_its_logical_ids(stack: Stack, zone: Route53Zone) -> None:
    domain = VerifiedDomain(
        stack,
        "Domain",
        domain_name="example.com",
        dns=zone,
        legacy_verification_token=True,
        wait_until_verified=Duration.minutes(5),
    )
    domain.allow_sender("222233334444")

    assert logical_ids(stack) == {
        "DomainIdentityE179405D": "AWS::SES::EmailIdentity",
        "DomainVerificationTokenA462A97C": "Custom::SESVerificationToken",
        "DomainRecords3DDBC200": "AWS::Route53::RecordSetGroup",
        "DomainVerificationPolicyE3A19736": "AWS::IAM::Policy",
        "DomainVerification9950DBC1": "Custom::SESDomainVerification",
        "DomainSendersPolicyDE69062D": "AWS::IAM::Policy",
        "DomainSenders830C1F5C": "Custom::SESSenderPolicy",
        "SesVerificationTokenLog89439903": "AWS::Logs::LogGroup",
        "SesVerificationTokenRoleCB6351EF": "AWS::IAM::Role",
        "SesVerificationTokenFunction5C4D8A4D": "AWS::Lambda::Function",
        "SesVerificationTokenOnEverything4A206C92": "AWS::IAM::Policy",
        "SesWaitForVerificationLog2A695C96": "AWS::Logs::LogGroup",
        "SesWaitForVerificationRoleF90AA9CA": "AWS::IAM::Role",
        "SesWaitForVerificationFunction9DF2968A": "AWS::Lambda::Function",
        "SesWaitForVerificationInvokeItselfD0E5C125": "AWS::IAM::Policy",
        "SesSenderPolicyLogEF184A75": "AWS::Logs::LogGroup",
        "SesSenderPolicyRole9D7B2B7A": "AWS::IAM::Role",
        "SesSenderPolicyFunction0E062C66": "AWS::Lambda::Function",
    }


def test_records_to_publish_keep_their_output_ids(stack: Stack) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())

    assert list(template(stack)["Outputs"]) == [
        "DomainRecordsDKIMKey1312B8D46",
        "DomainRecordsDKIMKey2B42202E2",
        "DomainRecordsDKIMKey39E7F392C",
        "DomainRecordsMAILFROMBounces20D93F0B",
        "DomainRecordsMAILFROMSPF54588D8C",
        "DomainRecordsDMARCPolicyCA67761A",
    ]
