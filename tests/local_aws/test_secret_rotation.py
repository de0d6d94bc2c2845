"""Secrets and their versions, deployed and rotated."""

import contextlib
import json
from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-2")

# Each step is written down in a parameter when all is decided; the description says whether and how a step goes on.
ROTATES = """
import boto3, time

secrets, ssm = boto3.client("secretsmanager"), boto3.client("ssm")

def handler(event, context):
    try:
        work(event["SecretId"], event["ClientRequestToken"], event["Step"])
    finally:
        name = "/rotated/" + secrets.describe_secret(SecretId=event["SecretId"])["Name"]
        old = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        ssm.put_parameter(Name=name, Value=old + " " + event["Step"], Overwrite=True)

def work(arn, token, step):
    versions = secrets.describe_secret(SecretId=arn)["VersionIdsToStages"]
    assert "AWSPENDING" in versions[token], versions
    while secrets.describe_secret(SecretId=arn)["Description"] == "held up":
        time.sleep(0.1)
    if step == "createSecret":
        try:
            secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
        except secrets.exceptions.ResourceNotFoundException:
            secrets.put_secret_value(
                SecretId=arn, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
            )
    if step == "testSecret":
        broken = secrets.describe_secret(SecretId=arn)["Description"] == "broken"
        value = secrets.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")["SecretString"]
        assert not broken, "does not log in with " + value
    if step == "finishSecret":
        (current,) = [version for version, stages in versions.items() if "AWSCURRENT" in stages]
        secrets.update_secret_version_stage(
            SecretId=arn, VersionStage="AWSCURRENT", MoveToVersionId=token, RemoveFromVersionId=current
        )
"""
STEPS = "createSecret setSecret testSecret finishSecret"


def add_rotated(
    stack: cdk.Stack,
    *,
    name: str,
    description: str = "works",
    rotates: bool = True,
    immediately: bool = True,
    may_invoke: bool = True,
) -> None:
    runtime = lambda_.Runtime.PYTHON_3_13
    rotation = lambda_.Function(
        stack,
        "Rotates",
        runtime=runtime,
        handler="index.handler",
        code=lambda_.Code.from_inline(ROTATES),
        timeout=cdk.Duration.minutes(5),
    )
    secret = secretsmanager.Secret(
        stack,
        "Secret",
        secret_name=name,
        description=description,
        secret_string_value=cdk.SecretValue.unsafe_plain_text("first"),
    )
    if not rotates:
        return
    schedule = secretsmanager.CfnRotationSchedule(
        stack,
        "Schedule",
        secret_id=secret.secret_arn,
        rotation_lambda_arn=rotation.function_arn,
        rotate_immediately_on_update=immediately,
        rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(schedule_expression="rate(30 days)"),
    )
    if may_invoke:
        principal = iam.ServicePrincipal("secretsmanager.amazonaws.com")
        rotation.add_permission("Rotation", principal=principal, source_arn=secret.secret_arn)
        schedule.node.add_dependency(rotation)


def versions(aws: LocalAws, name: str) -> dict[str, str]:
    """The values by label; one that is taken away meanwhile is not among them."""
    client = aws.client("secretsmanager")
    found = dict[str, str]()
    for labels in client.describe_secret(SecretId=name)["VersionIdsToStages"].values():
        for stage in labels:
            with contextlib.suppress(client.exceptions.ResourceNotFoundException):
                found[stage] = client.get_secret_value(SecretId=name, VersionStage=stage)["SecretString"]
    return found


