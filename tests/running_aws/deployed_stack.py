"""A stack that a test builds, deploys again with changes, and never has to clean up."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import aws_cdk as cdk
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from local_aws.cdk_cli import TIMEOUT
from tests.local_aws.plain_app import new_app, new_stack
from tests.running_aws.processes import HANGS_AFTER

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

Build = Callable[[cdk.Stack], object]


class DeployedStack:
    """One stack of one test."""

    def __init__(self, aws: LocalAws, stack_name: str, folder: Path) -> None:
        self.aws = aws
        self.stack_name = stack_name
        self._folder = folder
        self._deployments = 0

    def deploy(self, build: Build, *, timeout: float = TIMEOUT) -> dict[str, str]:
        """Synthesize what *build* puts into the stack, deploy it, and give the stack's outputs."""
        assembly = self._synthesize(build)
        return self.aws.deploy(assembly, self.stack_name, timeout=timeout).get(self.stack_name, {})

    def plan(self, build: Build) -> set[str]:
        """The types of the resources that deploying *build* would touch, by CloudFormation's change set."""
        # The events of an update do not tell: the local AWS sends every resource through its update.
        app = ("--app", str(self._synthesize(build)))
        self.aws.cdk("deploy", self.stack_name, *app, "--method", "prepare-change-set", "--change-set-name", "plan")
        cloudformation = self.aws.client("cloudformation")
        change_set = cloudformation.describe_change_set(StackName=self.stack_name, ChangeSetName="plan")
        cloudformation.delete_change_set(StackName=self.stack_name, ChangeSetName="plan")
        return {change["ResourceChange"]["ResourceType"] for change in change_set["Changes"]}

    def _synthesize(self, build: Build) -> Path:
        assembly = self._folder / f"cdk.out-{self._deployments}"
        app = new_app(assembly)
        build(new_stack(app, self.stack_name))
        app.synth()
        self._deployments += 1
        return assembly

    def events(self) -> list["StackEventTypeDef"]:
        """What happened in the stack, the oldest first."""
        response = self.aws.client("cloudformation").describe_stack_events(StackName=self.stack_name)
        return response["StackEvents"][::-1]

    def status(self) -> str:
        stacks = self.aws.client("cloudformation").describe_stacks(StackName=self.stack_name)["Stacks"]
        return stacks[0]["StackStatus"]

    def destroy(self) -> None:
        """Take away whatever is there, without the seconds that the CLI needs; twice is harmless."""
        self._delete()

    def abandon(self, logical_id: str) -> None:
        """Destroy the stack without the one resource that refused to go."""
        self._delete(retain=[logical_id])

    def _delete(self, retain: Sequence[str] = ()) -> None:
        self.aws.client("cloudformation").delete_stack(StackName=self.stack_name, RetainResources=list(retain))
        deadline = time.monotonic() + HANGS_AFTER
        while (status := self._status_or_gone()) != "gone":
            assert status == "DELETE_IN_PROGRESS", f"{self.stack_name} is {status}: {self.events()[-1]}"
            assert time.monotonic() < deadline, f"{self.stack_name} is still being deleted: {self.events()[-1]}"
            time.sleep(0.1)

    def _status_or_gone(self) -> str:
        try:
            status = self.status()
        except ClientError as error:
            if "does not exist" in str(error):
                return "gone"
            raise
        return "gone" if status == "DELETE_COMPLETE" else status
