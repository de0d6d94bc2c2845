"""Custom resources as CloudFormation drives them: a failing create gets its Delete, a bad response is refused."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import now_iso
from ministack.services.cloudformation import custom_resource, provisioners, stacks

from local_aws.extensions import stacks_at_work
from local_aws.extensions.controls import controls
from local_aws.extensions.registry import Properties, Provisioned, generated_name

LONGEST_RESPONSE = 4096  # bytes; CloudFormation refuses more

# (stack id, logical id) -> the physical id of a FAILED answer to a Create, until the rollback has used it.
_physical_id_of_failure: dict[tuple[str, str], str] = {}
# (stack name, logical id) -> what the rollback deletes.
_failed_creates: dict[tuple[str, str], dict[str, Any]] = {}
# What the functions have answered since the start, the oldest first.
_answers: list[dict[str, Any]] = []


def checked_response(response: dict[str, Any]) -> dict[str, Any]:
    """*response* as CloudFormation takes it: FAILED when it is too long or names no physical id."""
    if len(json.dumps(response)) > LONGEST_RESPONSE:
        return response | {"Status": "FAILED", "Reason": "Response object is too long.", "Data": {}}
    if response.get("Status") == "SUCCESS" and not response.get("PhysicalResourceId"):
        return response | {"Status": "FAILED", "Reason": "Invalid PhysicalResourceId"}
    return response


def install() -> None:
    controls["custom-resource-answers"] = lambda arguments: _answers
    stacks_at_work.install()
    _check_responses()
    _remember_failed_creates()
    _delete_them_in_the_rollback()


def _check_responses() -> None:
    deliver: Callable[[str, dict[str, Any]], bool] = custom_resource.deliver_response

    def deliver_checked(token: str, response: dict[str, Any]) -> bool:
        _answers.append(response)
        response = checked_response(response)
        if response.get("Status") == "FAILED":
            failed = (response.get("StackId", ""), response.get("LogicalResourceId", ""))
            _physical_id_of_failure[failed] = response.get("PhysicalResourceId", "")
        return deliver(token, response)

    custom_resource.deliver_response = deliver_checked


def _remember_failed_creates() -> None:
    original = provisioners._custom_resource_create
    default_type = "AWS::CloudFormation::CustomResource"

    def create(
        logical_id: str, properties: Properties, stack_name: str, resource_type: str = default_type
    ) -> Provisioned:
        answered = (provisioners._cr_stack_id(stack_name), logical_id)
        _physical_id_of_failure.pop(answered, None)
        try:
            provisioned: Provisioned = original(logical_id, properties, stack_name, resource_type)
        except (RuntimeError, TimeoutError):  # FAILED, or no answer in time; other errors mean it was never called
            physical_id = _physical_id_of_failure.pop(answered, "") or f"{stack_name}-{generated_name(logical_id)}"
            _failed_creates[stack_name, logical_id] = {
                "PhysicalResourceId": physical_id,
                "ResourceType": resource_type,
                "ResourceStatus": "CREATE_FAILED",
                "LogicalResourceId": logical_id,
                "Properties": properties,
                "Attributes": {},
                "Timestamp": now_iso(),
            }
            raise
        return provisioned

    provisioners._custom_resource_create = create
    provisioners._RESOURCE_HANDLERS[default_type]["create"] = create


def _delete_them_in_the_rollback() -> None:
    original = stacks._roll_back_operation

    async def roll_back(
        stack_name: str, stack_id: str, stack: dict[str, Any], operation: dict[str, Any], *args: Any
    ) -> None:
        logical_id = operation.get("failed_logical_id")
        failed = _failed_creates.pop((stack_name, logical_id), None) if logical_id else None
        if failed:
            # The rollback deletes what it finds here, last one first, with events and in the right phase.
            stack.setdefault("_resources", {})[logical_id] = failed
            operation["created"] = [*operation.get("created", []), logical_id]
        await original(stack_name, stack_id, stack, operation, *args)

    stacks._roll_back_operation = roll_back
