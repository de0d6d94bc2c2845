"""An alarm's state by its datapoints, and what it then tells a topic and a function, in the documented forms. Pure.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

Alarm = dict[str, Any]
State = dict[str, Any]


def alarm_state(breaching: Sequence[bool | None], *, to_alarm: int, missing: str, now: str) -> str:
    """The state by the last datapoints, None for a period without data, of which *to_alarm* have to breach.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    gaps = sum(each is None for each in breaching)
    known = [each for each in breaching if each is not None]
    if missing in ("breaching", "notBreaching"):
        known, gaps = known + [missing == "breaching"] * gaps, 0
    if sum(known) >= to_alarm:
        return "ALARM"
    if gaps and missing == "ignore" and (not known or sum(known) + gaps >= to_alarm):
        return now
    if not known:
        return "INSUFFICIENT_DATA"
    return "ALARM" if gaps and all(known) else "OK"


def moment(seconds: float) -> str:
    """CloudWatch's timestamps: 2023-08-04T12:36:15.490+0000."""
    at = datetime.fromtimestamp(seconds, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}+0000"


def state_of(alarm: Alarm, *, at: float) -> State:
    """`state` of an event, kept to be the next one's `previousState`."""
    state = {
        "value": alarm["StateValue"],
        "reason": alarm.get("StateReason", ""),
        "reasonData": alarm.get("StateReasonData"),
        "timestamp": moment(at),
    }
    return {name: value for name, value in state.items() if value is not None}


def function_event(alarm: Alarm, *, state: State, previous: State, account: str, region: str) -> dict[str, Any]:
    """The event of a function that is an alarm's action."""
    composite = "AlarmRule" in alarm
    details = {"alarmRule": alarm["AlarmRule"]} if composite else {"metrics": _metrics(alarm)}
    description = {"description": alarm["AlarmDescription"]} if alarm.get("AlarmDescription") else {}
    return {
        "source": "aws.cloudwatch",
        "alarmArn": alarm["AlarmArn"],
        "accountId": account,
        "time": state["timestamp"],
        "region": region,
        "alarmData": {
            "alarmName": alarm["AlarmName"],
            "state": state,
            "previousState": previous,
            "configuration": description | details,
        },
    }


def _metrics(alarm: Alarm) -> list[dict[str, Any]]:
    return [_metric(query) for query in alarm.get("Metrics") or [_single(alarm)]]


def _single(alarm: Alarm) -> dict[str, Any]:
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions") or [],
    }
    stat = {"Metric": metric, "Period": alarm["Period"], "Stat": _statistic(alarm), "Unit": alarm.get("Unit")}
    return {"Id": "m1", "MetricStat": stat, "ReturnData": True}


def _statistic(alarm: Alarm) -> str:
    return str(alarm.get("ExtendedStatistic") or alarm["Statistic"])


def _metric(query: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if "Expression" in query:
        return made | {"expression": query["Expression"], "label": query.get("Label", "")}
    stat = query["MetricStat"]
    metric = stat["Metric"]
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
    unit = {"unit": stat["Unit"]} if stat.get("Unit") else {}
    return made | {"metricStat": {"metric": named, "period": stat["Period"], "stat": stat["Stat"], **unit}}


def notification(alarm: Alarm, *, state: State, old_state: str, account: str, region_name: str) -> dict[str, Any]:
    """The message of a topic that is an alarm's action; *region_name* is the long one, such as Europe (Ireland)."""
    made = {
        "AlarmName": alarm["AlarmName"],
        "AlarmDescription": alarm.get("AlarmDescription") or None,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": moment(alarm["AlarmConfigurationUpdatedTimestamp"]),
        "NewStateValue": state["value"],
        "NewStateReason": state["reason"],
        "StateChangeTime": state["timestamp"],
        "Region": region_name,
        "AlarmArn": alarm["AlarmArn"],
        "OldStateValue": old_state,
        **{name: alarm.get(name) or [] for name in ("OKActions", "AlarmActions", "InsufficientDataActions")},
    }
    if "AlarmRule" in alarm:
        return made | {"AlarmRule": alarm["AlarmRule"]}
    return made | {"Trigger": _trigger(alarm)}


def _trigger(alarm: Alarm) -> dict[str, Any]:
    rule = {
        "Period": alarm.get("Period", 60),
        "EvaluationPeriods": alarm["EvaluationPeriods"],
        "DatapointsToAlarm": alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]),
        "ComparisonOperator": alarm["ComparisonOperator"],
        "Threshold": alarm["Threshold"],
        "TreatMissingData": alarm.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": "",
    }
    if alarm.get("Metrics"):
        return rule | {"Metrics": [_query(query) for query in alarm["Metrics"]]}
    return {
        "MetricName": alarm["MetricName"],
        "Namespace": alarm["Namespace"],
        "StatisticType": "ExtendedStatistic" if alarm.get("ExtendedStatistic") else "Statistic",
        "ExtendedStatistic" if alarm.get("ExtendedStatistic") else "Statistic": _statistic(alarm).upper(),
        "Unit": alarm.get("Unit"),
        "Dimensions": _dimensions(alarm.get("Dimensions")),
    } | rule


def _dimensions(dimensions: list[dict[str, str]] | None) -> list[dict[str, str]]:
    """In lower case, the value first, as CloudWatch writes them here."""
    return [{"value": each["Value"], "name": each["Name"]} for each in dimensions or []]


def _query(query: dict[str, Any]) -> dict[str, Any]:
    if "MetricStat" not in query:
        return query
    stat = query["MetricStat"]
    metric = stat["Metric"] | {"Dimensions": _dimensions(stat["Metric"].get("Dimensions"))}
    return query | {"MetricStat": stat | {"Metric": metric}}
