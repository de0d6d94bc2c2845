"""Tells people what SES reports by itself: that sending was switched off, or that its advisor recommends something.

EventBridge invokes ``account_health``, which passes events to this. Environment: ``EVENT_TOPICS``, a JSON list of the
ARNs of the topics to publish to.

An event of another source, kind, account or region is refused. Every other part of an event may be missing: people then
read that it is unknown. What SES wrote is cut, put on one line, and cleared of what cannot be seen.

The function fails, for Lambda to try again, only if no topic took the message. If some did, the others are logged as
``message not published``, for another try would publish to the first ones twice. EventBridge may deliver an event
twice, and people then get the message twice.

Give the function a time-out of 5 minutes.

Permissions: ``sns:Publish`` on the topics and, where they are encrypted, ``kms:Decrypt`` and ``kms:GenerateDataKey`` on
their keys.

The format: https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._lambda import AccountRegion, Context
from ._text import one_line
from ._topics import Message, Topics

log = logging.getLogger(__name__)

SWITCHED_OFF, RECOMMENDATION = "Sending Status Disabled", "Advisor Recommendation Status Open"

_HEADLINES = {SWITCHED_OFF: "SES has switched off sending", RECOMMENDATION: "SES recommends a change"}
_WHO = {"AWS_MANAGED": "AWS", "CUSTOMER_MANAGED": "this account"}
_MOST_RESOURCES = 10
_ARN_CHARACTERS, _CAUSE_CHARACTERS, _WORD_CHARACTERS = 300, 1000, 40


class UnexpectedEventError(Exception):
    """Why an event is refused."""


class NotPublishedError(Exception):
    """No topic took the message."""


def pass_on(event: Mapping[str, Any], context: Context) -> None:
    """Publish one event to every topic."""
    try:
        reported = AccountEvent.of(event, AccountRegion.of(context.invoked_function_arn))
    except UnexpectedEventError as error:
        log.error("event refused", extra={"reason": str(error)})
        raise
    published = Topics.of(os.environ, "EVENT_TOPICS", context).publish(message_about(reported))
    if not published:
        raise NotPublishedError(f"no topic could be told that {reported.headline}")
    log.info("event published", extra={"kind": reported.kind, "topics": published})


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """What SES reports about our own account and region; each text is one line for people to read, or empty."""

    here: AccountRegion
    kind: str
    resources: tuple[str, ...]
    status: str
    cause: str
    since: str
    by: str
    recommended_on: str
    impact: str

    @classmethod
    def of(cls, event: object, here: AccountRegion) -> Self:
        """Read what EventBridge passes on."""
        sent = _object(event)
        kind = sent.get("detail-type")
        if sent.get("source") != "aws.ses" or not isinstance(kind, str) or kind not in _HEADLINES:
            raise UnexpectedEventError(
                f"the event must be {' or '.join(map(repr, _HEADLINES))} of aws.ses, "
                f"got {_line(kind)!r} of {_line(sent.get('source'))!r}"
            )
        if (sent.get("account"), sent.get("region")) != (here.account, here.region):
            raise UnexpectedEventError(
                f"the event must come from account {here.account} in {here.region}, "
                f"got {_line(sent.get('account'))!r} in {_line(sent.get('region'))!r}"
            )
        detail = _object(sent.get("detail"))
        data, metadata = _object(detail.get("data")), _object(detail.get("metadata"))
        record = _object(data.get("record"))
        return cls(
            here=here,
            kind=kind,
            resources=_lines(sent.get("resources")),
            status=_line(record.get("status")),
            cause=_line(record.get("cause"), _CAUSE_CHARACTERS),
            since=_line(record.get("lastUpdatedTimestamp")) or _line(sent.get("time")),
            by=_WHO.get(_line(data.get("origin")), ""),
            recommended_on=_line(metadata.get("type")),
            impact=_line(metadata.get("impact")),
        )

    @property
    def headline(self) -> str:
        return _HEADLINES[self.kind]


def message_about(event: AccountEvent) -> Message:
    """Say what SES did or recommends, about what, why, and where to look."""
    # Only the end of an ARN differs from one resource to the next.
    what = event.resources[0].rpartition(":")[2] if event.resources else f"account {event.here.account}"
    matter = f" ({event.recommended_on})" if event.recommended_on else ""
    known = (
        ("Event", event.kind),
        ("About", ", ".join(event.resources) or "unknown"),
        ("Recommendation on", event.recommended_on),
        ("Impact", event.impact),
        ("Status", event.status),
        ("By", event.by),
        ("Cause", event.cause or "unknown"),
        ("Since", event.since or "unknown"),
    )
    return Message.of(
        f"{event.headline}{matter}: {what}, {event.here.region}",
        [
            f"{event.headline} in account {event.here.account}, {event.here.region}.",
            "\n".join(f"{name}: {value}" for name, value in known if value),
            _WHERE_TO_LOOK[event.kind],
        ],
    )


_WHERE_TO_LOOK = {
    SWITCHED_OFF: (
        "Look at this in the console of SES, in the same region:\n"
        "- the account dashboard: whether the account is under review, and whether it may send\n"
        "- the reputation metrics: the bounce and complaint rates, and any message from AWS\n"
        "- what was sent in the hours before, by whom, and whether somebody else got hold of credentials"
    ),
    RECOMMENDATION: (
        "Look at this in the console of SES, in the same region:\n"
        "- the advisor of the Virtual Deliverability Manager, which says what to change\n"
        "- the reputation metrics: the bounce and complaint rates, and any message from AWS\n"
        "Nothing was switched off."
    ),
}


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _line(value: object, max_length: int = _WORD_CHARACTERS) -> str:
    return one_line(value, max_length)


def _lines(values: object) -> tuple[str, ...]:
    """Return those of the first texts that hold anything."""
    found = values[:_MOST_RESOURCES] if isinstance(values, list) else []
    return tuple(filter(None, (_line(each, _ARN_CHARACTERS) for each in found)))
