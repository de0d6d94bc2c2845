"""PauseFunction: pauses sending when alarms fire; SendingPause: the one behind PauseSending, with its conditions."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..common.arguments import invalid
from ..common.checks import warn
from ..common.ses_arn import ses_arn
from ..common.topic_access import publishing
from ..common.wildcards import acknowledge_wildcard
from ..functions.handler_function import HandlerFunction
from ._sending_alarms import RateOf, SendingAlarm, SendingAlarms, composite_alarm
from .failure_alarm import failure_alarm
from .invoking_alarms import allow_alarms_invoke, common_name


class PauseFunction(Construct):
    """Pauses *configuration_set*, or the account without one, once an alarm fires, and tells the *team*."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        configuration_set: ses.IConfigurationSet | None,
        subject: str,
        team: Sequence[sns.ITopic],
    ) -> None:
        super().__init__(scope, construct_id)
        name = configuration_set.configuration_set_name if configuration_set else ""
        self._handler = HandlerFunction(
            self,
            "Handler",
            module="pause_sending",
            description="Pauses sending when an alarm on the reputation fires",
            timeout=Duration.minutes(5),
            environment={
                "PAUSE_CONFIGURATION_SET": name,
                "PAUSE_TOPICS": json.dumps([topic.topic_arn for topic in team]),
            },
        )
        # A pause that comes late could undo what a person has resumed meanwhile.
        self._handler.function.configure_async_invoke(max_event_age=Duration.minutes(15), retry_attempts=2)
        self._name = common_name(self)
        self._action = allow_alarms_invoke(self, self._handler.function.function_arn, name=self._name)
        self._allow_pause(name)
        self._allow_telling(team)
        self.failure_alarm = self._watch_failures(subject, team)
        """Says that the function could not pause."""

    def alarm_name(self, rate_of: RateOf) -> str:
        """What the alarm for ``pause_on`` must be called; another one may not invoke the function."""
        return f"{self._name}-{rate_of.capitalize()}RateCriticalPause"

    def pause_on(
        self, alarm: cloudwatch.AlarmBase, rate_of: RateOf, *, minimum_sends: int, minimum_events: int
    ) -> None:
        """Pause when *alarm* fires, which means a critical rate and at least so many messages."""
        alarm.add_alarm_action(self._action)
        # A composite alarm only tells which of its alarms changed last.
        self._handler.function.add_environment(
            f"PAUSE_ON_{rate_of.upper()}",
            f"the {rate_of} rate is critical, with at least {minimum_events} {rate_of}s "
            f"and {minimum_sends} messages in 24 hours",
        )

    def _allow_pause(self, configuration_set_name: str) -> None:
        if configuration_set_name:
            action, resource = (
                "ses:PutConfigurationSetSendingOptions",
                ses_arn(self, "configuration-set", configuration_set_name),
            )
        else:
            action, resource = "ses:PutAccountSendingAttributes", "*"
            acknowledge_wildcard(self._handler.role, "*", reason=f"SES has no resource level for {action}")
        self._handler.allow([action], [resource])

    def _allow_telling(self, team: Sequence[sns.ITopic]) -> None:
        if not team:
            warn(
                self,
                "pause-tells-nobody",
                f"{self.node.path} pauses sending and tells nobody how to resume; "
                "add EmailTeam('ops@example.net') or NotifyTopic(topic) to the reactions",
            )
        self._handler.permissions.add_statements(*publishing(team))

    def _watch_failures(self, subject: str, team: Sequence[sns.ITopic]) -> cloudwatch.Alarm:
        # Not the errors: after the first one Lambda tries again. Dropped is what failed three times or came too late.
        dropped = self._handler.function.metric("AsyncEventsDropped", statistic="Sum", period=Duration.minutes(5))
        return failure_alarm(
            self,
            dropped,
            description=f"{subject} could not be paused; pause it by hand",
            # Without word of an end: it only says that nothing was dropped since, and nothing is paused all the same.
            # The alarm that the pause follows has let alarms into these topics already.
            reactions=[actions.SnsAction(topic) for topic in team],
        )


class SendingPause(PauseFunction):
    """Pauses for the critical alarms of a group, once enough was sent."""

    def __init__(self, scope: SendingAlarms, construct_id: str, *, minimum_sends: int, minimum_events: int) -> None:
        super().__init__(
            scope,
            construct_id,
            configuration_set=scope.configuration_set,
            subject=scope.subject,
            team=scope.team,
        )
        self._group = scope
        self._minimums = minimum_sends, minimum_events
        scope.pauses.append(self.failure_alarm)

    @classmethod
    def of(cls, group: SendingAlarms, *, minimum_sends: int, minimum_events: int) -> "SendingPause":
        """The pause of *group*, made on first use.

        Raises:
            ValueError: There is one already, and it asks for other numbers of messages.
        """
        existing = group.node.try_find_child("Pause")
        if not isinstance(existing, SendingPause):
            return cls(group, "Pause", minimum_sends=minimum_sends, minimum_events=minimum_events)
        if existing._minimums != (minimum_sends, minimum_events):
            raise invalid(
                "reactions",
                "hold PauseSending once",
                (minimum_sends, minimum_events),
                "leave out the one with other minimum_sends or minimum_events",
            )
        return existing

    def follow(self, alarm: SendingAlarm, rate_of: RateOf) -> None:
        """Pause once *alarm*, on the rate of *rate_of*, fires and there were enough of both.

        A rate that stays critical fires once. So the numbers of messages are a condition of the alarm and not of the
        function, which would have let the one chance pass while there were too few.
        """
        if alarm.node.try_find_child("Pause"):
            return
        minimum_sends, minimum_events = self._minimums
        pause = composite_alarm(
            alarm,
            "Pause",
            name=self.alarm_name(rate_of),
            description=f"{self._group.subject} is paused by this alarm; a person resumes it",
            rule=cloudwatch.AlarmRule.all_of(
                alarm, cloudwatch.AlarmRule.from_alarm(self._too_few(alarm, rate_of), cloudwatch.AlarmState.OK)
            ),
        )
        self.pause_on(pause, rate_of, minimum_sends=minimum_sends, minimum_events=minimum_events)
        self._group.pauses.append(pause)

    def _too_few(self, alarm: SendingAlarm, rate_of: RateOf) -> cloudwatch.Alarm:
        """In ALARM while there is too little to judge by, and the pause waits until it is OK.

        Not the other way round: an alarm that is on all day in a healthy production is one that nobody looks at.
        """
        minimum_sends, minimum_events = self._minimums
        metrics, day = self._group.metrics, Duration.days(1)
        events = metrics.metric_bounces if rate_of == "bounce" else metrics.metric_complaints
        return cloudwatch.Alarm(
            alarm,
            "TooFew",
            metric=cloudwatch.MathExpression(
                expression=f"IF(FILL(sends, 0) >= {minimum_sends} AND FILL(events, 0) >= {minimum_events}, 1, 0)",
                using_metrics={"sends": metrics.metric_sends(period=day), "events": events(period=day)},
                period=day,
            ),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
            alarm_description=(
                f"fewer than {minimum_sends} messages or {minimum_events} {rate_of}s in 24 hours: "
                f"too few to pause {self._group.subject}"
            ),
        )
