"""Switches an application's route between its account and a standby, and tells people; the only one that may write it.

What invokes it:

- An alarm of CloudWatch. One whose name ends in ``-Refused`` says that SES refuses to send: people are told, and
  decide. Every other one says that sending is impaired, and switches to the standby; but not while AWS has the account
  under review, or it or the configuration set is paused, nor soon after a switch, nor for an alarm that began before
  one, nor to a standby that cannot send.
- EventBridge, with SES's ``Sending Status Disabled``: people are told, and decide.
- A person, by ``{"switch_to": "standby", "by": "...", "why": "..."}`` or ``"primary"``, with ``"dry_run": true`` for
  the checks alone. Only this switches back.

Environment: ``FAILOVER_ROUTE``, the name of the parameter; ``FAILOVER_CONFIGURATION_SET``, empty for none;
``FAILOVER_STANDBY``, JSON with ``role_arn``, ``region`` and ``domain``; ``FAILOVER_COOL_DOWN``, in seconds;
``FAILOVER_DRY_RUN``, ``true`` to tell instead of switching on an alarm; ``FAILOVER_TOPICS``, a JSON list of ARNs.

Nothing is switched twice: the route is read first, and one that is there already is left. PutParameter has no
condition, so give the function a concurrency of 1; a time-out of 5 minutes; and let Lambda drop an event after 15
minutes, which could undo what a person has done meanwhile. A switch that fails is told to people, and fails, so that
Lambda tries again.

Permissions: those of ``standby.route`` and ``standby.accounts``; ``sns:Publish`` on the topics and, where they are
encrypted, ``kms:Decrypt`` and ``kms:GenerateDataKey`` on their keys.
"""

import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from ._alarm_event import ALARM, AlarmChange, NotAnAlarmError, parse_alarm_event
from ._lambda import FLAGS, AccountRegion, Context, json_list
from ._text import one_line
from ._topics import Topics
from .account_events import SWITCHED_OFF, AccountEvent, NotPublishedError, UnexpectedEventError
from .standby.accounts import Standby, why_a_person_decides, why_the_primary_cannot_send
from .standby.messages import (
    Commands,
    account_event_message,
    decision_message,
    failure_message,
    switch_message,
)
from .standby.route import PRIMARY, STANDBY, Route, RouteStore

log = logging.getLogger(__name__)

_REFUSED = "-Refused"
_WHO_CHARACTERS, _WHY_CHARACTERS = 100, 500


class CannotSwitchError(Exception):
    """Why a person's switch is not done."""


def on_event(event: Mapping[str, Any], context: Context) -> Mapping[str, Any] | None:
    """Switch, or tell people; a person gets the route as the answer."""
    failover = Failover(Settings.of(os.environ), context)
    if isinstance(event, Mapping) and "switch_to" in event:
        return failover.by_hand(Request.of(event))
    if isinstance(event, Mapping) and event.get("source") == "aws.ses":
        failover.on_account_event(event)
    else:
        failover.on_alarms(event)
    return None


