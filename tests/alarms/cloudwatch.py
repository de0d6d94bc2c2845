"""A small CloudWatch: it keeps metrics, and evaluates the alarms of a synthesized template once a minute.

An alarm looks at the periods that end now, every minute anew, and at more of them than it evaluates: it judges by the
newest that have data, and asks what missing data means only where there are too few of these. A composite alarm is
evaluated after its children. Source:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from local_aws.metric_math import calculate
from tests.constructs.templates import Resource, written

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Series = tuple[str, str, frozenset[tuple[str, str]]]

STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "Average": lambda values: sum(values) / len(values),
}
# AWS does not say how many; in its examples an alarm on three periods looks at five.
MORE_PERIODS = 2
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
}


def series(namespace: str, name: str, dimensions: Mapping[str, str]) -> Series:
    return namespace, name, frozenset(dimensions.items())


class Metrics:
    """Data points by series, in the order of their minutes."""

    def __init__(self) -> None:
        self._minutes: dict[Series, list[int]] = defaultdict(list)
        self._values: dict[Series, list[float]] = defaultdict(list)

    def put(self, of: Series, minute: int, value: float) -> None:
        assert not self._minutes[of] or self._minutes[of][-1] <= minute
        self._minutes[of].append(minute)
        self._values[of].append(value)

    def statistic(self, of: Series, statistic: str, start: int, end: int) -> float | None:
        """Over the minutes from *start* up to and without *end*; None where there is no data."""
        minutes = self._minutes[of]
        values = self._values[of][bisect_left(minutes, start) : bisect_left(minutes, end)]
        return STATISTICS[statistic](values) if values else None


@dataclass(frozen=True)
class Change:
    """An alarm that went from one state to another, with the actions that this caused."""

    minute: int
    alarm: str
    state: State
    actions: tuple[str, ...]


@dataclass
class CloudWatch:
    """The alarms of a template, by logical id, over *metrics*."""

    resources: Mapping[str, Resource]
    metrics: Metrics = field(default_factory=Metrics)
    states: dict[str, State] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        for logical_id, resource in self.resources.items():
            if resource["Type"] in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
                self.states[logical_id] = "INSUFFICIENT_DATA"

    def evaluate(self, minute: int) -> None:
        """Do what CloudWatch does once a minute."""
        for kind, state_of in (("Alarm", self._metric_state), ("CompositeAlarm", self._composite_state)):
            for logical_id in self.states:
                resource = self.resources[logical_id]
                if resource["Type"] == f"AWS::CloudWatch::{kind}":
                    self._become(logical_id, state_of(logical_id, resource["Properties"], minute), minute)

    def _become(self, logical_id: str, state: State, minute: int) -> None:
        if state == self.states[logical_id]:
            return
        self.states[logical_id] = state
        names = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
        actions = self.resources[logical_id]["Properties"].get(names[state], [])
        self.changes.append(Change(minute, logical_id, state, tuple(map(written, actions))))

    def _metric_state(self, logical_id: str, properties: Mapping[str, Any], minute: int) -> State:
        wanted = properties["EvaluationPeriods"]
        known = [value for value in self._values(properties, minute, wanted + MORE_PERIODS) if value is not None]
        missing = wanted - len(known)
        breaches = COMPARISONS[properties["ComparisonOperator"]]
        states = [breaches(value, properties["Threshold"]) for value in known[:wanted]]
        if missing > 0:
            match properties.get("TreatMissingData", "missing"):
                case "breaching":
                    states += [True] * missing
                case "notBreaching":
                    states += [False] * missing
                case "ignore" if not known:
                    return self.states[logical_id]
                case _ if not known:
                    return "INSUFFICIENT_DATA"
        return "ALARM" if all(states) else "OK"

    def _values(self, properties: Mapping[str, Any], minute: int, periods: int) -> Iterator[float | None]:
        """The value of each period, the newest first."""
        if "Metrics" in properties:
            yield from (self._expression(properties["Metrics"], minute, back) for back in range(periods))
            return
        of = series(properties["Namespace"], properties["MetricName"], _dimensions(properties))
        for back in range(periods):
            yield self._statistic(of, properties["Statistic"], properties["Period"], minute, back)

    def _expression(self, metrics: Sequence[Mapping[str, Any]], minute: int, back: int) -> float | None:
        values = dict[str, float | None]()
        expression = ""
        for each in metrics:
            if "Expression" in each:
                expression = each["Expression"]
                continue
            stat = each["MetricStat"]
            of = series(stat["Metric"]["Namespace"], stat["Metric"]["MetricName"], _dimensions(stat["Metric"]))
            values[each["Id"]] = self._statistic(of, stat["Stat"], stat["Period"], minute, back)
        return calculate(expression, values)

    def _statistic(self, of: Series, statistic: str, period: int, minute: int, back: int) -> float | None:
        end = minute - back * period // 60
        return self.metrics.statistic(of, statistic, end - period // 60, end)

    def _composite_state(self, logical_id: str, properties: Mapping[str, Any], minute: int) -> State:
        words = re.findall(r'[()]|[A-Z_]+|"[^"]*"', written(properties["AlarmRule"]))
        return "ALARM" if self._either(_Words(words)) else "OK"

    def _either(self, words: "_Words") -> bool:
        result = self._both(words)
        while words.next_is("OR"):
            other = self._both(words)
            result = result or other
        return result

    def _both(self, words: "_Words") -> bool:
        result = self._one(words)
        while words.next_is("AND"):
            other = self._one(words)
            result = result and other
        return result

    def _one(self, words: "_Words") -> bool:
        if words.next_is("NOT"):
            return not self._one(words)
        if words.next_is("("):
            result = self._either(words)
            assert words.next_is(")")
            return result
        state = words.take()
        assert words.next_is("(")
        name = words.take().strip('"<>').removesuffix(".Arn")
        assert words.next_is(")")
        return self.states[name] == state


class _Words:
    """The words of an alarm rule that are still to be read."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = list(words)

    def take(self) -> str:
        return self._words.pop(0)

    def next_is(self, word: str) -> bool:
        """Take *word* if it is the next one."""
        if self._words[:1] != [word]:
            return False
        self._words.pop(0)
        return True


def _dimensions(properties: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: written(each["Value"]) for each in properties.get("Dimensions", [])}
