"""A new sender that watches itself: strict alarms, a pause before AWS acts, events for the application, a dashboard.

Transactional mail and the newsletter have a configuration set each, so that a bad newsletter pauses only itself.
"""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ses_constructs import (
    AccountHealth,
    AccountThresholds,
    BounceMonitoring,
    CloudWatchMetrics,
    DeliveryThresholds,
    EmailTeam,
    EventBusEvents,
    MailDashboard,
    NotifyTopic,
    PauseSending,
    ReputationThresholds,
    Route53Zone,
    SuppressionList,
    TopicEvents,
    VerifiedDomain,
)


class WatchReputation(Stack):
    """One domain, two streams of mail."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="example.com", dns=Route53Zone(zone))
        key = kms.Key(self, "Key", enable_key_rotation=True)
        on_call = sns.Topic(self, "OnCall", master_key=key, enforce_ssl=True)
        bounced = sns.Topic(self, "Bounced", master_key=key, enforce_ssl=True)
        delayed = sqs.Queue(self, "Delayed", enforce_ssl=True, dead_letter_queue=self._dead_letters())
        team = [EmailTeam("ops@example.net"), NotifyTopic(on_call)]

        transactional = BounceMonitoring(
            self,
            "Transactional",
            domain=domain,
            destinations=[CloudWatchMetrics(), TopicEvents(topic=bounced)],
            thresholds=ReputationThresholds.strict(),
            delivery_thresholds=DeliveryThresholds(delays=20, silence=Duration.hours(2)),
            max_delivery_time=Duration.hours(1),
            reactions=[*team, PauseSending(minimum_sends=500, whole_account=True)],
        )
        BounceMonitoring(
            self,
            "Newsletter",
            domain=domain,
            default_for_domain=False,
            destinations=[CloudWatchMetrics(), EventBusEvents(targets=[targets.SqsQueue(delayed)])],
            watch_account=False,
            reactions=[*team, PauseSending()],
        )
        SuppressionList(self, "SuppressionList")
        health = AccountHealth(
            self,
            "AccountHealth",
            thresholds=AccountThresholds(quota_warning=0.7, needed_rate=10),
            reactions=team,
        )
        MailDashboard(self, "Dashboard", monitoring=transactional, account_health=health)

    def _dead_letters(self) -> sqs.DeadLetterQueue:
        return sqs.DeadLetterQueue(queue=sqs.Queue(self, "DeadLetters", enforce_ssl=True), max_receive_count=3)


app = App()
WatchReputation(app, "WatchReputation")
app.synth()
