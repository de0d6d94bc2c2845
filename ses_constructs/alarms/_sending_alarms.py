"""The alarms on the mail that is sent: through one configuration set, or by the whole account."""

import math
from collections.abc import Sequence
from typing import Literal, Protocol, get_args

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..common.sending_metrics import ReputationMetrics
from .thresholds import DeliveryThresholds, ReputationThresholds

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
# SES writes a rate several times an hour; a shorter period would mostly be empty.
_RATE_PERIOD = Duration.minutes(15)
_COUNT_PERIOD = Duration.hours(1)
_PARTS_OF_SILENCE = 12

RateOf = Literal["bounce", "complaint"]
_Severity = Literal["warning", "critical"]
_SEVERITIES: tuple[_Severity, ...] = get_args(_Severity)


class _RateMetric(Protocol):
    def __call__(self, *, period: Duration) -> cloudwatch.Metric: ...


class SendingAlarm(cloudwatch.Alarm):
    """An alarm of ``BounceMonitoring`` that knows what it is about, so that a reaction can tell.

    Args:
        metric: What is watched.
        threshold: From where on, or below which, it fires.
        description: What is wrong then, as a sentence for a person.
        missing_data: What a period without data counts as.
        comparison: At least the threshold unless given.
        evaluation_periods: How many periods in a row have to be so.
        configuration_set: Whose mail is watched; None for the whole account.
        rate_of: Of what it is the rate; None for an alarm on a count.
        severity: Whether the rate warns or is the point to stop sending; None for an alarm on a count.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        missing_data: cloudwatch.TreatMissingData,
        comparison: cloudwatch.ComparisonOperator = _AT_LEAST,
        evaluation_periods: int = 1,
        configuration_set: ses.IConfigurationSet | None,
        rate_of: Literal["bounce", "complaint"] | None = None,
        severity: Literal["warning", "critical"] | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=evaluation_periods,
            comparison_operator=comparison,
            treat_missing_data=missing_data,
            alarm_description=description,
        )
        self.configuration_set = configuration_set
        """Whose mail is watched; None for the whole account."""
        self.rate_of = rate_of
        """What happens too often; None for an alarm on a count."""
        self.severity = severity
        """``warning``, or ``critical`` where sending should stop; None for an alarm on a count."""


class SendingAlarms(Construct):
    """The alarms of one configuration set, or of the whole account if there is none."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        metrics: ReputationMetrics,
        configuration_set: ses.IConfigurationSet | None,
        team: Sequence[sns.ITopic],
    ) -> None:
        super().__init__(scope, construct_id)
        self.metrics = metrics
        self.configuration_set = configuration_set
        """The configuration set; None for the account."""
        self.team = team
        """The topics by which people hear of news that is not an alarm."""
        self.alarms: list[SendingAlarm] = []
        self.pauses: list[cloudwatch.AlarmBase] = []
        """The alarms that pause, and those on pauses that fail."""
        name = configuration_set and configuration_set.configuration_set_name
        self.subject = f"configuration set {name}" if name else "the whole account in this region"
        """Whose mail it is, for a sentence."""

    def watch_reputation(self, thresholds: ReputationThresholds) -> None:
        """Bounce and complaint rate, each with a warning and a critical alarm.

        The highest rate of 15 minutes counts, so that a spike is seen at once. SES writes no rate while nothing is
        sent; an alarm then stays as it is, as AWS recommends
        (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html).
        """
        rates: tuple[tuple[RateOf, _RateMetric], ...] = (
            ("bounce", self.metrics.metric_bounce_rate),
            ("complaint", self.metrics.metric_complaint_rate),
        )
        for kind, rate in rates:
            metric = rate(period=_RATE_PERIOD)
            for severity in _SEVERITIES:
                threshold = getattr(thresholds, f"{kind}_{severity}")
                self.alarms.append(
                    SendingAlarm(
                        self,
                        f"{kind.capitalize()}Rate{severity.capitalize()}",
                        metric=metric,
                        threshold=threshold,
                        description=f"{kind} rate of {self.subject} is at {threshold * 100:g} % or more ({severity})",
                        missing_data=cloudwatch.TreatMissingData.IGNORE,
                        rate_of=kind,
                        severity=severity,
                        configuration_set=self.configuration_set,
                    )
                )

    def watch_delivery(self, thresholds: DeliveryThresholds) -> None:
        """Rejects and delays, counted by the hour, and silence; SES writes no count where nothing happens."""
        for construct_id, metric, threshold, what in (
            ("Rejects", self.metrics.metric_rejects, thresholds.rejects, "SES refuses messages of {} for a virus"),
            (
                "DeliveryDelays",
                self.metrics.metric_delivery_delays,
                thresholds.delays,
                "recipients' servers put off messages of {}",
            ),
        ):
            if threshold is not None:
                self.alarms.append(
                    SendingAlarm(
                        self,
                        construct_id,
                        metric=_counted(metric(period=_COUNT_PERIOD)),
                        threshold=threshold,
                        description=what.format(self.subject),
                        missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
                        configuration_set=self.configuration_set,
                    )
                )
        if thresholds.silence is not None:
            # In parts that all have to be empty: a zero in the place of what SES has not counted yet would be a false
            # alarm, and one long period would be judged by the mail of hours ago. CloudWatch looks back some parts
            # further, which is the time that SES has to count.
            minutes = int(thresholds.silence.to_minutes())
            part = math.ceil(minutes / _PARTS_OF_SILENCE)
            self.alarms.append(
                SendingAlarm(
                    self,
                    "Silence",
                    metric=self.metrics.metric_sends(period=Duration.minutes(part)),
                    threshold=1,
                    description=f"nothing was sent by {self.subject} for {thresholds.silence.to_human_string()}",
                    comparison=_BELOW,
                    evaluation_periods=math.ceil(minutes / part),
                    missing_data=cloudwatch.TreatMissingData.BREACHING,
                    configuration_set=self.configuration_set,
                )
            )


def _counted(count: cloudwatch.IMetric) -> cloudwatch.MathExpression:
    """A count of an hour that is 0 where SES wrote none.

    An alarm looks at more periods than it evaluates, and judges by the newest that have data: without the zeros it
    would see the messages of hours ago. What SES counts some minutes late is still within the hour.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    return cloudwatch.MathExpression(expression="FILL(count, 0)", using_metrics={"count": count}, period=_COUNT_PERIOD)


def reputation_at_risk(scope: Construct, alarms: Sequence[SendingAlarm]) -> cloudwatch.CompositeAlarm:
    """One alarm for all of *alarms* that are critical for the reputation."""
    return composite_alarm(
        scope,
        "ReputationAtRisk",
        description="the reputation of a sender is at risk: a bounce or complaint rate is critical",
        # An alarm is itself the rule that it is in ALARM.
        rule=cloudwatch.AlarmRule.any_of(*(alarm for alarm in alarms if alarm.severity == "critical")),
    )


def composite_alarm(
    scope: Construct, construct_id: str, *, description: str, rule: cloudwatch.IAlarmRule, name: str | None = None
) -> cloudwatch.CompositeAlarm:
    """A composite alarm that CloudFormation names unless *name* is given.

    CDK makes a name of the construct's path, which two stacks of an account may have in common.
    """
    alarm = cloudwatch.CompositeAlarm(
        scope, construct_id, composite_alarm_name=name, alarm_description=description, alarm_rule=rule
    )
    if name is None:
        resource = alarm.node.default_child
        assert isinstance(resource, cloudwatch.CfnCompositeAlarm)
        resource.add_property_deletion_override("AlarmName")
    return alarm