@dataclass(frozen=True, slots=True)
class Settings:
    """The environment."""

    parameter: str
    configuration_set: str
    standby: Standby
    cool_down: int
    dry_run: bool

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Self:
        return cls(
            environment["FAILOVER_ROUTE"],
            environment["FAILOVER_CONFIGURATION_SET"],
            Standby(**json.loads(environment["FAILOVER_STANDBY"])),
            int(environment["FAILOVER_COOL_DOWN"]),
            FLAGS[environment["FAILOVER_DRY_RUN"]],
        )


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for."""

    to: str
    by: str
    why: str
    dry_run: bool

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        to, dry_run = event.get("switch_to"), event.get("dry_run", False)
        by, why = one_line(event.get("by"), _WHO_CHARACTERS), one_line(event.get("why"), _WHY_CHARACTERS)
        if to not in (PRIMARY, STANDBY) or not by or not why or not isinstance(dry_run, bool):
            raise CannotSwitchError(
                f"send switch_to, {PRIMARY!r} or {STANDBY!r}, with by and why as texts, and dry_run as true or false"
            )
        return cls(to, by, why, dry_run)


class Failover:
    """One run of the function."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._settings = settings
        self._context = context
        self._here = AccountRegion.of(context.invoked_function_arn)
        self._store = RouteStore(settings.parameter)
        self._topics = Topics.of(os.environ, "FAILOVER_TOPICS", context)
        self._commands = Commands(context.invoked_function_arn, self._here.region)

    def by_hand(self, request: Request) -> Mapping[str, Any]:
        """Switch as a person asks, to a way that can send."""
        route = self._store.read()
        if route.active == request.to:
            return {"switched": False, "active": route.active, "generation": route.generation}
        if problem := self._why_not(request.to):
            raise CannotSwitchError(f"{request.to} would not send: {problem}")
        if not request.dry_run:
            route = self._switch(route, to=request.to, by=request.by, why=request.why)
        return {"switched": not request.dry_run, "active": route.active, "generation": route.generation}

    def on_alarms(self, event: object) -> None:
        """Switch to the standby once for all alarms that say that sending is impaired; tell of the others."""
        firing, refused = [], []
        for change in parse_alarm_event(event, self._here):
            if isinstance(change, NotAnAlarmError):
                log.error("event refused", extra={"reason": str(change)})
                refused.append(change)
            elif change.state == ALARM:
                firing.append(change)
        for alarm in firing:
            if alarm.name.endswith(_REFUSED):
                self._tell_who_decides(alarm, self._store.read(), "SES refuses to send")
        if impaired := [alarm for alarm in firing if not alarm.name.endswith(_REFUSED)]:
            self._on_impairment(impaired)
        if refused and not firing:
            raise refused[0]

    def on_account_event(self, event: Mapping[str, Any]) -> None:
        """Tell people what SES has switched off."""
        reported = AccountEvent.of(event, self._here)
        if reported.kind != SWITCHED_OFF:
            raise UnexpectedEventError(f"the event must be {SWITCHED_OFF!r}, got {reported.kind!r}")
        told = account_event_message(reported, self._store.read(), self._commands)
        if not self._topics.publish(told):
            raise NotPublishedError(f"no topic could be told that {reported.headline}")

    def _on_impairment(self, alarms: Sequence[AlarmChange]) -> None:
        alarm = alarms[0]
        try:
            route = self._store.read()
            if route.active != PRIMARY:
                log.info("switched already", extra={"generation": route.generation, "alarm": alarm.name})
                return
            left = route.since + self._settings.cool_down - int(time.time())
            if route.generation and left > 0:
                self._tell_who_decides(alarm, route, f"the last switch was too recent; {left} seconds are left")
            elif route.generation and _began(alarm) < route.since:
                # An event that comes late, or for the second time, would undo what was done since.
                self._tell_who_decides(alarm, route, "the alarm began before the last switch")
            elif reason := why_a_person_decides(self._settings.configuration_set):
                self._tell_who_decides(alarm, route, reason)
            elif problem := self._settings.standby.why_it_cannot_send():
                self._tell_who_decides(alarm, route, problem)
            elif self._settings.dry_run:
                self._tell_who_decides(alarm, route, "this is a dry run")
            else:
                self._switch(route, to=STANDBY, by=f"alarm {alarm.name}", why=alarm.reason or "unknown")
        except Exception as error:
            self._topics.publish(failure_message(alarm, error, self._commands))
            raise

    def _why_not(self, to: str) -> str:
        if to == STANDBY:
            return self._settings.standby.why_it_cannot_send()
        return why_the_primary_cannot_send(self._settings.configuration_set)

    def _switch(self, route: Route, *, to: str, by: str, why: str) -> Route:
        switched = route.switched(to=to, by=by, why=why)
        self._store.write(switched)
        log.warning("route switched", extra={"active": to, "generation": switched.generation, "by": by})
        # The route is switched: from here on nothing may be raised.
        self._topics.publish(switch_message(switched, self._commands))
        return switched

    def _tell_who_decides(self, alarm: AlarmChange, route: Route, reason: str) -> None:
        log.warning("not switched", extra={"alarm": alarm.name, "reason": reason})
        told = self._topics.publish(decision_message(alarm, route, reason, self._commands))
        # Nothing was done, so that another try does no harm.
        if not told and json_list(os.environ, "FAILOVER_TOPICS"):
            raise NotPublishedError(f"no topic could be told that nothing was switched: {reason}")


def _began(alarm: AlarmChange) -> float:
    """Seconds since 1970; now where the event does not say."""
    try:
        return datetime.fromisoformat(alarm.since).timestamp()
    except ValueError:
        return time.time()
