"""Alarms on mail that SES or a function could not handle."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction
from ..alarms.failure_alarm import failure_alarm
from .inbound_rule import InboundRule

_PERIOD = Duration.minutes(5)


def rule_alarm(rule: InboundRule, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]) -> cloudwatch.Alarm:
    """An alarm that fires when an action of *rule* fails, at the first try of four hours of them."""
    return failure_alarm(
        rule,
        # Not on what expired as well: that has failed before, and a sum would need zeros, which hide late counts.
        rule.metric_failures(period=_PERIOD),
        description=f"SES could not carry out an action of receipt rule {rule.rule_name}",
        reactions=reactions,
    )


def queue_alarm(
    scope: Construct, queue: sqs.IQueue, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]
) -> cloudwatch.Alarm:
    """An alarm that fires when a message comes into the dead-letter queue of a forwarder.

    Not while one lies there, or a second loss would be told to nobody until the first one is redriven.
    """
    return failure_alarm(
        scope,
        queue.metric_number_of_messages_sent(statistic="Sum", period=_PERIOD),
        description="received mail could not be forwarded; it waits in the dead-letter queue for 14 days",
        reactions=reactions,
    )
