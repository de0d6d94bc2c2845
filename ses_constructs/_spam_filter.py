"""SpamFilter: the first rule of a set, which ends the processing of spam and viruses."""

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from ._handler_function import HandlerFunction

_NAMESPACE = "SesConstructs"


class SpamFilter(Construct):
    """A function that SES asks before any other rule, and a count of what it dropped."""

    def __init__(self, scope: Construct, construct_id: str, *, rule_set_name: str) -> None:
        super().__init__(scope, construct_id)
        handler = HandlerFunction(
            self,
            "Handler",
            module="drop_spam",
            description="Drops spam and viruses from received mail",
            # SES waits 30 seconds at most, and takes no answer for "continue".
            timeout=Duration.seconds(20),
        )
        self.function = handler.function
        self._rule_set_name = rule_set_name
        logs.MetricFilter(
            self,
            "Dropped",
            log_group=handler.log_group,
            # The whole pattern of a JSON log line, and not a text that a subject could hold.
            filter_pattern=logs.FilterPattern.string_value("$.message", "=", "mail dropped"),
            metric_namespace=_NAMESPACE,
            metric_name=self._metric_name,
            metric_value="1",
            default_value=0,
        )

    @property
    def _metric_name(self) -> str:
        # A dimension would have to come from the log line; the name of the set is known here only.
        return f"DroppedSpam-{self._rule_set_name}"

    def metric_dropped(self, *, period: Duration | None = None) -> cloudwatch.Metric:
        """Messages that were dropped."""
        return cloudwatch.Metric(namespace=_NAMESPACE, metric_name=self._metric_name, statistic="Sum", period=period)
