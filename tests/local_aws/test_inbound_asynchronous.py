"""Functions that nobody waits for: called by a topic, and their failures in the dead-letter queue."""

import json
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until
from tests.running_aws.queues import next_message

pytestmark = pytest.mark.xdist_group("local-aws")

FAILS = 'def handler(event, context): raise ValueError("as the test wants it")'


def build(stack: cdk.Stack) -> None:
    topic, dead_letters = sns.Topic(stack, "Topic"), sqs.Queue(stack, "DeadLetters")
    function = lambda_.Function(
        stack,
        "Fails",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline(FAILS),
        timeout=cdk.Duration.seconds(60),
        dead_letter_queue=dead_letters,
    )
    topic.add_subscription(subscriptions.LambdaSubscription(function))
    for name, value in {
        "Topic": topic.topic_arn,
        "Queue": dead_letters.queue_url,
        "Function": function.function_name,
    }.items():
        cdk.CfnOutput(stack, f"{name}Output", value=value)


def test_a_failed_event_of_a_topic_ends_in_the_dead_letter_queue(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    outputs = deployed_stack.deploy(build)

    def dead_letter() -> dict[str, Any]:
        message = next_message(aws, outputs["QueueOutput"])
        assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "as the test wants it"
        body: dict[str, Any] = json.loads(message["Body"])
        return body

    aws.client("sns").publish(TopicArn=outputs["TopicOutput"], Message="hello")
    (record,) = dead_letter()["Records"]
    assert (record["EventSource"], record["Sns"]["Message"]) == ("aws:sns", "hello")

    event = {"a": 1}
    aws.client("lambda").invoke(
        FunctionName=outputs["FunctionOutput"], InvocationType="Event", Payload=json.dumps(event).encode()
    )
    assert dead_letter() == event

    function = outputs["FunctionOutput"]
    (granted,) = json.loads(aws.client("lambda").get_policy(FunctionName=function)["Policy"])["Statement"]
    aws.client("lambda").remove_permission(FunctionName=function, StatementId=granted["Sid"])
    aws.client("sns").publish(TopicArn=outputs["TopicOutput"], Message="hello")
    assert wait_until(lambda: f"the policy of function {function} does not let topic" in aws.server.log)
