"""Pauses sending when an alarm fires, and tells people how to resume. Nothing here resumes.

The alarm invokes this itself, or publishes to a topic that does. Environment:

- ``PAUSE_CONFIGURATION_SET``: the name of the configuration set to pause; empty stands for the whole account in this
  region. What is paused is never read from the event.
- ``PAUSE_TOPICS``: a JSON list of the ARNs of the topics to publish to. A topic that invokes this function must not be
  among them, or each pause is followed by an event that is refused.
- ``PAUSE_ON_BOUNCE``, ``PAUSE_ON_COMPLAINT``: optional; what an alarm means, in words for people, if its name holds
  ``BounceRate`` or ``ComplaintRate``.

Only the state ``ALARM`` does anything; an alarm that ends resumes nothing. To pause what is paused is harmless, but an
event that comes again may pause what a person has resumed meanwhile. So the function fails, for Lambda to try again,
only while nothing is paused: a topic that does not take the message is logged as ``message not published``.

Give the function a time-out of 5 minutes, and let Lambda drop an event that is older than 15 minutes.

Permissions: ``ses:PutConfigurationSetSendingOptions`` on the configuration set, or ``ses:PutAccountSendingAttributes``
on ``*`` since SES has no resource level for it; ``sns:Publish`` on the topics and, where they are encrypted,
``kms:Decrypt`` and ``kms:GenerateDataKey`` on their keys.
"""

import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from ._alarm_event import ALARM, AlarmChange, NotAnAlarmError, parse_alarm_event
from ._aws import RETRY_LONG, is_not_found
from ._lambda import AccountRegion, Context
from ._topics import Message, Topics

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

log = logging.getLogger(__name__)

_SET_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Pause once for all alarms of an event, then publish a message about each."""
    here = AccountRegion.of(context.invoked_function_arn)
    target = Target.of(os.environ, here)
    firing, refused = _firing_and_refused(event, here)
    if not firing:
        if refused:
            raise refused[0]
        return
    found = Sending().pause(target)
    # From here on nothing may be raised.
    topics = Topics.of(os.environ, "PAUSE_TOPICS", context)
    for alarm in firing:
        topics.publish(message_about(alarm, target, found=found, meaning=meaning_of(os.environ, alarm.name)))


def _firing_and_refused(event: object, here: AccountRegion) -> tuple[list[AlarmChange], list[NotAnAlarmError]]:
    firing, refused = [], []
    for change in parse_alarm_event(event, here):
        if isinstance(change, NotAnAlarmError):
            log.error("event refused", extra={"reason": str(change)})
            refused.append(change)
        elif change.state == ALARM:
            firing.append(change)
        else:
            log.info("nothing to pause", extra={"alarm": change.name, "state": change.state})
    return firing, refused


@dataclass(frozen=True, slots=True)
class Target:
    """What to pause: a configuration set or, without one, the account in its region."""

    configuration_set: str
    here: AccountRegion

    @classmethod
    def of(cls, environment: Mapping[str, str], here: AccountRegion) -> Self:
        name = environment.get("PAUSE_CONFIGURATION_SET")
        # Only an empty text may stand for the account; a setting that got lost must not.
        if name is None or (name and not _SET_NAME.fullmatch(name)):
            raise ValueError(
                "PAUSE_CONFIGURATION_SET must be set, to the name of a configuration set or to nothing for the account"
            )
        return cls(name, here)

    def __str__(self) -> str:
        if self.configuration_set:
            return f"configuration set {self.configuration_set}"
        return f"account {self.here.account} in {self.here.region}"

    @property
    def resume_command(self) -> str:
        if self.configuration_set:
            what = f"put-configuration-set-sending-options --configuration-set-name {self.configuration_set}"
        else:
            what = "put-account-sending-attributes"
        return f"aws sesv2 {what} --sending-enabled --region {self.here.region}"


def meaning_of(environment: Mapping[str, str], alarm_name: str) -> str:
    """Say what an alarm means: for a composite one, CloudWatch itself says only which of its alarms changed."""
    kinds = [kind for kind in ("Bounce", "Complaint") if f"{kind}Rate" in alarm_name]
    return "; ".join(filter(None, (environment.get(f"PAUSE_ON_{kind.upper()}", "") for kind in kinds)))


def message_about(alarm: AlarmChange, target: Target, *, found: bool, meaning: str = "") -> Message:
    """Say what happened to *target*, which SES has *found* or not, and what to do now."""
    subject = (
        f"SES sending {'paused' if found else 'not paused'}: {target.configuration_set or target}, alarm {alarm.name}"
    )
    about = "\n".join(
        (
            f"Alarm: {alarm.name}",
            *([f"It means: {meaning}"] if meaning else []),
            f"In alarm since: {alarm.since or 'unknown'}",
            f"Reason: {alarm.reason or 'unknown'}",
        )
    )
    where = (
        f"{target} (account {target.here.account}, {target.here.region})" if target.configuration_set else str(target)
    )
    if found:
        parts = [f"Sending is paused for {where}.", about, *_about_resuming(target)]
    else:
        parts = [
            f"Nothing was paused: SES knows no {where}.",
            about,
            "The alarm may be right all the same, about mail that goes out in another way. Deploy the stack of this "
            "alarm again, so that it pauses what exists, or delete the stack.",
        ]
    return Message.of(subject, parts)


def _about_resuming(target: Target) -> Sequence[str]:
    if target.configuration_set:
        scope = (
            "SES refuses mail with this configuration set, named or by default, until a person resumes it. Mail with "
            "other configuration sets or with none is not affected, nor is receiving."
        )
    else:
        scope = (
            "SES refuses all mail of this account in this region until a person resumes it. Other regions are not "
            "affected, nor is receiving."
        )
    return (
        scope,
        "Look at this before you resume:\n"
        "- which addresses bounced or complained, and how they came onto your lists: the events of the configuration "
        "set, and the suppression list\n"
        "- what was sent in the hours before, by whom, and whether somebody else got hold of credentials\n"
        "- the bounce and complaint rates and any message from AWS: reputation metrics in the console of SES",
        "When the cause is gone, this resumes sending:",
        f"    {target.resume_command}",
        "Neither a deployment nor the end of the alarm resumes it.",
    )


class Sending:
    """The switches of SES."""

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def pause(self, target: Target) -> bool:
        """Pause *target*, and tell whether SES knows it."""
        if not target.configuration_set:
            self._ses.put_account_sending_attributes(SendingEnabled=False)
        elif not self._pause_set(target.configuration_set):
            log.error("configuration set not found", extra={"target": str(target)})
            return False
        log.warning("sending paused", extra={"target": str(target)})
        return True

    def _pause_set(self, name: str) -> bool:
        try:
            self._ses.put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=False)
        except Exception as error:
            if is_not_found(error):
                return False
            raise
        return True
