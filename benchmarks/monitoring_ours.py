"""Watched configuration sets, written with this library; monitoring_plain.py makes the same resources."""

from aws_cdk import Stack

# The library loads these two where it first needs them; loaded before, they are no part of the build on either side.
from aws_cdk import aws_cloudwatch as cloudwatch  # noqa: F401
from aws_cdk import aws_cloudwatch_actions as actions  # noqa: F401
from aws_cdk import aws_sns as sns

from ses_constructs import AlarmReaction, BounceMonitoring, NotifyTopic, PauseSending


def add_monitoring(stack: Stack, sets: int, *, pause: bool = False) -> None:
    """So many ``BounceMonitoring``, the first of which watches the account too."""
    notify = NotifyTopic(sns.Topic(stack, "Team", enforce_ssl=True))
    reactions: list[AlarmReaction] = [notify, PauseSending()] if pause else [notify]
    for number in range(1, sets + 1):
        BounceMonitoring(stack, f"Monitoring{number}", watch_account=number == 1, reactions=reactions)
