"""PauseSending: stop sending before AWS does."""

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ..common.arguments import check_count, check_flag, invalid
from ..common.checks import warn
from ..common.once import earlier_owner_in_region, owner_in_region
from ._sending_alarms import SendingAlarm, SendingAlarms
from .alarm_reactions import AlarmReaction


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseSending(AlarmReaction):
    """Switches off sending through a configuration set while its bounce or complaint rate is critical.

    For the reactions of ``BounceMonitoring``: it acts on the critical alarms of that configuration set and leaves all
    others alone. Other configuration sets go on sending. The team that the other reactions name is told what was
    paused, why, and the one command that resumes; neither a deployment nor the end of the alarm does.

    Two numbers of messages keep one bounce out of three, or one complaint out of a hundred, from stopping production.
    The pause comes as soon as the rate and both numbers are reached.

    Args:
        minimum_sends: How many messages must have been sent in the 24 hours before.
        minimum_events: How many of them must have bounced, or been complained about.
        whole_account: On a critical rate of the account, switch off the whole account in the region as well.

    Raises:
        ValueError: Arguments out of range; and where an alarm gets the reaction, one that is not of
            ``BounceMonitoring``.
    """

    minimum_sends: int = 100
    minimum_events: int = 5
    whole_account: bool = False

    def __post_init__(self) -> None:
        check_flag("whole_account", self.whole_account)
        for name, usual in (("minimum_sends", 100), ("minimum_events", 5)):
            check_count(name, getattr(self, name), of="messages", fix=f"leave it out for {usual}")

    def attach_to(self, alarm: "cloudwatch.AlarmBase") -> None:
        """Pause what the alarm watches, once it is critical and enough was sent.

        Args:
            alarm: An alarm of ``BounceMonitoring``.

        Raises:
            ValueError: Another alarm, or a pause of the same mail that asks for other numbers.
        """
        group = alarm.node.scope
        if not isinstance(alarm, SendingAlarm) or not isinstance(group, SendingAlarms):
            raise invalid(
                "reactions",
                "hold PauseSending for the alarms of BounceMonitoring only",
                alarm.node.path,
                "leave it out here",
            )
        if alarm.severity != "critical" or alarm.rate_of is None:
            return
        if alarm.configuration_set is None and not self.whole_account:
            return
        if alarm.configuration_set is None:
            warn_about_whole_account(Stack.of(alarm), pause=group)
        from ._pause_function import SendingPause  # loads aws_lambda, which is slow to import

        pause = SendingPause.of(group, minimum_sends=self.minimum_sends, minimum_events=self.minimum_events)
        pause.follow(alarm, alarm.rate_of)


def warn_about_whole_account(
    stack: Stack, *, pause: Construct | None = None, forwarding: Construct | None = None
) -> None:
    """A *pause* of the account in a region where mail of strangers counts towards its rates, or the other way round."""
    for thing, owner in (("pause of the account", pause), ("forwarding", forwarding)):
        if owner is not None:
            earlier_owner_in_region(stack, thing, owner)
    pause, forwarding = owner_in_region(stack, "pause of the account"), owner_in_region(stack, "forwarding")
    if pause and forwarding:
        warn(
            forwarding,
            "forwarding-counts-for-account",
            f"{forwarding.node.path} forwards mail of strangers, whose bounces and complaints count towards the rates "
            f"of the account, on which {pause.node.path} pauses all sending in the region; leave out "
            "whole_account=True, or receive mail in another account",
        )
