"""What the widgets of the dashboard have in common."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

Row: TypeAlias = list[cloudwatch.IWidget]
"""Widgets that stand side by side on a dashboard."""

# CloudWatch fits the period to the time shown; this one counts on a dashboard that keeps the periods of its graphs.
PERIOD = Duration.minutes(15)

REVIEW_COLOR, PAUSE_COLOR = cloudwatch.Color.ORANGE, cloudwatch.Color.RED


class DeferredWidget(cloudwatch.ConcreteWidget):
    """A widget that is made when the template is written, so that what is added after the dashboard is on it too."""

    def __init__(self, make: Callable[[], cloudwatch.IWidget], *, width: int, height: int) -> None:
        super().__init__(width, height)
        self._make = make

    def to_json(self) -> list[object]:
        """The JSON of the widget, in the place of this one."""
        widget = self._make()
        widget.position(self._x or 0, self._y or 0)
        return list(widget.to_json())


def region_of(construct: Construct) -> str:
    """Where the metrics of *construct* are; the dashboard may belong to a stack elsewhere."""
    return Stack.of(construct).region


def message_graph(
    construct: Construct, title: str, metrics: Sequence[cloudwatch.IMetric], *, width: int
) -> cloudwatch.GraphWidget:
    """Counts of messages, which *construct* has."""
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0, show_units=False, label="messages"),
        region=region_of(construct),
        width=width,
        height=6,
    )


def in_percent(
    expression: str, metrics: Mapping[str, cloudwatch.Metric], *, label: str, color: str | None = None
) -> cloudwatch.MathExpression:
    """*expression*, a fraction, in percent."""
    return cloudwatch.MathExpression(
        expression=f"100 * {expression}", using_metrics=dict(metrics), period=PERIOD, label=label, color=color
    )


def labelled(metric: cloudwatch.Metric, label: str, color: str | None = None) -> cloudwatch.Metric:
    """*metric* under a name that a person reads."""
    return metric.with_(label=label, color=color)


def percent_line(fraction: float, meaning: str, color: str) -> cloudwatch.HorizontalAnnotation:
    """A line at *fraction*, in percent."""
    return cloudwatch.HorizontalAnnotation(
        value=as_percent(fraction), label=f"{as_percent(fraction):g} % {meaning}", color=color
    )


def as_percent(fraction: float) -> float:
    """*fraction* in percent, without what binary fractions add: 7.000000000000001 %."""
    return round(fraction * 100, 6)
