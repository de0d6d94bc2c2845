"""The alarms on what senders report of the primary."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from .impairment_thresholds import ImpairmentThresholds

# What the sender of docs/standby.md writes.
NAMESPACE = "SesConstructs/SendingRoute"
_MINUTE = Duration.minutes(1)


def impairment_alarms(
    scope: Construct, thresholds: ImpairmentThresholds, *, name: str, parameter_name: str
) -> Sequence[cloudwatch.Alarm]:
    """Alarms named ``<name>-Failing``, ``-Slow`` and ``-Refused``; the function tells them apart by their ends."""

    def reported(metric_name: str, statistic: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace=NAMESPACE,
            metric_name=metric_name,
            dimensions_map={"Parameter": parameter_name, "Route": "primary"},
            statistic=statistic,
            period=_MINUTE,
        )

    def alarm(kind: str, metric: cloudwatch.IMetric, minutes: int, description: str) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            scope,
            f"{kind}Alarm",
            alarm_name=f"{name}-{kind}",
            metric=metric,
            threshold=1,
            evaluation_periods=minutes,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            # Without mail nothing is impaired.
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )

    def at_least(metric: cloudwatch.Metric, threshold: float) -> cloudwatch.MathExpression:
        return cloudwatch.MathExpression(
            expression=f"IF(FILL(calls, 0) >= {thresholds.minimum_calls} AND FILL(value, 0) >= {threshold:g}, 1, 0)",
            using_metrics={"calls": reported("Failed", "SampleCount"), "value": metric},
            period=_MINUTE,
        )

    share, seconds, minutes = thresholds.failure_share, thresholds.latency_seconds, thresholds.minutes
    return [
        alarm(
            "Failing",
            at_least(reported("Failed", "Average"), share),
            minutes,
            f"{share * 100:g} % of the calls of SES or more fail: senders are switched to the standby",
        ),
        alarm(
            "Slow",
            at_least(reported("Latency", "p90"), seconds * 1000),
            minutes,
            f"one call of SES in ten takes {seconds} seconds or more: senders are switched to the standby",
        ),
        alarm(
            "Refused",
            reported("Refused", "Sum"),
            1,
            "SES refuses to send, since sending is paused or the account suspended: a person decides",
        ),
    ]
