"""Draws widgets on CloudWatch's grid of 24 columns, each where its JSON says."""

import io
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from .widgets import Line, lines

COLUMNS = 24
_UNIT, _DPI = 0.55, 90
# The part of a grid unit between two cards.
_GAP = 0.14
_TEXT, _FAINT, _BORDER, _PAGE = "#16191f", "#5f6b7a", "#d5dbdb", "#f2f3f3"
STATE_COLORS = {"ALARM": "#d13212", "OK": "#1d8102"}
_PALETTE = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f")
# CDK ends a logical id with eight hexadecimal digits.
_HASH = re.compile(r"[0-9A-F]{8}$")
_COLORS_OF_THE_FILE = 200


def draw(widgets: Sequence[Mapping[str, Any]], states: Mapping[str, str]) -> Figure:
    """*widgets* as cards, and the alarms in them in their *states*."""
    rows = max(each["y"] + each["height"] for each in widgets)
    figure = Figure(figsize=(COLUMNS * _UNIT, rows * _UNIT), dpi=_DPI, facecolor=_PAGE)
    for widget in widgets:
        card = _Card(figure, rows, widget)
        match widget["type"]:
            case "alarm":
                _draw_alarms(card, widget["properties"]["alarms"], states)
            case "metric" if widget["properties"].get("view") == "singleValue":
                _draw_numbers(card, list(lines(widget["properties"])))
            case "metric":
                _draw_graph(card, widget["properties"])
            case "text":
                card.write(0.4, card.height / 2, widget["properties"]["markdown"].replace("**", ""), size=8)
            case other:
                raise ValueError(f"type of a widget must be alarm, metric or text, got {other!r}; draw it here")
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write *figure* as a PNG of few colours, which is a third of the size."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png")
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.open(drawn).convert("RGB")
    picture.quantize(_COLORS_OF_THE_FILE, dither=Image.Dither.NONE).save(path, optimize=True)


class _Card:
    """A white rectangle with a title; its own coordinates are grid units from its upper left corner."""

    def __init__(self, figure: Figure, rows: int, widget: Mapping[str, Any]) -> None:
        self._figure, self._rows = figure, rows
        self._x, self._y = widget["x"], widget["y"]
        self.width: int = widget["width"]
        self.height: int = widget["height"]
        self.axes = self.inner(_GAP / 2, _GAP / 2, self.width - _GAP, self.height - _GAP)
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0), xticks=[], yticks=[])
        for spine in self.axes.spines.values():
            spine.set_color(_BORDER)
        self.write(0.35, 0.5, widget["properties"].get("title", ""), size=9.5, weight="bold")

    def inner(self, x: float, y: float, width: float, height: float) -> Axes:
        """Axes within the card."""
        bottom = self._rows - self._y - y - height
        place = ((self._x + x) / COLUMNS, bottom / self._rows, width / COLUMNS, height / self._rows)
        return self._figure.add_axes(place)

    def write(self, x: float, y: float, text: str, **style: Any) -> None:
        """Text at a place of the card."""
        self.axes.text(x, y, _literal(text), **{"va": "center", "color": _TEXT, **style})


