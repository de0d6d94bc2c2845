"""What CloudWatch tells of an alarm, by invoking a function itself or by way of a topic.

An alarm of another account or region is refused, and so is everything that is no alarm. Who may invoke the function is
for its resource policy to say; this is the second look, for a policy that was opened too far.

The two documents: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from .forwarding.encoded_words import visible

ALARM = "ALARM"

_STATES = (ALARM, "OK", "INSUFFICIENT_DATA")
# CloudWatch allows 255 characters in a name and 1023 in a reason, but SetAlarmState is open to more than CloudWatch.
_NAME_CHARACTERS, _REASON_CHARACTERS, _TIME_CHARACTERS = 255, 1023, 40
_QUOTED_CHARACTERS = 300


class NotAnAlarmError(Exception):
    """A sentence that says why an event, or one part of it, is refused."""


@dataclass(frozen=True, slots=True)
class Home:
    """The partition, region and account in which a function runs."""

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, function_arn: str) -> Self:
        _, partition, _, region, account, *_ = function_arn.split(":")
        return cls(partition, region, account)

    def alarm_name(self, arn: object) -> str:
        """Return the name of an alarm from its ARN; refuse the alarms of everybody else."""
        ours = f"arn:{self.partition}:cloudwatch:{self.region}:{self.account}:alarm:"
        if not isinstance(arn, str) or not arn.startswith(ours) or arn == ours:
            raise NotAnAlarmError(
                f"the alarm must be one of account {self.account} in {self.region}, got {_quoted(arn)}"
            )
        return arn.removeprefix(ours)


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """An alarm of our own account and region, and the state it went into.

    *name*, *reason* and *since* are one line each, for people to read.
    """

    name: str
    state: str
    reason: str
    since: str

    @classmethod
    def of_invocation(cls, event: Mapping[str, Any], home: Home) -> Self:
        """Read what CloudWatch passes to a function, whether of a metric alarm or of a composite one."""
        data = event.get("alarmData")
        state = data.get("state") if isinstance(data, Mapping) else None
        if not isinstance(state, Mapping):
            raise NotAnAlarmError("the event must have alarmData.state, an object")
        if (event.get("accountId"), event.get("region")) != (home.account, home.region):
            raise NotAnAlarmError(
                f"the event must come from account {home.account} in {home.region}, "
                f"got {_quoted(event.get('accountId'))} in {_quoted(event.get('region'))}"
            )
        return cls._checked(home, event.get("alarmArn"), state.get("value"), state.get("reason"), event.get("time"))

    @classmethod
    def of_notification(cls, message: object, home: Home) -> Self:
        """Read what CloudWatch publishes to a topic. Its Region is a display name, such as ``EU (Ireland)``."""
        told = _parsed(message)
        if not isinstance(told, Mapping):
            raise NotAnAlarmError("the message must be the JSON object that CloudWatch publishes about an alarm")
        if told.get("AWSAccountId") != home.account:
            raise NotAnAlarmError(
                f"the message must come from account {home.account}, got {_quoted(told.get('AWSAccountId'))}"
            )
        state, reason = told.get("NewStateValue"), told.get("NewStateReason")
        return cls._checked(home, told.get("AlarmArn"), state, reason, told.get("StateChangeTime"))

    @classmethod
    def _checked(cls, home: Home, arn: object, state: object, reason: object, since: object) -> Self:
        # From the ARN, which is what was checked; the name beside it is not.
        name = home.alarm_name(arn)
        if state not in _STATES:
            raise NotAnAlarmError(f"the state must be one of {', '.join(_STATES)}, got {_quoted(state)}")
        return cls(
            one_line(name, _NAME_CHARACTERS),
            str(state),
            one_line(reason, _REASON_CHARACTERS),
            one_line(since, _TIME_CHARACTERS),
        )


def changes_in(event: object, home: Home) -> Iterator[AlarmChange | NotAnAlarmError]:
    """Read every part of an event; a part that is refused does not hide the others."""
    for part, is_notification in _parts(event):
        try:
            if is_notification:
                yield AlarmChange.of_notification(part, home)
            elif isinstance(part, Mapping):
                yield AlarmChange.of_invocation(part, home)
            else:
                yield NotAnAlarmError(
                    "the event must be that of a CloudWatch alarm, or of a topic that one publishes to"
                )
        except NotAnAlarmError as error:
            yield error


def one_line(text: object, most: int) -> str:
    """Keep at most *most* visible characters of a text from outside, without line breaks; of no text, nothing."""
    # Cut before it is cleaned too, so that a huge text costs nothing.
    line = visible(text[: 4 * most]) if isinstance(text, str) else ""
    return line if len(line) <= most else f"{line[: most - 3]}..."


def _parts(event: object) -> Iterator[tuple[object, bool]]:
    if not isinstance(event, Mapping):
        yield None, False
        return
    # EventBridge has the same source, but another document, which has no alarmArn.
    if event.get("source") == "aws.cloudwatch" and "alarmArn" in event:
        yield event, False
        return
    records = event.get("Records")
    for record in records if isinstance(records, list) and records else [None]:
        notice = record.get("Sns") if isinstance(record, Mapping) and record.get("EventSource") == "aws:sns" else None
        yield (notice.get("Message"), True) if isinstance(notice, Mapping) else (None, False)


def _parsed(text: object) -> object:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _quoted(value: object) -> str:
    return repr(one_line(value, _QUOTED_CHARACTERS) if isinstance(value, str) else type(value).__name__)
