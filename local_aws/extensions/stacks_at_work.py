"""What CloudFormation shows of a custom resource while its function runs: that it is at work on it.

ministack records a resource once it is made, and shows none that is under way. What an update has replaced is gone from
the stack's resources by then, there and on AWS; its deletion is an event of the stack.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import custom_resource, handlers, helpers, stacks

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Params, Response

# (stack id, logical id) -> what the stack shows while a function runs.
_at_work: dict[tuple[str, str], dict[str, Any]] = {}


def install() -> None:
    _note_what_is_at_work()
    _show_it()
    controls["at-work"] = _pretend


def _pretend(arguments: Arguments) -> None:
    """Show a resource as if CloudFormation were at work on it, for a test that sends its events itself."""
    stack_id, logical_id, status = (arguments[name] for name in ("stack", "resource", "status"))
    if status:
        _at_work[stack_id, logical_id] = _records(stack_id)[logical_id] | {"ResourceStatus": status}
    else:
        del _at_work[stack_id, logical_id]


def _note_what_is_at_work() -> None:
    invoke: Callable[..., tuple[str, dict[str, str]]] = custom_resource.invoke_custom_resource

    def invoke_noted(
        kind: str,
        logical_id: str,
        properties: dict[str, Any],
        stack_name: str,
        stack_id: str,
        resource_type: str,
        physical_id: str | None = None,
        **more: Any,
    ) -> tuple[str, dict[str, str]]:
        status = f"{kind.upper()}_IN_PROGRESS"
        told = (stack_id, stack_name, logical_id, resource_type)
        # ministack has no events of what an update removes or replaces.
        untold = kind == "Delete" and not _is_told(stack_id, logical_id, physical_id, status)
        if untold:
            stacks._add_event(*told, status, physical_id=physical_id)
        known = _records(stack_id).get(logical_id, {})
        shown = kind != "Delete" or not known or known.get("PhysicalResourceId") == physical_id
        if shown:
            _at_work[stack_id, logical_id] = known | {
                "PhysicalResourceId": physical_id or "",
                "ResourceType": resource_type,
                "ResourceStatus": status,
                "Timestamp": now_iso(),
            }
        try:
            answer = invoke(
                kind, logical_id, properties, stack_name, stack_id, resource_type, physical_id=physical_id, **more
            )
            if untold:
                stacks._add_event(*told, "DELETE_COMPLETE", physical_id=physical_id)
            return answer
        finally:
            if shown:
                del _at_work[stack_id, logical_id]

    custom_resource.invoke_custom_resource = invoke_noted


def _is_told(stack_id: str, logical_id: str, physical_id: str | None, status: str) -> bool:
    named = [
        event["ResourceStatus"]
        for event in cloudformation._stack_events.get(stack_id, [])
        if (event["LogicalResourceId"], event["PhysicalResourceId"]) == (logical_id, physical_id)
    ]
    return named[-1:] == [status]


def _records(stack_id: str) -> dict[str, dict[str, Any]]:
    stack: dict[str, Any] = handlers._resolve_stack(stack_id) or {}
    records: dict[str, dict[str, Any]] = stack.get("_resources", {})
    return records


def _show_it() -> None:
    describe: Callable[[Params], Response] = handlers._ACTION_HANDLERS["DescribeStackResource"]

    def call(params: Params) -> Response:
        stack = handlers._resolve_stack(helpers._p(params, "StackName")) or {}
        logical_id = helpers._p(params, "LogicalResourceId")
        record = _at_work.get((stack.get("StackId", ""), logical_id))
        if record is None:
            return describe(params)
        resources = stack["_resources"]
        stack["_resources"] = {**resources, logical_id: record}
        try:
            return describe(params)
        finally:
            stack["_resources"] = resources

    handlers._ACTION_HANDLERS["DescribeStackResource"] = call
