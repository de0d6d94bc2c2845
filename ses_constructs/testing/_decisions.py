"""What synchronous functions answer: told by the test, or known because the function is one of ours or of CDK's."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any, get_args

from ..common.arguments import check_choice
from ._rules import Rule
from ._values import Resources
from .verdicts import Decision, Disposition

_OUR_DROP_SPAM = "handlers.drop_spam.on_event"
# The singleton of CDK's DropSpamReceiptRule: its UUID is fixed in aws-cdk-lib, and starts its logical id in every app.
_CDK_DROP_SPAM = "SingletonLambda224e77f9a32e4b4dac32983477abba16"


def known_functions(resources: Resources) -> dict[str, Decision]:
    """What the functions answer whose code is known, by logical id."""
    known: dict[str, Decision] = {}
    for logical_id, resource in resources.items():
        if resource.get("Type") == "AWS::Lambda::Function":
            if (resource.get("Properties") or {}).get("Handler") == _OUR_DROP_SPAM:
                known[logical_id] = _our_drop_spam
            elif logical_id.startswith(_CDK_DROP_SPAM):
                known[logical_id] = _cdk_drop_spam
    return known


def check_decisions(decisions: Mapping[str, Decision], rules: Iterable[Rule]) -> None:
    """Raise ``ValueError`` for a decision that no rule would ask for, or that is not one."""
    asked = sorted({action.function for rule in rules for action in rule.actions if action.waits and action.function})
    for function, decision in decisions.items():
        if function not in asked:
            raise ValueError(
                f"decisions must be for functions that a rule invokes with RequestResponse, got {function!r}; "
                f"choose from {asked!r}"
            )
        if not callable(decision):
            check_choice(f"decisions[{function!r}]", decision, get_args(Disposition))


def disposition(decision: Decision, event: dict[str, Any]) -> str:
    """The answer as SES takes it: anything it does not know means to go on (Developer Guide, Lambda action)."""
    if not callable(decision):
        return decision
    answered = decision(event)
    # A function that answers with the bare word has not answered.
    answer = answered.get("disposition") if isinstance(answered, Mapping) else None
    return answer if isinstance(answer, str) and answer in get_args(Disposition) else "CONTINUE"


def _our_drop_spam(event: dict[str, Any]) -> object:
    # The function's own judgement and not a copy of it, without the count that it prints; imported by name, for only
    # templates that use it need it.
    judged = import_module("ses_constructs.handlers.drop_spam").JudgedMail.of(event)
    return {"disposition": "STOP_RULE_SET"} if judged.is_unwanted else None


def _cdk_drop_spam(event: dict[str, Any]) -> object:
    # Read from aws-cdk-lib 2.275: it drops on a failed SPF or DKIM check as well.
    receipt = event["Records"][0]["ses"]["receipt"]
    verdicts = ("spfVerdict", "dkimVerdict", "spamVerdict", "virusVerdict")
    failed = any(receipt.get(each, {}).get("status") == "FAIL" for each in verdicts)
    return {"disposition": "STOP_RULE_SET"} if failed else None
