"""Keeps what is not forwarded by policy, so that a person can have it forwarded after all, and counts it."""

from typing import Any

from .._metrics import count_one
from .errors import Reason, calling

METRIC = "NotForwarded"
# Nobody should want these forwarded.
_NOT_KEPT = frozenset({Reason.VIRUS, Reason.LOOP})


def keep_refusal(sqs: Any, queue_url: str, notification: str, reason: Reason) -> None:
    """Put the text of a notification into the queue from which ``redrive`` takes it."""
    if reason in _NOT_KEPT:
        return
    with calling("sqs:SendMessage"):
        sqs.send_message(
            QueueUrl=queue_url,
            MessageBody=notification,
            MessageAttributes={"Reason": {"DataType": "String", "StringValue": reason}},
        )


def count_refusal(rule_set: str, reason: Reason) -> None:
    """Count one message."""
    count_one(METRIC, {"RuleSet": rule_set, "Reason": reason})
