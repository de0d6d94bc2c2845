"""A domain whose bounces are watched by our constructs, deployed once for many tests, and what these do with it."""

import json
import re
import shlex
from collections.abc import Callable, Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from ses_constructs import (
    BounceMonitoring,
    CloudWatchMetrics,
    EventBusEvents,
    NotifyTopic,
    PauseSending,
    TopicEvents,
    VerifiedDomain,
)
from ses_constructs.events.event_destinations import Event
from tests.deployed.test_verified_domain import make
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

MINIMUM_SENDS = 8
PAUSED = "SendingPausedException"
_EVENTS = (Event.SEND, Event.DELIVERY, Event.BOUNCE, Event.COMPLAINT)


def add_team(stack: cdk.Stack, key: kms.IKey | None = None) -> sns.Topic:
    """A topic with a queue that hears what people are told."""
    topic, queue = sns.Topic(stack, "Team", master_key=key), sqs.Queue(stack, "TeamQueue")
    topic.add_subscription(subscriptions.SqsSubscription(queue))
    cdk.CfnOutput(stack, "TeamQueueUrl", value=queue.queue_url)
    return topic


def add_watched_domain(
    stack: cdk.Stack, zone: Zone, *, max_delivery_time: cdk.Duration | None = None
) -> VerifiedDomain:
    """A domain with two streams of mail; the first is its default, and guards the whole account too."""
    domain = make(stack, zone)
    key = kms.Key(stack, "Key", removal_policy=cdk.RemovalPolicy.DESTROY)
    team = add_team(stack, key)
    events, topic_queue, bus_queue = (
        sns.Topic(stack, "Events", master_key=key),
        sqs.Queue(stack, "TopicQueue"),
        sqs.Queue(stack, "BusQueue"),
    )
    events.add_subscription(subscriptions.SqsSubscription(topic_queue, raw_message_delivery=True))
    default = BounceMonitoring(
        stack,
        "Bounces",
        domain=domain,
        destinations=[
            CloudWatchMetrics(),
            TopicEvents(topic=events, events=_EVENTS),
            EventBusEvents(events=_EVENTS, targets=[targets.SqsQueue(bus_queue)]),
        ],
        max_delivery_time=max_delivery_time,
        reactions=[NotifyTopic(team), PauseSending(minimum_sends=MINIMUM_SENDS, minimum_events=1, whole_account=True)],
        dashboard=True,
    )
    other = BounceMonitoring(
        stack,
        "Newsletter",
        domain=domain,
        default_for_domain=False,
        watch_account=False,
        reactions=[NotifyTopic(team), PauseSending(minimum_sends=MINIMUM_SENDS, minimum_events=1)],
    )
    assert default.dashboard
    for name, value in {
        "DefaultSet": default.configuration_set.configuration_set_name,
        "OtherSet": other.configuration_set.configuration_set_name,
        "TopicQueueUrl": topic_queue.queue_url,
        "BusQueueUrl": bus_queue.queue_url,
        "Dashboard": default.dashboard.cloudwatch_dashboard.dashboard_name,
    }.items():
        cdk.CfnOutput(stack, name, value=value)
    return domain


