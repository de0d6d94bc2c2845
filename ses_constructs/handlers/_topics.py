"""Publishes messages for people to topics.

By https they are custom notifications of Amazon Q Developer in chat applications, which subscribes to topics so and
drops whatever it cannot read; by every other protocol, such as email, sms, sqs and lambda, they are plain text.

A topic that does not take one is logged as ``message not published``, and the others still get it. Nothing here raises.
"""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Self

import boto3

from ._aws import RETRY_SHORT
from ._lambda import Context, json_list
from ._text import one_line

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)

# SNS wants fewer than 100 (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
_SUBJECT_CHARACTERS = 99
_LOGGED_CHARACTERS = 300
# A call with RETRY_SHORT ends within a minute.
_MILLISECONDS_TO_PUBLISH = 60_000


@dataclass(frozen=True, slots=True)
class Message:
    """What a topic gets."""

    subject: str
    body: str

    @classmethod
    def of(cls, subject: str, paragraphs: Sequence[str]) -> Self:
        """Write *subject* as SNS takes it, and the *paragraphs* with an empty line between them."""
        ascii_subject = one_line(subject.encode("ascii", "replace").decode(), _SUBJECT_CHARACTERS)
        return cls(ascii_subject, "\n\n".join(paragraphs) + "\n")

    def by_protocol(self) -> str:
        """Return what SNS takes as ``MessageStructure=json``: a text for each protocol, and one for all others."""
        return json.dumps({"default": self.body, "https": json.dumps(self._custom_notification())})

    def _custom_notification(self) -> dict[str, object]:
        """Source: https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html, the event schema."""
        paragraphs = self.body.removesuffix("\n").split("\n\n")
        description = "\n\n".join(map(_with_commands_as_code, paragraphs))
        return {
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": _without_mentions(self.subject),
                "description": _without_mentions(description),
            },
        }


def _without_mentions(text: str) -> str:
    """Slack takes an angle bracket with a word behind it for a mention or a link."""
    return text.replace("<", "< ")


def _with_commands_as_code(paragraph: str) -> str:
    return f"```\n{paragraph.strip()}\n```" if paragraph.startswith("    ") else paragraph


class Topics:
    """The topics of an environment variable, and the time that is left to publish to them."""

    def __init__(self, arns: Sequence[str], context: Context) -> None:
        self._arns = arns
        self._context = context

    @classmethod
    def of(cls, environment: Mapping[str, str], name: str, context: Context) -> Self:
        """Read a JSON list of ARNs; one that cannot be read is logged and taken for an empty one."""
        arns = json_list(environment, name)
        if arns is None:
            log.error("message not published", extra={"reason": f"{name} must be a JSON list of ARNs"})
        return cls(arns or [], context)

    @cached_property
    def _sns(self) -> "SNSClient":
        return boto3.client("sns", config=RETRY_SHORT)

    def publish(self, message: Message) -> int:
        """Publish to every topic, and return how many took the message."""
        return sum(self._is_published(arn, message) for arn in self._arns)

    def _is_published(self, arn: str, message: Message) -> bool:
        try:
            # When the time is up, Lambda starts the function again, and everything would be done twice.
            if self._context.get_remaining_time_in_millis() < _MILLISECONDS_TO_PUBLISH:
                raise TimeoutError("no time is left")
            self._sns.publish(
                TopicArn=arn, Subject=message.subject, Message=message.by_protocol(), MessageStructure="json"
            )
        except Exception as error:
            log.error("message not published", extra={"topic": arn, "reason": str(error)[:_LOGGED_CHARACTERS]})
            return False
        return True
