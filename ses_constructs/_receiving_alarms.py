"""Alarms on mail that SES or a function could not handle."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from .alarm_reactions import AlarmReaction

_PERIOD = Duration.minutes(5)


def rule_alarm(scope: Construct, rule_name: str, reactions: Sequence[AlarmReaction]) -> cloudwatch.Alarm:
    """An action of the rule failed, now or after SES had tried for four hours.

    Source: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-metrics.html.
    """
    failures, expired = (
        cloudwatch.Metric(
            namespace="AWS/SES",
            metric_name=name,
            dimensions_map={"RuleName": rule_name},
            statistic="Sum",
            period=_PERIOD,
        )
        for name in ("PublishFailure", "PublishExpired")
    )
    return _alarm(
        scope,
        # SES publishes a count only where there is one.
        cloudwatch.MathExpression(
            expression="FILL(failures, 0) + FILL(expired, 0)",
            using_metrics={"failures": failures, "expired": expired},
            period=_PERIOD,
            label="failed actions",
        ),
        f"SES could not carry out an action of receipt rule {rule_name}",
        reactions,
    )


def queue_alarm(scope: Construct, queue: sqs.IQueue, reactions: Sequence[AlarmReaction]) -> cloudwatch.Alarm:
    """A message waits in a dead-letter queue."""
    return _alarm(
        scope,
        queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=_PERIOD),
        "received mail could not be forwarded; the dead-letter queue names the stored objects",
        reactions,
    )


def _alarm(
    scope: Construct, metric: cloudwatch.IMetric, description: str, reactions: Sequence[AlarmReaction]
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
    for reaction in reactions:
        reaction.attach_to(alarm)
    return alarm
