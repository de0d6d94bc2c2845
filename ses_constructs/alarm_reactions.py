"""What happens when an alarm fires."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam

from ._nag import as_nag_writes_it
from .email_records._text import check_email_address

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch
    from aws_cdk import aws_sns as sns


class AlarmReaction(Protocol):
    """**Protocol:** something to do when an alarm fires."""

    def attach_to(self, alarm: "cloudwatch.AlarmBase") -> None:
        """Add the actions to *alarm*."""
        ...


@dataclass(frozen=True, slots=True)
class NotifyTopic:
    """Publish to a topic when the alarm fires, and when it is over.

    A topic with a customer managed key needs a key policy for CloudWatch; it is added to keys made in the app.
    """

    topic: "sns.ITopic"

    def attach_to(self, alarm: "cloudwatch.AlarmBase") -> None:
        """Let the alarm publish to the topic, and have it do so."""
        from aws_cdk import aws_cloudwatch_actions as actions

        stack = Stack.of(alarm)
        alarms = stack.format_arn(
            service="cloudwatch", resource="alarm", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        conditions = {"StringEquals": {"aws:SourceAccount": stack.account}, "ArnLike": {"aws:SourceArn": alarms}}
        cloudwatch = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        # A topic that enforces TLS has a policy, and with it loses the default one that lets alarms in.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"],
                principals=[cloudwatch],
                resources=[self.topic.topic_arn],
                conditions=conditions,
            )
        )
        if self.topic.master_key:
            self.topic.master_key.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    principals=[cloudwatch],
                    resources=["*"],
                    conditions=conditions,
                )
            )
        action = actions.SnsAction(self.topic)
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)


@dataclass(frozen=True, slots=True)
class EmailTeam:
    """Send an e-mail to a person or a team; AWS asks the address to confirm once.

    All alarms of a stack that name the same address share one topic. Raises ``ValueError`` for anything but an address.
    """

    address: str

    def __post_init__(self) -> None:
        check_email_address("address", self.address)

    def attach_to(self, alarm: "cloudwatch.AlarmBase") -> None:
        """Publish to the address's topic, made on first use."""
        NotifyTopic(self._topic(Stack.of(alarm))).attach_to(alarm)

    def _topic(self, stack: Stack) -> "sns.ITopic":
        from aws_cdk import aws_sns as sns
        from aws_cdk import aws_sns_subscriptions as subscriptions

        # The address is the identity of its subscription: another one is another topic, and has to confirm anew.
        # What a token stands for is the same in every synthesis; its number is not.
        written = as_nag_writes_it(stack.resolve(self.address))
        construct_id = f"EmailTeam-{written}"
        existing = stack.node.try_find_child(construct_id)
        if isinstance(existing, sns.Topic):
            return existing
        topic = sns.Topic(stack, construct_id, enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(self.address))
        return topic
