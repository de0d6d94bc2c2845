"""An alarm that changes its state calls its function and tells its topic, alone and as a child of a composite one."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from local_aws.aws import LocalAws
from local_aws.extensions.alarm_documents import alarm_state
from tests.local_aws.inbound_app import add_function
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.processes import wait_until
from tests.running_aws.queues import next_message

pytestmark = pytest.mark.xdist_group("local-aws-2")

PAUSES = """
import json, os
import boto3

def handler(event, context):
    boto3.client("ssm").put_parameter(Name=os.environ["EVENT"], Value=json.dumps(event), Type="String", Overwrite=True)
    boto3.client("sesv2").put_configuration_set_sending_options(
        ConfigurationSetName=os.environ["SET"], SendingEnabled=False
    )
"""
FAILS = 'def handler(event, context): raise ValueError("as the test wants it")'


def add_alarm(stack: cdk.Stack, construct_id: str, configuration_set: str, **more: Any) -> cloudwatch.Alarm:
    metric = cloudwatch.Metric(
        namespace="AWS/SES",
        metric_name=f"Reputation.{construct_id}Rate",
        dimensions_map={"ses:configuration-set": configuration_set},
        period=cdk.Duration.hours(1),
        statistic="Maximum",
    )
    return cloudwatch.Alarm(
        stack,
        construct_id,
        alarm_name=f"{stack.stack_name}-{construct_id}",
        metric=metric,
        threshold=0.05,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        **more,
    )


def add_queue(stack: cdk.Stack) -> sns.Topic:
    """A topic whose messages lie in the queue of the output."""
    topic, queue = sns.Topic(stack, "Topic"), sqs.Queue(stack, "Queue")
    topic.add_subscription(subscriptions.SqsSubscription(queue))
    cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)
    return topic


def message(aws: LocalAws, queue_url: str) -> dict[str, Any]:
    """The next message in the queue."""
    body: dict[str, Any] = json.loads(next_message(aws, queue_url)["Body"])
    return body


def set_state(aws: LocalAws, alarm: str, state: str, reason: str = "as the test wants it") -> None:
    aws.client("cloudwatch").set_alarm_state(AlarmName=alarm, StateValue=state, StateReason=reason)


def sending_enabled(aws: LocalAws, name: str) -> bool:
    answer = aws.client("sesv2").get_configuration_set(ConfigurationSetName=name)
    return answer["SendingOptions"]["SendingEnabled"]


def test_a_function_pauses_the_set_and_a_deployment_does_not_resume_it(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    name = f"{deployed_stack.stack_name}-set"

    def build(stack: cdk.Stack, *, suppression: ses.SuppressionReasons) -> None:
        ses.ConfigurationSet(
            stack, "Set", configuration_set_name=name, reputation_metrics=True, suppression_reasons=suppression
        )
        function = add_function(stack, "Pauses", PAUSES, SET=name, EVENT=f"/events/{name}")
        alarm = add_alarm(stack, "Bounce", name, alarm_description="too many bounces")
        alarm.add_alarm_action(actions.LambdaAction(function))

    deployed_stack.deploy(lambda stack: build(stack, suppression=ses.SuppressionReasons.BOUNCES_ONLY))
    assert sending_enabled(aws, name)
    alarm_name = f"{deployed_stack.stack_name}-Bounce"
    set_state(aws, alarm_name, "OK", "first")
    assert sending_enabled(aws, name)
    set_state(aws, alarm_name, "ALARM", "second")
    assert wait_until(lambda: not sending_enabled(aws, name))

    event = json.loads(aws.client("ssm").get_parameter(Name=f"/events/{name}")["Parameter"]["Value"])
    assert event["source"] == "aws.cloudwatch"
    assert event["alarmArn"].endswith(f":alarm:{alarm_name}")
    assert (event["accountId"], event["region"]) == (aws.account, aws.region)
    data = event["alarmData"]
    assert data["alarmName"] == alarm_name
    assert event["time"] == data["state"]["timestamp"]
    assert (data["state"]["value"], data["state"]["reason"]) == ("ALARM", "second")
    assert (data["previousState"]["value"], data["previousState"]["reason"]) == ("OK", "first")
    configuration = data["configuration"]
    assert configuration["description"] == "too many bounces"
    (metric,) = configuration["metrics"]
    assert metric["metricStat"]["metric"] == {
        "namespace": "AWS/SES",
        "name": "Reputation.BounceRate",
        "dimensions": {"ses:configuration-set": name},
    }
    assert (metric["metricStat"]["period"], metric["metricStat"]["stat"]) == (3600, "Maximum")

    deployed_stack.deploy(lambda stack: build(stack, suppression=ses.SuppressionReasons.COMPLAINTS_ONLY))
    answer = aws.client("sesv2").get_configuration_set(ConfigurationSetName=name)
    assert answer["SuppressionOptions"] == {"SuppressedReasons": ["COMPLAINT"]}
    assert answer["SendingOptions"] == {"SendingEnabled": False}
    aws.client("sesv2").put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=True)
    assert sending_enabled(aws, name)


def test_a_composite_alarm_follows_its_children_and_tells_its_topic(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    stack_name = deployed_stack.stack_name

    def build(stack: cdk.Stack, *, description: str) -> None:
        topic, none = add_queue(stack), add_alarm(stack, "Third", "none")
        bounce, complaint = (add_alarm(stack, name, "none") for name in ("Bounce", "Complaint"))
        composite = cloudwatch.CompositeAlarm(
            stack,
            "AtRisk",
            composite_alarm_name=f"{stack_name}-AtRisk",
            alarm_description=description,
            alarm_rule=cloudwatch.AlarmRule.all_of(
                cloudwatch.AlarmRule.any_of(
                    *(
                        cloudwatch.AlarmRule.from_alarm(each, cloudwatch.AlarmState.ALARM)
                        for each in (bounce, complaint)
                    )
                ),
                cloudwatch.AlarmRule.not_(cloudwatch.AlarmRule.from_alarm(none, cloudwatch.AlarmState.OK)),
            ),
        )
        composite.node.add_dependency(stack.node.find_child("Queue"))  # with its subscription, for the first message
        composite.add_alarm_action(actions.SnsAction(topic))
        composite.add_ok_action(actions.SnsAction(topic))

    def composite() -> dict[str, Any]:
        found = aws.client("cloudwatch").describe_alarms(
            AlarmNames=[f"{stack_name}-AtRisk"], AlarmTypes=["CompositeAlarm"]
        )
        (alarm,) = found["CompositeAlarms"]
        return dict(alarm)

    outputs = deployed_stack.deploy(lambda stack: build(stack, description="first"))
    assert (composite()["StateValue"], composite()["AlarmDescription"]) == ("OK", "first")
    assert json.loads(message(aws, outputs["QueueUrl"])["Message"])["OldStateValue"] == "INSUFFICIENT_DATA"

    set_state(aws, f"{stack_name}-Third", "OK")
    set_state(aws, f"{stack_name}-Bounce", "ALARM")
    assert composite()["StateValue"] == "OK"
    set_state(aws, f"{stack_name}-Third", "INSUFFICIENT_DATA")
    assert composite()["StateValue"] == "ALARM"
    envelope = message(aws, outputs["QueueUrl"])
    told = json.loads(envelope["Message"])
    assert envelope["Subject"] == f'ALARM: "{stack_name}-AtRisk" in US East (N. Virginia)'
    assert (told["NewStateValue"], told["OldStateValue"]) == ("ALARM", "OK")
    assert told["AlarmRule"] == composite()["AlarmRule"]
    assert told["AlarmArn"].endswith(f":alarm:{stack_name}-AtRisk")

    deployed_stack.deploy(lambda stack: build(stack, description="second"))
    assert (composite()["StateValue"], composite()["AlarmDescription"]) == ("ALARM", "second")
    set_state(aws, f"{stack_name}-Bounce", "OK")
    assert json.loads(message(aws, outputs["QueueUrl"])["Message"])["NewStateValue"] == "OK"
    deployed_stack.destroy()
    names = [each["AlarmName"] for each in aws.client("cloudwatch").describe_alarms()["MetricAlarms"]]
    assert not [each for each in names if each.startswith(f"{stack_name}-")]


def test_a_composite_alarm_calls_its_function_when_the_last_child_agrees(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    stack_name = deployed_stack.stack_name
    name = f"{stack_name}-set"

    def build(stack: cdk.Stack) -> None:
        ses.ConfigurationSet(stack, "Set", configuration_set_name=name)
        children = [add_alarm(stack, each, name) for each in ("Bounce", "Volume")]
        rule = cloudwatch.AlarmRule.all_of(
            *(cloudwatch.AlarmRule.from_alarm(each, cloudwatch.AlarmState.ALARM) for each in children)
        )
        composite = cloudwatch.CompositeAlarm(
            stack, "Pause", composite_alarm_name=f"{stack_name}-Pause", alarm_rule=rule
        )
        function = add_function(stack, "Pauses", PAUSES, SET=name, EVENT=f"/events/{name}")
        composite.add_alarm_action(actions.LambdaAction(function))

    deployed_stack.deploy(build)
    set_state(aws, f"{stack_name}-Bounce", "ALARM")
    set_state(aws, f"{stack_name}-Volume", "OK")
    assert action_history(aws, f"{stack_name}-Pause") == []
    assert sending_enabled(aws, name)
    set_state(aws, f"{stack_name}-Volume", "ALARM")
    assert wait_until(lambda: not sending_enabled(aws, name))
    event = json.loads(aws.client("ssm").get_parameter(Name=f"/events/{name}")["Parameter"]["Value"])
    data = event["alarmData"]
    assert (data["alarmName"], data["state"]["value"]) == (f"{stack_name}-Pause", "ALARM")
    assert data["previousState"]["value"] == "OK"
    assert f"alarm:{stack_name}-Volume" in data["configuration"]["alarmRule"]
    (triggering,) = json.loads(data["state"]["reasonData"])["triggeringAlarms"][:1]
    assert triggering["arn"].endswith(f":alarm:{stack_name}-Volume")


def test_a_metric_alarm_tells_its_topic_which_metric_it_was(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        add_alarm(stack, "Bounce", "some-set").add_alarm_action(actions.SnsAction(add_queue(stack)))

    outputs = deployed_stack.deploy(build)
    set_state(aws, f"{deployed_stack.stack_name}-Bounce", "ALARM")
    told = json.loads(message(aws, outputs["QueueUrl"])["Message"])
    assert told["Region"] == "US East (N. Virginia)"
    assert told["Trigger"]["Dimensions"] == [{"value": "some-set", "name": "ses:configuration-set"}]
    assert (told["Trigger"]["Statistic"], told["Trigger"]["TreatMissingData"]) == ("MAXIMUM", "ignore")
    assert (told["Trigger"]["Threshold"], told["Trigger"]["DatapointsToAlarm"]) == (0.05, 1)


def closed_topic(stack: cdk.Stack) -> cloudwatch.IAlarmAction:
    """A policy of one's own replaces the one that lets the services of the account in."""
    topic = sns.Topic(stack, "Topic")
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            actions=["sns:Publish"],
            principals=[iam.ServicePrincipal("ses.amazonaws.com")],
            resources=[topic.topic_arn],
        )
    )
    return actions.SnsAction(topic)


