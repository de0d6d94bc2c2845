"""One line of a table: a figure of both sides, with its bound and whether it holds."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .application import Figures
from .rounds import Results


def headings(unit: str) -> tuple[str, ...]:
    """The heads of the columns; *unit* is what the stacks are full of."""
    return ("what", unit, "ours", "plain", "ours / plain", "bound", "holds")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table; *holds* is None where there is no bound."""

    what: str
    count: str
    ours: str
    plain: str = ""
    ratio: float | None = None
    bound: str = ""
    holds: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The line as text, in the order of ``headings``."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        holds = "" if self.holds is None else "yes" if self.holds else "NO"
        return (self.what, self.count, self.ours, self.plain, ratio, self.bound, holds)


def each(results: Results, side: str, figure: Callable[[Figures], int]) -> float:
    """What one more costs, from the smallest and the largest stack."""
    fewest, most = results.counts[0], results.counts[-1]
    return slope(figure(results.figures[side, fewest][0]), figure(results.figures[side, most][0]), fewest, most)


def slope(first: float, last: float, fewest: int, most: int) -> float:
    """What one more adds."""
    return (last - first) / (most - fewest)


def counted(what: str, count: str, ours: float, plain: float, *, max_ratio: float) -> Row:
    """A figure that is the same in every run."""
    ratio = ours / plain
    return Row(
        what=what,
        count=count,
        ours=f"{ours:.9g}",
        plain=f"{plain:.9g}",
        ratio=ratio,
        bound=f"<= {max_ratio} x",
        holds=ratio <= max_ratio,
    )


def jsii_row(results: Results, *, max_ratio: float) -> Row:
    """Calls for one more."""
    ours, plain = (each(results, side, lambda figures: figures.jsii_calls) for side in ("ours", "plain"))
    return counted("jsii calls", "each", ours, plain, max_ratio=max_ratio)


def bytes_row(results: Results, count: int, *, max_ratio: float) -> Row:
    """The size of a whole template."""
    ours, plain = (results.figures[side, count][0].template_bytes for side in ("ours", "plain"))
    return counted("template bytes", f"{count}", ours, plain, max_ratio=max_ratio)


def build_row(results: Results, count: int, *, max_ratio: float) -> Row:
    """Making the constructs of a whole stack."""
    ours, plain = ([run.build_seconds for run in results.figures[side, count]] for side in ("ours", "plain"))
    return _timed("build, ms", f"{count}", ours, plain, max_ratio=max_ratio)


def rival_row(results: Results, count: int, *, rival: str, max_ratio: float) -> Row:
    """Making the constructs of a whole stack, beside *rival* in the place of plain: the time of Python's processor."""
    ours, plain = ([run.build_cpu_seconds for run in results.figures[side, count]] for side in ("ours", rival))
    return _timed(f"build beside the {rival}, CPU ms", f"{count}", ours, plain, max_ratio=max_ratio)


def synth_row(results: Results, count: int) -> Row:
    """Synthesizing a whole stack."""
    ours, plain = ([run.synth_seconds for run in results.figures[side, count]] for side in ("ours", "plain"))
    return _timed("synth, ms", f"{count}", ours, plain)


def import_row(results: Results, *, max_ratio: float | None = None) -> Row:
    """Importing what a program needs."""
    imports = results.import_seconds
    return _timed("import, CPU ms", "", imports["ours"], imports["plain"], max_ratio=max_ratio)


def _timed(
    what: str, count: str, ours: Sequence[float], plain: Sequence[float], *, max_ratio: float | None = None
) -> Row:
    ratio = statistics.median(ours) / statistics.median(plain)
    return Row(
        what=what,
        count=count,
        ours=_milliseconds(ours),
        plain=_milliseconds(plain),
        ratio=ratio,
        bound="" if max_ratio is None else f"<= {max_ratio} x",
        holds=None if max_ratio is None else ratio <= max_ratio,
    )


def _milliseconds(seconds: Sequence[float]) -> str:
    middle, low, high = (1000 * value for value in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{middle:.0f} ({low:.0f}-{high:.0f})"