class Steps:
    """The steps that a rotation function was called with."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self._aws, self._parameter = aws, f"/rotated/{name}"
        aws.client("ssm").put_parameter(Name=self._parameter, Value="started", Type="String", Overwrite=True)

    def come(self, *steps: str) -> bool:
        """Whether these and no others come, in this order."""
        return wait_until(lambda: self._value() == " ".join(("started", *steps)))

    def _value(self) -> str:
        value: str = self._aws.client("ssm").get_parameter(Name=self._parameter)["Parameter"]["Value"]
        return value


def test_rotates_when_the_schedule_is_made_and_when_asked(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client, name = aws.client("secretsmanager"), "rotated-at-once"
    steps = Steps(aws, name)
    deployed_stack.deploy(lambda stack: add_rotated(stack, name=name))
    assert steps.come(STEPS)
    assert wait_until(lambda: versions(aws, name) == {"AWSCURRENT": "new", "AWSPREVIOUS": "first"})
    described = client.describe_secret(SecretId=name)
    assert described["RotationEnabled"]
    assert described["RotationRules"] == {"ScheduleExpression": "rate(30 days)"}
    assert described["LastRotatedDate"] >= described["CreatedDate"]

    token = client.rotate_secret(SecretId=name)["VersionId"]
    assert steps.come(STEPS, STEPS)
    assert wait_until(lambda: client.describe_secret(SecretId=name)["VersionIdsToStages"][token] == ["AWSCURRENT"])

    deployed_stack.deploy(lambda stack: add_rotated(stack, name=name, rotates=False))
    assert not client.describe_secret(SecretId=name)["RotationEnabled"]
    assert versions(aws, name)["AWSCURRENT"] == "new"


def test_a_failing_step_leaves_the_version_pending_and_the_next_rotation_takes_it_up(
    aws: LocalAws, deployed_stack: DeployedStack
) -> None:
    client, name = aws.client("secretsmanager"), "rotated-in-vain"
    steps = Steps(aws, name)
    deployed_stack.deploy(lambda stack: add_rotated(stack, name=name, description="broken"))
    assert steps.come("createSecret setSecret testSecret")
    assert versions(aws, name) == {"AWSCURRENT": "first", "AWSPENDING": "new"}
    pending = client.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["VersionId"]

    client.update_secret(SecretId=name, Description="works")
    with pytest.raises(client.exceptions.InvalidRequestException, match="previous rotation isn't complete"):
        client.rotate_secret(SecretId=name)
    assert steps.come("createSecret setSecret testSecret", STEPS)
    assert wait_until(lambda: client.get_secret_value(SecretId=name)["VersionId"] == pending)


def test_what_is_asked_for_during_a_run_comes_after_it(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client, name = aws.client("secretsmanager"), "rotated-twice"
    steps = Steps(aws, name)
    deployed_stack.deploy(lambda stack: add_rotated(stack, name=name, description="held up"))
    for _ in range(3):
        with pytest.raises(client.exceptions.InvalidRequestException, match="previous rotation isn't complete"):
            client.rotate_secret(SecretId=name)

    client.update_secret(SecretId=name, Description="broken")
    in_vain = "createSecret setSecret testSecret"
    assert steps.come(in_vain, in_vain)
    client.update_secret(SecretId=name, Description="works")
    with pytest.raises(client.exceptions.InvalidRequestException, match="previous rotation isn't complete"):
        client.rotate_secret(SecretId=name)
    assert steps.come(in_vain, in_vain, STEPS)


def test_only_tests_what_shall_not_rotate_at_once(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client, name = aws.client("secretsmanager"), "rotated-later"
    steps = Steps(aws, name)
    deployed_stack.deploy(lambda stack: add_rotated(stack, name=name, immediately=False))
    assert steps.come("testSecret")
    assert wait_until(lambda: len(client.describe_secret(SecretId=name)["VersionIdsToStages"]) == 1)
    assert versions(aws, name) == {"AWSCURRENT": "first"}


def test_a_function_has_to_let_secrets_manager_in(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match=r"grants access to the principal secretsmanager\.amazonaws\.com"):
        deployed_stack.deploy(lambda stack: add_rotated(stack, name="rotated-by-nobody", may_invoke=False))
    client = aws.client("secretsmanager")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.describe_secret(SecretId="rotated-by-nobody")


def test_a_secret_without_a_value_its_reference_and_its_policy(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack, actions: Sequence[str]) -> None:
        empty = secretsmanager.CfnSecret(stack, "Empty", name="without-a-value")
        secretsmanager.Secret(stack, "Generated", secret_name="with-a-value")
        everyone = {"Effect": "Deny", "Principal": "*", "Action": actions, "Resource": "*"}
        policy: dict[str, Any] = {"Version": "2012-10-17", "Statement": [everyone]}
        secretsmanager.CfnResourcePolicy(stack, "Policy", secret_id=empty.ref, resource_policy=policy)
        cdk.CfnOutput(stack, "Reference", value=empty.ref)

    client = aws.client("secretsmanager")

    def denied() -> object:
        return json.loads(client.get_resource_policy(SecretId="without-a-value")["ResourcePolicy"])["Statement"][0]

    outputs = deployed_stack.deploy(lambda stack: build(stack, ["secretsmanager:DeleteSecret"]))
    described = client.describe_secret(SecretId="without-a-value")
    assert outputs["Reference"] == described["ARN"]
    assert not described.get("VersionIdsToStages")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_secret_value(SecretId="without-a-value")
    assert len(client.get_secret_value(SecretId="with-a-value")["SecretString"]) == 32
    before = client.get_secret_value(SecretId="with-a-value")["VersionId"]
    assert denied() == {"Effect": "Deny", "Principal": "*", "Action": ["secretsmanager:DeleteSecret"], "Resource": "*"}

    deployed_stack.deploy(lambda stack: build(stack, ["secretsmanager:PutSecretValue"]))
    assert denied() != {"Effect": "Deny", "Principal": "*", "Action": ["secretsmanager:DeleteSecret"], "Resource": "*"}
    assert client.get_secret_value(SecretId="with-a-value")["VersionId"] == before

    with pytest.raises(client.exceptions.ResourceExistsException):
        client.create_secret(Name="with-a-value", SecretString="mine")
    deployed_stack.destroy()
    for name in ("without-a-value", "with-a-value"):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_secret(SecretId=name)


def test_refuses_a_secret_that_exists(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client = aws.client("secretsmanager")
    client.create_secret(Name="somebody-elses", SecretString="theirs")
    with pytest.raises(DeploymentError, match="secret somebody-elses already exists"):
        deployed_stack.deploy(lambda stack: secretsmanager.CfnSecret(stack, "Secret", name="somebody-elses"))
    assert versions(aws, "somebody-elses") == {"AWSCURRENT": "theirs"}
    client.delete_secret(SecretId="somebody-elses", ForceDeleteWithoutRecovery=True)


def test_versions_and_their_labels(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client, name = aws.client("secretsmanager"), "labelled"
    deployed_stack.deploy(lambda stack: secretsmanager.CfnSecret(stack, "Secret", name=name))
    tokens = [f"{number:032}" for number in range(4)]

    def put(token: str, value: str, *labels: str) -> None:
        more: dict[str, Any] = {"VersionStages": list(labels)} if labels else {}
        client.put_secret_value(SecretId=name, ClientRequestToken=token, SecretString=value, **more)

    put(tokens[0], "zero", "AWSPENDING")  # the first is current whatever it is asked to be
    assert versions(aws, name)["AWSCURRENT"] == "zero"
    put(tokens[1], "one")
    put(tokens[1], "one")  # a retry
    assert versions(aws, name) == {"AWSCURRENT": "one", "AWSPREVIOUS": "zero", "AWSPENDING": "zero"}
    with pytest.raises(client.exceptions.ResourceExistsException, match="already in use"):
        put(tokens[1], "another")
    put(tokens[2], "two", "AWSPENDING")
    put(tokens[3], "three", "AWSPENDING")  # a label is on one version at a time
    assert versions(aws, name) == {"AWSCURRENT": "one", "AWSPREVIOUS": "zero", "AWSPENDING": "three"}
    with pytest.raises(ClientError, match=tokens[2]):
        client.get_secret_value(SecretId=name, VersionId=tokens[2], VersionStage="AWSPENDING")


def test_rotation_is_cancelled_and_needs_a_function(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client = aws.client("secretsmanager")
    deployed_stack.deploy(lambda stack: secretsmanager.CfnSecret(stack, "Secret", name="cancelled"))
    with pytest.raises(client.exceptions.InvalidRequestException, match="No Lambda rotation function"):
        client.rotate_secret(SecretId="cancelled")
    assert client.cancel_rotate_secret(SecretId="cancelled")["Name"] == "cancelled"
    assert not client.describe_secret(SecretId="cancelled")["RotationEnabled"]
