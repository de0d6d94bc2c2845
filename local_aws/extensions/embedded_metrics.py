"""Metrics that a function prints in the embedded metric format, which CloudWatch takes out of its log.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import contextlib
import json
from typing import Any

from ministack.core.lambda_runtime import Worker
from ministack.core.responses import request_scope
from ministack.services import cloudwatch, lambda_svc

from local_aws.extensions.alarms import evaluate_alarms_on


def _count(line: str) -> None:
    """Count what one line of a log says; a line that is not in the format is only a line."""
    try:
        record = json.loads(line)
        directives = record["_aws"]["CloudWatchMetrics"]
    except (ValueError, LookupError, TypeError):
        return
    for directive in directives:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = {name: str(record[name]) for name in names}
            for metric in directive["Metrics"]:
                _record(directive["Namespace"], metric, record[metric["Name"]], dimensions)
        evaluate_alarms_on(directive["Namespace"])


def _record(namespace: str, metric: dict[str, str], values: Any, dimensions: dict[str, str]) -> None:
    for value in values if isinstance(values, list) else [values]:
        cloudwatch.record_metric(namespace, metric["Name"], value, metric.get("Unit", "None"), dimensions)


def _read_stderr(self: Worker) -> None:
    """In place of ministack's. Here, because a line that comes late is missing in the log of its invocation."""
    account, region = lambda_svc._account_region_from_function_config(self.config)
    with request_scope(account, region), contextlib.suppress(OSError, ValueError):  # it was closed under us
        for line in self._proc.stderr:
            self._stderr_queue.put(line.rstrip("\n"))
            try:
                _count(line)
            except (LookupError, TypeError, ValueError, AttributeError) as error:
                cloudwatch.logger.warning("CloudWatch: no metrics in %s: %r", line.rstrip(), error)


def install() -> None:
    Worker._read_stderr = _read_stderr
