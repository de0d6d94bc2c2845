"""Alarms on mail that SES or a function could not handle."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, attach_all
from .inbound_rule import InboundRule

_PERIOD = Duration.minutes(5)


def rule_alarm(rule: InboundRule, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]) -> cloudwatch.Alarm:
    """An action of the rule failed, now or after SES had tried for four hours."""
    return _alarm(
        rule,
        # SES publishes a count only where there is one.
        cloudwatch.MathExpression(
            expression="FILL(failures, 0) + FILL(expired, 0)",
            using_metrics={
                "failures": rule.metric_failures(period=_PERIOD),
                "expired": rule.metric_expired(period=_PERIOD),
            },
            period=_PERIOD,
            label="failed actions",
        ),
        f"SES could not carry out an action of receipt rule {rule.rule_name}",
        reactions,
    )


def queue_alarm(
    scope: Construct, queue: sqs.IQueue, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]
) -> cloudwatch.Alarm:
    """A message waits in a dead-letter queue."""
    return _alarm(
        scope,
        queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=_PERIOD),
        "received mail could not be forwarded; the dead-letter queue names the stored objects",
        reactions,
    )


def _alarm(
    scope: Construct,
    metric: cloudwatch.IMetric,
    description: str,
    reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
) -> cloudwatch.Alarm:
    alarm = cloudwatch.Alarm(
        scope,
        "FailureAlarm",
        metric=metric,
        alarm_description=description,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    attach_all(reactions, alarm)
    return alarm