def topic_with_closed_key(stack: cdk.Stack) -> cloudwatch.IAlarmAction:
    """A key of one's own lets CloudWatch in only where its policy says so."""
    return actions.SnsAction(sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key")))


def action_history(aws: LocalAws, alarm: str) -> list[str]:
    history = aws.client("cloudwatch").describe_alarm_history(
        AlarmName=alarm, HistoryItemType="Action", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    return [item["HistorySummary"] for item in history["AlarmHistoryItems"]]


@pytest.mark.parametrize("kind", ["topic", "key", "function"])
def test_an_action_that_does_not_let_cloudwatch_in_fails_in_the_history(
    aws: LocalAws, deployed_stack: DeployedStack, kind: str
) -> None:
    def build(stack: cdk.Stack) -> None:
        alarm = add_alarm(stack, "Bounce", "none")
        if kind == "topic":
            alarm.add_alarm_action(closed_topic(stack))
        elif kind == "key":
            alarm.add_alarm_action(topic_with_closed_key(stack))
        else:
            resource = alarm.node.default_child
            assert isinstance(resource, cloudwatch.CfnAlarm)
            resource.alarm_actions = [
                add_function(stack, "Fails", FAILS).function_arn
            ]  # without the permission of `LambdaAction`

    deployed_stack.deploy(build)
    set_state(aws, f"{deployed_stack.stack_name}-Bounce", "ALARM")
    (summary,) = action_history(aws, f"{deployed_stack.stack_name}-Bounce")
    assert summary.startswith("Failed to execute action")
    assert "does not let" in summary


def test_a_function_that_fails_is_called_again_and_its_event_ends_in_the_dead_letter_queue(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    def build(stack: cdk.Stack) -> None:
        queue = sqs.Queue(stack, "DeadLetters")
        function = lambda_.Function(
            stack,
            "Fails",
            runtime=lambda_.Runtime.PYTHON_3_13,
            handler="index.handler",
            code=lambda_.Code.from_inline(FAILS),
            timeout=cdk.Duration.seconds(60),
            dead_letter_queue=queue,
        )
        add_alarm(stack, "Bounce", "none").add_alarm_action(actions.LambdaAction(function))
        cdk.CfnOutput(stack, "QueueUrl", value=queue.queue_url)

    outputs = deployed_stack.deploy(build)
    set_state(aws, f"{deployed_stack.stack_name}-Bounce", "ALARM")
    assert message(aws, outputs["QueueUrl"])["alarmData"]["state"]["value"] == "ALARM"


def test_data_changes_the_state_of_an_alarm_on_exactly_these_dimensions(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: add_alarm(stack, "Bounce", "watched"))
    client = aws.client("cloudwatch")

    def state() -> str:
        found = client.describe_alarms(AlarmNames=[f"{deployed_stack.stack_name}-Bounce"])
        return str(found["MetricAlarms"][0]["StateValue"])

    def put(configuration_set: str, value: float) -> None:
        dimensions = [{"Name": "ses:configuration-set", "Value": configuration_set}]
        datum = {"MetricName": "Reputation.BounceRate", "Dimensions": dimensions, "Value": value}
        client.put_metric_data(Namespace="AWS/SES", MetricData=[datum])

    put("another", 0.5)
    assert state() == "INSUFFICIENT_DATA"
    put("watched", 0.01)
    assert state() == "OK"
    put("watched", 0.06)
    assert state() == "ALARM"


@pytest.mark.parametrize(
    ("breaching", "missing", "expected"),
    [
        ([True, True, True], "missing", "ALARM"),
        ([True, False, True], "missing", "OK"),
        ([None, None, None], "missing", "INSUFFICIENT_DATA"),
        ([None, None, True], "missing", "ALARM"),
        ([None, None, None], "ignore", "before"),
        ([None, True, True], "ignore", "before"),
        ([None, False, True], "ignore", "OK"),
        ([None, True, True], "breaching", "ALARM"),
        ([None, True, True], "notBreaching", "OK"),
    ],
)
def test_missing_data_counts_as_the_alarm_says(breaching: list[bool | None], missing: str, expected: str) -> None:
    assert alarm_state(breaching, to_alarm=3, missing=missing, now="before") == expected


def test_a_composite_alarm_needs_children_that_exist(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        cloudwatch.CfnCompositeAlarm(stack, "AtRisk", alarm_rule='ALARM("no-such-alarm")')

    with pytest.raises(DeploymentError, match="in the alarm rule do not exist"):
        deployed_stack.deploy(build)
