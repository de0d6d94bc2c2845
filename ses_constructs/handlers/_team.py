"""Tells people by way of topics.

A topic that cannot be told is logged as ``topic not told``, and the others are still told. Nothing here raises.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import boto3

from ._alarm_event import one_line
from ._aws import BRISK
from ._custom_resource import Context

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)

# SNS wants fewer than 100 (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
_SUBJECT_CHARACTERS = 99
_LOGGED_CHARACTERS = 300
# A call of a brisk client ends within a minute.
_MILLISECONDS_TO_TELL = 60_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What the topics get."""

    subject: str
    body: str

    @classmethod
    def of(cls, subject: str, paragraphs: Sequence[str]) -> Self:
        """Write *subject* as SNS takes it, and the *paragraphs* with a line between them."""
        seen = one_line(subject.encode("ascii", "replace").decode(), _SUBJECT_CHARACTERS)
        return cls(seen, "\n\n".join(paragraphs) + "\n")


class Team:
    """The topics, and the time that is left for them."""

    def __init__(self, topics: Sequence[str], context: Context) -> None:
        self._topics = topics
        self._context = context

    @classmethod
    def of(cls, environment: Mapping[str, str], name: str, context: Context) -> Self:
        """Read a JSON list of ARNs; one that cannot be read is logged, and nobody is told."""
        try:
            topics = json.loads(environment.get(name, ""))
        except ValueError:
            topics = None
        if not isinstance(topics, list):
            log.error("topic not told", extra={"reason": f"{name} must be a JSON list of ARNs"})
            topics = []
        return cls(list(map(str, topics)), context)

    @cached_property
    def _sns(self) -> "SNSClient":
        return boto3.client("sns", config=BRISK)

    def tell(self, notice: Notice) -> int:
        """Return how many topics were told."""
        return sum(self._is_told(topic, notice) for topic in self._topics)

    def _is_told(self, topic: str, notice: Notice) -> bool:
        try:
            # Lambda tries again when the time is up, and everything would be done again.
            if self._context.get_remaining_time_in_millis() < _MILLISECONDS_TO_TELL:
                raise TimeoutError("no time is left")
            self._sns.publish(TopicArn=topic, Subject=notice.subject, Message=notice.body)
        except Exception as error:
            log.error("topic not told", extra={"topic": topic, "reason": str(error)[:_LOGGED_CHARACTERS]})
            return False
        return True
