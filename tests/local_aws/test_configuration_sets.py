"""Configuration sets: their options, their default for an identity, what is refused, and pauses."""

from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.plain_app import add_mail_domain
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")

SENDER = "configuration-sets@example.com"
RECIPIENT = "success@simulator.amazonses.com"
Sets = ses.CfnConfigurationSet


@pytest.fixture
def sender(aws: LocalAws) -> Iterator[str]:
    """A verified address."""
    sesv2 = aws.client("sesv2")
    sesv2.create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield SENDER
    sesv2.delete_email_identity(EmailIdentity=SENDER)


@pytest.fixture
def configuration_set(aws: LocalAws) -> Iterator[str]:
    sesv2 = aws.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName="paused-or-not")
    yield "paused-or-not"
    sesv2.delete_configuration_set(ConfigurationSetName="paused-or-not")


@pytest.fixture
def sending_account(aws: LocalAws) -> Iterator[LocalAws]:
    """The local AWS, whose account sends again afterwards and has its usual limits."""
    yield aws
    aws.client("sesv2").put_account_sending_attributes(SendingEnabled=True)
    aws.client("sesv2").put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"])
    aws.set_ses_account()


def read(aws: LocalAws, name: str) -> dict[str, Any]:
    answer = aws.client("sesv2").get_configuration_set(ConfigurationSetName=name)
    return {key: value for key, value in answer.items() if key.endswith("Options")}


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    """The code and the message of the error that the call ends with."""
    with pytest.raises(ClientError) as failed:
        call()
    return failed.value.response["Error"]["Code"], failed.value.response["Error"]["Message"]


def send_v2(aws: LocalAws, sender: str, configuration_set: str = "") -> object:
    return aws.client("sesv2").send_email(
        FromEmailAddress=sender,
        ConfigurationSetName=configuration_set,
        Destination={"ToAddresses": [RECIPIENT]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    )


def send_v1(aws: LocalAws, sender: str, configuration_set: str) -> object:
    raw = f"From: {sender}\r\nTo: {RECIPIENT}\r\nSubject: s\r\nX-SES-CONFIGURATION-SET: {configuration_set}\r\n\r\nb"
    return aws.client("ses").send_raw_email(RawMessage={"Data": raw.encode()})


def test_a_template_sets_and_changes_every_option(
    aws: LocalAws, deployed_stack: DeployedStack, hosted_zone: Zone
) -> None:
    name = f"{deployed_stack.stack_name}-set"
    track = f"click.{hosted_zone.domain}"
    token = aws.client("ses").verify_domain_identity(Domain=track)["VerificationToken"]
    put_record(aws, hosted_zone, "_amazonses.click", "TXT", f'"{token}"')

    def build(stack: cdk.Stack, *, full: bool) -> None:
        add_mail_domain(stack, hosted_zone.domain, hosted_zone.hosted_zone_id)
        pool = ses.CfnDedicatedIpPool(stack, "Pool", pool_name=f"{name}-pool", scaling_mode="MANAGED")
        tracking = Sets.TrackingOptionsProperty(custom_redirect_domain=track, https_policy="REQUIRE")
        delivery = Sets.DeliveryOptionsProperty(
            tls_policy="REQUIRE", max_delivery_seconds=3600, sending_pool_name=pool.ref
        )
        if not full:
            delivery = Sets.DeliveryOptionsProperty(tls_policy="OPTIONAL")
        resource = Sets(
            stack,
            "Set",
            name=name,
            delivery_options=delivery,
            reputation_options=Sets.ReputationOptionsProperty(reputation_metrics_enabled=full),
            suppression_options=Sets.SuppressionOptionsProperty(suppressed_reasons=["BOUNCE"]) if full else None,
            tracking_options=tracking if full else None,
        )
        resource.node.add_dependency(stack.node.find_child("Identity"), stack.node.find_child("Records"))

    deployed_stack.deploy(lambda stack: build(stack, full=True))
    assert read(aws, name) == {
        "DeliveryOptions": {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 3600, "SendingPoolName": f"{name}-pool"},
        "ReputationOptions": {"ReputationMetricsEnabled": True},
        "SendingOptions": {"SendingEnabled": True},
        "SuppressionOptions": {"SuppressedReasons": ["BOUNCE"]},
        "TrackingOptions": {"CustomRedirectDomain": track, "HttpsPolicy": "REQUIRE"},
    }
    pool = aws.client("sesv2").get_dedicated_ip_pool(PoolName=f"{name}-pool")["DedicatedIpPool"]
    assert pool["ScalingMode"] == "MANAGED"

    aws.client("sesv2").put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=False)
    deployed_stack.deploy(lambda stack: build(stack, full=False))
    assert read(aws, name) == {
        "DeliveryOptions": {"TlsPolicy": "OPTIONAL"},
        "ReputationOptions": {"ReputationMetricsEnabled": False},
        "SendingOptions": {"SendingEnabled": False},
    }
    deployed_stack.destroy()
    aws.client("ses").delete_identity(Identity=track)
    assert refusal(lambda: read(aws, name))[0] == "NotFoundException"
    assert f"{name}-pool" not in aws.client("sesv2").list_dedicated_ip_pools()["DedicatedIpPools"]


