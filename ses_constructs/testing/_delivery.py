"""One message on its way through filters and rules."""

from collections.abc import Mapping, Sequence

from ..common.recipients import matching_entry
from ._decisions import disposition
from ._headers import Fields
from ._ip_filters import IpFilter, judge
from ._message import Message, ses_event
from ._rules import Action, Rule
from .receipt import Receipt
from .steps import (
    ActionRun,
    FilterBlocked,
    RecipientUnmatched,
    Rejected,
    RuleMatched,
    RuleSkipped,
    Step,
    Stopped,
)
from .verdicts import Decision

# AWS documents that SES rejects, not with which words. The code for no match is the one senders report; the others
# are those of RFC 5321 section 3.1 for a server that refuses a client and of RFC 3207 section 4 for missing TLS.
_NO_MATCH = "550 5.1.1 Requested action not taken: mailbox unavailable"
_BLOCKED = "554 5.7.1 Access denied"
_NO_TLS = "530 5.7.0 Must issue a STARTTLS command first"

# Which field says what an action is about; the sender of the message takes that place for a bounce.
_TARGETS = {
    "S3": "BucketName",
    "SNS": "TopicArn",
    "Lambda": "FunctionArn",
    "Stop": "Scope",
    "AddHeader": "HeaderName",
    "Workmail": "OrganizationArn",
    "Connect": "InstanceARN",
}
_SCOPES = {"STOP_RULE": "Rule", "STOP_RULE_SET": "RuleSet"}


class Delivery:
    """Walks *message* through and writes down each step."""

    def __init__(self, message: Message, rules: Sequence[Rule], decisions: Mapping[str, Decision]) -> None:
        self._message = message
        self._rules = rules
        self._decisions = decisions
        self._steps: list[Step] = []
        self._added_headers: Fields = ()
        self._matches: dict[str, RuleMatched] = {}
        self._scanned = False

    def run(self, filters: Sequence[IpFilter]) -> Receipt:
        """Filters, then the decision to accept, then the rules, as the Developer Guide orders them."""
        if not self._blocked(filters):
            self._match_rules()
            if not self._rejected():
                self._run_rules()
        return Receipt(
            sender=self._message.sender,
            recipients=self._message.recipients,
            steps=tuple(self._steps),
            scanned=self._scanned,
        )

    def _blocked(self, filters: Sequence[IpFilter]) -> bool:
        if not filters:
            return False
        verdict = judge(filters, self._message.source_ip)
        self._steps.append(verdict)
        if not isinstance(verdict, FilterBlocked):
            return False
        self._steps.append(Rejected(reply=_BLOCKED, reason=f"filter {verdict.filter_name!r} blocks the connection"))
        return True

    def _match_rules(self) -> None:
        for rule in self._rules:
            found = {
                recipient: entry
                for recipient in self._message.recipients
                if rule.enabled and (entry := matching_entry(rule.recipients, recipient)) is not None
            }
            if found:
                self._matches[rule.name] = RuleMatched(
                    rule=rule.name, recipients=tuple(found), because=tuple(found.values())
                )

    def _rejected(self) -> bool:
        if not self._matches:
            self._steps += [RuleSkipped(rule=rule.name, reason=_why_skipped(rule)) for rule in self._rules]
            self._steps.append(Rejected(reply=_NO_MATCH, reason="no enabled rule takes any of the recipients"))
            return True
        # SES rejects what comes without TLS for a rule that requires it. That this is for the whole message, and
        # decided before any rule runs, is our reading.
        strict = next((rule for rule in self._rules if rule.requires_tls and rule.name in self._matches), None)
        if strict is None or self._message.tls:
            return False
        takes = ", ".join(self._matches[strict.name].recipients)
        self._steps.append(Rejected(reply=_NO_TLS, reason=f"rule {strict.name!r} takes {takes} and requires TLS"))
        return True

    def _run_rules(self) -> None:
        self._scanned = any(rule.scan for rule in self._rules if rule.name in self._matches)
        taken = {recipient for match in self._matches.values() for recipient in match.recipients}
        self._steps += [RecipientUnmatched(recipient=each) for each in self._message.recipients if each not in taken]
        stopped_by: str | None = None
        for rule in self._rules:
            match = self._matches.get(rule.name)
            if match is None:
                self._steps.append(RuleSkipped(rule=rule.name, reason=_why_skipped(rule)))
            elif stopped_by is not None:
                self._steps.append(RuleSkipped(rule=rule.name, reason=f"rule {stopped_by!r} ended the rule set"))
            else:
                self._steps.append(match)
                if self._run_actions(rule, match) == "RuleSet":
                    stopped_by = rule.name

    def _run_actions(self, rule: Rule, match: RuleMatched) -> str | None:
        """Run the actions until one of them ends the rule or the rule set, and return which."""
        for action in rule.actions:
            answer = self._answer(action, match.recipients)
            self._steps.append(self._described(rule, action, answer))
            if action.kind == "AddHeader":
                added = (action.fields.get("HeaderName", ""), action.fields.get("HeaderValue", ""))
                self._added_headers = (added, *self._added_headers)
            # A bounce ends nothing: AWS names stop actions and functions as the only things that do.
            scope = "RuleSet" if action.kind == "Stop" else _SCOPES.get(answer)
            if scope is not None:
                by = f"the answer {answer}" if answer else "the stop action"
                self._steps.append(Stopped(rule=rule.name, scope=scope, by=by))
                return scope
        return None

    def _answer(self, action: Action, recipients: Sequence[str]) -> str:
        """What a synchronous function answers; nothing for any other action."""
        if not action.waits or action.function is None:
            return ""
        event = ses_event(
            self._message, action, recipients=recipients, added_headers=self._added_headers, scanned=self._scanned
        )
        return disposition(self._decisions.get(action.function, "CONTINUE"), event)

    def _described(self, rule: Rule, action: Action, answer: str) -> ActionRun:
        about = _TARGETS.get(action.kind, "")
        target = (self._message.sender or "<>") if action.kind == "Bounce" else action.fields.get(about, "")
        details = {name: value for name, value in action.fields.items() if name != about}
        if answer:
            details["disposition"] = answer
        return ActionRun(rule=rule.name, kind=action.kind, target=target, details=details)


def _why_skipped(rule: Rule) -> str:
    return "no recipient matches" if rule.enabled else "it is not enabled"
