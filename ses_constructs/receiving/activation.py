"""How a receipt rule set becomes the one that is active in its account and region."""

from dataclasses import dataclass
from typing import Protocol

from aws_cdk import Stack
from constructs import Construct, IConstruct

from ..common.register import enter_alone


class Activation(Protocol):
    """**Protocol:** makes a receipt rule set the active one, or leaves that to somebody else.

    One that never activates a set says so by the attribute ``activates``, False; it may stand beside ``rule_set``.
    """

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct | None:
        """Make what activates the set; the caller lets it wait for the set and for every rule.

        Args:
            scope: The rule set, under which it is made.
            rule_set_name: The literal name of the set.

        Returns:
            What activates the set, or None where nothing does.
        """
        ...


@dataclass(frozen=True, slots=True)
class ActivateIfFree(Activation):
    """Activates the set if no other set is active; if one is, the deployment fails and names it.

    When the stack goes, the set is deactivated, but only if it is still the active one.
    """

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct:
        """Make a custom resource named ``Activation``."""
        return _activate_by_function(scope, rule_set_name, take_over=False)


@dataclass(frozen=True, slots=True)
class TakeOver(Activation):
    """Activates the set in place of whatever set is active, and remembers that one.

    That happens once, when the stack is first deployed; later deployments never take the place of a set that somebody
    has activated since. When the stack goes, the earlier set is active again, but only if ours is still the active one.
    """

    def activate(self, scope: Construct, rule_set_name: str) -> IConstruct:
        """Make a custom resource named ``Activation``."""
        return _activate_by_function(scope, rule_set_name, take_over=True)


@dataclass(frozen=True, slots=True)
class LeaveInactive(Activation):
    """Leaves the set inactive: for a standby, or to look at it first."""

    @property
    def activates(self) -> bool:
        """Never."""
        return False

    def activate(self, scope: Construct, rule_set_name: str) -> None:
        """Make nothing."""


def _activate_by_function(scope: Construct, rule_set_name: str, *, take_over: bool) -> IConstruct:
    # Here, because it loads aws_lambda, which an app does not need that joins a set or leaves it inactive.
    from ..functions.custom_resource_function import CustomResourceFunction

    stack = Stack.of(scope)
    enter_alone(
        stack,
        "active receipt rule set",
        scope,
        what="the active receipt rule set of an account and region",
        got=scope.node.path,
        fix="add the rules to that set, or pass activation=LeaveInactive()",
    )
    function = CustomResourceFunction.shared(scope, "receipt_rules")
    function.allow_notes()
    function.allow_on_everything("ses:DescribeActiveReceiptRuleSet", "ses:SetActiveReceiptRuleSet")
    return function.custom_resource(
        Construct(scope, "Activation"),
        resource_type="Custom::SESActiveRuleSet",
        properties={"RuleSetName": rule_set_name, "TakeOver": "true" if take_over else "false"},
    )
