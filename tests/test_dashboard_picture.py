"""The picture of the dashboard shows what its JSON says, and nothing that it does not."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from dashboard_picture.__main__ import PICTURE
from dashboard_picture.drawing import COLUMNS, STATE_COLORS, draw, save
from dashboard_picture.example import example_template
from dashboard_picture.series import DAY, Point, evaluate, metric_series
from dashboard_picture.template import alarm_states, dashboard_widgets

Widget = dict[str, Any]
SENDS = Point("AWS/SES", "Send", {"ses:configuration-set": "any"})
BOUNCE_RATE = Point("AWS/SES", "Reputation.BounceRate", SENDS.dimensions)
REJECTS = Point("AWS/SES", "Reject", {"ses:configuration-set": "any"})


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    return example_template()


@pytest.fixture
def widgets(template: dict[str, Any]) -> list[Widget]:
    """The widgets of the example, to change."""
    return copy.deepcopy(dashboard_widgets(template))


@pytest.fixture(scope="module")
def states(template: dict[str, Any]) -> dict[str, str]:
    return alarm_states(template)


def texts(figure: Figure) -> list[str]:
    """Everything that can be read on the picture."""
    return [each.get_text() for each in figure.findobj(Text) if isinstance(each, Text) and each.get_text()]


def drawn(widget: Widget, states: dict[str, str]) -> Figure:
    return draw([widget], states)


def titled(widgets: list[Widget], title: str) -> Widget:
    (found,) = (each for each in widgets if each["properties"].get("title") == title)
    return found


def card_with(figure: Figure, title: str) -> Axes:
    (found,) = (axes for axes in figure.axes if any(each.get_text() == title for each in axes.texts))
    return found


def curves(figure: Figure) -> dict[str, tuple[str, list[float]]]:
    """Label -> colour and values of every curve; a line across has no label of its own."""
    return {
        str(line.get_label()): (to_hex(line.get_color()), list(np.asarray(line.get_ydata(), dtype=float)))
        for axes in figure.axes
        for line in axes.lines
        if not str(line.get_label()).startswith("_")
    }


def test_every_title_is_on_the_picture(widgets: list[Widget], states: dict[str, str]) -> None:
    found = texts(draw(widgets, states))

    assert {each["properties"]["title"] for each in widgets} <= set(found)


def test_a_changed_title_is_a_changed_picture(widgets: list[Widget], states: dict[str, str]) -> None:
    titled(widgets, "Sent and delivered")["properties"]["title"] = "Letters"

    found = texts(draw(widgets, states))
    assert "Letters" in found
    assert "Sent and delivered" not in found


def test_a_further_widget_is_drawn_below(widgets: list[Widget], states: dict[str, str]) -> None:
    before = draw(widgets, states)
    lowest = max(each["y"] + each["height"] for each in widgets)
    further = {
        "type": "text",
        "x": 0,
        "y": lowest,
        "width": 24,
        "height": 3,
        "properties": {"markdown": "**Call** 555"},
    }

    after = draw([*widgets, further], states)
    assert "Call 555" in texts(after)
    assert after.get_figheight() / before.get_figheight() == pytest.approx((lowest + 3) / lowest)


def test_a_widget_is_where_its_json_says(widgets: list[Widget], states: dict[str, str]) -> None:
    figure = draw(widgets, states)
    rows = max(each["y"] + each["height"] for each in widgets)

    for widget in widgets:
        box = card_with(figure, widget["properties"]["title"]).get_position()
        middle = (box.x0 + box.x1) / 2 * COLUMNS, (1 - (box.y0 + box.y1) / 2) * rows
        assert middle == pytest.approx((widget["x"] + widget["width"] / 2, widget["y"] + widget["height"] / 2))


def test_the_curves_are_the_metrics_in_their_colours(widgets: list[Widget], states: dict[str, str]) -> None:
    figure = drawn(titled(widgets, "Sent and delivered"), states)

    found = curves(figure)
    assert {label: color for label, (color, _) in found.items()} == {"sent": "#1f77b4", "delivered": "#2ca02c"}
    assert found["sent"][1] == list(metric_series(SENDS, 900, "Sum"))


def test_a_metric_that_is_left_out_is_not_drawn(widgets: list[Widget], states: dict[str, str]) -> None:
    graph = titled(widgets, "Sent and delivered")
    del graph["properties"]["metrics"][0]

    assert list(curves(drawn(graph, states))) == ["delivered"]


def test_only_what_an_expression_makes_of_hidden_metrics_is_drawn(
    widgets: list[Widget], states: dict[str, str]
) -> None:
    rate = titled(widgets, "Bounce rate, %")
    rate["properties"]["metrics"][0][0] |= {"expression": "10 * FILL(own, REPEAT)", "label": "per mille"}

    found = curves(drawn(rate, states))
    highest = float(np.nanmax(metric_series(BOUNCE_RATE, 900, "Maximum")))
    assert len(found) == 2
    assert max(found["per mille"][1]) == pytest.approx(10 * highest)


def test_the_lines_across_are_those_of_the_json(widgets: list[Widget], states: dict[str, str]) -> None:
    rate = titled(widgets, "Bounce rate, %")
    rate["properties"]["annotations"]["horizontal"].append({"value": 7.5, "label": "7.5 % worry", "color": "#9467bd"})

    figure = drawn(rate, states)
    across = [line for axes in figure.axes for line in axes.lines if str(line.get_label()).startswith("_")]
    heights = {float(np.asarray(each.get_ydata())[0]): to_hex(each.get_color()) for each in across}
    assert heights == {5: "#ff7f0e", 10: "#d62728", 7.5: "#9467bd"}
    assert {"5 % review", "10 % pause", "7.5 % worry"} <= set(texts(figure))


def test_the_axis_ends_where_the_json_says(widgets: list[Widget], states: dict[str, str]) -> None:
    rate = titled(widgets, "Bounce rate, %")
    rate["properties"]["yAxis"]["left"] |= {"max": 40}

    assert drawn(rate, states).axes[1].get_ylim() == (0, 40)


def test_numbers_are_those_of_the_whole_day(widgets: list[Widget], states: dict[str, str]) -> None:
    found = texts(drawn(titled(widgets, "Messages in the time shown"), states))

    assert f"{metric_series(SENDS, DAY, 'Sum')[0]:,.0f}" in found
    assert "sent" in found


def test_a_label_ends_with_the_last_value(widgets: list[Widget], states: dict[str, str]) -> None:
    rate = titled(widgets, "Bounce rate, %")

    label, *_ = (each for each in curves(drawn(rate, states)) if each.startswith("this configuration set"))
    values = metric_series(BOUNCE_RATE, 900, "Maximum")
    assert label == f"this configuration set: {100 * values[~np.isnan(values)][-1]:.3g} %"


def test_a_metric_without_data_says_so(widgets: list[Widget], states: dict[str, str]) -> None:
    graph = titled(widgets, "Sent and delivered")
    graph["properties"]["metrics"] = [["Own", "Letters"]]

    figure = drawn(graph, states)
    assert {"no data", "Letters"} <= set(texts(figure))


def test_each_alarm_has_a_tile_in_the_colour_of_its_state(widgets: list[Widget], states: dict[str, str]) -> None:
    widget = titled(widgets, "Alarms")

    figure = drawn(widget, states)
    expected = [states[each] for each in widget["properties"]["alarms"]]
    opaque = [each.get_facecolor() for each in figure.axes[0].patches if to_rgba(each.get_facecolor())[3] == 1]
    assert sorted(to_hex(each) for each in opaque) == sorted(STATE_COLORS[each] for each in expected)
    assert 0 < expected.count("ALARM") == texts(figure).count("ALARM") < len(expected)


def test_the_states_follow_from_the_thresholds_of_the_template(template: dict[str, Any]) -> None:
    changed = copy.deepcopy(template)
    (critical,) = (each for each in changed["Resources"] if "MonitoringAlarmsBounceRateCritical" in each)
    (composite,) = (
        name for name, each in changed["Resources"].items() if each["Type"] == "AWS::CloudWatch::CompositeAlarm"
    )
    before = alarm_states(changed)
    changed["Resources"][critical]["Properties"]["Threshold"] = 0.9
    after = alarm_states(changed)

    assert (before[critical], before[composite]) == ("ALARM", "ALARM")
    assert (after[critical], after[composite]) == ("OK", "OK")


@pytest.mark.parametrize(("missing", "state"), [("breaching", "ALARM"), ("notBreaching", "OK"), ("ignore", "ALARM")])
def test_an_alarm_without_data_does_as_it_is_told(missing: str, state: str) -> None:
    # One message is rejected in the afternoon, and nothing is known after it.
    properties = {
        "Namespace": "AWS/SES",
        "MetricName": "Reject",
        "Dimensions": [{"Name": "ses:configuration-set", "Value": "any"}],
        "Statistic": "Sum",
        "Period": 300,
        "Threshold": 1,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": missing,
    }
    template = {"Resources": {"Rejects": {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}}}

    assert alarm_states(template) == {"Rejects": state}


def test_values_are_taken_together_by_period_and_statistic() -> None:
    fine = metric_series(SENDS, 300, "Sum")

    assert list(metric_series(SENDS, 3600, "Sum")) == [hour.sum() for hour in fine.reshape(24, 12)]
    assert list(metric_series(SENDS, 3600, "Maximum")) == [hour.max() for hour in fine.reshape(24, 12)]
    assert np.isnan(metric_series(REJECTS, 3600, "Sum")).sum() == 23


def test_expressions_are_computed_as_cloudwatch_does() -> None:
    parts = {"a": np.array([1.0, np.nan, 3.0]), "b": np.array([2.0, 2.0, 0.0])}

    assert list(evaluate("FILL(a, 0) + b", parts)) == [3, 2, 3]
    assert list(evaluate("100 * FILL(a, REPEAT) - b", parts)) == [98, 98, 300]
    assert list(evaluate("b / b", parts))[:2] == [1, 1]


def test_an_expression_that_nobody_computes_is_refused() -> None:
    with pytest.raises(ValueError, match="expression must hold arithmetic and FILL only, got 'RATE"):
        evaluate("RATE(a)", {"a": np.array([1.0])})


def test_a_widget_that_nobody_draws_is_refused() -> None:
    widget = {"type": "log", "x": 0, "y": 0, "width": 6, "height": 6, "properties": {}}

    with pytest.raises(ValueError, match="type of a widget must be alarm, metric or text, got 'log'"):
        draw([widget], {})


def test_the_picture_is_small(widgets: list[Widget], states: dict[str, str], tmp_path: Path) -> None:
    save(draw(widgets, states), tmp_path / "new" / "dashboard.png")

    assert (tmp_path / "new" / "dashboard.png").stat().st_size < 150 * 1024


def test_the_picture_of_the_documentation_has_the_size_of_the_dashboard(
    widgets: list[Widget], states: dict[str, str]
) -> None:
    figure = draw(widgets, states)

    with Image.open(PICTURE) as picture:
        assert picture.size == tuple(round(each * figure.dpi) for each in figure.get_size_inches())
