"""Logical ids are a contract: a changed one replaces the resource, so each change belongs into the changelog."""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2

from app import Mail
from ses_constructs import (
    BounceMonitoring,
    DnsDelegationRole,
    RecordsToPublish,
    Route53Zone,
    SesApiEndpoint,
    TrackingDomain,
    VerifiedDomain,
)
from tests.constructs.templates import template


def logical_ids(stack: Stack) -> dict[str, str]:
    return {key: each["Type"] for key, each in template(stack)["Resources"].items()}


def test_the_sample_app_keeps_its_logical_ids(app: App) -> None:
    mail = Mail(app, "Mail", domain_name="example.com", hosted_zone_id="Z1", alarm_address="ops@example.net")

    assert logical_ids(mail) == {
        "DomainIdentityE179405D": "AWS::SES::EmailIdentity",
        "DomainRecords3DDBC200": "AWS::Route53::RecordSetGroup",
        "DomainIdentityVerificationCFC112B2": "Custom::SESDomainVerification",
        "BouncesConfigurationSetF32C64E3": "AWS::SES::ConfigurationSet",
        "BouncesCloudWatchMetricsDestinationD9B54572": "AWS::SES::ConfigurationSetEventDestination",
        "BouncesAlarmsBounceRateWarningB009E6DC": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsBounceRateCriticalF4EFDAFA": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsBounceRateCriticalTooFew26D16EA6": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsBounceRateCriticalPause6740468B": "AWS::CloudWatch::CompositeAlarm",
        "BouncesAlarmsComplaintRateWarning169D72C0": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsComplaintRateCritical19C17F8D": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsComplaintRateCriticalTooFew91EA6B3C": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsComplaintRateCriticalPauseBE050F5B": "AWS::CloudWatch::CompositeAlarm",
        "BouncesAlarmsRejectsD9B0F42B": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsDeliveryDelays1236698C": "AWS::CloudWatch::Alarm",
        "BouncesAlarmsPauseHandlerRoleE9DA6E30": "AWS::IAM::Role",
        "BouncesAlarmsPauseHandlerFunction98D79F5D": "AWS::Lambda::Function",
        "BouncesAlarmsPauseHandlerFunctionEventInvokeConfig7B1F92EA": "AWS::Lambda::EventInvokeConfig",
        "BouncesAlarmsPausePermission43A3EEC2": "AWS::Lambda::Permission",
        "BouncesAlarmsPauseFailureAlarm91B1F5E3": "AWS::CloudWatch::Alarm",
        "BouncesAccountAlarmsBounceRateWarning8279DB17": "AWS::CloudWatch::Alarm",
        "BouncesAccountAlarmsBounceRateCritical74681637": "AWS::CloudWatch::Alarm",
        "BouncesAccountAlarmsComplaintRateWarningB18AE845": "AWS::CloudWatch::Alarm",
        "BouncesAccountAlarmsComplaintRateCritical2E51A32F": "AWS::CloudWatch::Alarm",
        "BouncesReputationAtRisk2889BE9B": "AWS::CloudWatch::CompositeAlarm",
        "BouncesDashboard506E53E0": "AWS::CloudWatch::Dashboard",
        "EmailTeamopsexamplenetAD1D7A9E": "AWS::SNS::Topic",
        "EmailTeamopsexamplenetPolicyF2213BE8": "AWS::SNS::TopicPolicy",
        "EmailTeamopsexamplenetD799ABAD": "AWS::SNS::Subscription",
        "SesLog9DC748DA": "AWS::Logs::LogGroup",
        "AccountHealthWatchHandlerRoleA291E4E7": "AWS::IAM::Role",
        "AccountHealthWatchHandlerFunctionC1475EC1": "AWS::Lambda::Function",
        "AccountHealthWatchRule226AB17B": "AWS::Events::Rule",
        "AccountHealthWatchPermission1A804742": "AWS::Lambda::Permission",
        "AccountHealthQuotaAlarmDF0FE3EE": "AWS::CloudWatch::Alarm",
        "AccountHealthReviewAlarm5C1615ED": "AWS::CloudWatch::Alarm",
        "AccountHealthPausedAlarm888530CE": "AWS::CloudWatch::Alarm",
        "AccountHealthSilenceAlarm2E3EA2C4": "AWS::CloudWatch::Alarm",
        "AccountHealthSandboxAlarm21A2DACB": "AWS::CloudWatch::Alarm",
        "SmtpUser4973DF55": "AWS::IAM::User",
        "SmtpSecretF89CC16B": "AWS::SecretsManager::Secret",
        "SmtpSending68D8338D": "AWS::IAM::Policy",
        "Smtp5A8258C1": "Custom::SESSmtpCredentials",
        "SmtpPolicy78A937D4": "AWS::IAM::Policy",
        "SmtpRotationHandlerRoleB8140CE7": "AWS::IAM::Role",
        "SmtpRotationHandlerFunction104873EA": "AWS::Lambda::Function",
        "SmtpRotationPermission6EC49E41": "AWS::Lambda::Permission",
        "SmtpRotationSchedule0738F769": "AWS::SecretsManager::RotationSchedule",
        "SmtpRotationSweep362EEB10": "AWS::Events::Rule",
        "SmtpRotationSweepAllowEventRuleMailSmtpRotationHandlerFunctionB4D5E698F96AFB59": "AWS::Lambda::Permission",
        "SmtpRotationFailureAlarm157C8B7A": "AWS::CloudWatch::Alarm",
        "SesSmtpCredentialsRole6AB00532": "AWS::IAM::Role",
        "SesSmtpCredentialsFunction137396F1": "AWS::Lambda::Function",
        "SesSmtpCredentialsEventAge2A5A11D3": "AWS::Lambda::EventInvokeConfig",
        "InboundRulesSupportCF06C298": "AWS::SES::ReceiptRule",
        "InboundRulesSupportFailureAlarm9BB72B75": "AWS::CloudWatch::Alarm",
        "InboundRulesReportsF52BF2CF": "AWS::SES::ReceiptRule",
        "InboundRulesReportsFailureAlarm5FA4B657": "AWS::CloudWatch::Alarm",
        "InboundRulesNoReply16D889A1": "AWS::SES::ReceiptRule",
        "InboundRulesNoReplyFailureAlarmB4F66532": "AWS::CloudWatch::Alarm",
        "InboundRuleSetC7816A7C": "AWS::SES::ReceiptRuleSet",
        "InboundActivation565205E2": "Custom::SESActiveRuleSet",
        "InboundSpamFilterHandlerRole10000C5C": "AWS::IAM::Role",
        "InboundSpamFilterHandlerFunction49BB4384": "AWS::Lambda::Function",
        "InboundDropSpam76A34CB5": "AWS::SES::ReceiptRule",
        "InboundDropSpamPermissionMailInboundSpamFilterHandlerFunction9EB28A547DA97DD3": "AWS::Lambda::Permission",
        "InboundDropSpamFailureAlarm9F8EEF5F": "AWS::CloudWatch::Alarm",
        "InboundMailbox5698A41D": "AWS::S3::Bucket",
        "InboundMailboxPolicy89611735": "AWS::S3::BucketPolicy",
        "InboundForwardingConfigurationSet4790982D": "AWS::SES::ConfigurationSet",
        "InboundForwardingMetricsDestination6FAD532A": "AWS::SES::ConfigurationSetEventDestination",
        "InboundForwardingPauseHandlerRole7522EDE5": "AWS::IAM::Role",
        "InboundForwardingPauseHandlerFunction17933A8E": "AWS::Lambda::Function",
        "InboundForwardingPauseHandlerFunctionEventInvokeConfig0242B920": "AWS::Lambda::EventInvokeConfig",
        "InboundForwardingPausePermission928594AA": "AWS::Lambda::Permission",
        "InboundForwardingPauseFailureAlarm87D52A2A": "AWS::CloudWatch::Alarm",
        "InboundForwardingBounceRate0916BD66": "AWS::CloudWatch::Alarm",
        "InboundForwardingComplaintRateFA06B502": "AWS::CloudWatch::Alarm",
        "InboundForwardingForwarderStored95FE9362": "AWS::SNS::Topic",
        "InboundForwardingForwarderStoredPolicy93EE024B": "AWS::SNS::TopicPolicy",
        "InboundForwardingForwarderDeadLetterQueueC65F2685": "AWS::SQS::Queue",
        "InboundForwardingForwarderQueuePolicyA3801D71": "AWS::SQS::QueuePolicy",
        "InboundForwardingForwarderRefusedQueueC6D45DDF": "AWS::SQS::Queue",
        "InboundForwardingForwarderHandlerRole00308E25": "AWS::IAM::Role",
        "InboundForwardingForwarderHandlerFunction6C60C668": "AWS::Lambda::Function",
        "InboundForwardingForwarderHandlerFunctionAllowInvokeMailInboundForwardingForwarderStored380E16DFA8623D77": "AWS::Lambda::Permission",  # noqa: E501
        "InboundForwardingForwarderHandlerFunctionStored7E190ED0": "AWS::SNS::Subscription",
        "InboundForwardingForwarderFailureAlarm2BD88FDD": "AWS::CloudWatch::Alarm",
        "InboundRuleOrder120B86B2": "Custom::SESRuleOrder",
        "SesReceiptRulesRole17302001": "AWS::IAM::Role",
        "SesReceiptRulesFunction2D8D0614": "AWS::Lambda::Function",
        "SesReceiptRulesEventAge8246C02B": "AWS::Lambda::EventInvokeConfig",
        "SesWaitForVerificationRoleF90AA9CA": "AWS::IAM::Role",
        "SesWaitForVerificationFunction9DF2968A": "AWS::Lambda::Function",
        "SesWaitForVerificationEventAge81C85A9F": "AWS::Lambda::EventInvokeConfig",
    }


