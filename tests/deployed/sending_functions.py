"""The functions around sending in one deployed stack: how each is made to do its job, and without a permission."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from ses_constructs import AccountHealth, SmtpCredentials, SuppressionList
from tests.deployed.watched_domain import WatchedDomain, add_watched_domain
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.zones import Zone

ANSWERS = "least-privilege-answers"


def without_patience(stack: Stack) -> None:
    """Have the custom resources of *stack* fail at the first denial: a function waits for IAM while it has time."""
    for node in stack.node.find_all():
        if isinstance(node, lambda_.CfnFunction) and node.timeout == 300:
            node.timeout = 150


def add_everything(stack: Stack, zone: Zone) -> None:
    domain = add_watched_domain(stack, zone)
    AccountHealth(stack, "Health", every=Duration.hours(1))
    SuppressionList(stack, "Suppression")
    made = SmtpCredentials(stack, "Smtp", domain=domain)
    rotated = SmtpCredentials(stack, "Rotated", domain=domain, rotate_after=Duration.days(90))
    for role, credentials in {"Smtp": made, "Rotated": rotated}.items():
        CfnOutput(stack, f"{role}Secret", value=credentials.secret.secret_arn)
        CfnOutput(stack, f"{role}User", value=credentials.user.user_name)
    without_patience(stack)


@dataclass(frozen=True, slots=True)
class Functions:
    """The functions of a stack, and what makes them do their jobs."""

    aws: LocalAws
    stack: DeployedStack

    def functions(self, handler: str) -> list[Any]:
        return self.stack.functions(handler)

    def permissions(self, handler: str) -> set[str]:
        """What the roles of a handler's functions allow."""
        return {
            action
            for function in self.functions(handler)
            for document in self._policies(function).values()
            for statement in document["Statement"]
            for action in _list(statement["Action"])
            # That CloudFormation is asked is for `test_ownership.py`.
            if not action.startswith(("logs:", "cloudformation:"))
        }

    @contextmanager
    def without(self, handler: str, action: str) -> Iterator[None]:
        """Take the action out of the roles of a handler's functions for a while."""
        iam = self.aws.client("iam")
        before = [(_role(function), self._policies(function)) for function in self.functions(handler)]
        taken = 0
        for role, policies in before:
            for name, document in policies.items():
                statements = []
                for statement in document["Statement"]:
                    left = [each for each in _list(statement["Action"]) if each != action]
                    taken += len(_list(statement["Action"])) - len(left)
                    # A statement needs an action: this one is of no use to a handler.
                    statements.append(statement | {"Action": left or ["ses:ListTemplates"]})
                changed = json.dumps(document | {"Statement": statements})
                iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)
        assert taken
        try:
            yield
        finally:
            for role, policies in before:
                for name, document in policies.items():
                    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

    def logs(self, handler: str) -> str:
        client: Any = self.aws.client("logs")
        groups = {each["LoggingConfig"]["LogGroup"] for each in self.functions(handler)}
        return "\n".join(
            event["message"] for group in groups for event in client.filter_log_events(logGroupName=group)["events"]
        )

    def invoke(self, handler: str, event: Mapping[str, object]) -> str:
        """Give the error of a run that is waited for."""
        (function,) = self.functions(handler)
        answer: Any = self.aws.client("lambda").invoke(FunctionName=function["FunctionName"], Payload=json.dumps(event))
        payload = answer["Payload"].read().decode()
        return payload if "FunctionError" in answer else ""

    def custom_resource(
        self, handler: str, *, physical_id: str, new: object, old: object, request_type: str = "Update"
    ) -> tuple[str, str]:
        """Have the function do an update as CloudFormation does, and give the status and the reason of its answer.

        *physical_id* is that of the resource in the stack, or its beginning.
        """
        s3: Any = self.aws.client("s3")
        resources: Any = self.aws.client("cloudformation").describe_stack_resources(StackName=self.stack.stack_name)[
            "StackResources"
        ]
        (resource,) = (
            each
            for each in resources
            if each["ResourceType"].startswith("Custom::") and each["PhysicalResourceId"].startswith(physical_id)
        )
        at_work = {"stack": resource["StackId"], "resource": resource["LogicalResourceId"]}
        key = f"{handler}/{time.monotonic()}"
        event = {
            "RequestType": request_type,
            "ResponseURL": s3.generate_presigned_url("put_object", Params={"Bucket": ANSWERS, "Key": key}),
            "StackId": resource["StackId"],
            "RequestId": "request",
            "LogicalResourceId": resource["LogicalResourceId"],
            "PhysicalResourceId": resource["PhysicalResourceId"],
            "ResourceProperties": new,
            "OldResourceProperties": old,
        }
        self.aws.server.control("at-work", status=f"{request_type.upper()}_IN_PROGRESS", **at_work)
        assert self.invoke(handler, event) == ""
        self.aws.server.control("at-work", status="", **at_work)
        answer = json.loads(s3.get_object(Bucket=ANSWERS, Key=key)["Body"].read())
        s3.delete_object(Bucket=ANSWERS, Key=key)
        return answer["Status"], answer["Reason"]

    def _policies(self, function: Any) -> dict[str, Any]:
        """The inline policies of the function's role."""
        iam: Any = self.aws.client("iam")
        names = iam.list_role_policies(RoleName=_role(function))["PolicyNames"]
        return {
            name: iam.get_role_policy(RoleName=_role(function), PolicyName=name)["PolicyDocument"] for name in names
        }


