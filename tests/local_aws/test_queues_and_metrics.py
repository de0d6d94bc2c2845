"""Queues that a topic and a function use, and what SQS and functions count, these in the embedded metric format."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until
from tests.running_aws.queues import next_message

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

SENDS_BACK = """
import json, os, boto3

def handler(event, context):
    sqs, queue = boto3.client("sqs"), os.environ["QUEUE_URL"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    handle = message["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=60)
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
    sqs.send_message(QueueUrl=queue, MessageBody="again")
    return {"took": message["Body"]}
"""
COUNTS = """
import json

def handler(event, context):
    print("no metric", json.dumps({"_aws": 1}), "{")
    for line in ("{", "[]", '{"_aws": {"CloudWatchMetrics": [{"Namespace": "Shop", "Metrics": [{"Name": "Gone"}]}]}}'):
        print(line)
    for directive in event["directives"]:
        print(json.dumps({"_aws": {"Timestamp": 1, "CloudWatchMetrics": [directive]}, **event["members"]}))
"""


def function(stack: cdk.Stack, name: str, code: str, **options: Any) -> lambda_.Function:
    runtime = lambda_.Runtime.PYTHON_3_13
    code_ = lambda_.Code.from_inline(code)
    timeout = cdk.Duration.seconds(60)
    return lambda_.Function(
        stack, name, runtime=runtime, handler="index.handler", code=code_, timeout=timeout, **options
    )


def value_of(aws: LocalAws, namespace: str, metric: str, dimensions: Mapping[str, str], statistic: Any) -> float | None:
    """One value of the last hours, asked for in both ways."""
    client, now = aws.client("cloudwatch"), datetime.now(UTC)
    start, end = now - timedelta(hours=2), now + timedelta(hours=1)
    named: Any = [{"Name": name, "Value": value} for name, value in dimensions.items()]
    of_metric: Any = {"Namespace": namespace, "MetricName": metric, "Dimensions": named}
    times: Any = {"StartTime": start, "EndTime": end}
    points = client.get_metric_statistics(**of_metric, **times, Period=7 * 86400, Statistics=[statistic])["Datapoints"]
    query: Any = {"Id": "m", "MetricStat": {"Metric": of_metric, "Period": 7 * 86400, "Stat": statistic}}
    (data,) = client.get_metric_data(MetricDataQueries=[query], **times)["MetricDataResults"]
    assert [point[statistic] for point in points] == data["Values"]
    return next(iter(data["Values"]), None)


def state_of(aws: LocalAws, alarm: str) -> str:
    return str(aws.client("cloudwatch").describe_alarms(AlarmNames=[alarm])["MetricAlarms"][0]["StateValue"])


def build_subscription(stack: cdk.Stack) -> None:
    topic, queue = sns.Topic(stack, "Topic"), sqs.Queue(stack, "DeadLetters")
    taker = function(stack, "Taker", "def handler(event, context): pass")
    topic.add_subscription(subscriptions.LambdaSubscription(taker, dead_letter_queue=queue))
    lost = queue.metric_number_of_messages_sent(period=cdk.Duration.hours(1), statistic="Sum")
    name = f"{stack.stack_name}-lost"
    cloudwatch.Alarm(stack, "Lost", alarm_name=name, metric=lost, threshold=1, evaluation_periods=1)
    for output, value in {"Topic": topic.topic_arn, "Queue": queue.queue_url, "Function": taker.function_name}.items():
        cdk.CfnOutput(stack, f"{output}Output", value=value)


def test_what_a_topic_cannot_hand_over_lies_in_the_dead_letter_queue_of_the_subscription(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    outputs = enforced_deployed_stack.deploy(build_subscription)
    topic, name, queue = outputs["TopicOutput"], outputs["FunctionOutput"], outputs["QueueOutput"]
    publish, client = enforced_aws.client("sns").publish, enforced_aws.client("lambda")

    publish(TopicArn=topic, Message="taken")
    (granted,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    client.remove_permission(FunctionName=name, StatementId=granted["Sid"])
    publish(TopicArn=topic, Message="forbidden")
    kept = json.loads(next_message(enforced_aws, queue)["Body"])
    assert (kept["Type"], kept["TopicArn"], kept["Message"]) == ("Notification", topic, "forbidden")

    client.delete_function(FunctionName=name)
    publish(TopicArn=topic, Message="gone")
    assert json.loads(next_message(enforced_aws, queue)["Body"])["Message"] == "gone"
    assert state_of(enforced_aws, f"{enforced_deployed_stack.stack_name}-lost") == "ALARM"

    enforced_aws.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": ""})
    publish(TopicArn=topic, Message="lost")
    queue_name = queue.rpartition("/")[2]
    assert wait_until(lambda: f"{queue_name} is gone, or its policy does not let" in enforced_aws.server.log)
    assert value_of(enforced_aws, "AWS/SQS", "NumberOfMessagesSent", {"QueueName": queue_name}, "Sum") == 2


def build_reader(stack: cdk.Stack, *, reserved: int | None = None) -> None:
    queue = sqs.Queue(stack, "Queue")
    reader = function(
        stack,
        "Reader",
        SENDS_BACK,
        environment={"QUEUE_URL": queue.queue_url},
        reserved_concurrent_executions=reserved,
    )
    waiting = queue.metric_approximate_number_of_messages_visible(period=cdk.Duration.hours(1), statistic="Maximum")
    name = f"{stack.stack_name}-waiting"
    cloudwatch.Alarm(stack, "Waiting", alarm_name=name, metric=waiting, threshold=1, evaluation_periods=1)
    assert reader.role
    outputs = {"Queue": queue.queue_url, "Function": reader.function_name, "Role": reader.role.role_name}
    for output, value in outputs.items():
        cdk.CfnOutput(stack, f"{output}Output", value=value)


def test_a_function_works_on_a_queue_with_its_own_permissions_and_within_its_concurrency(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    client, sends = enforced_aws.client("lambda"), enforced_aws.client("sqs").send_message
    outputs = enforced_deployed_stack.deploy(lambda stack: build_reader(stack, reserved=0))
    name, queue = outputs["FunctionOutput"], outputs["QueueOutput"]
    assert client.get_function_concurrency(FunctionName=name)["ReservedConcurrentExecutions"] == 0
    with pytest.raises(client.exceptions.TooManyRequestsException):
        client.invoke(FunctionName=name)
    enforced_deployed_stack.deploy(build_reader)

    def invoke() -> tuple[bool, Any]:
        answer = client.invoke(FunctionName=name, Payload=b"{}")
        return "FunctionError" in answer, json.loads(answer["Payload"].read())

    allowed = list[str]()
    for action in ("ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage", "SendMessage"):
        sends(QueueUrl=queue, MessageBody="first")
        failed, answer = invoke()
        assert failed
        assert f"sqs:{action}".lower() in answer["errorMessage"].lower()
        allowed.append(f"sqs:{action}")
        statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        enforced_aws.client("iam").put_role_policy(
            RoleName=outputs["RoleOutput"], PolicyName="queue", PolicyDocument=document
        )
    enforced_aws.client("sqs").purge_queue(QueueUrl=queue)
    sends(QueueUrl=queue, MessageBody="second")
    assert invoke() == (False, {"took": "second"})
    assert next_message(enforced_aws, queue)["Body"] == "again"
    enforced_aws.client("iam").delete_role_policy(RoleName=outputs["RoleOutput"], PolicyName="queue")

    visible, dimensions = "ApproximateNumberOfMessagesVisible", {"QueueName": queue.rpartition("/")[2]}
    assert value_of(enforced_aws, "AWS/SQS", visible, dimensions, "Minimum") == 0
    assert state_of(enforced_aws, f"{enforced_deployed_stack.stack_name}-waiting") == "ALARM"


SLOW = """
import time

def handler(event, context):
    time.sleep(1)
    print("done", event["Records"][0]["Sns"]["Message"])
"""


def test_events_above_the_concurrency_of_a_function_wait(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    def build(stack: cdk.Stack) -> None:
        topic = sns.Topic(stack, "Topic")
        slow = function(stack, "Slow", SLOW, reserved_concurrent_executions=1, retry_attempts=0)
        topic.add_subscription(subscriptions.LambdaSubscription(slow))
        cdk.CfnOutput(stack, "TopicOutput", value=topic.topic_arn)
        cdk.CfnOutput(stack, "FunctionOutput", value=slow.function_name)

    outputs = enforced_deployed_stack.deploy(build)
    for number in range(3):
        enforced_aws.client("sns").publish(TopicArn=outputs["TopicOutput"], Message=str(number))
    logs, group = enforced_aws.client("logs"), f"/aws/lambda/{outputs['FunctionOutput']}"

    def done() -> bool:
        if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            return False
        messages = {event["message"] for event in logs.filter_log_events(logGroupName=group)["events"]}
        return {f"done {number}" for number in range(3)} <= messages

    assert wait_until(done)


def test_what_a_function_prints_in_the_embedded_metric_format_is_counted(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    dimensions = {"RuleSet": "inbound", "Reason": "loop"}
    metric = {"Name": "NotForwarded", "Unit": "Count"}
    directive = {"Namespace": "Shop", "Metrics": [metric]}

    def build(stack: cdk.Stack) -> None:
        cdk.CfnOutput(stack, "FunctionOutput", value=function(stack, "Counter", COUNTS).function_name)
        counted = cloudwatch.Metric(
            namespace="Shop",
            metric_name="NotForwarded",
            dimensions_map=dimensions,
            statistic="Sum",
            period=cdk.Duration.hours(1),
        )
        name = f"{stack.stack_name}-counted"
        cloudwatch.Alarm(stack, "Alarm", alarm_name=name, metric=counted, threshold=3, evaluation_periods=1)

    name = enforced_deployed_stack.deploy(build)["FunctionOutput"]
    both = directive | {"Dimensions": [["RuleSet", "Reason"], ["RuleSet"]]}
    for values in (1, [2, 3]):
        event = {"directives": [both, directive], "members": {"NotForwarded": values, **dimensions}}
        answer = enforced_aws.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        assert not answer.get("FunctionError")

    def counted(asked: Mapping[str, str]) -> float | None:
        return value_of(enforced_aws, "Shop", "NotForwarded", asked, "Sum")

    for asked in (dimensions, {"RuleSet": "inbound"}, {}):
        assert wait_until(lambda asked=asked: counted(asked) == 6)  # type: ignore[misc]
    assert counted({"Reason": "loop"}) is None

    alarm = f"{enforced_deployed_stack.stack_name}-counted"
    assert wait_until(lambda: state_of(enforced_aws, alarm) == "ALARM")