def test_a_domain_whose_records_are_written_by_a_function_keeps_its_logical_ids(
    stack: Stack, zone: Route53Zone
) -> None:
    dns = Route53Zone(zone.hosted_zone, adopts_existing=True)
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=dns)
    DnsDelegationRole(
        stack, "Delegation", hosted_zone=zone.hosted_zone, domain_name="example.com", trusted_account="222233334444"
    )

    assert logical_ids(stack) == {
        "DomainIdentityE179405D": "AWS::SES::EmailIdentity",
        "DomainRecordWriterA2A7CD22": "Custom::SESDnsRecords",
        "DomainRecordWriterPolicyabc1394968F86C16": "AWS::IAM::Policy",
        "SesDnsRecordsRole0959DA4D": "AWS::IAM::Role",
        "SesDnsRecordsFunctionE425AEAF": "AWS::Lambda::Function",
        "SesDnsRecordsEventAge6074AF36": "AWS::Lambda::EventInvokeConfig",
        "SesLog9DC748DA": "AWS::Logs::LogGroup",
        "DelegationRole14F50288": "AWS::IAM::Role",
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
        "DomainVerification9950DBC1": "Custom::SESDomainVerification",
        "DomainSendersPolicyDE69062D": "AWS::IAM::Policy",
        "DomainSenders830C1F5C": "Custom::SESSenderPolicy",
        "SesVerificationTokenRoleCB6351EF": "AWS::IAM::Role",
        "SesVerificationTokenFunction5C4D8A4D": "AWS::Lambda::Function",
        "SesVerificationTokenEventAgeAF55D2A2": "AWS::Lambda::EventInvokeConfig",
        "SesLog9DC748DA": "AWS::Logs::LogGroup",
        "SesWaitForVerificationRoleF90AA9CA": "AWS::IAM::Role",
        "SesWaitForVerificationFunction9DF2968A": "AWS::Lambda::Function",
        "SesWaitForVerificationEventAge81C85A9F": "AWS::Lambda::EventInvokeConfig",
        "SesSenderPolicyRole9D7B2B7A": "AWS::IAM::Role",
        "SesSenderPolicyFunction0E062C66": "AWS::Lambda::Function",
        "SesSenderPolicyEventAge589FA616": "AWS::Lambda::EventInvokeConfig",
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


def test_the_default_set_of_a_domain_that_exists_keeps_its_logical_ids(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    BounceMonitoring(stack, "Bounces", domain=domain)

    ids = logical_ids(stack)
    assert {key: kind for key, kind in ids.items() if "Default" in key} == {
        "DomainDefaultConfigurationSet8CC28FE3": "Custom::SESDefaultConfigurationSet",
        "DomainDefaultConfigurationSetPolicyB7E26834": "AWS::IAM::Policy",
        "SesDefaultConfigurationSetRole7AC1E1EC": "AWS::IAM::Role",
        "SesDefaultConfigurationSetFunctionD44FF9F6": "AWS::Lambda::Function",
        "SesDefaultConfigurationSetEventAge235D7667": "AWS::Lambda::EventInvokeConfig",
    }


def test_a_tracking_domain_with_https_keeps_its_logical_ids(stack: Stack, zone: Route53Zone) -> None:
    arn = "arn:aws:acm:us-east-1:111122223333:certificate/1234abcd-12ab-34cd-56ef-1234567890ab"
    tracking = TrackingDomain("click.example.com", certificate=acm.Certificate.from_certificate_arn(stack, "C", arn))
    domain = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone)
    BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain=tracking)

    ids = logical_ids(stack)
    assert {key: kind for key, kind in ids.items() if "Tracking" in key} == {
        "BouncesTrackingDomainIdentity34083F04": "AWS::SES::EmailIdentity",
        "BouncesTrackingDomainRecords2C3454D7": "AWS::Route53::RecordSetGroup",
        "BouncesTrackingDomainVerificationD5C126F3": "Custom::SESDomainVerification",
        "BouncesTrackingHttpsDistributionFE89FE30": "AWS::CloudFront::Distribution",
        "BouncesTrackingRecordsB08BB369": "AWS::Route53::RecordSetGroup",
    }


def test_the_endpoint_of_the_api_keeps_its_logical_ids(stack: Stack) -> None:
    vpc = ec2.Vpc.from_vpc_attributes(
        stack,
        "Vpc",
        vpc_id="vpc-1",
        vpc_cidr_block="10.1.0.0/16",
        availability_zones=["eu-west-1a"],
        private_subnet_ids=["subnet-1"],
        private_subnet_route_table_ids=["table-1"],
    )
    SesApiEndpoint(stack, "Api", vpc=vpc, domains=[VerifiedDomain.from_domain_name(stack, "Domain", "example.com")])

    assert logical_ids(stack) == {
        "ApiEndpointSecurityGroupA01BC3D1": "AWS::EC2::SecurityGroup",
        "ApiEndpointD56F57DF": "AWS::EC2::VPCEndpoint",
    }
