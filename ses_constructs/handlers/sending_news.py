"""Tells people what SES reports by itself: that sending was switched off, or that its advisor recommends something.

EventBridge invokes this. Environment: ``NEWS_TOPICS``, a JSON list of the ARNs of topics to tell.

An event of another source, kind, account or region is refused. Every other part of an event may be missing: people then
read that it is unknown. What SES wrote is cut, on one line and without what cannot be seen.

The function fails, for Lambda to try again, only while no topic could be told. Where some were, the others are logged
as ``topic not told``, for another try would tell the first ones twice. EventBridge may deliver an event twice, and
people are then told twice.

Give the function a time-out of 5 minutes.

Permissions: ``sns:Publish`` on the topics and, where they are encrypted, ``kms:Decrypt`` and ``kms:GenerateDataKey`` on
their keys.

The document: https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._alarm_event import Home, one_line
from ._custom_resource import Context
from ._team import Notice, Team

log = logging.getLogger(__name__)

SWITCHED_OFF, RECOMMENDATION = "Sending Status Disabled", "Advisor Recommendation Status Open"

_HEADLINES = {SWITCHED_OFF: "SES has switched off sending", RECOMMENDATION: "SES recommends a change"}
_WHO = {"AWS_MANAGED": "AWS", "CUSTOMER_MANAGED": "this account"}
_MOST_RESOURCES = 10
_ARN_CHARACTERS, _CAUSE_CHARACTERS, _WORD_CHARACTERS = 300, 1000, 40


class NoNewsError(Exception):
    """A sentence that says why an event is refused."""


class NobodyToldError(Exception):
    """No topic took the news."""


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Tell every topic of one event."""
    try:
        news = News.of(event, Home.of(context.invoked_function_arn))
    except NoNewsError as error:
        log.error("event refused", extra={"reason": str(error)})
        raise
    told = Team.of(os.environ, "NEWS_TOPICS", context).tell(notice(news))
    if not told:
        raise NobodyToldError(f"no topic could be told that {news.headline}")
    log.info("news told", extra={"kind": news.kind, "topics": told})


@dataclass(frozen=True, slots=True)
class News:
    """What SES reports about our own account and region; each text is one line for people to read, or empty."""

    home: Home
    kind: str
    resources: tuple[str, ...]
    status: str
    cause: str
    since: str
    by: str
    subject_matter: str
    impact: str

    @classmethod
    def of(cls, event: object, home: Home) -> Self:
        """Read what EventBridge passes on."""
        told = _object(event)
        kind = told.get("detail-type")
        if told.get("source") != "aws.ses" or not isinstance(kind, str) or kind not in _HEADLINES:
            raise NoNewsError(
                f"the event must be {' or '.join(map(repr, _HEADLINES))} of aws.ses, "
                f"got {_line(kind)!r} of {_line(told.get('source'))!r}"
            )
        if (told.get("account"), told.get("region")) != (home.account, home.region):
            raise NoNewsError(
                f"the event must come from account {home.account} in {home.region}, "
                f"got {_line(told.get('account'))!r} in {_line(told.get('region'))!r}"
            )
        detail = _object(told.get("detail"))
        data, metadata = _object(detail.get("data")), _object(detail.get("metadata"))
        record = _object(data.get("record"))
        return cls(
            home=home,
            kind=kind,
            resources=_lines(told.get("resources")),
            status=_line(record.get("status")),
            cause=_line(record.get("cause"), _CAUSE_CHARACTERS),
            since=_line(record.get("lastUpdatedTimestamp")) or _line(told.get("time")),
            by=_WHO.get(_line(data.get("origin")), ""),
            subject_matter=_line(metadata.get("type")),
            impact=_line(metadata.get("impact")),
        )

    @property
    def headline(self) -> str:
        return _HEADLINES[self.kind]


def notice(news: News) -> Notice:
    """Say what SES did or recommends, about what, why, and where to look."""
    # Only the end of an ARN differs from one resource to the next.
    what = news.resources[0].rpartition(":")[2] if news.resources else f"account {news.home.account}"
    matter = f" ({news.subject_matter})" if news.subject_matter else ""
    known = (
        ("Event", news.kind),
        ("About", ", ".join(news.resources) or "unknown"),
        ("Recommendation on", news.subject_matter),
        ("Impact", news.impact),
        ("Status", news.status),
        ("By", news.by),
        ("Cause", news.cause or "unknown"),
        ("Since", news.since or "unknown"),
    )
    return Notice.of(
        f"{news.headline}{matter}: {what}, {news.home.region}",
        [
            f"{news.headline} in account {news.home.account}, {news.home.region}.",
            "\n".join(f"{name}: {value}" for name, value in known if value),
            _WHERE_TO_LOOK[news.kind],
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


def _line(value: object, most: int = _WORD_CHARACTERS) -> str:
    return one_line(value, most)


def _lines(values: object) -> tuple[str, ...]:
    """The first of several texts that hold anything."""
    found = values[:_MOST_RESOURCES] if isinstance(values, list) else []
    return tuple(filter(None, (_line(each, _ARN_CHARACTERS) for each in found)))
