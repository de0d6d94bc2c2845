"""A parameter of a name that is taken is refused, and stays whose it was."""

from functools import partial

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ssm as ssm

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.fixtures import stack_in

pytestmark = pytest.mark.xdist_group("local-aws-2")

NAME = "/local-aws/owner"


def add_parameter(stack: cdk.Stack, *, value: str) -> None:
    ssm.StringParameter(stack, "Owner", parameter_name=NAME, string_value=value)


def test_only_one_stack_has_it(
    aws: LocalAws, deployed_stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    client = aws.client("ssm")

    def value() -> str:
        found: str = client.get_parameter(Name=NAME)["Parameter"]["Value"]
        return found

    deployed_stack.deploy(partial(add_parameter, value="first"))
    for other in stack_in(aws, tmp_path_factory.mktemp("other")):
        with pytest.raises(DeploymentError, match=f"'{NAME}' already exists"):
            other.deploy(partial(add_parameter, value="second"))
    assert value() == "first"
    deployed_stack.deploy(partial(add_parameter, value="changed"))
    assert value() == "changed"
    deployed_stack.destroy()
    with pytest.raises(client.exceptions.ParameterNotFound):
        value()
