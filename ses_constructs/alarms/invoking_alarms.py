"""A function that alarms invoke, and the name by which they may."""

from aws_cdk import Aws, Names, Stack
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ..functions.handler_function import allow_service_invoke
from .alarm_reactions import alarms_arn


def common_name(scope: Construct) -> str:
    """The beginning of the names of all alarms that invoke the function of *scope*; no others may."""
    return f"{Aws.STACK_NAME}-{Names.unique_resource_name(scope, max_length=60)}"


def allow_alarms_invoke(scope: Construct, function_arn: str, *, name: str) -> actions.LambdaAction:
    """Let the alarms invoke the function whose names begin with *name*, and return the action by which they do."""
    alarms = alarms_arn(Stack.of(scope), f"{name}-*")
    # Not by the action, which would make a permission for each alarm.
    allow_service_invoke(scope, "Permission", function_arn, "lambda.alarms.cloudwatch.amazonaws.com", source_arn=alarms)
    return actions.LambdaAction(
        lambda_.Function.from_function_attributes(scope, "Invoked", function_arn=function_arn, skip_permissions=True)
    )
