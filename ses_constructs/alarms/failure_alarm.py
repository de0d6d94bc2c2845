"""The alarm on something that should never happen."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .alarm_reactions import AlarmReaction, attach_all


def failure_alarm(
    scope: Construct,
    metric: cloudwatch.IMetric,
    *,
    description: str,
    reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
) -> cloudwatch.Alarm:
    """An alarm named ``FailureAlarm`` under *scope* that fires at the first failure that *metric* counts."""
    alarm = cloudwatch.Alarm(
        scope,
        "FailureAlarm",
        metric=metric,
        alarm_description=description,
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        # No failure is no value.
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    attach_all(reactions, alarm)
    return alarm
