"""A stack as CloudFormation has it now."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from ..ses_account import SesAccount


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """A stack that exists.

    Args:
        stack_id: Its ARN.
        status: What CloudFormation is doing with it, or did last.
        parameters: Their values.
        resources: Types and physical ids by logical ids.
        template: What was deployed last; None for one in YAML, which only CloudFormation reads.
    """

    stack_id: str
    status: str
    parameters: Mapping[str, str]
    resources: Mapping[str, tuple[str, str]]
    template: Mapping[str, Any] | None

    def physical_id(self, logical_id: str, resource_type: str) -> str:
        """What a resource is called in AWS; ``""`` if the stack has none of that name and type."""
        found_type, physical_id = self.resources.get(logical_id, ("", ""))
        return physical_id if found_type == resource_type else ""

    @cached_property
    def problem(self) -> tuple[str, str]:
        """Why CloudFormation would not begin to update it, and what to do; two empty texts if it would."""
        if self.status.endswith("_IN_PROGRESS"):
            return f"CloudFormation is at work on it: {self.status}", "wait until that has ended"
        if self.status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"):
            return f"its creation or deletion failed: {self.status}", "delete the stack; cdk deploy does that by itself"
        if self.status == "UPDATE_ROLLBACK_FAILED":
            return (
                "the roll-back of its last update failed",
                "cdk rollback, or aws cloudformation continue-update-rollback",
            )
        return "", ""


def deployed_stack(account: SesAccount, name: str) -> DeployedStack | None:
    """The stack of that name; None if there is none, or only one that was never executed."""
    cloudformation = account.client("cloudformation")
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    if found["StackStatus"] in ("REVIEW_IN_PROGRESS", "DELETE_COMPLETE"):
        return None
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = {
        each["LogicalResourceId"]: (each["ResourceType"], each.get("PhysicalResourceId", ""))
        for page in pages
        for each in page["StackResourceSummaries"]
        if not each["ResourceStatus"].startswith("DELETE_COMPLETE")
    }
    body = cloudformation.get_template(StackName=name)["TemplateBody"]
    return DeployedStack(
        stack_id=found["StackId"],
        status=found["StackStatus"],
        parameters={
            each["ParameterKey"]: each.get("ResolvedValue", each.get("ParameterValue", ""))
            for each in found.get("Parameters", [])
        },
        resources=resources,
        template=body if isinstance(body, Mapping) else _parsed(body),
    )


def _parsed(body: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, Mapping) else None
