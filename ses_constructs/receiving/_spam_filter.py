"""SpamFilter: the first rule of a set, which ends the processing of spam and viruses.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

from collections.abc import Callable, Sequence

from aws_cdk import Duration, Names
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import invalid
from ..common.sending_metrics import check_period, counted
from ..functions.handler_function import HandlerFunction
from .inbound_actions import InvokeFunction
from .inbound_rule import InboundAction, InboundRule
from .rule_limits import MAX_RECIPIENTS


class SpamFilter(Construct):
    """A function that SES asks before any other rule, the rule that asks it, and a count of what it dropped.

    *make_rule* makes the first rule of the set for an action, switched off.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        make_rule: Callable[[InboundAction], InboundRule],
    ) -> None:
        super().__init__(scope, construct_id)
        # Not the name of the set, which other apps may add rules to.
        dimension = Names.unique_resource_name(scope, max_length=64)
        handler = HandlerFunction(
            self,
            "Handler",
            module="drop_spam",
            description="Drops spam and viruses from received mail",
            # SES waits 30 seconds at most, and takes no answer for "continue".
            timeout=Duration.seconds(20),
            environment={"DROP_RULE_SET": dimension},
        )
        self.function = handler.function
        self._dimension = dimension
        self.rule = make_rule(InvokeFunction(self.function, waits_for_decision=True))

    def cover(self, rules: Sequence[InboundRule]) -> None:
        """Let the rule take what *rules* take and nothing else, so that SES still refuses unknown recipients.

        Raises ``ValueError`` when that is more than one rule can hold.
        """
        # SES refuses mail for rules that are off; this rule must not accept it.
        running = [rule for rule in rules if rule.enabled]
        if not running:
            return
        recipients = list(dict.fromkeys(each for rule in running for each in rule.recipients))
        if any(not rule.recipients for rule in running):
            recipients = []
        elif len(recipients) > MAX_RECIPIENTS:
            raise invalid(
                "recipients",
                f"be at most {MAX_RECIPIENTS} in all rules together with drop_spam=True, whose rule takes them all",
                len(recipients),
                "name domains instead of addresses, or make a second set",
            )
        # As the most lenient rule: SES must not refuse for this one what another rule would take.
        lenient = any(rule.tls is ses.TlsPolicy.OPTIONAL for rule in running)
        self.rule._match(recipients, tls=ses.TlsPolicy.OPTIONAL if lenient else ses.TlsPolicy.REQUIRE)

    def metric_dropped(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that were dropped."""
        return counted("SesConstructs", "DroppedSpam", {"RuleSet": self._dimension}, period=period)

    def metric_asked(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that SES asked about, which is every one that a rule takes."""
        check_period(period)
        return self.function.metric_invocations(statistic="Sum", period=period)
