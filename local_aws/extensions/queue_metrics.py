"""What SQS itself counts of a queue, each time that something happens to it: messages sent, and messages to be had.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import cloudwatch, sns, sqs

from local_aws.extensions.alarms import evaluate_alarms_on
from local_aws.extensions.registry import Params

NAMESPACE = "AWS/SQS"
CHANGING = ("ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage", "DeleteMessageBatch", "PurgeQueue")

Action = Callable[[Params, str], Any]


def _tell(queue: dict[str, Any] | None, *, sent: int = 0) -> None:
    if queue is None:
        return
    dimensions = {"QueueName": queue["name"]}
    if sent:
        cloudwatch.record_metric(NAMESPACE, "NumberOfMessagesSent", sent, "Count", dimensions)
    sqs._refresh_counts(queue)
    visible = int(queue["attributes"]["ApproximateNumberOfMessages"])
    cloudwatch.record_metric(NAMESPACE, "ApproximateNumberOfMessagesVisible", visible, "Count", dimensions)
    evaluate_alarms_on(NAMESPACE)


def _sending(original: Action) -> Action:
    def send(data: Params, url: str) -> Any:
        answer = original(data, url)
        _tell(sqs._get_q(data.get("QueueUrl", url)), sent=1)
        return answer

    return send


def _changing(original: Action) -> Callable[[Params, str], Awaitable[Any]]:
    async def change(data: Params, url: str) -> Any:
        answer = original(data, url)
        if inspect.isawaitable(answer):
            answer = await answer
        _tell(sqs._get_q(data.get("QueueUrl", url)))
        return answer

    return change


def _delivering(original: Callable[..., None]) -> Callable[..., None]:
    def deliver(endpoint: str, *arguments: Any, **options: Any) -> None:
        queue = sqs._queue_by_arn(endpoint)
        before = len(queue["messages"]) if queue else 0
        original(endpoint, *arguments, **options)
        if queue and len(queue["messages"]) > before:
            _tell(queue, sent=1)

    return deliver


def install() -> None:
    sqs._act_send_message = sqs._HANDLERS["SendMessage"] = _sending(sqs._act_send_message)
    for action in CHANGING:
        sqs._HANDLERS[action] = _changing(sqs._HANDLERS[action])
    sns._deliver_to_sqs = _delivering(sns._deliver_to_sqs)
