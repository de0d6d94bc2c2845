"""AccountHealth: what SES says about the account, as metrics and alarms."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Duration, Stack
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, attach_all, team_topics
from ..common.arguments import check_kind, invalid
from ..common.checks import check_known_seconds
from ..common.sending_metrics import ReputationMetrics

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE = "SesConstructs/Account"


class AccountHealth(Construct, ReputationMetrics):
    """The quota, the sandbox, the review and the sending switch of the account in this region, as code.

    A small function asks SES every few minutes and writes the answer as metrics, with an alarm on each, and one on the
    function's own silence. What SES reports by itself, that sending was switched off or that the advisor has a
    recommendation, is told to the same team: to each ``NotifyTopic`` and ``EmailTeam``, for other actions take alarms
    only. One for each account and region is enough; a second one does no harm.

    *reactions*: what to do when an alarm fires, as in ``BounceMonitoring``, but without ``PauseSending``.
    *quota_warning*: the share of the 24-hour quota at which to warn, as a fraction; 0.8 unless given.
    *needed_rate*: the messages a second that you rely on; an alarm fires when SES allows fewer. No alarm unless given.
    *sandbox*: pass True while the account is meant to be in the sandbox, for no alarm about it.
    *every*: how often to ask, 1 minute to 1 hour; five minutes unless given.

    Raises ``ValueError`` for arguments out of range.
    Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        reactions: "Sequence[AlarmReaction | cloudwatch.IAlarmAction]" = (),
        quota_warning: float = 0.8,
        needed_rate: float | None = None,
        sandbox: bool = False,
        every: Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_kind("sandbox", sandbox, bool, "pass True while the account is in the SES sandbox")
        if isinstance(quota_warning, bool) or not isinstance(quota_warning, int | float) or not 0 < quota_warning <= 1:
            raise invalid("quota_warning", "be a fraction above 0 and up to 1", quota_warning, "write 80 % as 0.8")
        if needed_rate is not None and (
            isinstance(needed_rate, bool) or not isinstance(needed_rate, int | float) or not 0 < needed_rate < math.inf
        ):
            raise invalid("needed_rate", "be above 0 messages a second", needed_rate, "leave it out for no alarm")
        from ._account_functions import AccountReport, tell_of_news

        self.every = _checked_interval(every)
        """How often SES is asked; the period of the metrics."""
        AccountReport(self, "Report", namespace=NAMESPACE, every=self.every)
        self.quota_warning = quota_warning
        """The share of the 24-hour quota at which an alarm warns, 0-1."""
        self.alarms = self._watch(quota_warning, needed_rate, sandbox)
        """Every alarm."""
        for alarm in self.alarms:
            attach_all(reactions, alarm)
        tell_of_news(self, team_topics(reactions, Stack.of(self)))

    def metric_account(self, metric_name: str, *, statistic: str = "Maximum") -> "cloudwatch.Metric":
        """One of the metrics below by its name; also ``Max24HourSend``, left out while the quota is unlimited."""
        from aws_cdk import aws_cloudwatch as cloudwatch

        return cloudwatch.Metric(namespace=NAMESPACE, metric_name=metric_name, statistic=statistic, period=self.every)

    def metric_quota_used(self) -> "cloudwatch.Metric":
        """The share of the 24-hour quota that is used, 0-1; 0 while it is unlimited."""
        return self.metric_account("QuotaUsed")

    def metric_sent_last_24_hours(self) -> "cloudwatch.Metric":
        """Messages that count against the quota."""
        return self.metric_account("SentLast24Hours")

    def metric_sending_rate_limit(self) -> "cloudwatch.Metric":
        """How many messages a second SES takes."""
        return self.metric_account("MaxSendRate", statistic="Minimum")

    def metric_production_access(self) -> "cloudwatch.Metric":
        """1 in production, 0 in the sandbox."""
        return self.metric_account("ProductionAccess", statistic="Minimum")

    def metric_sending_enabled(self) -> "cloudwatch.Metric":
        """1 while the account may send, 0 while it is paused, by AWS or by you."""
        return self.metric_account("SendingEnabled", statistic="Minimum")

    def metric_enforcement_level(self) -> "cloudwatch.Metric":
        """0 while all is well, 1 while AWS reviews the account, 2 once it has stopped it."""
        return self.metric_account("EnforcementLevel")

    def _watch(self, quota_warning: float, needed_rate: float | None, sandbox: bool) -> "list[cloudwatch.Alarm]":
        from aws_cdk import aws_cloudwatch as cloudwatch

        at_least = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
        below = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
        ignore = cloudwatch.TreatMissingData.IGNORE

        def alarm(
            construct_id: str,
            metric: cloudwatch.IMetric,
            comparison: cloudwatch.ComparisonOperator,
            threshold: float,
            description: str,
            missing: cloudwatch.TreatMissingData = ignore,
            evaluation_periods: int = 1,
        ) -> cloudwatch.Alarm:
            return cloudwatch.Alarm(
                self,
                construct_id,
                metric=metric,
                threshold=threshold,
                evaluation_periods=evaluation_periods,
                comparison_operator=comparison,
                treat_missing_data=missing,
                alarm_description=description,
            )

        alarms = [
            alarm(
                "QuotaAlarm",
                self.metric_quota_used(),
                at_least,
                quota_warning,
                f"{quota_warning * 100:g} % of SES's 24-hour quota or more are used",
            ),
            alarm(
                "ReviewAlarm",
                self.metric_enforcement_level(),
                at_least,
                1,
                "AWS reviews the account's sending, or has stopped it; read the account dashboard of SES",
            ),
            alarm("PausedAlarm", self.metric_sending_enabled(), below, 1, "sending is paused for the whole account"),
            # Three reports in a row: one may be late. No report counts as -1, for CloudWatch looks further back than
            # three periods, and would judge by the reports it finds there.
            # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
            alarm(
                "SilenceAlarm",
                cloudwatch.MathExpression(
                    expression="FILL(enabled, -1)",
                    using_metrics={"enabled": self.metric_sending_enabled()},
                    period=self.every,
                ),
                below,
                0,
                "nothing is known of the account: the function that asks SES does not report",
                cloudwatch.TreatMissingData.BREACHING,
                3,
            ),
        ]
        if not sandbox:
            alarms.append(
                alarm("SandboxAlarm", self.metric_production_access(), below, 1, "the account is in the SES sandbox")
            )
        if needed_rate is not None:
            alarms.append(
                alarm(
                    "RateAlarm",
                    self.metric_sending_rate_limit(),
                    below,
                    needed_rate,
                    f"SES takes fewer than {needed_rate:g} messages a second",
                )
            )
        return alarms


def _checked_interval(every: Duration | None) -> Duration:
    if every is None:
        return Duration.minutes(5)
    seconds = check_known_seconds("every", every, "pass a Duration, such as Duration.minutes(5)")
    if not 60 <= seconds <= 3600 or seconds % 60:
        raise invalid(
            "every", "be whole minutes, from 1 minute to 1 hour", every.to_human_string(), "pass Duration.minutes(5)"
        )
    return every
