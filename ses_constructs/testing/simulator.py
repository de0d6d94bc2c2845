"""ReceiptSimulator: what SES would do with a message, told from a template alone."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from ..common.arguments import check_flag, check_kind, check_text
from ._decisions import check_decisions, known_functions
from ._delivery import Delivery
from ._ip_filters import IpFilter, filters_of
from ._message import Message
from ._rules import Rule, rules_of
from ._values import Values
from .receipt import Receipt
from .verdicts import Decision, Verdicts

if TYPE_CHECKING:
    from aws_cdk import Stack

_T = TypeVar("_T")
_ALL_PASS = Verdicts()


class ReceiptSimulator:
    """Delivers messages to the receipt rules and IP filters of a CloudFormation template, without AWS.

    Make one with ``from_stack`` or ``from_template``, then ``deliver`` as often as you like: nothing is remembered from
    one message to the next. Any template with SES receipt rules will do, whoever wrote it.

    The rule set counts as active, and every domain in it as verified. Matching follows the Developer Guide; the page
    on the simulator lists what AWS leaves open and how it is read here.

    Args:
        rules: The rules of the set, in order.
        filters: The IP filters of the template.
        known_functions: What functions answer whose code is known, by logical id.
    """

    def __init__(
        self, *, rules: Sequence[Rule], filters: Sequence[IpFilter], known_functions: Mapping[str, Decision]
    ) -> None:
        self._rules = rules
        self._filters = filters
        self._known_functions = known_functions

    @classmethod
    def from_stack(
        cls, stack: "Stack", *, rule_set: str | None = None, parameters: Mapping[str, object] | None = None
    ) -> "ReceiptSimulator":
        """Synthesize a stack and take its template.

        Args:
            stack: The stack with the rules; nothing can be added to it afterwards.
            rule_set: As for ``from_template``.
            parameters: As for ``from_template``.

        Raises:
            ValueError: As ``from_template`` does.
        """
        # Here alone, so that a template needs no CDK.
        from aws_cdk import Stack
        from aws_cdk.assertions import Template

        check_kind("stack", stack, Stack, "pass the stack itself, or its template to from_template")
        return cls.from_template(Template.from_stack(stack).to_json(), rule_set=rule_set, parameters=parameters)

    @classmethod
    def from_template(
        cls,
        template: Mapping[str, Any],
        *,
        rule_set: str | None = None,
        parameters: Mapping[str, object] | None = None,
    ) -> "ReceiptSimulator":
        """Take a parsed CloudFormation template.

        Args:
            template: The template, as ``json.load`` returns it.
            rule_set: The logical id or the physical name of a set, where the template has several.
            parameters: What is known only at deployment and matters here, by the name between ``${`` and ``}``, such
                as ``{"Domain": "example.com"}`` or ``{"AWS::Region": "eu-west-1"}``; beside the template's defaults.

        Raises:
            ValueError: The rules cannot be told: there is no rule set, or several; recipients are not known;
                CloudFormation leaves the order of two rules to chance.
        """
        check_kind("template", template, Mapping, "pass what json.load returns")
        if rule_set is not None:
            check_text("rule_set", rule_set)
        parameters = _checked_mapping("parameters", parameters, "{'Domain': 'example.com'}")
        values = Values(template, parameters)
        return cls(
            rules=rules_of(values, rule_set),
            filters=filters_of(values),
            known_functions=known_functions(values.resources),
        )

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of all rules in the order of evaluation; a rule without a name has its logical id."""
        return tuple(rule.name for rule in self._rules)

    def deliver(
        self,
        *,
        recipients: Sequence[str],
        sender: str = "sender@example.net",
        source_ip: str = "192.0.2.1",
        tls: bool = True,
        verdicts: Verdicts = _ALL_PASS,
        headers: Mapping[str, str] | None = None,
        decisions: Mapping[str, Decision] | None = None,
    ) -> Receipt:
        """Deliver one message and return its trace.

        Args:
            recipients: Those of the envelope (RCPT TO), which is what SES matches; ``To`` and ``Cc`` do not matter.
            sender: That of the envelope (MAIL FROM); ``""`` for a bounce.
            source_ip: The address of the sender's server, which the IP filters judge.
            tls: Whether that server uses TLS.
            verdicts: What scanning and authentication say; all is well unless given.
            headers: What functions find in the event, in any case; ``From``, ``To`` and ``Subject`` are there anyway.
            decisions: What functions answer that SES waits for, by logical id, or by ARN where the function is not in
                the template: ``"CONTINUE"``, ``"STOP_RULE"``, ``"STOP_RULE_SET"``, or a callable that is given the SES
                event and answers ``{"disposition": ...}``. Functions that drop spam, ours and CDK's, are known; all
                others continue unless given.

        Raises:
            ValueError: Arguments that no message could have.
        """
        check_flag("tls", tls)
        check_kind("verdicts", verdicts, Verdicts, "pass Verdicts(spam='FAIL'), for one")
        headers = _checked_mapping("headers", headers, "{'Subject': 'hello'}")
        decisions = _checked_mapping("decisions", decisions, "{'TheFunction': 'CONTINUE'}")
        check_decisions(decisions, self._rules)
        message = Message.checked(
            sender=sender,
            recipients=recipients,
            source_ip=source_ip,
            tls=tls,
            verdicts=verdicts,
            headers=headers,
        )
        return Delivery(message, self._rules, {**self._known_functions, **decisions}).run(self._filters)


def _checked_mapping(argument: str, value: Mapping[str, _T] | None, example: str) -> Mapping[str, _T]:
    if value is None:
        return {}
    check_kind(argument, value, Mapping, f"write {example}")
    return value
