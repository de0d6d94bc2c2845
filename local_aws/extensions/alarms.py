"""Alarms as CloudWatch has them: by dimension and period, composite ones (AWS::CloudWatch::CompositeAlarm) too.

They are evaluated when data comes, those on metric math (`local_aws/metric_math.py`) too.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local_aws.extensions.alarm_documents import alarm_state
from local_aws.extensions.registry import Properties, Provisioned, Response, generated_name, register_type
from local_aws.metric_math import calculate

SINGLE_METRIC = ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Unit", "Dimensions")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
COMPOSITE = (
    "AlarmRule",
    "AlarmDescription",
    "ActionsEnabled",
    "AlarmActions",
    "OKActions",
    "InsufficientDataActions",
    "Tags",
)


class _Dimensions(dict[str, str]):
    """The dimensions that are asked for; true when there are none, so that no others count."""

    def __bool__(self) -> bool:
        return True


def _value(metric: dict[str, Any], statistic: str, start: float, end: float) -> float | None:
    dimensions = cloudwatch._dims_key(cloudwatch._dims_from_list(metric.get("Dimensions") or []))
    points = cloudwatch._metrics.get((metric["Namespace"], metric["MetricName"], dimensions)) or []
    within = [point for point in points if start < point["Timestamp"] <= end]
    return cloudwatch._stat_value(cloudwatch._calc_stats(within), statistic, within) if within else None


def _period_value(alarm: dict[str, Any], back: int, now: float) -> float | None:
    """The value of the period that ended so many periods ago; the current one counts with what has come so far."""
    if not alarm.get("Metrics"):
        statistic, period = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average", alarm["Period"]
        return _value(alarm, statistic, now - (back + 1) * period, now - back * period)
    values = dict[str, float | None]()
    for each in alarm["Metrics"]:
        if stat := each.get("MetricStat"):
            period = stat["Period"]
            values[each["Id"]] = _value(stat["Metric"], stat["Stat"], now - (back + 1) * period, now - back * period)
    (expression,) = (each["Expression"] for each in alarm["Metrics"] if "Expression" in each)
    return None if all(value is None for value in values.values()) else calculate(expression, values)


def _breaching(alarm: dict[str, Any]) -> list[bool | None]:
    """Whether each of the last periods breaches, the oldest first."""
    now = time.time()
    values = [_period_value(alarm, back, now) for back in range(alarm["EvaluationPeriods"])][::-1]
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    return [None if value is None else compare(value, alarm["Threshold"]) for value in values]


def _evaluate(alarm: dict[str, Any]) -> None:
    if alarm["ComparisonOperator"] not in COMPARISONS:
        return
    try:
        breaching = _breaching(alarm)
    except ValueError:  # metric math that is not known here: such an alarm is only stored and read back
        return
    if all(each is None for each in breaching):  # CloudWatch looks all the time; here only data changes a state
        return
    to_alarm = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    old = alarm["StateValue"]
    new = alarm_state(breaching, to_alarm=to_alarm, missing=alarm.get("TreatMissingData") or "missing", now=old)
    if new == old:
        return
    count = sum(each is True for each in breaching)
    reason = f"Threshold Crossed: {count} out of the last {len(breaching)} datapoints breached the threshold"
    reason += f" ({alarm['Threshold']})."
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def evaluate_alarms_on(namespace: str) -> None:
    """Look at the alarms on metrics of *namespace*, to which something came; the others keep the state they have."""
    for alarm in cloudwatch._alarms.values():
        metrics = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics") or () if "MetricStat" in each]
        if namespace in [each.get("Namespace") for each in (alarm, *metrics)]:
            _evaluate(alarm)


def _keep_metric_math() -> None:
    original = provisioners._cw_metric_alarm_record

    def record(name: str, properties: Properties) -> dict[str, Any]:
        metrics = properties.get("Metrics")
        # A placeholder metric passes the checks of a single-metric alarm; such an alarm then has none of its fields.
        plain = {key: value for key, value in properties.items() if key != "Metrics"}
        placeholder = {"MetricName": "placeholder", "Namespace": "placeholder"} if metrics else {}
        made: dict[str, Any] = original(name, plain | placeholder)
        if metrics:
            made = {key: value for key, value in made.items() if key not in SINGLE_METRIC} | {"Metrics": metrics}
        return made

    provisioners._cw_metric_alarm_record = record


def _put_composite(name: str, properties: Properties) -> Provisioned:
    request = {"AlarmName": name} | {key: properties[key] for key in COMPOSITE if key in properties}
    response: Response = cloudwatch._put_composite_alarm({}, request, False, True)
    if response[0] >= 400:
        raise ValueError(json.loads(response[2])["message"])
    alarm = cloudwatch._composite_alarms[name]
    # PutCompositeAlarm leaves the tags of an alarm that exists; CloudFormation sees to them.
    cloudwatch._resource_tags[alarm["AlarmArn"]] = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    return name, {"Arn": alarm["AlarmArn"]}


def _create_composite(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    return _put_composite(properties.get("AlarmName") or f"{stack_name}-{generated_name(logical_id)}", properties)


def _update_composite(name: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    return _put_composite(name, new)


def _delete_composite(name: str, properties: Properties) -> None:
    parents = [parent for parent in cloudwatch._composite_alarms.values() if parent["AlarmName"] != name]
    if any(name in cloudwatch._composite_children(parent) for parent in parents):
        raise ValueError(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
    alarm = cloudwatch._composite_alarms.pop(name, None)
    if alarm:
        cloudwatch._resource_tags.pop(alarm["AlarmArn"], None)


def _ask_for_exactly_these_dimensions() -> None:
    original: Callable[[list[dict[str, str]]], dict[str, str]] = cloudwatch._dims_from_list
    cloudwatch._dims_from_list = lambda dimensions: _Dimensions(original(dimensions))


def install() -> None:
    _keep_metric_math()
    _ask_for_exactly_these_dimensions()
    cloudwatch._evaluate_alarm = _evaluate
    register_type(
        "AWS::CloudWatch::CompositeAlarm",
        create=_create_composite,
        update=_update_composite,
        delete=_delete_composite,
        replaced_by=("AlarmName",),
    )
