"""Reads an alarm of CloudWatch, whether CloudWatch itself invokes the function or a topic does.

An alarm of another account or region is refused, and so is everything that is no alarm. The resource policy of the
function says who may invoke it; this is a second check, for a policy that was opened too far.

The two formats: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._lambda import AccountRegion
from ._text import one_line, parse_json

ALARM = "ALARM"

_STATES = (ALARM, "OK", "INSUFFICIENT_DATA")
# CloudWatch allows 255 characters in a name and 1023 in a reason, but SetAlarmState is open to more than CloudWatch.
_NAME_CHARACTERS, _REASON_CHARACTERS, _TIME_CHARACTERS = 255, 1023, 40
_QUOTED_CHARACTERS = 300


class NotAnAlarmError(Exception):
    """Why an event, or one part of it, is refused."""


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
    def of_invocation(cls, event: Mapping[str, Any], here: AccountRegion) -> Self:
        """Read what CloudWatch passes to a function, whether of a metric alarm or of a composite one."""
        data = event.get("alarmData")
        state = data.get("state") if isinstance(data, Mapping) else None
        if not isinstance(state, Mapping):
            raise NotAnAlarmError("the event must have alarmData.state, an object")
        if (event.get("accountId"), event.get("region")) != (here.account, here.region):
            raise NotAnAlarmError(
                f"the event must come from account {here.account} in {here.region}, "
                f"got {_quoted(event.get('accountId'))} in {_quoted(event.get('region'))}"
            )
        return cls._checked(here, event.get("alarmArn"), state.get("value"), state.get("reason"), event.get("time"))

    @classmethod
    def of_notification(cls, message: object, here: AccountRegion) -> Self:
        """Read what CloudWatch publishes to a topic. Its Region is a display name, such as ``EU (Ireland)``."""
        alarm = parse_json(message)
        if not isinstance(alarm, Mapping):
            raise NotAnAlarmError("the message must be the JSON object that CloudWatch publishes about an alarm")
        if alarm.get("AWSAccountId") != here.account:
            raise NotAnAlarmError(
                f"the message must come from account {here.account}, got {_quoted(alarm.get('AWSAccountId'))}"
            )
        state, reason = alarm.get("NewStateValue"), alarm.get("NewStateReason")
        return cls._checked(here, alarm.get("AlarmArn"), state, reason, alarm.get("StateChangeTime"))

    @classmethod
    def _checked(cls, here: AccountRegion, arn: object, state: object, reason: object, since: object) -> Self:
        # From the ARN, which is checked; the name beside it is not.
        name = _alarm_name(arn, here)
        if state not in _STATES:
            raise NotAnAlarmError(f"the state must be one of {', '.join(_STATES)}, got {_quoted(state)}")
        return cls(
            one_line(name, _NAME_CHARACTERS),
            str(state),
            one_line(reason, _REASON_CHARACTERS),
            one_line(since, _TIME_CHARACTERS),
        )


def parse_alarm_event(event: object, here: AccountRegion) -> Iterator[AlarmChange | NotAnAlarmError]:
    """Read every part of an event; a refused part does not hide the others."""
    for part, is_notification in _parts(event):
        try:
            if is_notification:
                yield AlarmChange.of_notification(part, here)
            elif isinstance(part, Mapping):
                yield AlarmChange.of_invocation(part, here)
            else:
                yield NotAnAlarmError(
                    "the event must be that of a CloudWatch alarm, or of a topic that one publishes to"
                )
        except NotAnAlarmError as error:
            yield error


def _parts(event: object) -> Iterator[tuple[object, bool]]:
    if not isinstance(event, Mapping):
        yield None, False
        return
    # EventBridge names the same source, but its events have no alarmArn.
    if event.get("source") == "aws.cloudwatch" and "alarmArn" in event:
        yield event, False
        return
    records = event.get("Records")
    for record in records if isinstance(records, list) and records else [None]:
        sent = record.get("Sns") if isinstance(record, Mapping) and record.get("EventSource") == "aws:sns" else None
        yield (sent.get("Message"), True) if isinstance(sent, Mapping) else (None, False)


def _alarm_name(arn: object, here: AccountRegion) -> str:
    """Return the name of an alarm from its ARN; refuse the alarms of everybody else."""
    ours = f"arn:{here.partition}:cloudwatch:{here.region}:{here.account}:alarm:"
    if not isinstance(arn, str) or not arn.startswith(ours) or arn == ours:
        raise NotAnAlarmError(f"the alarm must be one of account {here.account} in {here.region}, got {_quoted(arn)}")
    return arn.removeprefix(ours)


def _quoted(value: object) -> str:
    return repr(one_line(value, _QUOTED_CHARACTERS) if isinstance(value, str) else type(value).__name__)
