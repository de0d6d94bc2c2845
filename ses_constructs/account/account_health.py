"""AccountHealth: what SES says about the account, as metrics and alarms."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, attach_all, team_topics
from ..alarms.thresholds import AccountThresholds
from ..common.arguments import check_flag, check_kind, check_text, invalid
from ..common.checks import check_known_seconds
from ..common.sending_metrics import ReputationMetrics, check_period

NAMESPACE = "SesConstructs/Account"

_AT_LEAST = cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
_DEFAULT_THRESHOLDS = AccountThresholds()


class AccountHealth(Construct, ReputationMetrics):
    """The quota, the sandbox, the review and the sending switch of the account in this region, as code.

    A small function asks SES every few minutes and writes the answer as metrics, with an alarm on each, and one on the
    function's own silence. What SES reports by itself, that sending was switched off or that the advisor has a
    recommendation, is told to the same team: to each ``NotifyTopic`` and ``EmailTeam``, for other actions take alarms
    only. One for each account and region is enough; a second one does no harm.

    Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_GetAccount.html.

    Args:
        thresholds: When the alarms on the quota and the sending rate fire; at 80 % of the quota unless given.
        sandbox: Pass True while the account is meant to be in the sandbox, and there is no alarm about it.
        reactions: What to do when an alarm fires: ``EmailTeam``, ``NotifyTopic``, a reaction of your own, or any action
            of aws_cloudwatch_actions; not ``PauseSending``.
        every: How often to ask, whole minutes from 1 minute to 1 hour; five minutes unless given.

    Raises:
        ValueError: Arguments that cannot work.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        thresholds: AccountThresholds = _DEFAULT_THRESHOLDS,
        sandbox: bool = False,
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction] = (),
        every: Duration | None = None,
    ) -> None:
        # Loads aws_lambda, which is slow to import; a dashboard needs this module and not the functions.
        from ._account_watch import AccountWatch

        super().__init__(scope, construct_id)
        check_kind("thresholds", thresholds, AccountThresholds, "pass AccountThresholds(quota_warning=0.8)")
        check_flag("sandbox", sandbox)
        self.thresholds = thresholds
        """When the alarms on the quota and the sending rate fire."""
        self.every = _checked_interval(every)
        """How often SES is asked; the period of the metrics."""
        AccountWatch(self, "Watch", namespace=NAMESPACE, every=self.every, team=team_topics(reactions, Stack.of(self)))
        self.alarms = self._make_alarms(sandbox=sandbox)
        """Every alarm."""
        for alarm in self.alarms:
            attach_all(reactions, alarm)

    def metric_account(
        self, metric_name: str, *, statistic: str = "Maximum", period: Duration | None = None
    ) -> cloudwatch.Metric:
        """One of the metrics below by its name, or ``Max24HourSend``, which has no data while the quota is unlimited.

        Args:
            metric_name: As it stands in CloudWatch, such as ``QuotaUsed``.
            statistic: Whichever is the worst: the Minimum of what should be high.
            period: As long as between two questions to SES unless given.

        Raises:
            ValueError: A period that CloudWatch does not take.
        """
        check_text("metric_name", metric_name)
        check_text("statistic", statistic)
        check_period(period)
        return cloudwatch.Metric(
            namespace=NAMESPACE, metric_name=metric_name, statistic=statistic, period=period or self.every
        )

    def metric_quota_used(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """The share of the 24-hour quota that is used, 0-1; 0 while it is unlimited.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("QuotaUsed", period=period)

    def metric_sent_last_24_hours(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that count against the quota.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("SentLast24Hours", period=period)

    def metric_sending_rate_limit(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """How many messages a second SES takes.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("MaxSendRate", statistic="Minimum", period=period)

    def metric_production_access(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """1 in production, 0 in the sandbox.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("ProductionAccess", statistic="Minimum", period=period)

    def metric_sending_enabled(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """1 while the account may send, 0 while it is paused, by AWS or by you.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("SendingEnabled", statistic="Minimum", period=period)

    def metric_enforcement_level(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """0 while all is well, 1 while AWS reviews the account, 2 once it has stopped it.

        Args:
            period: As long as between two questions to SES unless given.
        """
        return self.metric_account("EnforcementLevel", period=period)

    def _make_alarms(self, *, sandbox: bool) -> list[cloudwatch.Alarm]:
        warning, needed_rate = self.thresholds.quota_warning, self.thresholds.needed_rate
        # No report counts as -1, for CloudWatch looks further back than three periods, and would judge by the reports
        # it finds there. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
        reports = cloudwatch.MathExpression(
            expression="FILL(enabled, -1)", using_metrics={"enabled": self.metric_sending_enabled()}, period=self.every
        )
        table = [
            _AccountAlarm(
                "QuotaAlarm",
                self.metric_quota_used(),
                _AT_LEAST,
                warning,
                f"{warning * 100:g} % of SES's 24-hour quota or more are used",
            ),
            _AccountAlarm(
                "ReviewAlarm",
                self.metric_enforcement_level(),
                _AT_LEAST,
                1,
                "AWS reviews the account's sending, or has stopped it; read the account dashboard of SES",
            ),
            _AccountAlarm(
                "PausedAlarm", self.metric_sending_enabled(), _BELOW, 1, "sending is paused for the whole account"
            ),
            _AccountAlarm(
                "SilenceAlarm",
                reports,
                _BELOW,
                0,
                "nothing is known of the account: the function that asks SES does not report",
                missing_data=cloudwatch.TreatMissingData.BREACHING,
                evaluation_periods=3,  # one report may be late
            ),
        ]
        if not sandbox:
            table.append(
                _AccountAlarm(
                    "SandboxAlarm", self.metric_production_access(), _BELOW, 1, "the account is in the SES sandbox"
                )
            )
        if needed_rate is not None:
            table.append(
                _AccountAlarm(
                    "RateAlarm",
                    self.metric_sending_rate_limit(),
                    _BELOW,
                    needed_rate,
                    f"SES takes fewer than {needed_rate:g} messages a second",
                )
            )
        return [each.make(self) for each in table]


@dataclass(frozen=True, slots=True)
class _AccountAlarm:
    """A row of the table of alarms."""

    construct_id: str
    metric: cloudwatch.IMetric
    comparison: cloudwatch.ComparisonOperator
    threshold: float
    description: str
    missing_data: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.IGNORE
    evaluation_periods: int = 1

    def make(self, scope: Construct) -> cloudwatch.Alarm:
        return cloudwatch.Alarm(
            scope,
            self.construct_id,
            metric=self.metric,
            threshold=self.threshold,
            evaluation_periods=self.evaluation_periods,
            comparison_operator=self.comparison,
            treat_missing_data=self.missing_data,
            alarm_description=self.description,
        )


def _checked_interval(every: Duration | None) -> Duration:
    if every is None:
        return Duration.minutes(5)
    seconds = check_known_seconds("every", every, "pass a Duration, such as Duration.minutes(5)")
    if not 60 <= seconds <= 3600 or seconds % 60:
        raise invalid(
            "every", "be whole minutes, from 1 minute to 1 hour", every.to_human_string(), "pass Duration.minutes(5)"
        )
    return every
