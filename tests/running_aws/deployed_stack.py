"""A stack that a test builds, deploys again with changes, and never has to clean up.

It is deployed as the CDK CLI does, without the two seconds of processor that the CLI takes; those of the sample app, of
the demo and of `tests/local_aws/test_cdk_cli.py` go through the CLI itself.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aws_cdk as cdk
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.plain_app import new_app, new_stack
from tests.running_aws.processes import HANGS_AFTER

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

Build = Callable[[cdk.Stack], object]
DEPLOYED_WITHIN = 300.0  # seconds


class DeploymentError(Exception):
    """CloudFormation could not deploy the stack; the message has its reasons."""


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(each for each in folder.rglob("*") if each.is_file()):
            archive.write(file, file.relative_to(folder))
    return content.getvalue()


class DeployedStack:
    """One stack of one test."""

    def __init__(self, aws: LocalAws, stack_name: str, folder: Path) -> None:
        self.aws = aws
        self.stack_name = stack_name
        self._folder = folder
        self._deployments = 0

    def deploy(self, build: Build) -> dict[str, str]:
        """Synthesize what *build* puts into the stack, deploy it, and give the stack's outputs.

        Raises `DeploymentError` with what CloudFormation says about the resources that failed.
        """
        events_before = self.start(build)
        status = self._wait_while_in_progress()
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            reasons = [
                f"{each['LogicalResourceId']} {each.get('ResourceStatusReason', '')}"
                for each in self.events()[events_before:]
                if each.get("ResourceStatus", "").endswith("_FAILED")
            ]
            raise DeploymentError("\n".join([f"{self.stack_name} is {status}", *reasons]))
        found = self.aws.client("cloudformation").describe_stacks(StackName=self.stack_name)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}

    def start(self, build: Build) -> int:
        """Begin to deploy, without waiting for the end; gives the number of the stack's events before."""
        assembly = self._synthesize(build)
        cloudformation = self.aws.client("cloudformation")
        if (before := self._status_or_gone()) == "ROLLBACK_COMPLETE":
            self.destroy()
        is_new = before in ("gone", "ROLLBACK_COMPLETE")
        events_before = 0 if is_new else len(self.events())
        put = cloudformation.create_stack if is_new else cloudformation.update_stack
        manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
        tags = manifest["artifacts"][self.stack_name]["properties"].get("tags", {})
        try:
            put(
                StackName=self.stack_name,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                TemplateURL=self._publish(assembly),
                Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise DeploymentError(str(error)) from error
        return events_before

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

    def _publish(self, assembly: Path) -> str:
        """Put the assets into the bootstrap bucket, as the CLI does, and give the URL of the template there."""
        s3, region = self.aws.client("s3"), self.aws.region
        url = ""
        assets = json.loads((assembly / f"{self.stack_name}.assets.json").read_text(encoding="utf-8"))["files"]
        for asset in assets.values():
            (destination,) = asset["destinations"].values()
            bucket, key = (
                destination[name].replace("${AWS::AccountId}", self.aws.account).replace("${AWS::Region}", region)
                for name in ("bucketName", "objectKey")
            )
            source = assembly / asset["source"]["path"]
            if not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents"):
                body = _zipped(source) if asset["source"]["packaging"] == "zip" else source.read_bytes()
                s3.put_object(Bucket=bucket, Key=key, Body=body)
            if asset["source"]["path"] == f"{self.stack_name}.template.json":
                url = f"{self.aws.environment['AWS_ENDPOINT_URL']}/{bucket}/{key}"
        return url

    def _wait_while_in_progress(self) -> str:
        deadline = time.monotonic() + DEPLOYED_WITHIN
        while (status := self._status_or_gone()).endswith("_IN_PROGRESS"):
            assert time.monotonic() < deadline, f"{self.stack_name} is {status}: {self.events()[-1]}"
            time.sleep(0.1)
        return status

    def events(self) -> list["StackEventTypeDef"]:
        """What happened in the stack, the oldest first."""
        pages = self.aws.client("cloudformation").get_paginator("describe_stack_events")
        found = [each for page in pages.paginate(StackName=self.stack_name) for each in page["StackEvents"]]
        return found[::-1]

    def status(self) -> str:
        stacks = self.aws.client("cloudformation").describe_stacks(StackName=self.stack_name)["Stacks"]
        return stacks[0]["StackStatus"]

    def functions(self, handler: str) -> list[dict[str, Any]]:
        """Those of the stack that run ``handlers/<handler>.py``, as Lambda describes them."""
        made = self.aws.client("cloudformation").describe_stack_resources(StackName=self.stack_name)["StackResources"]
        names = {each["PhysicalResourceId"] for each in made if each["ResourceType"] == "AWS::Lambda::Function"}
        found: Any = self.aws.client("lambda").list_functions()["Functions"]
        return [
            each
            for each in found
            if each["FunctionName"] in names and each["Handler"] == f"handlers.{handler}.on_event"
        ]

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