def _draw_alarms(card: _Card, alarms: Sequence[str], states: Mapping[str, str]) -> None:
    """A tile for each alarm, those that fire in front."""
    fewest = max(card.width // 3, 1) if len(alarms) > 1 else 1
    # Tiles no lower than half a unit.
    tile_rows = max(min(-(-len(alarms) // fewest), int((card.height - 1.2) / 0.5)), 1)
    columns = -(-len(alarms) // tile_rows)
    width, height = (card.width - 0.6) / columns, (card.height - 1.2) / tile_rows
    for position, alarm in enumerate(sorted(alarms, key=lambda each: states[each] == "OK")):
        x, y = 0.3 + position % columns * width, 0.95 + position // columns * height
        color = STATE_COLORS[states[alarm]]
        card.axes.add_patch(
            Rectangle((x + 0.05, y + 0.05), width - 0.1, height - 0.1, facecolor=f"{color}18", edgecolor=color)
        )
        card.axes.add_patch(Rectangle((x + 0.05, y + 0.05), 0.12, height - 0.1, facecolor=color, edgecolor=color))
        name = _wrapped(_HASH.sub("", alarm), int(width * 7.7))
        card.write(x + 0.3, y + height / 2, name, size=6.2, linespacing=1.1)
        card.write(x + width - 0.13, y + height / 2, states[alarm], size=5.6, color=color, weight="bold", ha="right")


def _draw_numbers(card: _Card, found: Sequence[Line]) -> None:
    """Big numbers, at most three beside each other where there is room for a second row."""
    columns = min(len(found), 3) if card.height >= 5 else len(found)
    rows = -(-len(found) // columns)
    width, height = (card.width - 0.6) / columns, (card.height - 1.1) / rows
    for position, line in enumerate(found):
        x, y = 0.4 + position % columns * width, 1 + position // columns * height
        card.write(x, y + height * 0.38, _number(line.last), size=17, color=line.color or _TEXT)
        card.write(x, y + height * 0.38 + 0.72, line.label, size=7.5, color=_FAINT)


def _draw_graph(card: _Card, properties: Mapping[str, Any]) -> None:
    found = list(lines(dict(properties)))
    axis = properties.get("yAxis", {}).get("left", {})
    limits = properties.get("annotations", {}).get("horizontal", [])
    legend_rows = -(-len(found) // _legend_columns(card))
    axes = card.inner(1.05, 1.35, card.width - 1.5, card.height - 2.15 - 0.36 * legend_rows)
    for position, line in enumerate(found):
        color = line.color or _PALETTE[position % len(_PALETTE)]
        hours = np.linspace(0, 24, len(line.values), endpoint=False)
        label = line.label.replace("${LAST}", _number(line.last))
        axes.plot(hours, line.values, color=color, linewidth=1.4, label=_literal(label), marker=".", markersize=2.2)
    for limit in limits:
        color = limit.get("color", _FAINT)
        axes.axhline(limit["value"], color=color, linewidth=1.3, linestyle=(0, (5, 2)))
        axes.annotate(
            _literal(limit.get("label", "")),
            (0, limit["value"]),
            xytext=(3, 2),
            textcoords="offset points",
            size=7,
            color=color,
            weight="bold",
        )
    highest = max((float(np.nanmax(each.values)) for each in found if not np.isnan(each.last)), default=0)
    axes.set_ylim(axis.get("min"), axis.get("max", highest * 1.15 or 1))
    axes.set_xlim(0, 24)
    axes.set_xticks(range(0, 25, 4), [f"{hour:02}:00" for hour in range(0, 25, 4)])
    axes.tick_params(labelsize=6.8, colors=_FAINT, length=0)
    axes.grid(axis="y", color="#e9ebed", linewidth=0.8)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    card.write(0.35, 1.02, axis.get("label", ""), size=6.8, color=_FAINT)
    if not any(not np.isnan(each.last) for each in found):
        axes.text(12, sum(axes.get_ylim()) / 2, "no data", ha="center", color=_FAINT, size=8)
    axes.legend(
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.11),
        ncols=_legend_columns(card),
        fontsize=6.8,
        frameon=False,
        handlelength=1.2,
        borderaxespad=0,
        labelcolor=_TEXT,
    )


def _legend_columns(card: _Card) -> int:
    return max(card.width // 3, 1)


def _wrapped(name: str, length: int) -> str:
    """*name* on two lines at most, broken before a capital letter, as it has no spaces."""
    words = re.findall(r"[A-Z]?[^A-Z]+|[A-Z]+", name)
    rows = [""]
    for word in words:
        if rows[-1] and len(rows[-1]) + len(word) > length:
            rows.append("")
        rows[-1] += word
    return "\n".join(rows) if len(rows) < 3 else f"{rows[0]}\n{''.join(rows[1:])[: length - 1]}…"


def _number(value: float) -> str:
    """At most four digits behind the point, and none without need."""
    if np.isnan(value):
        return "--"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def _literal(text: str) -> str:
    """*text* without Matplotlib's mathematics between dollar signs."""
    return text.replace("$", r"\$")
