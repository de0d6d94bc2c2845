"""How a receipt rule set becomes the one that is active in its account and region."""

from dataclasses import dataclass
from typing import Protocol

from aws_cdk import Stack
from constructs import Construct, IConstruct

from ..common.once import earlier_owner


class Activation(Protocol):
    """**Protocol:** makes a receipt rule set the active one, or leaves that to somebody else."""

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct | None:
        """Make what activates the set under *scope*; the caller lets it wait for the set and for every rule."""
        ...


@dataclass(frozen=True, slots=True)
class ActivateIfFree(Activation):
    """Activate the set if no other set is active; the deployment fails and names the other one if there is.

    When the stack goes, the set is deactivated, but only if it is still the active one.
    """

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct:
        """A custom resource named ``Activation``."""
        return _activation(scope, rule_set_name, take_over=False)


@dataclass(frozen=True, slots=True)
class TakeOver(Activation):
    """Activate the set in place of whatever set is active, and remember that one.

    That is done once, when the stack is first deployed; later deployments never take the place of a set that somebody
    has activated since. When the stack goes, the earlier set is active again, but only if ours is still the active one.
    """

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct:
        """A custom resource named ``Activation``."""
        return _activation(scope, rule_set_name, take_over=True)


@dataclass(frozen=True, slots=True)
class LeaveInactive(Activation):
    """Do not activate the set: for a standby, or to look at it first."""

    def activate(self, scope: Construct, rule_set_name: str) -> None:
        """Nothing."""


def _activation(scope: Construct, rule_set_name: str, *, take_over: bool) -> IConstruct:
    from ..functions.custom_resource_function import (
        CustomResourceFunction,
    )  # loads aws_lambda, which not every app needs

    stack = Stack.of(scope)
    if earlier_owner(stack, "active receipt rule set", scope.node.path):
        raise ValueError(
            f"only one receipt rule set can be active in a region, and stack {stack.stack_name!r} activates one "
            "already; add the rules to that set, or pass activation=LeaveInactive()"
        )
    return CustomResourceFunction.shared(scope, "activate_rule_set").custom_resource(
        Construct(scope, "Activation"),
        resource_type="Custom::SESActiveRuleSet",
        properties={"RuleSetName": rule_set_name, "TakeOver": "true" if take_over else "false"},
    )
