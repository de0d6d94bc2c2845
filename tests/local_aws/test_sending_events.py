"""Events of sent mail: which there are, what they tell, and that each kind of destination gets them."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from local_aws.aws import LocalAws
from local_aws.extensions.event_documents import OutgoingMail, document, events_of
from local_aws.inbound.verdicts import EICAR
from tests.local_aws.inbound_app import add_function
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-2")

SENDER = "sending-events@example.com"
NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
ALL = [
    ses.EmailSendingEvent.SEND,
    ses.EmailSendingEvent.DELIVERY,
    ses.EmailSendingEvent.BOUNCE,
    ses.EmailSendingEvent.COMPLAINT,
]
REMEMBERS = """
import json, os
import boto3

def handler(event, context):
    boto3.client("ssm").put_parameter(Name=os.environ["EVENT"], Value=json.dumps(event), Type="String", Overwrite=True)
"""


def simulated(name: str) -> str:
    return f"{name}@simulator.amazonses.com"


def mail(*recipients: str, content: bytes = b"body") -> OutgoingMail:
    return OutgoingMail(
        operation="SendEmail",
        source="Team <team@example.com>",
        identity="example.com",
        recipients=recipients,
        headers=(("From", "Team <team@example.com>"), ("To", ", ".join(recipients)), ("Subject", "hello")),
        tags={"campaign": "autumn"},
        configuration_set="set",
        content=content,
    )


def told(sent: OutgoingMail) -> list[Any]:
    return [
        document(event, sent, message_id="id", account="000000000000", region="us-east-1", now=NOW)
        for event in events_of(sent, now=NOW, feedback_id="feedback")
    ]


@pytest.mark.parametrize(
    ("recipient", "expected"),
    [
        ("success", ["Send", "Delivery"]),
        ("bounce+label", ["Send", "Bounce"]),
        ("complaint", ["Send", "Delivery", "Complaint"]),
        ("ooto", ["Send", "Delivery", "Bounce"]),
        ("suppressionlist", ["Send", "Bounce"]),
    ],
)
def test_each_address_of_the_simulator_has_its_outcome(recipient: str, expected: list[str]) -> None:
    assert [event["eventType"] for event in told(mail(simulated(recipient)))] == expected


def test_a_bounce_says_what_it_is() -> None:
    _, hard = told(mail(simulated("bounce")))
    bounced = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    assert hard["bounce"]["bouncedRecipients"] == [{"emailAddress": simulated("bounce")} | bounced]
    assert (hard["bounce"]["bounceType"], hard["bounce"]["bounceSubType"]) == ("Permanent", "General")
    assert hard["bounce"]["feedbackId"] == "feedback"
    _, _, absent = told(mail(simulated("ooto")))
    assert (absent["bounce"]["bounceType"], absent["bounce"]["bounceSubType"]) == ("Transient", "General")
    _, listed = told(mail(simulated("suppressionlist")))
    assert listed["bounce"]["bounceSubType"] == "Suppressed"


def test_every_event_says_which_mail_it_is_about() -> None:
    recipients = (simulated("success"), simulated("complaint"))
    send, delivery, _, complaint = told(mail(*recipients))
    assert send["send"] == {}
    assert delivery["delivery"]["recipients"] == [recipients[0]]
    assert complaint["complaint"]["complainedRecipients"] == [{"emailAddress": recipients[1]}]
    assert complaint["complaint"]["complaintFeedbackType"] == "abuse"
    about = complaint["mail"]
    assert about["timestamp"] == "2026-11-24T12:00:00.000Z"
    assert (about["messageId"], about["sendingAccountId"]) == ("id", "000000000000")
    assert about["destination"] == list(recipients)
    assert about["sourceArn"] == "arn:aws:ses:us-east-1:000000000000:identity/example.com"
    assert about["commonHeaders"]["subject"] == "hello"
    assert about["tags"]["ses:configuration-set"] == ["set"]
    assert about["tags"]["ses:from-domain"] == ["example.com"]
    assert about["tags"]["campaign"] == ["autumn"]


def test_a_virus_is_rejected() -> None:
    send, reject = told(mail(simulated("success"), content=EICAR))
    assert (send["eventType"], reject["reject"]) == ("Send", {"reason": "Bad content"})


@pytest.fixture
def sender(aws: LocalAws) -> Iterator[str]:
    """A verified address."""
    aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield SENDER
    aws.client("sesv2").delete_email_identity(EmailIdentity=SENDER)


def send(aws: LocalAws, name: str, *recipients: str, **tags: str) -> str:
    answer = aws.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        ConfigurationSetName=name,
        Destination={"ToAddresses": [simulated(each) for each in recipients]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
        EmailTags=[{"Name": key, "Value": value} for key, value in tags.items()],
    )
    return answer["MessageId"]


def bodies(aws: LocalAws, queue_url: str, count: int) -> list[dict[str, Any]]:
    """As many messages of the queue, which come within seconds."""
    found: list[dict[str, Any]] = []

    def has_all() -> bool:
        answer = aws.client("sqs").receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10)
        found.extend(json.loads(each["Body"]) for each in answer.get("Messages", []))
        return len(found) >= count

    assert wait_until(has_all), found
    return found


def add_set(
    stack: cdk.Stack,
    destination: ses.EventDestination,
    *,
    enabled: bool = True,
    kinds: list[ses.EmailSendingEvent] = ALL,
) -> ses.ConfigurationSet:
    made = ses.ConfigurationSet(stack, "Set", configuration_set_name=f"{stack.stack_name}-set")
    made.add_event_destination("Destination", destination=destination, events=kinds, enabled=enabled)
    return made


def test_a_topic_gets_the_events_that_it_asks_for_of_both_apis(
    aws: LocalAws, deployed_stack: DeployedStack, sender: str
) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def build(stack: cdk.Stack, *, enabled: bool) -> None:
        topic, queue = sns.Topic(stack, "Topic"), sqs.Queue(stack, "Queue")
        topic.add_subscription(subscriptions.SqsSubscription(queue, raw_message_delivery=True))
        add_set(stack, ses.EventDestination.sns_topic(topic), enabled=enabled, kinds=ALL[1:])
        cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)

    outputs = deployed_stack.deploy(lambda stack: build(stack, enabled=True))
    message_id = send(aws, name, "bounce")
    first = bodies(aws, outputs["QueueUrl"], 1)
    assert {event["eventType"] for event in first} == {"Bounce"}
    assert {event["mail"]["messageId"] for event in first} == {message_id}

    head = f"From: {SENDER}\r\nTo: {simulated('complaint')}\r\nSubject: raw\r\n"
    chosen = f"X-SES-CONFIGURATION-SET: {name}\r\nX-SES-MESSAGE-TAGS: campaign=winter, team=mail\r\n\r\nbody"
    aws.client("ses").send_raw_email(RawMessage={"Data": (head + chosen).encode()})
    second = bodies(aws, outputs["QueueUrl"], 2)
    assert {event["eventType"] for event in second} == {"Delivery", "Complaint"}
    assert second[0]["mail"]["tags"]["campaign"] == ["winter"]
    assert "X-SES-MESSAGE-TAGS" not in [header["name"] for header in second[0]["mail"]["headers"]]

    aws.client("sesv2").put_email_identity_configuration_set_attributes(EmailIdentity=SENDER, ConfigurationSetName=name)
    send(aws, "", "success")
    assert {event["eventType"] for event in bodies(aws, outputs["QueueUrl"], 1)} == {"Delivery"}

    deployed_stack.deploy(lambda stack: build(stack, enabled=False))
    send(aws, name, "success")
    # Here an event is in its queue by the time that the sender has an answer.
    assert "Messages" not in aws.client("sqs").receive_message(QueueUrl=outputs["QueueUrl"])


def total(aws: LocalAws, metric: str, **dimensions: str) -> float:
    answer = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SES",
        MetricName=metric,
        Dimensions=[{"Name": name.replace("__", ":"), "Value": value} for name, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(minutes=5),
        Period=86400,
        Statistics=["Sum"],
    )
    return sum(float(point["Sum"]) for point in answer["Datapoints"])


def test_cloudwatch_counts_by_dimension_and_for_the_account(
    aws: LocalAws, deployed_stack: DeployedStack, sender: str
) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def dimension(source: ses.CloudWatchDimensionSource, name: str, default: str) -> ses.CloudWatchDimension:
        return ses.CloudWatchDimension(source=source, name=name, default_value=default)

    tag = ses.CloudWatchDimensionSource.MESSAGE_TAG
    dimensions = [dimension(tag, "ses:configuration-set", "default"), dimension(tag, "campaign", "none")]
    deployed_stack.deploy(lambda stack: add_set(stack, ses.EventDestination.cloud_watch_dimensions(dimensions)))
    bounces = total(aws, "Bounce")
    send(aws, name, "bounce", campaign="autumn")
    send(aws, name, "bounce")
    assert total(aws, "Bounce", **{"ses__configuration-set": name, "campaign": "autumn"}) == 1
    assert total(aws, "Bounce", **{"ses__configuration-set": name, "campaign": "none"}) == 1
    assert total(aws, "Send", **{"ses__configuration-set": name, "campaign": "none"}) == 1
    assert total(aws, "Bounce") == bounces + 2


def test_the_default_bus_gets_the_events_and_rules_pass_them_on(
    aws: LocalAws, deployed_stack: DeployedStack, sender: str
) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def build(stack: cdk.Stack) -> None:
        queue = sqs.Queue(stack, "Queue")
        bus = events.EventBus.from_event_bus_name(stack, "Bus", "default")
        made = add_set(stack, ses.EventDestination.event_bus(bus))
        function = add_function(stack, "Remembers", REMEMBERS, EVENT=f"/events/{name}")
        pattern = events.EventPattern(
            source=["aws.ses"],
            detail_type=["Email Bounced", "Sending Status Disabled"],
        )
        rule = events.Rule(stack, "Rule", event_pattern=pattern)
        rule.add_target(targets.SqsQueue(queue))
        rule.add_target(targets.LambdaFunction(function))
        cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)
        cdk.CfnOutput(stack, "SetName", value=made.configuration_set_name)

    outputs = deployed_stack.deploy(build)
    send(aws, name, "bounce")
    (event,) = bodies(aws, outputs["QueueUrl"], 1)
    assert (event["source"], event["detail-type"]) == ("aws.ses", "Email Bounced")
    assert event["resources"] == [f"arn:aws:ses:{aws.region}:{aws.account}:configuration-set/{name}"]
    assert event["detail"]["eventType"] == "Bounce"
    assert event["detail"]["mail"]["tags"]["ses:configuration-set"] == [name]

    def remembered() -> dict[str, Any]:
        parameters = aws.client("ssm").get_parameters(Names=[f"/events/{name}"])["Parameters"]
        found: dict[str, Any] = json.loads(parameters[0]["Value"]) if parameters else {}
        return found

    assert wait_until(lambda: remembered().get("detail-type") == "Email Bounced")
    entry = {"Source": "aws.ses", "DetailType": "Sending Status Disabled", "Detail": "{}"}
    assert aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert wait_until(lambda: remembered().get("detail-type") == "Sending Status Disabled")
    other = entry | {"Source": "aws.ec2"}
    assert aws.client("events").put_events(Entries=[other])["FailedEntryCount"] == 1


def add_stream(stack: cdk.Stack, bucket: s3.Bucket, *, compression: str) -> firehose.CfnDeliveryStream:
    role = iam.Role(stack, "StreamRole", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"))
    bucket.grant_write(role)
    streams = firehose.CfnDeliveryStream
    return streams(
        stack,
        "Stream",
        extended_s3_destination_configuration=streams.ExtendedS3DestinationConfigurationProperty(
            bucket_arn=bucket.bucket_arn,
            role_arn=role.role_arn,
            prefix="events/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/",
            error_output_prefix="failed/!{firehose:error-output-type}/",
            compression_format=compression,
        ),
    )


def add_firehose_destination(stack: cdk.Stack, stream: firehose.CfnDeliveryStream, *, condition: str) -> None:
    name = f"{stack.stack_name}-set"
    role = iam.Role(
        stack,
        "EventsRole",
        assumed_by=iam.ServicePrincipal(
            "ses.amazonaws.com",
            conditions={
                "StringEquals": {
                    "aws:SourceAccount": stack.account,
                    "aws:SourceArn": f"arn:aws:ses:{stack.region}:{stack.account}:configuration-set/{condition}",
                }
            },
        ),
        inline_policies={
            "Write": iam.PolicyDocument(
                statements=[iam.PolicyStatement(actions=["firehose:PutRecordBatch"], resources=[stream.attr_arn])]
            )
        },
    )
    destinations = ses.CfnConfigurationSetEventDestination
    destinations(
        stack,
        "Destination",
        configuration_set_name=ses.CfnConfigurationSet(stack, "Set", name=name).ref,
        event_destination=destinations.EventDestinationProperty(
            enabled=True,
            matching_event_types=["bounce"],
            kinesis_firehose_destination=destinations.KinesisFirehoseDestinationProperty(
                delivery_stream_arn=stream.attr_arn, iam_role_arn=role.role_arn
            ),
        ),
    )


@pytest.mark.parametrize("compression", ["UNCOMPRESSED", "GZIP"])
def test_firehose_writes_each_event_as_a_line(
    aws: LocalAws, deployed_stack: DeployedStack, sender: str, compression: str
) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def build(stack: cdk.Stack) -> None:
        bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
        add_firehose_destination(stack, add_stream(stack, bucket, compression=compression), condition=name)
        cdk.CfnOutput(stack, "BucketName", value=bucket.bucket_name)

    bucket = deployed_stack.deploy(build)["BucketName"]
    send(aws, name, "bounce")

    def keys() -> list[str]:
        return [each["Key"] for each in aws.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])]

    assert wait_until(lambda: bool(keys()))
    (key,) = keys()
    assert key.startswith(f"events/{datetime.now(UTC):year=%Y/month=%m/day=%d}/")
    stored = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert key.endswith(".gz") == (compression == "GZIP")
    line = gzip.decompress(stored) if compression == "GZIP" else stored
    assert line.count(b"\n") == 1
    assert json.loads(line)["eventType"] == "Bounce"


def test_a_role_that_ses_may_not_assume_is_refused(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        bucket = s3.Bucket(stack, "Bucket", removal_policy=cdk.RemovalPolicy.DESTROY)
        add_firehose_destination(stack, add_stream(stack, bucket, compression="GZIP"), condition="another")

    with pytest.raises(DeploymentError, match="Could not assume IAM role"):
        deployed_stack.deploy(build)
