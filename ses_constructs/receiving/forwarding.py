"""Forwarding: how a rule set's mail is sent on, apart from all other mail of the account."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..alarms._pause_function import PauseFunction
from ..alarms._sending_alarms import RateOf
from ..alarms.alarm_reactions import team_topics
from ..alarms.pause_sending import PauseSending, warn_about_whole_account
from ..alarms.thresholds import ReputationThresholds
from ..common.arguments import check_choice
from ..common.sending_metrics import ReputationMetrics, check_period, counted
from ..events.event_destinations import CONFIGURATION_SET_DIMENSION, CloudWatchMetrics, Event
from ..identities.sending_domain import SendingDomain
from ._entries import ForwardingRules, Routes
from ._forwarding_checks import warn_about_second_copy
from ._mail_forwarder import MailForwarder
from ._reasons import REASONS, REFUSALS
from .inbound_actions import StoreMail
from .inbound_rule import InboundRule
from .rule_set import RuleSet

_DAY = Duration.days(1)


class Forwarding(Construct, ReputationMetrics):
    """What ``ForwardMail`` makes once for a rule set; ``InboundRuleSet.forwarding`` is it.

    Mail that strangers wrote goes out through a configuration set of its own, so that its bounces and complaints count
    towards no alarm and no pause of other mail. SES keeps no address that bounced or complained from it. When at least
    100 messages were sent in 24 hours, and 5 of them and a critical share bounced or led to a complaint, sending
    through it is paused; messages then wait in ``dead_letter_queues`` until sending is resumed and they are redriven.
    """

    def __init__(self, scope: Construct, construct_id: str, *, rule_set: RuleSet) -> None:
        super().__init__(scope, construct_id)
        self._rule_set = rule_set
        stack = Stack.of(self)
        # Two deployments of one app, in other accounts or regions, may forward to each other and share a bucket.
        self._name = f"{Names.unique_resource_name(self, max_length=40)}-{stack.account}-{stack.region}"
        self.configuration_set = ses.ConfigurationSet(
            self,
            "ConfigurationSet",
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
            reputation_metrics=True,
            # One complaint would otherwise have SES drop all further mail to the team, and call it sent.
            disable_suppression_list=True,
        )
        """What forwarded mail goes out through."""
        self._configuration_set_name = self.configuration_set.configuration_set_name
        CloudWatchMetrics(events=[Event.SEND, Event.BOUNCE, Event.COMPLAINT]).bind_to_configuration_set(
            Construct(self, "Metrics"), self.configuration_set
        )
        self._forwarders: list[MailForwarder] = []
        self._routes: dict[InboundRule, Routes] = {}
        self._last_rule: InboundRule | None = None
        self._going_on = ForwardingRules()
        self._watch()
        warn_about_whole_account(stack, forwarding=self)

    @classmethod
    def of(cls, rule_set: RuleSet) -> "Forwarding":
        """That of a rule set, made on first use.

        Args:
            rule_set: The rule set, which is a construct.
        """
        assert isinstance(rule_set, Construct)
        existing = rule_set.node.try_find_child("Forwarding")
        return existing if isinstance(existing, Forwarding) else cls(rule_set, "Forwarding", rule_set=rule_set)

    @property
    def functions(self) -> Sequence[lambda_.IFunction]:
        """The functions that forward: one, and a further one where the addresses do not fit into its settings.

        Each takes ``{"redrive": "<reason>"}`` to forward what it did not forward before.
        """
        return [each.function for each in self._forwarders]

    @property
    def _dimensions(self) -> Mapping[str, str]:
        return {CONFIGURATION_SET_DIMENSION: self._configuration_set_name}

    def add_rule(
        self,
        rule: InboundRule,
        *,
        routes: Mapping[str, Sequence[str]],
        from_address: str,
        sending_domain: SendingDomain,
        own_domain: str,
        max_concurrency: int | None,
    ) -> ses.CfnReceiptRule.ActionProperty:
        """Forward the mail of *rule*, which ends with the action that is returned.

        Args:
            rule: The rule.
            routes: The addresses for each recipient, ``*`` being everybody else.
            from_address: The address that mail is sent from.
            sending_domain: The domain of that address.
            own_domain: What becomes of mail that says it is from one of our domains and is not: ``refuse`` or ``mark``.
            max_concurrency: How many messages are forwarded at the same time; None for no bound of their own.

        Raises:
            ValueError: A second action of one rule, and more addresses than fit into the settings of a function.
        """
        if rule in self._routes:
            raise ValueError("actions must hold at most one ForwardMail, got two; put all addresses into one")
        if self._last_rule and not self._last_rule.stops:  # which it knows only when it is complete
            self._going_on.add(self._last_rule.node.id, self._last_rule.recipients, self._routes[self._last_rule])
        self._last_rule, self._routes[rule] = rule, Routes(routes)
        warn_about_second_copy(rule, rule.recipients, self._routes[rule], earlier=self._going_on)
        key = rule.node.addr[-8:]
        settings = {"to": {entry: list(addresses) for entry, addresses in routes.items()}, "from": from_address}
        if own_domain != "refuse":
            settings["own_domain"] = own_domain
        forwarder = next(
            (
                each
                for each in self._forwarders
                if each.max_concurrency == max_concurrency and each.has_room(key, settings)
            ),
            None,
        ) or self._make_forwarder(max_concurrency)
        forwarder.add_rule(key, settings, sending_domain=sending_domain)
        # A message that is stored before anybody listens would never be sent on.
        rule.depends_on(forwarder)
        return StoreMail(prefix=f"forwarding/{self._name}/{key}/", topic=forwarder.topic).bind_to_rule(rule, rule)

    def metric_not_forwarded(self, *, reason: str | None = None, period: Duration | None = None) -> cloudwatch.IMetric:
        """Messages that were not forwarded; a count.

        Args:
            reason: As in ``InboundRuleSet.metric_not_forwarded``.
            period: What one value covers; five minutes unless given.

        Raises:
            ValueError: Another reason.
        """
        check_period(period)
        check_choice("reason", reason, (None, *REASONS))
        if reason in REFUSALS:
            return self._metric_refused(reason, period)
        failed = [
            each.dead_letter_queue.metric_number_of_messages_sent(statistic="Sum", period=period, label="failed")
            for each in self._forwarders
        ]
        if reason and len(failed) == 1:
            return failed[0]
        counted = failed if reason else [*(self._metric_refused(each, period) for each in REFUSALS), *failed]
        metrics = {f"m{number}": each for number, each in enumerate(counted)}
        return cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in metrics),
            using_metrics=metrics,
            period=period,
            label=reason or "not forwarded",
        )

    def _metric_refused(self, reason: str, period: Duration | None) -> cloudwatch.Metric:
        dimensions = {"RuleSet": self._name, "Reason": reason}
        return counted("SesConstructs", "NotForwarded", dimensions, period=period, label=reason)

    def _make_forwarder(self, max_concurrency: int | None) -> MailForwarder:
        number = len(self._forwarders) + 1
        forwarder = MailForwarder(
            self,
            f"Forwarder{number}" if number > 1 else "Forwarder",
            rule_set=self._rule_set,
            name=self._name,
            configuration_set=self.configuration_set,
            max_concurrency=max_concurrency,
        )
        self._forwarders.append(forwarder)
        return forwarder

    def _watch(self) -> None:
        """Pause at the rates of ``BounceMonitoring``, counted over a day, which takes one alarm for each of them."""
        reactions = self._rule_set.reactions
        subject = "forwarded mail"
        pause = PauseFunction(
            self,
            "Pause",
            configuration_set=self.configuration_set,
            subject=subject,
            team=team_topics(reactions, Stack.of(self)),
        )
        thresholds, least = ReputationThresholds.aws_review(), PauseSending()
        rates: tuple[tuple[RateOf, cloudwatch.Metric, float], ...] = (
            ("bounce", self.metric_bounces(period=_DAY), thresholds.bounce_critical),
            ("complaint", self.metric_complaints(period=_DAY), thresholds.complaint_critical),
        )
        for kind, events, critical in rates:
            alarm = cloudwatch.Alarm(
                self,
                f"{kind.capitalize()}Rate",
                alarm_name=pause.alarm_name(kind),
                metric=cloudwatch.MathExpression(
                    expression=(
                        f"IF(FILL(sends, 0) >= {least.minimum_sends} AND FILL(events, 0) >= {least.minimum_events} "
                        f"AND FILL(events, 0) >= {critical} * FILL(sends, 0), 1, 0)"
                    ),
                    using_metrics={"sends": self.metric_sends(period=_DAY), "events": events},
                    period=_DAY,
                ),
                threshold=1,
                evaluation_periods=1,
                comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                alarm_description=(
                    f"{kind} rate of {subject} is at {critical * 100:g} % or more in 24 hours: forwarding is paused, "
                    "and messages wait in the dead-letter queue"
                ),
            )
            pause.pause_on(alarm, kind, minimum_sends=least.minimum_sends, minimum_events=least.minimum_events)
            self._rule_set.add_alarm(alarm)
        self._rule_set.alarms.append(pause.failure_alarm)
