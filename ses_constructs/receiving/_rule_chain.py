"""RuleChain: makes the rules of a set, each behind the one before."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import aws_ses as ses
from constructs import Construct, IConstruct

from ..common.arguments import invalid
from ._failure_alarms import rule_alarm
from ._rule_checks import check_rule_name
from .inbound_rule import InboundAction, InboundRule
from .rule_set import RuleSet

if TYPE_CHECKING:
    from ._rule_order import RuleOrder


class RuleChain:
    """Has each rule wait for what it needs, and *activation* for each rule; *resource* is a set of our own."""

    def __init__(
        self,
        scope: Construct,
        *,
        rule_set: RuleSet,
        resource: ses.CfnReceiptRuleSet | None,
        activation: IConstruct | None,
        after_rule: str | None,
        tls: ses.TlsPolicy,
    ) -> None:
        self._scope, self._rule_set = scope, rule_set
        self._resource, self._activation, self._tls = resource, activation, tls
        self._after_rule = self._last_rule_name = after_rule
        self._names = [after_rule]
        self._last_rule: InboundRule | None = None
        self._order: RuleOrder | None = None

    def append(
        self,
        scope: Construct,
        construct_id: str,
        *,
        recipients: Sequence[str],
        actions: Sequence[InboundAction | ses.IReceiptRuleAction],
        enabled: bool = True,
        scan: bool = True,
        tls: ses.TlsPolicy | None = None,
        rule_name: str | None = None,
    ) -> InboundRule:
        """Make a rule under *scope*, behind all others."""
        check_rule_name(rule_name)
        if rule_name is not None and rule_name in self._names:
            raise invalid("rule_name", "be new in the rule set", rule_name, "take another name, or leave it out")
        rule = InboundRule(
            scope,
            construct_id,
            rule_set=self._rule_set,
            recipients=recipients,
            actions=actions,
            enabled=enabled,
            scan=scan,
            tls=tls or self._tls,
            # Always said: a rule without it goes to the top of the set.
            after=self._last_rule_name,
            rule_name=rule_name,
        )
        if self._resource:
            rule.depends_on(self._resource)
        if self._last_rule:
            rule.depends_on(self._last_rule.resource)
            self._keep_order(self._last_rule, rule)
        if self._activation:
            self._activation.node.add_dependency(rule.resource)
        self._last_rule, self._last_rule_name = rule, rule.rule_name
        self._names.append(rule.rule_name)
        if self._rule_set.reactions:
            self._rule_set.alarms.append(rule_alarm(rule, self._rule_set.reactions))
        return rule

    def _keep_order(self, earlier: InboundRule, rule: InboundRule) -> None:
        if self._order is None:
            # Here, because it loads aws_lambda, which not every app needs.
            from ._rule_order import RuleOrder

            self._order = RuleOrder(
                self._scope, "RuleOrder", rule_set_name=self._rule_set.rule_set_name, after_rule=self._after_rule
            )
            self._order.append(earlier)
        self._order.append(rule)
