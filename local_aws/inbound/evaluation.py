"""The rules that match a message, in their order, each with its actions in theirs."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from local_aws.inbound.actions import STOP_RULE_SET, Actions, Step
from local_aws.inbound.admission import matched
from local_aws.inbound.message import ReceivedMessage, receipt
from local_aws.inbound.records import Peer, RuleRun
from local_aws.inbound.verdicts import NOT_SCANNED, Verdicts, authentication_verdicts, scan_verdicts

if TYPE_CHECKING:
    from local_aws.inbound.admission import Rule


def scan(rules: "Iterable[Rule]", raw: bytes, recipients: Sequence[str]) -> Verdicts:
    """The verdicts of the scan, which comes before any rule runs: one rule that applies and scans is enough.

    https://docs.aws.amazon.com/ses/latest/APIReference/API_ReceiptRule.html says that the messages are scanned which
    such a rule applies to, and the developer guide that this happens before the rules run.
    """
    wanted = any(rule.get("ScanEnabled") and matched(rule, recipients) for rule in rules)
    return scan_verdicts(raw) if wanted else NOT_SCANNED


def run_rules(
    rules: "Iterable[Rule]", message: ReceivedMessage, *, scanned: Verdicts, peer: Peer, actions: Actions
) -> list[RuleRun]:
    """Run what matches, until a rule ends it, and tell what was done."""
    runs, verdicts = [], scanned | authentication_verdicts(peer)
    for rule in rules:
        recipients = matched(rule, message.recipients)
        if not recipients:
            continue
        run = RuleRun(name=rule["Name"], recipients=recipients)
        runs.append(run)
        message, then = _run_rule(rule, run, message, verdicts=verdicts, peer=peer, actions=actions)
        if then == STOP_RULE_SET:
            break
    return runs


def _run_rule(
    rule: "Rule", run: RuleRun, message: ReceivedMessage, *, verdicts: Verdicts, peer: Peer, actions: Actions
) -> tuple[ReceivedMessage, str]:
    """Do the actions of one rule; give the message with the headers that it added, and how it ended."""
    then = ""
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
    return message, then
