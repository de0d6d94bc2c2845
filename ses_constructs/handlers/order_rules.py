"""Custom::SESRuleOrder: has the rules of a receipt rule set stand in the order of the template.

A rule gets its place when it is made. ``After`` is write-only, SES's own update of a rule keeps the place, and nobody
has published whether CloudFormation moves a rule whose ``After`` changes; so this looks first, and mostly does nothing.

Properties: ``RuleSetName``; ``Rules``, the literal names of our rules in their order; ``After``, a rule of somebody
else that ours stand behind, or nothing. No data in the answer. The physical id is ``rule-order|<RuleSetName>``. A
Delete leaves the order alone.

Rules of others stay where they are, also between ours. A rule that somebody has deleted by hand is passed over.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:DescribeReceiptRuleSet``, ``ses:SetReceiptRulePosition``.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

import boto3

from ._aws import RETRY_LONG
from ._custom_resource import Request, Succeeded

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient


def moves(standing: Sequence[str], wanted: Sequence[str], after: str = "") -> Iterator[tuple[str, str]]:
    """Say which rules to move, each with the rule to put it right behind, so that *standing* follows *wanted*."""
    order = list(standing)
    chain = [name for name in ([after] if after else []) + list(wanted) if name in order]
    for front, rule in pairwise(chain):
        if order.index(rule) < order.index(front):
            order.remove(rule)
            order.insert(order.index(front) + 1, rule)
            yield rule, front


class RuleOrderHandler:
    """Compares, and moves what stands elsewhere."""

    resource_type = "Custom::SESRuleOrder"

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        name = request.properties.text("RuleSetName")
        rules = self._ses.describe_receipt_rule_set(RuleSetName=name)["Rules"]
        wanted = request.properties.texts("Rules")
        for rule, front in moves([each["Name"] for each in rules], wanted, request.properties.optional("After")):
            self._ses.set_receipt_rule_position(RuleSetName=name, RuleName=rule, After=front)
        return Succeeded(f"rule-order|{name}")

    def update(self, request: Request) -> Succeeded:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """Leave the rules to whoever deletes them."""
