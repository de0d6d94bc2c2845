"""Custom resources as CloudFormation drives them."""

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ssm as ssm

from tests.local_aws.plain_app import add_custom_resource
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws")

# Each call is kept as a parameter: what the function logged is gone with the function.
FAILS_TO_CREATE = """
import boto3

def handler(event, context):
    name = f"/calls/{event['ResourceProperties']['Test']}/{event['RequestType']}"
    boto3.client("ssm").put_parameter(Name=name, Value=event.get("PhysicalResourceId", "none"), Type="String")
    if event["RequestType"] == "Create":
        answer(event, "FAILED", physical_id=event["ResourceProperties"]["Id"], reason="as the test wants it")
    else:
        answer(event, "SUCCESS", physical_id=event["PhysicalResourceId"])
"""
ANSWERS_TOO_LONG = """
def handler(event, context):
    answer(event, "SUCCESS", physical_id="one", data={"Long": "x" * 4096} if event["RequestType"] == "Create" else {})
"""
COUNTS = """
def handler(event, context):
    answer(event, "SUCCESS", physical_id="one", data={"Twice": 2 * event["ResourceProperties"]["Text"]})
"""


LOOKS = """
import boto3

def handler(event, context):
    cloudformation = boto3.client("cloudformation")
    named, physical_id = event["LogicalResourceId"], event.get("PhysicalResourceId", "")
    try:
        found = cloudformation.describe_stack_resource(StackName=event["StackId"], LogicalResourceId=named)
        seen = found["StackResourceDetail"]
    except cloudformation.exceptions.ClientError:
        seen = {"ResourceStatus": "gone"}
    events = cloudformation.describe_stack_events(StackName=event["StackId"])["StackEvents"]
    same = [each for each in events if each["LogicalResourceId"] == named and each["PhysicalResourceId"] == physical_id]
    said = f"{seen['ResourceStatus']} {same[0]['ResourceStatus'] if same else 'nothing'}"
    name = f"/calls/{event['ResourceProperties']['Test']}/{event['RequestType']}-{event['ResourceProperties']['Id']}"
    boto3.client("ssm").put_parameter(Name=name, Value=said, Type="String")
    answer(event, "SUCCESS", physical_id=event["ResourceProperties"]["Id"])
"""


def calls(stack: DeployedStack) -> dict[str, str]:
    """The request types the handler got, with the physical id that came along."""
    parameters = stack.aws.client("ssm").get_parameters_by_path(Path=f"/calls/{stack.stack_name}")["Parameters"]
    return {parameter["Name"].rpartition("/")[2]: parameter["Value"] for parameter in parameters}


def test_a_failing_create_gets_its_delete_in_the_rollback(deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match="as the test wants it"):
        deployed_stack.deploy(
            lambda stack: add_custom_resource(
                stack, FAILS_TO_CREATE, properties={"Test": stack.stack_name, "Id": "from-the-failure"}
            )
        )
    assert calls(deployed_stack) == {"Create": "none", "Delete": "from-the-failure"}
    assert deployed_stack.status() == "ROLLBACK_COMPLETE"
    custom = [event["ResourceStatus"] for event in deployed_stack.events() if event["LogicalResourceId"] == "Custom"]
    assert custom == ["CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]


def test_without_a_physical_id_the_delete_gets_one_of_cloudformation(deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match="as the test wants it"):
        deployed_stack.deploy(
            lambda stack: add_custom_resource(stack, FAILS_TO_CREATE, properties={"Test": stack.stack_name, "Id": ""})
        )
    assert calls(deployed_stack)["Delete"].startswith(f"{deployed_stack.stack_name}-Custom-")


def test_a_resource_added_by_an_update_that_fails_gets_its_delete_too(deployed_stack: DeployedStack) -> None:
    def first(stack: cdk.Stack) -> None:
        ssm.StringParameter(stack, "Kept", string_value="kept")

    def second(stack: cdk.Stack) -> None:
        first(stack)
        add_custom_resource(stack, FAILS_TO_CREATE, properties={"Test": stack.stack_name, "Id": "added"})

    deployed_stack.deploy(first)
    with pytest.raises(DeploymentError, match="as the test wants it"):
        deployed_stack.deploy(second)
    assert calls(deployed_stack) == {"Create": "none", "Delete": "added"}
    assert deployed_stack.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_a_response_that_is_too_long_fails(deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match="Response object is too long"):
        deployed_stack.deploy(lambda stack: add_custom_resource(stack, ANSWERS_TOO_LONG))


def test_outputs_come_from_the_handler(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        resource = add_custom_resource(stack, COUNTS, properties={"Text": "ab"})
        cdk.CfnOutput(stack, "Twice", value=resource.get_att_string("Twice"))

    assert deployed_stack.deploy(build) == {"Twice": "abab"}


def test_a_custom_resource_is_in_progress_while_its_function_runs(deployed_stack: DeployedStack) -> None:
    def make(stack: cdk.Stack, physical_id: str = "") -> None:
        if physical_id:
            add_custom_resource(stack, LOOKS, properties={"Test": stack.stack_name, "Id": physical_id})
        else:
            # Without the resource, its function stays: CloudFormation deletes the resource first.
            ssm.StringParameter(stack, "Kept", string_value="kept")

    for physical_id in ("one", "two", ""):
        deployed_stack.deploy(lambda stack, physical_id=physical_id: make(stack, physical_id))  # type: ignore[misc]

    assert calls(deployed_stack) == {
        "Create-one": "CREATE_IN_PROGRESS CREATE_IN_PROGRESS",
        "Update-two": "UPDATE_IN_PROGRESS CREATE_COMPLETE",
        # Replaced: the resource of that name is the other one.
        "Delete-one": "UPDATE_COMPLETE DELETE_IN_PROGRESS",
        "Delete-two": "DELETE_IN_PROGRESS DELETE_IN_PROGRESS",
    }
