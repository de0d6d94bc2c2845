"""What SES counts, as CloudWatch metrics; whoever mixes this in says for which mail."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakSet

from aws_cdk import Duration

from .arguments import check_text, invalid
from .checks import check_known_seconds

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricStat.html
_CHECKED: WeakSet[Duration] = WeakSet()
_SHORT_PERIODS = (1, 5, 10, 30)


class SendingMetrics:
    """Counts of messages, five-minute periods unless given."""

    @property
    def _dimensions(self) -> Mapping[str, str]:
        """The dimensions of the series; none for the whole account in its region."""
        return {}

    def metric(
        self, metric_name: str, *, statistic: str = "Sum", period: Duration | None = None, label: str | None = None
    ) -> "cloudwatch.Metric":
        """A metric of SES by its name.

        Args:
            metric_name: As it stands in CloudWatch, such as ``Send`` or ``Bounce``.
            statistic: Sum for a count, Maximum or Average for a rate.
            period: Five minutes unless given.
            label: How a graph names it; CloudWatch makes a label unless given.

        Raises:
            ValueError: A period that CloudWatch does not take.
        """
        # Slow to import; every domain has metrics, and few apps ask for them.
        from aws_cdk import aws_cloudwatch as cloudwatch

        check_text("metric_name", metric_name)
        check_text("statistic", statistic)
        if label is not None:
            check_text("label", label)
        check_period(period)
        return cloudwatch.Metric(
            namespace="AWS/SES",
            metric_name=metric_name,
            dimensions_map=dict(self._dimensions) or None,
            statistic=statistic,
            period=period,
            label=label,
        )

    def metric_sends(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that SES accepted for sending.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Send", period=period)

    def metric_deliveries(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that the recipients' servers accepted.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Delivery", period=period)

    def metric_bounces(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Hard bounces, and soft ones that SES gave up on; a count and not a rate.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Bounce", period=period)

    def metric_complaints(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that recipients marked as spam; a count and not a rate.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Complaint", period=period)

    def metric_rejects(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that SES refused to send because of a virus.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Reject", period=period)

    def metric_delivery_delays(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """Messages that wait, because the recipient's server would not take them yet.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("DeliveryDelay", period=period)


class ReputationMetrics(SendingMetrics):
    """The counts, and the two rates by which AWS judges a sender.

    A rate is a fraction (0.05 is 5 %) of the mail that SES takes for representative, which may reach further back
    than a day. It is a level, so its statistic is Maximum or Average and never Sum. It counts hard bounces only, and
    none of the mailbox simulator (https://docs.aws.amazon.com/ses/latest/dg/reputation-dashboard-dg.html).
    """

    def metric_bounce_rate(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """The share of messages that bounced, 0-1.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Reputation.BounceRate", statistic="Maximum", period=period)

    def metric_complaint_rate(self, *, period: Duration | None = None) -> "cloudwatch.Metric":
        """The share of messages that recipients marked as spam, 0-1.

        Args:
            period: Five minutes unless given.
        """
        return self.metric("Reputation.ComplaintRate", statistic="Maximum", period=period)


def counted(
    namespace: str,
    metric_name: str,
    dimensions: Mapping[str, str],
    *,
    period: Duration | None,
    label: str | None = None,
) -> "cloudwatch.Metric":
    """A count of its own, summed up over *period*, which is one that CloudWatch takes."""
    from aws_cdk import aws_cloudwatch as cloudwatch

    check_period(period)
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=metric_name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=period,
        label=label,
    )


def check_period(period: Duration | None) -> None:
    """Raise ``ValueError`` for a period that CloudWatch does not take."""
    # Each look at a Duration asks Node, and the alarms of a set have a few periods in common.
    if period is None or (isinstance(period, Duration) and period in _CHECKED):
        return
    fix = "pass a Duration, such as Duration.minutes(5)"
    seconds = check_known_seconds("period", period, fix)
    if seconds not in _SHORT_PERIODS and (seconds < 60 or seconds % 60):
        raise invalid("period", "be whole minutes, or 1, 5, 10 or 30 seconds", period.to_human_string(), fix)
    _CHECKED.add(period)