def test_a_template_that_says_so_resumes_sending(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def build(stack: cdk.Stack, *, tls_policy: str) -> None:
        Sets(
            stack,
            "Set",
            name=name,
            sending_options=Sets.SendingOptionsProperty(sending_enabled=True),
            delivery_options=Sets.DeliveryOptionsProperty(tls_policy=tls_policy),
        )

    def pause() -> None:
        aws.client("sesv2").put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=False)

    deployed_stack.deploy(lambda stack: build(stack, tls_policy="OPTIONAL"))
    pause()
    deployed_stack.deploy(lambda stack: build(stack, tls_policy="REQUIRE"))
    assert read(aws, name)["SendingOptions"] == {"SendingEnabled": True}


def with_tracking(stack: cdk.Stack) -> None:
    tracking = Sets.TrackingOptionsProperty(custom_redirect_domain="click.unverified.example.net")
    Sets(stack, "Set", tracking_options=tracking)


def with_unknown_pool(stack: cdk.Stack) -> None:
    Sets(stack, "Set", delivery_options=Sets.DeliveryOptionsProperty(sending_pool_name="no-such-pool"))


def with_closed_topic(stack: cdk.Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["sns:Publish"],
            principals=[iam.ServicePrincipal("ses.amazonaws.com")],
            resources=[topic.topic_arn],
            conditions={
                "StringEquals": {"aws:SourceArn": "arn:aws:ses:us-east-1:000000000000:configuration-set/other"}
            },
        )
    )
    destinations = ses.CfnConfigurationSetEventDestination
    destination = destinations(
        stack,
        "Destination",
        configuration_set_name=Sets(stack, "Set").ref,
        event_destination=destinations.EventDestinationProperty(
            enabled=True,
            matching_event_types=["bounce"],
            # The construct of aws-cdk-lib would let SES in by a statement of its own.
            sns_destination=destinations.SnsDestinationProperty(topic_arn=topic.topic_arn),
        ),
    )
    destination.node.add_dependency(topic)


def with_eleven_destinations(stack: cdk.Stack) -> None:
    configuration_set = ses.ConfigurationSet(stack, "Set")
    topic = sns.Topic(stack, "Topic")
    for number in range(11):
        configuration_set.add_event_destination(f"Topic{number}", destination=ses.EventDestination.sns_topic(topic))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (with_tracking, "Domain <click.unverified.example.net> is not verified under this account"),
        (with_unknown_pool, "SendingPool <no-such-pool> doesn't exist"),
        (with_closed_topic, "Could not publish to SNS topic"),
        (with_eleven_destinations, "at most 10 event destinations"),
    ],
)
def test_refuses_as_ses_does(deployed_stack: DeployedStack, build: Callable[[cdk.Stack], None], words: str) -> None:
    with pytest.raises(DeploymentError, match=words):
        deployed_stack.deploy(build)


