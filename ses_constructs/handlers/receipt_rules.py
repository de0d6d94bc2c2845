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
    handler = RuleOrderHandler() if event.get("ResourceType") == _ORDER else ActiveRuleSetHandler(context)
    respond(event, handler, context)