class WatchedDomain:
    """The deployed domain, and what happens to it."""

    def __init__(self, stack: DeployedStack, zone: Zone, outputs: dict[str, str]) -> None:
        self.aws, self.stack, self.zone, self.outputs = stack.aws, stack, zone, outputs
        self.default_set, self.other_set = outputs["DefaultSet"], outputs["OtherSet"]

    def send(self, *names: str, configuration_set: str = "") -> str:
        """Send a message to these addresses of the simulator, and give the code of the error if SES refuses it."""
        content: Any = {"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}}
        try:
            self.aws.client("sesv2").send_email(
                FromEmailAddress=f"receipts@{self.zone.domain}",
                ConfigurationSetName=configuration_set,
                Destination={"ToAddresses": [f"{name}@simulator.amazonses.com" for name in names or ("success",)]},
                Content=content,
            )
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    def is_paused(self, configuration_set: str) -> bool:
        found = self.aws.client("sesv2").get_configuration_set(ConfigurationSetName=configuration_set)
        return not found["SendingOptions"]["SendingEnabled"]

    def account_is_paused(self) -> bool:
        return not self.aws.client("sesv2").get_account()["SendingEnabled"]

    def alarms(self) -> dict[str, str]:
        """The state of each alarm of the stack; CDK names composite ones, without a hyphen after the stack's name."""
        found = self.aws.client("cloudwatch").describe_alarms(
            AlarmNamePrefix=self.stack.stack_name, AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return {each["AlarmName"]: each["StateValue"] for each in (*found["MetricAlarms"], *found["CompositeAlarms"])}

    def calls_of_alarms(self) -> int:
        """How often alarms of the stack have called a function; they do before the call that sets their state ends."""
        names = self.alarms().keys()
        history = self.aws.client("cloudwatch").get_paginator("describe_alarm_history")
        pages = history.paginate(HistoryItemType="Action", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        items = [item for page in pages for item in page["AlarmHistoryItems"]]
        return sum(item["AlarmName"] in names and ":lambda:" in item["HistorySummary"] for item in items)

    def alarm(self, role: str) -> str:
        """The name of the one alarm, not a composite one, whose logical id begins like this."""
        # With CDK's hash, for the alarms of a pause have the logical id of the one on the rate before theirs.
        logical_id = re.compile(rf"{self.stack.stack_name}-{role}[0-9A-F]{{8}}-")
        (name,) = filter(logical_id.match, self.alarms())
        return name

    def set_alarm(self, role: str, state: Any) -> None:
        name = self.alarm(role)
        self.aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test says so")

    def calm(self) -> None:
        """No alarm, little mail, nothing paused, nobody told."""
        for name in self.aws.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{self.stack.stack_name}-")[
            "MetricAlarms"
        ]:
            state: Any = "ALARM" if "TooFew" in name["AlarmName"] else "OK"
            self.aws.client("cloudwatch").set_alarm_state(
                AlarmName=name["AlarmName"], StateValue=state, StateReason="all is calm"
            )
        sesv2 = self.aws.client("sesv2")
        for configuration_set in (self.default_set, self.other_set):
            sesv2.put_configuration_set_sending_options(ConfigurationSetName=configuration_set, SendingEnabled=True)
        sesv2.put_account_sending_attributes(SendingEnabled=True)
        for queue in ("TeamQueueUrl", "TopicQueueUrl", "BusQueueUrl"):
            self.aws.client("sqs").purge_queue(QueueUrl=self.outputs[queue])

    def notice(self) -> str:
        """What the team is told of a pause; alarms tell it of themselves too."""
        found: list[str] = []

        def is_told() -> bool:
            heard = messages(self.aws, self.outputs["TeamQueueUrl"])
            found.extend(each["Message"] for each in heard if "--sending-enabled" in each["Message"])
            return bool(found)

        assert wait_until(is_told)
        (notice,) = found
        return notice


def messages(aws: LocalAws, queue_url: str) -> list[dict[str, Any]]:
    """What lies in the queue now, which is then empty."""
    found: list[dict[str, Any]] = []
    sqs_client = aws.client("sqs")
    while received := sqs_client.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for each in received:
            sqs_client.delete_message(QueueUrl=queue_url, ReceiptHandle=each["ReceiptHandle"])
            found.append(json.loads(each["Body"]))
    return found


def messages_until(aws: LocalAws, queue_url: str, enough: Callable[[Sequence[dict[str, Any]]], bool]) -> list[Any]:
    """What comes into the queue until it is enough."""
    found: list[dict[str, Any]] = []

    def is_enough() -> bool:
        found.extend(messages(aws, queue_url))
        return enough(found)

    assert wait_until(is_enough), found
    return found


def run_command(aws: LocalAws, notice: str) -> None:
    """Do what the one command in the notice does."""
    (line,) = (line for line in notice.splitlines() if line.strip().startswith("aws "))
    program, service, operation, *arguments = shlex.split(line)
    assert (program, service) == ("aws", "sesv2")
    given: dict[str, Any] = {}
    while arguments:
        option = "".join(word.capitalize() for word in arguments.pop(0).removeprefix("--").split("-"))
        given[option] = arguments.pop(0) if arguments and not arguments[0].startswith("--") else True
    assert given.pop("Region") == aws.region
    client: Any = aws.client("sesv2")
    getattr(client, operation.replace("-", "_"))(**given)