def test_nothing_is_sent_through_a_paused_set(aws: LocalAws, sender: str, configuration_set: str) -> None:
    sesv2 = aws.client("sesv2")
    send_v2(aws, sender, configuration_set)
    sesv2.put_configuration_set_sending_options(ConfigurationSetName=configuration_set, SendingEnabled=False)
    assert refusal(lambda: send_v2(aws, sender, configuration_set))[0] == "SendingPausedException"
    assert refusal(lambda: send_v1(aws, sender, configuration_set))[0] == "ConfigurationSetSendingPausedException"
    send_v2(aws, sender)
    aws.client("ses").update_configuration_set_sending_enabled(ConfigurationSetName=configuration_set, Enabled=True)
    send_v1(aws, sender, configuration_set)


def test_the_default_set_of_an_identity_counts_like_a_named_one(
    aws: LocalAws, sender: str, configuration_set: str
) -> None:
    sesv2 = aws.client("sesv2")
    sesv2.put_email_identity_configuration_set_attributes(EmailIdentity=sender, ConfigurationSetName=configuration_set)
    assert sesv2.get_email_identity(EmailIdentity=sender)["ConfigurationSetName"] == configuration_set
    sesv2.put_configuration_set_sending_options(ConfigurationSetName=configuration_set, SendingEnabled=False)
    assert refusal(lambda: send_v2(aws, sender))[0] == "SendingPausedException"


@pytest.mark.parametrize("send", [send_v1, send_v2])
def test_refuses_a_set_that_does_not_exist(
    aws: LocalAws, sender: str, send: Callable[[LocalAws, str, str], object]
) -> None:
    assert refusal(lambda: send(aws, sender, "no-such-set"))[0] in (
        "ConfigurationSetDoesNotExist",
        "NotFoundException",
    )


def test_nothing_is_sent_while_the_account_is_paused(
    sending_account: LocalAws, sender: str, configuration_set: str
) -> None:
    sesv2 = sending_account.client("sesv2")
    sesv2.put_account_sending_attributes(SendingEnabled=False)
    assert sesv2.get_account()["SendingEnabled"] is False
    assert refusal(lambda: send_v2(sending_account, sender))[0] == "SendingPausedException"
    assert refusal(lambda: send_v1(sending_account, sender, configuration_set))[0] == "AccountSendingPausedException"
    assert sending_account.client("ses").get_account_sending_enabled()["Enabled"] is False
    sending_account.client("ses").update_account_sending_enabled(Enabled=True)
    send_v2(sending_account, sender)


def test_the_account_counts_each_recipient_and_is_what_aws_decides(sending_account: LocalAws, sender: str) -> None:
    sesv2 = sending_account.client("sesv2")
    before = sesv2.get_account()["SendQuota"]["SentLast24Hours"]
    sesv2.send_email(
        FromEmailAddress=sender,
        Destination={"ToAddresses": [RECIPIENT], "CcAddresses": ["success+1@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    )
    assert sesv2.get_account()["SendQuota"]["SentLast24Hours"] == before + 2
    assert sending_account.client("ses").get_send_quota()["SentLast24Hours"] == before + 2

    sesv2.put_account_suppression_attributes(SuppressedReasons=["COMPLAINT"])
    sending_account.set_ses_account(
        max_24_hour_send=1000, max_send_rate=5, sent_last_24_hours=900, enforcement_status="PROBATION"
    )
    account = sesv2.get_account()
    assert account["SendQuota"] == {"Max24HourSend": 1000, "MaxSendRate": 5, "SentLast24Hours": 900}
    assert (account["EnforcementStatus"], account["SendingEnabled"]) == ("PROBATION", True)
    assert account["SuppressionAttributes"] == {"SuppressedReasons": ["COMPLAINT"]}
    sending_account.set_ses_account(enforcement_status="SHUTDOWN")
    assert sesv2.get_account()["SendingEnabled"] is False
    assert refusal(lambda: send_v2(sending_account, sender))[0] == "SendingPausedException"


def test_the_quota_of_the_sandbox_is_small(sending_account: LocalAws) -> None:
    sending_account.enter_sandbox()
    account = sending_account.client("sesv2").get_account()
    sending_account.leave_sandbox()
    assert account["ProductionAccessEnabled"] is False
    assert (account["SendQuota"]["Max24HourSend"], account["SendQuota"]["MaxSendRate"]) == (200, 1)
