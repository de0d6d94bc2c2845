"""Whether CloudFormation asks for what an event says: whoever may invoke a function can make up an event for it.

An event carries no proof, so CloudFormation itself is asked. The stack that the function belongs to must have the
resource, of the handler's type, and must be at work on it in the way that the event says, under the physical id that
the event says. What an update has replaced, or its roll-back has left, is no longer the resource of that name; its
deletion shows in the events of the stack alone.

While CloudFormation is at work on a resource, others can still send an event for that one with other properties. So a
handler takes what it can from the physical id, which CloudFormation keeps, and from what belongs to the stack.

Environment: ``STACK_ID``, of the stack that the function belongs to.

Permissions, on that stack: ``cloudformation:DescribeStackEvents``, ``cloudformation:DescribeStackResource``; where a
handler asks what else the stack has, ``cloudformation:ListStackResources``.
"""

import os
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import boto3

from ._aws import RETRY_LONG, error_code

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import (
        StackEventTypeDef,
        StackResourceDetailTypeDef,
        StackResourceSummaryTypeDef,
    )

_UNDER_WAY: Mapping[object, frozenset[str]] = {
    "Create": frozenset({"CREATE_IN_PROGRESS"}),
    "Update": frozenset({"UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS"}),
    "Delete": frozenset({"DELETE_IN_PROGRESS"}),
}

# CloudFormation may show what it does some seconds after it has begun to do it.
_PAUSES = (1, 2, 4, 8)

# The newest come first, and a deletion that goes on is new. A page has 100.
_MOST_PAGES = 10


class Stack:
    """The stack that this function belongs to, as CloudFormation shows it."""

    @cached_property
    def _cloudformation(self) -> "CloudFormationClient":
        return boto3.client("cloudformation", config=RETRY_LONG)

    @property
    def _id(self) -> str:
        return os.environ.get("STACK_ID", "")

    def asks_for(self, event: Mapping[str, Any], resource_type: str) -> bool:
        """Tell whether CloudFormation has sent *event*, or may have: it is at work on just that."""
        if not self._id or event.get("StackId") != self._id:
            return False
        for pause in (*_PAUSES, 0):
            if self._is_at_work(event, resource_type):
                return True
            time.sleep(pause)
        return False

    def resources(self) -> dict[str, tuple[str, str]]:
        """What the stack has, what an update is about to remove among it: types and physical ids by logical ids."""
        return {
            each["LogicalResourceId"]: (each["ResourceType"], each.get("PhysicalResourceId", ""))
            for each in self._summaries()
            if not each["ResourceStatus"].startswith("DELETE_")
        }

    def has(self, resource_type: str, physical_id: str) -> bool:
        """Tell whether the stack has such a resource, or has had it lately, as a roll-back finds it."""
        resources = self._summaries()
        named = (resource_type, physical_id)
        return any(
            (each.get("ResourceType"), each.get("PhysicalResourceId")) == named
            for each in chain(resources, self._events())
        )

    def _is_at_work(self, event: Mapping[str, Any], resource_type: str) -> bool:
        kind, physical_id = event.get("RequestType"), event.get("PhysicalResourceId")
        logical_id = str(event.get("LogicalResourceId"))
        found = self._resource(logical_id)
        fits = found.get("ResourceType") == resource_type and found.get("ResourceStatus") in _UNDER_WAY[kind]
        # CloudFormation may have no id for a Create that never answered, and make one up for its Delete.
        if kind == "Create" or (fits and found.get("PhysicalResourceId") in (physical_id, None, "")):
            return fits
        named = (logical_id, physical_id, resource_type)
        newest = next((each for each in self._events() if _named(each) == named), None)
        if kind == "Update":
            # A roll-back may name the id of before or of after what it takes back.
            return fits and newest is not None
        return newest is not None and newest.get("ResourceStatus") in _UNDER_WAY[kind]

    def _resource(self, logical_id: str) -> "StackResourceDetailTypeDef | dict[str, Any]":
        try:
            found = self._cloudformation.describe_stack_resource(StackName=self._id, LogicalResourceId=logical_id)
        except Exception as error:
            # The answer for a resource that the stack does not have, or has no longer.
            if error_code(error) == "ValidationError":
                return {}
            raise
        return found["StackResourceDetail"]

    def _summaries(self) -> "Iterator[StackResourceSummaryTypeDef]":
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=self._id)
        return (each for page in pages for each in page["StackResourceSummaries"])

    def _events(self) -> "Iterator[StackEventTypeDef]":
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=self._id)
        for page in islice(pages, _MOST_PAGES):
            yield from page["StackEvents"]


def _named(event: "StackEventTypeDef") -> tuple[object, object, object]:
    return event.get("LogicalResourceId"), event.get("PhysicalResourceId"), event.get("ResourceType")
