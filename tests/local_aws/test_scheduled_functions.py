"""A function that the clock calls, and how often it is tried again: deployed, read back, changed, destroyed."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws-2")

RULE = "scheduled-function"


def add_schedule(stack: cdk.Stack, *, hours: int) -> None:
    code, runtime = lambda_.Code.from_inline("def handler(event, context): pass"), lambda_.Runtime.PYTHON_3_13
    function = lambda_.Function(stack, "Sweep", runtime=runtime, handler="index.handler", code=code, retry_attempts=0)
    schedule = events.Schedule.rate(cdk.Duration.hours(hours))
    target = targets.LambdaFunction(function, retry_attempts=1)
    events.Rule(stack, "Rule", rule_name=RULE, schedule=schedule, targets=[target])
    cdk.CfnOutput(stack, "Function", value=function.function_arn)


def test_a_rule_calls_a_function_by_the_clock(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client = aws.client("events")
    function = deployed_stack.deploy(lambda stack: add_schedule(stack, hours=6))["Function"]
    assert client.describe_rule(Name=RULE)["ScheduleExpression"] == "rate(6 hours)"
    (target,) = client.list_targets_by_rule(Rule=RULE)["Targets"]
    assert (target["Arn"], target["RetryPolicy"]["MaximumRetryAttempts"]) == (function, 1)
    settings = aws.client("lambda").get_function_event_invoke_config(FunctionName=function, Qualifier="$LATEST")
    assert settings["MaximumRetryAttempts"] == 0

    deployed_stack.deploy(lambda stack: add_schedule(stack, hours=12))
    assert client.describe_rule(Name=RULE)["ScheduleExpression"] == "rate(12 hours)"
    deployed_stack.destroy()
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_rule(Name=RULE)
