"""PauseSending: stop sending before AWS does."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..common.arguments import check_kind, invalid
from .alarm_reactions import AlarmReaction

if TYPE_CHECKING:
    from aws_cdk import aws_cloudwatch as cloudwatch


@dataclass(frozen=True, kw_only=True, slots=True)
class PauseSending(AlarmReaction):
    """Switch off sending through a configuration set while its bounce or complaint rate is critical.

    For the reactions of ``BounceMonitoring``: it acts on the critical alarms of that configuration set and leaves all
    others alone. Other configuration sets go on sending. The team that the other reactions name is told what was
    paused, why, and the one command that resumes; neither a deployment nor the end of the alarm does.

    *minimum_sends*, *minimum_events*: how many messages must have been sent in the 24 hours before, and how many must
    have bounced, or been complained about, so that one bounce out of three, or one complaint out of a hundred, does not
    stop production; 100 and 5 unless given. The pause comes as soon as all is true.
    *whole_account*: on a critical rate of the account, switch off sending for the whole account in the region as well.

    Raises ``ValueError`` for arguments out of range, and where there is no such alarm.
    """

    minimum_sends: int = 100
    minimum_events: int = 5
    whole_account: bool = False

    def __post_init__(self) -> None:
        check_kind("whole_account", self.whole_account, bool, "pass True or False")
        for name, usual in (("minimum_sends", 100), ("minimum_events", 5)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise invalid(name, "be a number of messages, 1 or more", value, f"leave it out for {usual}")

    def attach_to(self, alarm: "cloudwatch.AlarmBase") -> None:
        """Pause what *alarm* watches, once it is critical and enough was sent."""
        from ._pause_function import SendingPause
        from ._sending_alarms import SendingAlarm

        if not isinstance(alarm, SendingAlarm):
            raise invalid(
                "reactions",
                "hold PauseSending for the alarms of BounceMonitoring only",
                alarm.node.path,
                "leave it out here",
            )
        if alarm.critical_rate_of is None or (alarm.group.configuration_set is None and not self.whole_account):
            return
        pause = SendingPause.of(alarm.group, minimum_sends=self.minimum_sends, minimum_events=self.minimum_events)
        pause.follow(alarm, alarm.critical_rate_of)
