"""RuleOrder: the custom resource that has the rules of a set stand in the order of the code."""

from typing import TYPE_CHECKING

from aws_cdk import CfnResource
from constructs import Construct

from ..functions.custom_resource_function import CustomResourceFunction

if TYPE_CHECKING:
    from .inbound_rule import InboundRule


class RuleOrder(Construct):
    """Looks after each deployment that changed the order, and moves what stands elsewhere.

    A changed ``After`` alone may do nothing: it is write-only, and SES's own update of a rule keeps its place.
    """

    def __init__(self, scope: Construct, construct_id: str, *, rule_set_name: str, after_rule: str | None) -> None:
        super().__init__(scope, construct_id)
        self._names: list[str] = []
        function = CustomResourceFunction.shared(self, "receipt_rules")
        function.allow_on_everything("ses:DescribeReceiptRuleSet", "ses:SetReceiptRulePosition")
        resource = function.custom_resource(
            self,
            resource_type="Custom::SESRuleOrder",
            properties={"RuleSetName": rule_set_name, "After": after_rule or ""},
        )
        made = resource.node.default_child
        assert isinstance(made, CfnResource)
        self._resource = made

    def append(self, rule: "InboundRule") -> None:
        """Put *rule* behind those before."""
        self._names.append(rule.rule_name)
        self._resource.add_property_override("Rules", self._names)
        self._resource.node.add_dependency(rule.resource)
