"""What may be there only once: in a stack, in an account and region, for a topic."""

from collections.abc import Hashable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from aws_cdk import Stack
from constructs import IConstruct

from .arguments import contains_token

_OWNERS: WeakKeyDictionary[IConstruct, dict[Hashable, Any]] = WeakKeyDictionary()
_Owner = TypeVar("_Owner")


def earlier_owner(within: IConstruct, thing: Hashable, owner: _Owner) -> _Owner | None:
    """Return who has *thing* within *within* already; None if nobody has, and from then on *owner* does."""
    owners: dict[Hashable, _Owner] = _OWNERS.setdefault(within, {})
    if thing in owners:
        return owners[thing]
    owners[thing] = owner
    return None


def earlier_owner_in_region(stack: Stack, thing: Hashable, owner: _Owner) -> _Owner | None:
    """Return who has *thing* in the account and region of *stack* already, as ``earlier_owner`` does.

    Stacks whose account or region only CloudFormation knows may be anywhere, so each of them is on its own.
    """
    return earlier_owner(*_place(stack, thing), owner)


def owner_in(within: IConstruct, thing: Hashable) -> Any | None:
    """Return who has *thing* within *within*; None if nobody has, and so it stays."""
    return _OWNERS.get(within, {}).get(thing)


def owner_in_region(stack: Stack, thing: Hashable) -> Any | None:
    """Return who has *thing* in the account and region of *stack*, as ``owner_in`` does."""
    return owner_in(*_place(stack, thing))


def _place(stack: Stack, thing: Hashable) -> tuple[IConstruct, Hashable]:
    if contains_token(stack.account + stack.region):
        return outermost(stack), thing
    return stack.node.root, (thing, stack.account, stack.region)


def outermost(stack: Stack) -> Stack:
    """The stack that *stack* is nested in, however deep; *stack* itself if it is not nested."""
    while stack.nested_stack_parent:
        stack = stack.nested_stack_parent
    return stack
