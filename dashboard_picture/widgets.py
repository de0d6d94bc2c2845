"""What a widget of the dashboard shows, read from its JSON."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .series import DAY, Point, Series, evaluate, metric_series

_DEFAULT_PERIOD = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One metric or expression that a person sees."""

    label: str
    color: str | None
    values: Series

    @property
    def last(self) -> float:
        """The last value that there is; NaN if there is none."""
        known = self.values[~np.isnan(self.values)]
        return float(known[-1]) if known.size else float("nan")


def lines(properties: dict[str, Any]) -> Iterator[Line]:
    """Everything that a metric widget shows, in its order."""
    whole_day = properties.get("setPeriodToTimeRange", False)
    entries = [_Entry(each, whole_day) for each in properties["metrics"]]
    parts = {entry.options["id"]: entry.series() for entry in entries if "id" in entry.options and entry.point}
    for entry in entries:
        if entry.options.get("visible", True):
            values = entry.series() if entry.point else evaluate(entry.options["expression"], parts)
            yield Line(entry.label, entry.options.get("color"), values)


class _Entry:
    """One row of ``metrics``: namespace, name, dimensions and options; the options alone for an expression."""

    def __init__(self, row: list[Any], whole_day: bool) -> None:
        *names, last = row
        self.options: dict[str, Any] = last if isinstance(last, dict) else {}
        if not isinstance(last, dict):
            names = row
        self.point = Point(names[0], names[1], dict(zip(names[2::2], names[3::2], strict=True))) if names else None
        self._period: int = DAY if whole_day else self.options.get("period", _DEFAULT_PERIOD)

    @property
    def label(self) -> str:
        own_name = self.point.name if self.point else self.options.get("expression", "")
        return str(self.options.get("label", own_name))

    def series(self) -> Series:
        assert self.point
        return metric_series(self.point, self._period, self.options.get("stat", "Average"))
