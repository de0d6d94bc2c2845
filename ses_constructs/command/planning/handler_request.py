"""What the functions of a stack see: the events of CloudFormation, and the stack as their own.

The one file of the command that knows ``handlers/_custom_resource.py``; the others take its names from here.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ...handlers._custom_resource import CREATE_FAILED, Properties, RefusedError, Request
from .looked_stack import LookedStack

__all__ = ["RefusedError", "Request", "as_cloudformation_sends", "function_of", "request_for"]


def as_cloudformation_sends(properties: Mapping[str, Any]) -> Properties:
    """The properties of a custom resource as its function gets them: every scalar is text."""

    def sent(value: object) -> Any:
        match value:
            case Mapping():
                return {name: sent(each) for name, each in value.items()}
            case list():
                return [*map(sent, value)]
            case bool():
                return str(value).lower()
        return str(value)

    return Properties(sent(properties))


def request_for(stack: LookedStack, logical_id: str, properties: Mapping[str, Any]) -> Request:
    """The event for a resource of *stack*: a Create where it is new, and an Update or a Delete otherwise."""
    # A new stack has no id yet; nothing is remembered for it under any.
    stack_id = stack.deployed.stack_id if stack.deployed else f"arn/{stack.assembled.name}/new"
    physical_id = stack.physical_id_before(logical_id)
    old = as_cloudformation_sends(stack.before.properties(logical_id))
    return Request(stack_id, logical_id, physical_id or CREATE_FAILED, as_cloudformation_sends(properties), old)


@contextmanager
def function_of(stack: LookedStack) -> Iterator[None]:
    """Have the code of a handler in the block ask as the function of *stack* would, by clients that only read."""
    before = os.environ.get("STACK_ID")
    os.environ["STACK_ID"] = stack.deployed.stack_id if stack.deployed else ""
    try:
        with stack.account.is_default():
            yield
    finally:
        if before is None:
            del os.environ["STACK_ID"]
        else:
            os.environ["STACK_ID"] = before
