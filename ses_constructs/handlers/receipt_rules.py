"""Custom::SESActiveRuleSet and Custom::SESRuleOrder by one function, for both change what SES does with received mail.

See ``activate_rule_set`` and ``order_rules``.
"""

from collections.abc import Mapping
from typing import Any

from ._custom_resource import respond
from ._lambda import Context
from .activate_rule_set import ActiveRuleSetHandler
from .order_rules import RuleOrderHandler

_ORDER = "Custom::SESRuleOrder"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    is_order = isinstance(event, Mapping) and event.get("ResourceType") == _ORDER
    respond(event, RuleOrderHandler() if is_order else ActiveRuleSetHandler(context), context)
