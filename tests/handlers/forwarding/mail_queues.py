"""The queues of what is not forwarded: a message that is received is hidden for a while, and comes again."""

# ruff: noqa: N803 - parameters have the names of AWS

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..wire import AwsError

if TYPE_CHECKING:
    from ..world import Clock

Attributes = dict[str, dict[str, str]]


@dataclass
class Queued:
    """One message; *hidden_until* is a time of the clock."""

    body: str
    attributes: Attributes = field(default_factory=dict)
    hidden_until: float = 0
    received: int = 0


@dataclass
class Sqs:
    """Standard queues by their URLs. A handle is good for the last receipt of a message alone."""

    clock: "Clock"
    queues: dict[str, list[Queued]] = field(default_factory=dict)

    def send_message(self, *, QueueUrl: str, MessageBody: str, MessageAttributes: Attributes) -> dict[str, Any]:
        self._queue(QueueUrl).append(Queued(MessageBody, MessageAttributes))
        return {"MessageId": "1", "MD5OfMessageBody": "1"}

    def receive_message(
        self,
        *,
        QueueUrl: str,
        MaxNumberOfMessages: int,
        WaitTimeSeconds: int,
        VisibilityTimeout: int,
        MessageAttributeNames: list[str],
    ) -> dict[str, Any]:
        assert MaxNumberOfMessages <= 10
        assert 1 <= WaitTimeSeconds <= 20
        assert 0 <= VisibilityTimeout <= 43_200
        seen = [one for one in self._queue(QueueUrl) if one.hidden_until <= self.clock.now][:MaxNumberOfMessages]
        if not seen:
            self.clock.now += WaitTimeSeconds
            return {}
        for one in seen:
            one.hidden_until = self.clock.now + VisibilityTimeout
            one.received += 1
        return {
            "Messages": [
                {
                    "MessageId": str(id(one)),
                    "ReceiptHandle": self._handle(one),
                    "Body": one.body,
                    "MessageAttributes": {
                        name: value for name, value in one.attributes.items() if name in MessageAttributeNames
                    },
                }
                for one in seen
            ]
        }

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> dict[str, Any]:
        self._queue(QueueUrl).remove(self._find(QueueUrl, ReceiptHandle))
        return {}

    def change_message_visibility_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:
        assert 1 <= len({entry["Id"] for entry in Entries}) == len(Entries) <= 10
        for entry in Entries:
            found = self._find(QueueUrl, entry["ReceiptHandle"])
            found.hidden_until = self.clock.now + entry["VisibilityTimeout"]
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries], "Failed": []}

    def _queue(self, url: str) -> list[Queued]:
        if url not in self.queues:
            raise AwsError("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")
        return self.queues[url]

    def _find(self, url: str, handle: str) -> Queued:
        return next(one for one in self._queue(url) if self._handle(one) == handle)

    @staticmethod
    def _handle(one: Queued) -> str:
        return f"{id(one)}/{one.received}"