@dataclass(frozen=True, slots=True)
class Deployed(Functions):
    """Those around sending."""

    watched: WatchedDomain


def _role(function: Any) -> str:
    return str(function["Role"].rpartition("/")[2])


def _list(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def denial(action: str) -> str:
    return f"not authorized to perform: {action} "


class Credentials:
    """One of the deployed secrets with its user."""

    def __init__(self, deployed: Deployed, role: str) -> None:
        self.deployed, self.aws = deployed, deployed.aws
        self.secret, self.user = (deployed.watched.outputs[f"{role}{what}"] for what in ("Secret", "User"))
        self._secrets: Any = deployed.aws.client("secretsmanager")

    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._secrets.get_secret_value(SecretId=self.secret)["SecretString"])
        return found

    def stages(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = self._secrets.describe_secret(SecretId=self.secret)["VersionIdsToStages"]
        return found

    def keys(self) -> dict[str, str]:
        found = self.aws.client("iam").list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def is_settled(self) -> bool:
        """Whether no rotation goes on, nor the trial of one, which has a pending version of its own."""
        return "AWSPENDING" not in str(self.stages())

    def let_time_pass(self, *, hours: int) -> None:
        seconds = str(hours * 3600)
        self.aws.server.control("let-time-pass", user=self.user, secret=self.secret, seconds=seconds)

    def add_stray_key(self) -> None:
        """A key that no version names, in the place of the previous one: it has to be looked for, and to make room.

        It is old, for a new one might be that of a run of the rotation that goes on.
        """
        iam = self.aws.client("iam")
        for key in self.keys().keys() - {self.value()["username"]}:
            iam.delete_access_key(UserName=self.user, AccessKeyId=key)
        iam.create_access_key(UserName=self.user)
        self.let_time_pass(hours=1)

    def begin_rotation(self) -> None:
        """A pending version, as of a rotation that has begun."""
        self._secrets.put_secret_value(SecretId=self.secret, SecretString="{}", VersionStages=["AWSPENDING"])

    def renew(self) -> tuple[str, str]:
        """Deactivate the key and update the custom resource, which then has to make another one."""
        value = self.value()
        iam = self.aws.client("iam")
        iam.update_access_key(UserName=self.user, AccessKeyId=value["username"], Status="Inactive")
        properties = {
            "UserName": self.user,
            "SecretArn": self.secret,
            "Host": value["host"],
            "Port": str(value["port"]),
            "Region": value["region"],
            "OwnsUser": "true",
            "Rotates": "false",
        }
        physical_id = f"smtp-credentials|{self.user}|"
        return self.deployed.custom_resource(
            "smtp_credentials", physical_id=physical_id, new=properties, old=properties
        )

    def rotate(self) -> None:
        """Begin a rotation, or go on with the one that failed."""
        try:
            self._secrets.rotate_secret(SecretId=self.secret)
        except ClientError as error:
            if "That rotation will be reattempted" not in str(error):
                raise
