"""The active receipt rule set, decided by the code that will decide at deployment."""

from collections.abc import Iterator, Mapping
from typing import Any

from ...handlers.activate_rule_set import Wanted, decide_create, decide_update, replaced_in
from .handler_request import RefusedError, as_cloudformation_sends
from .looked_stack import LookedStack
from .steps import PlannedStep

_ACTIVATION = "Custom::SESActiveRuleSet"


def plan_active_rule_set(stack: LookedStack) -> Iterator[PlannedStep]:
    """What becomes active, instead of what."""
    listed, gone = [*stack.after.of_type(_ACTIVATION)], [*stack.gone(_ACTIVATION)]
    if not listed and not gone:
        return
    metadata = stack.account.client("ses").describe_active_receipt_rule_set().get("Metadata") or {}
    active = metadata.get("Name", "")
    for logical_id, properties in listed:
        yield _activation(stack, logical_id, properties, active)
    for logical_id, properties in gone:
        yield _deactivation(stack, logical_id, str(properties.get("RuleSetName")), active)


def _activation(stack: LookedStack, logical_id: str, properties: Mapping[str, Any], active: str) -> PlannedStep:
    wanted = Wanted.of(as_cloudformation_sends(properties))
    thing = f"active receipt rule set {wanted.name}"
    try:
        if stack.physical_id(logical_id):
            before = Wanted.of(as_cloudformation_sends(stack.before.properties(logical_id) or properties))
            decision = decide_update(active, wanted, before)
        else:
            decision = decide_create(active, wanted)
    except RefusedError as error:
        sentence, _, fix = str(error).partition(": ")
        return PlannedStep(resource=logical_id, thing=thing, verdict="refused", says=sentence, fix=fix)
    if decision == "keep":
        says = "" if active == wanted.name else f"{active} is active, and stays so"
        return PlannedStep(resource=logical_id, thing=thing, verdict="stays", says=says)
    if active:
        says = f"it becomes active in the place of {active}, whose rules no longer act"
        return PlannedStep(resource=logical_id, thing=thing, verdict="changes", says=says)
    return PlannedStep(resource=logical_id, thing=thing, verdict="made", says="none is active now")


def _deactivation(stack: LookedStack, logical_id: str, name: str, active: str) -> PlannedStep:
    thing = f"active receipt rule set {name}"
    if active != name:
        says = f"{active or 'none'} is active, and stays so"
        return PlannedStep(resource=logical_id, thing=thing, verdict="stays", says=says)
    replaced = replaced_in(stack.physical_id_before(logical_id))
    says = f"{replaced} becomes active again" if replaced else "none is active then, and SES takes no mail"
    return PlannedStep(resource=logical_id, thing=thing, verdict="goes", says=says)
