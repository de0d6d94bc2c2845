"""What a synthesized template says about its dashboard and its alarms."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from local_aws.metric_math import calculate

from .series import Point, Series, metric_series

Resource = dict[str, Any]

_DASHBOARD = "AWS::CloudWatch::Dashboard"
_STATED_ALARM = re.compile(r'ALARM\("([^"]+)"\)')


def dashboard_widgets(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The widgets of the one dashboard, each reference replaced by the logical id that it leads to."""
    ((_, properties),) = _of_type(template, _DASHBOARD)
    widgets: list[dict[str, Any]] = json.loads(_text(properties["DashboardBody"]))["widgets"]
    return widgets


def alarm_states(template: Mapping[str, Any]) -> dict[str, str]:
    """The state of each alarm at the end of the sample day, by logical id: ``OK`` or ``ALARM``."""
    states = {
        name: _state(properties, _watched(properties))
        for name, properties in _of_type(template, "AWS::CloudWatch::Alarm")
    }
    for name, properties in _of_type(template, "AWS::CloudWatch::CompositeAlarm"):
        stated = _STATED_ALARM.findall(_text(properties["AlarmRule"]))
        states[name] = "ALARM" if any(states[each] == "ALARM" for each in stated) else "OK"
    return states


def _of_type(template: Mapping[str, Any], resource_type: str) -> Iterator[tuple[str, Resource]]:
    for name, resource in template["Resources"].items():
        if resource["Type"] == resource_type:
            yield name, resource["Properties"]


def _text(value: Any) -> str:
    match value:
        case {"Ref": name} | {"Fn::GetAtt": [name, _]}:
            return str(name)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_text(part) for part in parts)
    return str(value)


def _watched(properties: Resource) -> Series:
    """The values that an alarm compares, one for each of its periods."""
    if "Metrics" not in properties:
        return _series(properties, period=properties["Period"], statistic=properties["Statistic"])
    parts, expressions = {}, []
    for each in properties["Metrics"]:
        if "Expression" in each:
            expressions.append(each["Expression"])
        else:
            stat = each["MetricStat"]
            parts[each["Id"]] = _series(stat["Metric"], period=stat["Period"], statistic=stat["Stat"])
    (expression,) = expressions
    moments = [
        {name: None if np.isnan(value) else float(value) for name, value in zip(parts, values, strict=True)}
        for values in zip(*parts.values(), strict=True)
    ]
    return np.array([float(calculate(expression, values)) for values in moments])


def _series(metric: Resource, *, period: int, statistic: str) -> Series:
    dimensions = {each["Name"]: _text(each["Value"]) for each in metric.get("Dimensions", [])}
    return metric_series(Point(metric["Namespace"], metric["MetricName"], dimensions), period, statistic)


def _state(properties: Resource, values: Series) -> str:
    """Where a walk through the day ends, with what the alarm does where there is no data."""
    threshold, periods = properties["Threshold"], properties["EvaluationPeriods"]
    at_least = properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert at_least or properties["ComparisonOperator"] == "LessThanThreshold"
    missing = {"breaching": True, "notBreaching": False, "ignore": None}[properties["TreatMissingData"]]
    breaches = [
        missing if np.isnan(value) else bool(value >= threshold if at_least else value < threshold) for value in values
    ]
    state = "OK"
    for end in range(periods, len(breaches) + 1):
        known = [each for each in breaches[end - periods : end] if each is not None]
        if known:
            state = "ALARM" if all(known) and len(known) == periods else "OK"
    return state
