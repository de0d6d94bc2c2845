"""The rules that match a message, in their order, each with its actions in theirs."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from local_aws.inbound.actions import STOP_RULE_SET, Actions, Step
from local_aws.inbound.admission import matched
from local_aws.inbound.message import ReceivedMessage, receipt
from local_aws.inbound.records import Peer, RuleRun
from local_aws.inbound.verdicts import authentication_verdicts, scan_headers, scan_verdicts

if TYPE_CHECKING:
    from local_aws.inbound.admission import Rule


def run_rules(rules: "Iterable[Rule]", message: ReceivedMessage, *, peer: Peer, actions: Actions) -> list[RuleRun]:
    """Run what matches, until a rule ends it, and tell what was done."""
    runs = []
    for rule in rules:
        recipients = matched(rule, message.recipients)
        if not recipients:
            continue
        run = RuleRun(name=rule["Name"], recipients=recipients)
        runs.append(run)
        added, then = _run_rule(rule, run, message, peer=peer, actions=actions)
        message = message.with_headers(added)
        if then == STOP_RULE_SET:
            break
    return runs


def _run_rule(
    rule: "Rule", run: RuleRun, message: ReceivedMessage, *, peer: Peer, actions: Actions
) -> tuple[Sequence[tuple[str, str]], str]:
    """Do the actions of one rule; give the headers that it added for the next rules, and how it ended."""
    verdicts = authentication_verdicts(peer)
    if rule.get("ScanEnabled"):
        scanned = scan_verdicts(message.raw)
        verdicts = scanned | verdicts
        message = message.with_headers(scan_headers(scanned))
    headers_before, then = len(message.on_top), ""
    for action in rule.get("Actions", []):
        ((kind, fields),) = action.items()
        # WorkMail alone is written in another way in the event than in the rule.
        kind = kind.removesuffix("Action").replace("Workmail", "WorkMail")
        told = receipt(message, recipients=run.recipients, verdicts=verdicts, peer=peer)
        step = Step(kind=kind, fields=dict(fields), message=message, receipt=told)  # type: ignore[call-overload]
        actions.do(step)
        run.actions.append(step.run)
        message, then = step.message, step.then
        if then:
            break
    return message.on_top[: len(message.on_top) - headers_before], then
