"""What a stack that is full of monitorings is told: one of them can watch many domains."""

from weakref import WeakKeyDictionary

import jsii
from aws_cdk import CfnResource, Stack
from constructs import Construct, IValidation

_COUNTS: WeakKeyDictionary[Stack, int] = WeakKeyDictionary()
# Fewer fit, with a pause and a history each.
_COUNTED_FROM = 10
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MAX_RESOURCES = 500


def advise_where_they_are_many(monitoring: Construct, stack: Stack) -> None:
    """Have the synthesis count the resources of a stack with many monitorings, and say what they could share."""
    count = _COUNTS[stack] = _COUNTS.get(stack, 0) + 1
    if count == _COUNTED_FROM:
        monitoring.node.add_validation(_Room(stack))


@jsii.implements(IValidation)
class _Room:
    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def validate(self) -> list[str]:
        """Refuse more resources than fit, before CDK does without a word about the cause."""
        resources = sum(
            CfnResource.is_cfn_resource(each) and Stack.of(each) is self._stack for each in self._stack.node.find_all()
        )
        if resources <= _MAX_RESOURCES:
            return []
        return [
            f"stack {self._stack.stack_name!r} must have at most {_MAX_RESOURCES} resources, got {resources} with "
            f"{_COUNTS[self._stack]} BounceMonitoring; let one watch many domains, by VerifiedDomain(..., "
            "configuration_set=monitoring.configuration_set), or spread them over stacks"
        ]
