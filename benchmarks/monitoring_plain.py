"""The same configuration sets and alarms with aws-cdk-lib alone, as a careful author writes them."""

from collections.abc import Mapping

from aws_cdk import ArnFormat, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

_DIMENSION = "ses:configuration-set"
_EVENTS = (
    ses.EmailSendingEvent.BOUNCE,
    ses.EmailSendingEvent.COMPLAINT,
    ses.EmailSendingEvent.REJECT,
    ses.EmailSendingEvent.RENDERING_FAILURE,
    ses.EmailSendingEvent.DELIVERY_DELAY,
)
# Kind, severity, fraction and the percentage as a person writes it.
_RATES = (
    ("Bounce", "Warning", 0.02, "2"),
    ("Bounce", "Critical", 0.05, "5"),
    ("Complaint", "Warning", 0.0005, "0.05"),
    ("Complaint", "Critical", 0.001, "0.1"),
)


def add_monitoring(stack: Stack, sets: int) -> None:
    """So many watched configuration sets, the first of which watches the account too."""
    topic = sns.Topic(stack, "Team", enforce_ssl=True)
    topic.add_to_resource_policy(_cloudwatch_may_publish(stack, topic))
    alarms = _Alarms(actions.SnsAction(topic))
    for number in range(1, sets + 1):
        _add_set(Construct(stack, f"Monitoring{number}"), alarms, watch_account=number == 1)


def _cloudwatch_may_publish(stack: Stack, topic: sns.Topic) -> iam.PolicyStatement:
    alarms = stack.format_arn(
        service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    return iam.PolicyStatement(
        actions=["sns:Publish"],
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        resources=[topic.topic_arn],
        conditions={"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": alarms}},
    )


def _add_set(scope: Construct, alarms: "_Alarms", *, watch_account: bool) -> None:
    configuration_set = ses.ConfigurationSet(
        scope,
        "ConfigurationSet",
        tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        reputation_metrics=True,
        suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
    )
    dimension = ses.CloudWatchDimension(
        name=_DIMENSION, source=ses.CloudWatchDimensionSource.MESSAGE_TAG, default_value="default"
    )
    configuration_set.add_event_destination(
        "Metrics", destination=ses.EventDestination.cloud_watch_dimensions([dimension]), events=list(_EVENTS)
    )
    name = configuration_set.configuration_set_name
    subject, dimensions = f"configuration set {name}", {_DIMENSION: name}
    critical = alarms.on_rates(scope, "", subject, dimensions)
    alarms.on_count(scope, "Rejects", "Reject", 1, f"SES refuses messages of {subject} for a virus", dimensions)
    delayed = f"recipients' servers put off messages of {subject}"
    alarms.on_count(scope, "Delays", "DeliveryDelay", 100, delayed, dimensions)
    if watch_account:
        critical += alarms.on_rates(scope, "Account", "the whole account in this region", None)
    at_risk = cloudwatch.CompositeAlarm(
        scope,
        "ReputationAtRisk",
        alarm_description="the reputation of a sender is at risk: a bounce or complaint rate is critical",
        alarm_rule=cloudwatch.AlarmRule.any_of(
            *(cloudwatch.AlarmRule.from_alarm(alarm, cloudwatch.AlarmState.ALARM) for alarm in critical)
        ),
    )
    # CDK's name of the construct's path would be the same in another stack of the account.
    resource = at_risk.node.default_child
    assert isinstance(resource, cloudwatch.CfnCompositeAlarm)
    resource.add_property_deletion_override("AlarmName")


class _Alarms:
    """Makes the alarms; what all of them share is made once."""

    def __init__(self, action: actions.SnsAction) -> None:
        self._action = action
        self._rate_period, self._count_period = Duration.minutes(15), Duration.hours(1)

    def on_rates(
        self, scope: Construct, prefix: str, subject: str, dimensions: Mapping[str, str] | None
    ) -> list[cloudwatch.Alarm]:
        """The four alarms on rates; returns those that are critical."""
        critical = []
        for kind, severity, rate, percent in _RATES:
            metric = cloudwatch.Metric(
                namespace="AWS/SES",
                metric_name=f"Reputation.{kind}Rate",
                dimensions_map=dimensions,
                statistic="Maximum",
                period=self._rate_period,
            )
            description = f"{kind.lower()} rate of {subject} is at {percent} % or more ({severity.lower()})"
            missing = cloudwatch.TreatMissingData.IGNORE
            alarm = self._alarm(scope, f"{prefix}{kind}{severity}", metric, rate, description, missing)
            if severity == "Critical":
                critical.append(alarm)
        return critical

    def on_count(
        self,
        scope: Construct,
        construct_id: str,
        metric_name: str,
        threshold: int,
        description: str,
        dimensions: Mapping[str, str],
    ) -> None:
        """An alarm on so many messages in an hour."""
        metric = cloudwatch.Metric(
            namespace="AWS/SES",
            metric_name=metric_name,
            dimensions_map=dimensions,
            statistic="Sum",
            period=self._count_period,
        )
        # With zeros, or the alarm would judge by the messages of hours ago.
        counted = cloudwatch.MathExpression(
            expression="FILL(count, 0)", using_metrics={"count": metric}, period=self._count_period
        )
        missing = cloudwatch.TreatMissingData.NOT_BREACHING
        self._alarm(scope, construct_id, counted, threshold, description, missing)

    def _alarm(
        self,
        scope: Construct,
        construct_id: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        missing: cloudwatch.TreatMissingData,
    ) -> cloudwatch.Alarm:
        alarm = cloudwatch.Alarm(
            scope,
            construct_id,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=missing,
            alarm_description=description,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        return alarm
