"""The part of the demo about mail that is sent: what became of it, the pause, and the way back."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.table import Table

from local_aws.account import Account

# In seconds; everything comes within a few, more on a busy machine.
COUNTED_WITHIN = PAUSED_WITHIN = TOLD_WITHIN = 120.0
AFTERWARDS = 2.0  # seconds, in which a function would resume that follows the end of the alarm
SIMULATED = ("success", "bounce", "complaint")  # addresses of SES's mailbox simulator
PAUSED = "SendingPausedException"


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A domain's default configuration set."""

    aws: Account
    domain: str
    configuration_set: str
    patience: float = 1.0  # how many times as long everything may take as on a local AWS

    @classmethod
    def of(cls, aws: Account, domain: str, *, patience: float = 1.0) -> "Watched | None":
        """None where the domain has no such set."""
        identity = aws.client("sesv2").get_email_identity(EmailIdentity=domain)
        name = identity.get("ConfigurationSetName", "")
        return cls(aws=aws, domain=domain, configuration_set=name, patience=patience) if name else None

    def send(self, to: str) -> str:
        """Send a message, and give the code of the error if SES refuses it."""
        content: Any = {"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}}
        try:
            self.aws.client("sesv2").send_email(
                FromEmailAddress=f"receipts@{self.domain}", Destination={"ToAddresses": [to]}, Content=content
            )
        except ClientError as error:
            return error.response["Error"]["Code"]
        return ""

    def count(self, metric: str) -> float:
        """The sum of a metric of the configuration set."""
        return self.aws.metric_sum("AWS/SES", metric, "ses:configuration-set", self.configuration_set)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        """Whether *condition* comes to hold; on a local AWS it would within so many seconds."""
        deadline = time.monotonic() + seconds * self.patience
        while not (holds := condition()) and time.monotonic() < deadline:
            time.sleep(0.2 * self.patience)
        return holds

    def is_paused(self) -> bool:
        found = self.aws.client("sesv2").get_configuration_set(ConfigurationSetName=self.configuration_set)
        return not found["SendingOptions"]["SendingEnabled"]

    def resume(self) -> None:
        self.aws.client("sesv2").put_configuration_set_sending_options(
            ConfigurationSetName=self.configuration_set, SendingEnabled=True
        )

    def alarm(self, part_of_name: str) -> dict[str, Any]:
        """The alarm on the configuration set whose name holds *part_of_name*."""
        pages: Any = self.aws.client("cloudwatch").get_paginator("describe_alarms").paginate()
        found = [
            each
            for page in pages
            for each in page["MetricAlarms"]
            # CloudFormation puts something of its own behind the logical id.
            if part_of_name in each["AlarmName"] and self.configuration_set in str(each)
        ]
        return dict(min(found, key=lambda alarm: len(alarm["AlarmName"])))

    def set_alarm(self, part_of_name: str, state: Any) -> None:
        name = self.alarm(part_of_name)["AlarmName"]
        self.aws.client("cloudwatch").set_alarm_state(AlarmName=name, StateValue=state, StateReason="the demo says so")


def simulate(watched: Watched) -> tuple[Table, list[str]]:
    """Send to the mailbox simulator, and read back what CloudWatch has counted."""
    # Who complains has got the message first.
    wanted = {"Send": 3.0, "Delivery": 2.0, "Bounce": 1.0, "Complaint": 1.0}
    before = {name: watched.count(name) for name in wanted}
    refused = [code for local_part in SIMULATED if (code := watched.send(f"{local_part}@simulator.amazonses.com"))]

    def more() -> dict[str, float]:
        return {name: watched.count(name) - before[name] for name in wanted}

    watched.wait_for(lambda: more() == wanted, seconds=COUNTED_WITHIN)
    counted = more()
    table = Table(title=f"What configuration set {watched.configuration_set} has counted", title_justify="left")
    for name in wanted:
        table.add_column(name)
    table.add_row(*(f"{counted[name]:g}" for name in wanted))
    problems = [f"sending was refused: {code}" for code in refused]
    if counted != wanted:
        problems.append(f"the counts should be {wanted}, are {counted}")
    return table, problems


def pause_and_resume(watched: Watched, *, queue: str = "") -> tuple[list[str], list[str]]:
    """Let the bounce rate become critical, and give what the team was told and what went wrong.

    *queue* is the URL of one that hears what the team is told; unless given one is made, and taken away afterwards.
    """
    topic = watched.alarm("BounceRateCritical")["AlarmActions"][0]
    problems = []
    with nullcontext(queue) if queue else _listening(watched.aws, topic) as hears:
        watched.set_alarm("BounceRateCriticalTooFew", "OK")
        watched.set_alarm("BounceRateCritical", "ALARM")
        if not watched.wait_for(watched.is_paused, seconds=PAUSED_WITHIN):
            return [], [f"configuration set {watched.configuration_set} should be paused"]
        code = watched.send("success@simulator.amazonses.com")
        if code != PAUSED:
            problems.append(f"a paused configuration set should refuse mail, answered {code or 'nothing'}")
        notices = list[str]()

        def told() -> bool:
            notices.extend(each for each in _read(watched.aws, hears) if "--sending-enabled" in each)
            return bool(notices)

        if not watched.wait_for(told, seconds=TOLD_WITHIN):
            problems.append("the team should be told how to resume")
    watched.set_alarm("BounceRateCritical", "OK")
    if watched.wait_for(lambda: not watched.is_paused(), seconds=AFTERWARDS):
        problems.append("the end of the alarm should not resume sending")
    watched.resume()
    if code := watched.send("success@simulator.amazonses.com"):
        problems.append(f"what was resumed should send again, answered {code}")
    return notices, problems


@contextmanager
def _listening(aws: Account, topic: str) -> Iterator[str]:
    """The URL of a queue that hears what the topic's subscribers are told."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="demo-team")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    subscription = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    try:
        yield queue
    finally:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
        sqs.delete_queue(QueueUrl=queue)


def _read(aws: Account, queue: str) -> list[str]:
    found = aws.client("sqs").receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(each["Body"])["Message"] for each in found]
