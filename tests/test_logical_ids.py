"""Logical ids are a contract: a changed one replaces the resource, so each change belongs into the changelog."""

from aws_cdk import App, Duration, Stack

from app import Mail
from ses_constructs import RecordsToPublish, Route53Zone, VerifiedDomain
from tests.constructs.templates import template


def logical_ids(stack: Stack) -> dict[str, str]:
    return {key: each["Type"] for key, each in template(stack)["Resources"].items()}


def test_the_sample_app_keeps_its_logical_ids(app: App) -> None:
    mail = Mail(app, "Mail", domain_name="example.com", hosted_zone_id="Z1", alarm_address="ops@example.net")

    assert logical_ids(mail) == {
        "DomainIdentityE179405D": "AWS::SES::EmailIdentity",
        "DomainRecords3DDBC200": "AWS::Route53::RecordSetGroup",
        "InboundRulesSupportCF06C298": "AWS::SES::ReceiptRule",
        "InboundRulesSupportForwarderStoredF45C08BD": "AWS::SNS::Topic",
        "InboundRulesSupportForwarderStoredPolicy80E4D7BB": "AWS::SNS::TopicPolicy",
        "InboundRulesSupportForwarderDeadLetterQueue3540CF56": "AWS::SQS::Queue",
        "InboundRulesSupportForwarderDeadLetterQueuePolicy27629EC8": "AWS::SQS::QueuePolicy",
        "InboundRulesSupportForwarderHandlerLogBB00C8D4": "AWS::Logs::LogGroup",
        "InboundRulesSupportForwarderHandlerRoleA4FA65F6": "AWS::IAM::Role",
        "InboundRulesSupportForwarderHandlerRoleDefaultPolicy8726E55F": "AWS::IAM::Policy",
        "InboundRulesSupportForwarderHandlerFunction89886809": "AWS::Lambda::Function",
        "InboundRulesSupportForwarderHandlerFunctionAllowInvokeMailInboundRulesSupportForwarderStored1DFACD66F78DA547": "AWS::Lambda::Permission",  # noqa: E501
        "InboundRulesSupportForwarderHandlerFunctionStoredE20139B5": "AWS::SNS::Subscription",
        "InboundRulesSupportForwarderFailureAlarm05FF7511": "AWS::CloudWatch::Alarm",
        "InboundRulesReportsF52BF2CF": "AWS::SES::ReceiptRule",
        "InboundRulesNoReply16D889A1": "AWS::SES::ReceiptRule",
        "InboundRuleSetC7816A7C": "AWS::SES::ReceiptRuleSet",
        "InboundActivation565205E2": "Custom::SESActiveRuleSet",
        "InboundSpamFilterHandlerLog87A19415": "AWS::Logs::LogGroup",
        "InboundSpamFilterHandlerRole10000C5C": "AWS::IAM::Role",
        "InboundSpamFilterHandlerFunction49BB4384": "AWS::Lambda::Function",
        "InboundSpamFilterDropped5D22AEFC": "AWS::Logs::MetricFilter",
        "InboundDropSpam76A34CB5": "AWS::SES::ReceiptRule",
        "InboundDropSpamPermissionMailInboundSpamFilterHandlerFunction9EB28A547DA97DD3": "AWS::Lambda::Permission",
        "InboundMailbox5698A41D": "AWS::S3::Bucket",
        "InboundMailboxPolicy89611735": "AWS::S3::BucketPolicy",
        "SesActivateRuleSetLogF1F97AD3": "AWS::Logs::LogGroup",
        "SesActivateRuleSetRole287CE1B9": "AWS::IAM::Role",
        "SesActivateRuleSetFunctionFA0B2E87": "AWS::Lambda::Function",
        "SesActivateRuleSetOnEverything3509B050": "AWS::IAM::Policy",
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
