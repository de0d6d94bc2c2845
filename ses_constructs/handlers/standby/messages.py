"""What people are told of a switch, or have to decide."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime

from .._alarm_event import AlarmChange
from .._text import one_line
from .._topics import Message
from ..account_events import AccountEvent
from .route import PRIMARY, STANDBY, Route

_ERROR_CHARACTERS = 500
_BEFORE_A_SWITCH = (
    "Whoever switches while AWS reviews, pauses or suspends an account should know: AWS treats related accounts "
    "together, and takes mail that goes round a pause for evasion. The standby is for outages."
)


@dataclass(frozen=True, slots=True)
class Commands:
    """What a person runs to switch."""

    function_arn: str
    region: str

    def to(self, active: str) -> str:
        payload = f'{{"switch_to": "{active}", "by": "YOUR NAME", "why": "THE REASON"}}'
        return (
            f"    aws lambda invoke --function-name {self.function_arn} --region {self.region} "
            f"--cli-binary-format raw-in-base64-out --payload {shlex.quote(payload)} /dev/stdout"
        )


def switch_message(route: Route, commands: Commands) -> Message:
    """Say which way mail goes now."""
    parts = [
        f"Mail now goes through the {route.active}.",
        f"By: {route.by}\nWhy: {route.why}\nSince: {_time(route.since)}\nGeneration of the route: {route.generation}",
    ]
    if route.active == STANDBY:
        parts += [
            "Senders follow within the time for which they keep the route, half a minute if they use our code.",
            "Nothing switches back by itself. When the primary is well again, this does:",
            commands.to(PRIMARY),
        ]
    return Message.of(f"SES sending switched to the {route.active}, by {route.by}", parts)


def decision_message(alarm: AlarmChange, route: Route, reason: str, commands: Commands) -> Message:
    """Say that an alarm fired and nothing was switched, and how a person can."""
    return Message.of(
        f"SES sending not switched: {reason}",
        [
            f"An alarm about sending fired, and the route was left as it is: {reason}.",
            f"Alarm: {alarm.name}\nIn alarm since: {alarm.since or 'unknown'}\nReason: {alarm.reason or 'unknown'}",
            *_about_deciding(route, commands),
        ],
    )


def account_event_message(event: AccountEvent, route: Route, commands: Commands) -> Message:
    """Say what SES has switched off, and that a person decides."""
    return Message.of(
        f"{event.headline}, and a person decides about the standby",
        [
            f"{event.headline} in account {event.here.account}, {event.here.region}.",
            f"About: {', '.join(event.resources) or 'unknown'}\nBy: {event.by or 'unknown'}\n"
            f"Cause: {event.cause or 'unknown'}\nSince: {event.since or 'unknown'}",
            *_about_deciding(route, commands),
        ],
    )


def failure_message(alarm: AlarmChange, error: Exception, commands: Commands) -> Message:
    """Say that a switch failed."""
    return Message.of(
        "SES sending could not be switched to the standby",
        [
            f"Alarm {alarm.name} asked for a switch to the standby, which failed: "
            f"{one_line(str(error), _ERROR_CHARACTERS) or type(error).__name__}",
            "It is tried again twice within minutes. By hand it is:",
            commands.to(STANDBY),
        ],
    )


def _about_deciding(route: Route, commands: Commands) -> list[str]:
    if route.active == STANDBY:
        return [f"Mail goes through the standby, since {_time(route.since)}. Switch back by:", commands.to(PRIMARY)]
    return [_BEFORE_A_SWITCH, "If you decide that mail has to go through the standby:", commands.to(STANDBY)]


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
