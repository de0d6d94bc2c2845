"""Publishes as metrics what SES says of the account in this region; on a schedule.

The same function passes on what SES reports by itself: see ``account_events``.

Environment: ``HEALTH_NAMESPACE``, the namespace of the metrics.

All metrics are without dimensions:

- ``QuotaUsed``: the share of the 24-hour quota that is used, from 0 to 1; 0 where the quota is unlimited.
- ``SentLast24Hours`` and ``Max24HourSend``: messages; the second is left out where it is unlimited.
- ``MaxSendRate``: messages a second.
- ``ProductionAccess``: 1, or 0 in the sandbox.
- ``SendingEnabled``: 1, or 0 while sending is paused, whether by us or by AWS.
- ``EnforcementLevel``: 0 healthy, 1 on probation, 2 shut down; 1 for a status that is not known here.

A call that fails makes the invocation fail, and Lambda tries again. Metrics may then be published twice, so read them
as Maximum, Minimum or Average, and not as Sum.

Give the function a time-out of 5 minutes. The answer of SES holds the account's contact details; none of it is logged.

Permissions, on ``*`` since neither call has a resource level: ``ses:GetAccount``; ``cloudwatch:PutMetricData``, which
the condition ``cloudwatch:namespace`` narrows.
"""

import logging
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import boto3

from ._aws import RETRY_LONG
from ._lambda import Context
from .account_events import pass_on

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.literals import StandardUnitType
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef
    from mypy_boto3_sesv2.type_defs import GetAccountResponseTypeDef

log = logging.getLogger(__name__)

_ENFORCEMENT_LEVELS = {"HEALTHY": 0, "PROBATION": 1, "SHUTDOWN": 2}
_UNKNOWN_LEVEL = 1


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Publish the state of the account when the schedule says so; pass on every other event."""
    if isinstance(event, Mapping) and event.get("source") == "aws.events":
        publish_health()
    else:
        pass_on(event, context)


def publish_health() -> None:
    """Ask SES, and publish its answer as metrics."""
    namespace = os.environ.get("HEALTH_NAMESPACE", "").strip()
    if not namespace:
        raise ValueError("HEALTH_NAMESPACE must be the namespace of the metrics")
    account = boto3.client("sesv2", config=RETRY_LONG).get_account()
    metrics = metrics_of(account)
    boto3.client("cloudwatch", config=RETRY_LONG).put_metric_data(Namespace=namespace, MetricData=metrics)
    log.info("account health published", extra={"metrics": len(metrics)})


def metrics_of(account: "GetAccountResponseTypeDef") -> "list[MetricDatumTypeDef]":
    """Turn the answer of GetAccount into metrics."""
    quota = account["SendQuota"]
    most, sent = quota["Max24HourSend"], quota["SentLast24Hours"]
    metrics = [
        _metric("QuotaUsed", quota_used(most, sent)),
        _metric("SentLast24Hours", sent, "Count"),
        _metric("MaxSendRate", quota["MaxSendRate"], "Count/Second"),
        _metric("ProductionAccess", account["ProductionAccessEnabled"]),
        _metric("SendingEnabled", account["SendingEnabled"]),
        _metric("EnforcementLevel", _enforcement_level(account["EnforcementStatus"])),
    ]
    return metrics if most < 0 else [*metrics, _metric("Max24HourSend", most, "Count")]


def quota_used(most: float, sent: float) -> float:
    """Return the share of the quota that is used; a quota of -1 means no limit."""
    if most < 0:
        return 0.0
    # A quota of 0 is one that is used up, for nothing can be sent.
    return min(sent / most, 1.0) if most else 1.0


def _enforcement_level(status: str) -> int:
    if status not in _ENFORCEMENT_LEVELS:
        log.warning("unknown enforcement status", extra={"status": status[:50]})
    return _ENFORCEMENT_LEVELS.get(status, _UNKNOWN_LEVEL)


def _metric(name: str, value: float, unit: "StandardUnitType" = "None") -> "MetricDatumTypeDef":
    return {"MetricName": name, "Value": float(value), "Unit": unit}
