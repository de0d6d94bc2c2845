"""Forwards messages that were not forwarded, once a person says so: ``{"redrive": "<reason>"}``.

Two queues hold them. The refused queue has what policy refused, with the attribute ``Reason``. In the dead-letter queue
is what failed: as Lambda's event, or in the envelope of SNS if the function was never reached.

Whoever may invoke the function with this gains little over an event like that of SNS, which he may send as well, with
any verdict in it: messages go to the destinations of their rule alone, once to each, and never round in a loop. More
than by such an event, he can have an answer of a program forwarded.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from .._lambda import Context
from .._text import parse_json
from .errors import NotForwardedError, Reason, RefusedError, TryAgainError, calling
from .notification import sns_messages

log = logging.getLogger(__name__)

REDRIVABLE = (Reason.SPAM, Reason.DMARC, Reason.OWN_DOMAIN, Reason.UNCHECKED, Reason.AUTO_REPLY, Reason.FAILED)
_BATCH = 10
# With a wait, SQS asks all servers of a queue; without, it may find nothing in one that is not empty.
_WAIT_SECONDS = 2
# For the message in hand, and to give the others back.
_SPARE_MILLISECONDS = 60_000

Forward = Callable[[str, Reason], None]


def redrive(asked: object, queue_urls: Sequence[str], forward: Forward, sqs: Any, context: Context) -> dict[str, Any]:
    """Forward every message that was not forwarded for one reason.

    Args:
        asked: The reason, which no longer counts.
        queue_urls: Where the messages are. One that is forwarded is deleted there; all others are given back.
        forward: Forwards the message of a notification in spite of the reason, or raises.
        sqs: The client.
        context: Of Lambda; what is not done a minute before the time-out is left.

    Returns:
        ``forwarded``, ``left`` (for another reason) and ``failed`` (again) with the number of messages, and ``more``:
        whether time ran out, so that the same has to be asked once more.

    Raises:
        ValueError: No such reason, or one that nobody should want.
    """
    if asked not in REDRIVABLE:
        raise ValueError(f"redrive must be one of {', '.join(REDRIVABLE)}, got {asked!r}")
    reason = Reason(str(asked))
    counts = {"forwarded": 0, "left": 0, "failed": 0}
    more = False
    for url in queue_urls:
        with _Queue(sqs, url, context) as queue:
            for message in queue.messages():
                if _reason(message) != reason:
                    counts["left"] += 1
                elif _is_forwarded(message["Body"], reason, forward):
                    queue.delete(message)
                    counts["forwarded"] += 1
                else:
                    counts["failed"] += 1
            more |= queue.has_more
    return counts | {"more": more}


@dataclass(slots=True)
class _Queue:
    """A queue that is read once to its end. What is not deleted is hidden until then, or it would come again."""

    sqs: Any
    url: str
    context: Context
    has_more: bool = False
    hidden: set[str] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        handles = list(self.hidden)
        for start in range(0, len(handles), _BATCH):
            entries = [
                {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                for number, handle in enumerate(handles[start : start + _BATCH])
            ]
            try:
                with calling("sqs:ChangeMessageVisibility"):
                    self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)
            except (NotForwardedError, TryAgainError) as error:
                # They come back by themselves, once the time that they are hidden for is over.
                log.warning("messages not given back", extra={"reason": str(error)})

    def messages(self) -> Iterator[dict[str, Any]]:
        while batch := self._receive():
            self.hidden.update(message["ReceiptHandle"] for message in batch)
            for message in batch:
                if self._is_time_up():
                    return
                yield message

    def delete(self, message: dict[str, Any]) -> None:
        with calling("sqs:DeleteMessage"):
            self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        self.hidden.remove(message["ReceiptHandle"])

    def _receive(self) -> list[dict[str, Any]]:
        if self._is_time_up():
            return []
        with calling("sqs:ReceiveMessage"):
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=_BATCH,
                WaitTimeSeconds=_WAIT_SECONDS,
                VisibilityTimeout=self.context.get_remaining_time_in_millis() // 1000,
                MessageAttributeNames=["Reason", "ErrorMessage"],
            )
        messages: list[dict[str, Any]] = answer.get("Messages", [])
        return messages

    def _is_time_up(self) -> bool:
        self.has_more = self.context.get_remaining_time_in_millis() < _SPARE_MILLISECONDS
        return self.has_more


def _reason(message: dict[str, Any]) -> str:
    """Read why a message is in its queue: from our attribute, or from the text of the error that Lambda puts there."""
    attributes = message.get("MessageAttributes", {})
    refused, error = (attributes.get(name, {}).get("StringValue", "") for name in ("Reason", "ErrorMessage"))
    return refused or (Reason.UNCHECKED if error.startswith(f"{Reason.UNCHECKED}: ") else Reason.FAILED)


def _is_forwarded(body: str, reason: Reason, forward: Forward) -> bool:
    try:
        for text in _notifications(body):
            forward(text, reason)
    except (RefusedError, NotForwardedError, TryAgainError) as error:
        # Not "mail not forwarded": that was said, and counted, when it came.
        why = error.reason if isinstance(error, (RefusedError, NotForwardedError)) else Reason.FAILED
        log.warning("mail not forwarded again", extra={"reason": why, "detail": str(error)})
        return False
    return True


def _notifications(body: str) -> list[str]:
    match parse_json(body):
        case {"Records": records}:
            return sns_messages({"Records": records})
        case {"Type": "Notification", "Message": str() as text}:
            return [text]
    return [body]
