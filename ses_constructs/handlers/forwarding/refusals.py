"""Keeps what is not forwarded by policy, so that a person can have it forwarded after all, and counts it."""

import json
import time
from typing import Any

from .errors import Reason, calling

NAMESPACE, METRIC = "SesConstructs", "NotForwarded"
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
    """Count one message, in CloudWatch's embedded metric format.

    It must be printed: a logger's line becomes a text within Lambda's JSON, and that is no metric.
    """
    metrics = {
        "Namespace": NAMESPACE,
        "Dimensions": [["RuleSet", "Reason"]],
        "Metrics": [{"Name": METRIC, "Unit": "Count"}],
    }
    about = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metrics]}
    print(json.dumps({"_aws": about, "RuleSet": rule_set, "Reason": reason, METRIC: 1}), flush=True)
