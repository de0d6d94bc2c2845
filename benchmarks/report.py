"""Turns the figures into rows, each with its bound and whether it holds."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from .application import Figures
from .rounds import LEGACY_DOMAINS, Results

MAX_STACK_RESOURCES = 500
MAX_RESOURCES_PER_DOMAIN = 3
MIN_DOMAINS_PER_STACK = 160
MAX_JSII_RATIO = 0.75
MAX_BUILD_RATIO = 1.0
MAX_IMPORT_RATIO = 1.10
MAX_BYTES_RATIO = 0.75
# 1 is linear; a quadratic synth would have 4 between the ranges 10-40 and 40-160, and the rest is noise.
MAX_SYNTH_GROWTH = 1.3

HEADINGS = ("what", "domains", "ours", "plain", "ours / plain", "bound", "holds")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of the table; *holds* is None where there is no bound."""

    what: str
    domains: str
    ours: str
    plain: str = ""
    ratio: float | None = None
    bound: str = ""
    holds: bool | None = None

    def cells(self) -> tuple[str, ...]:
        """The line as text, in the order of ``HEADINGS``."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        holds = "" if self.holds is None else "yes" if self.holds else "NO"
        return (self.what, self.domains, self.ours, self.plain, ratio, self.bound, holds)


def rows(results: Results) -> list[Row]:
    """The whole table: what is counted first, then what is timed."""
    return [
        *_resource_rows(results),
        _jsii_row(results),
        *(_bytes_row(results, count) for count in results.domains),
        *(_build_row(results, count) for count in results.domains),
        *(_synth_row(results, count) for count in results.domains),
        *_growth_rows(results),
        _import_row(results),
    ]


def per_domain(results: Results, side: str, figure: Callable[[Figures], int]) -> float:
    """What one more domain costs, from the smallest and the largest stack."""
    fewest, most = results.domains[0], results.domains[-1]
    return _slope(figure(results.figures[side, fewest][0]), figure(results.figures[side, most][0]), fewest, most)


def _slope(first: float, last: float, fewest: int, most: int) -> float:
    return (last - first) / (most - fewest)


def _resource_rows(results: Results) -> list[Row]:
    ours, plain = (per_domain(results, side, lambda each: each.resources) for side in ("ours", "plain"))
    # Plain CDK has nothing to compare with the token: it cannot ask SES for it.
    fewest, most = LEGACY_DOMAINS
    with_token = _slope(results.legacy[fewest].resources, results.legacy[most].resources, fewest, most)
    shared = results.legacy[fewest].resources - with_token * fewest
    return [
        _cost_row("CloudFormation resources", ours, f"{ours:g}", plain),
        _fit_row(
            f"domains in {MAX_STACK_RESOURCES} resources", MAX_STACK_RESOURCES // ours, MAX_STACK_RESOURCES // plain
        ),
        _cost_row("resources with the legacy token", with_token, f"{with_token:g}, {shared:g} per stack"),
        _fit_row("domains with the legacy token", (MAX_STACK_RESOURCES - shared) // with_token),
    ]


def _cost_row(what: str, ours: float, ours_text: str, plain: float | None = None) -> Row:
    return Row(
        what=what,
        domains="each",
        ours=ours_text,
        plain="" if plain is None else f"{plain:g}",
        ratio=None if plain is None else ours / plain,
        bound=f"<= {MAX_RESOURCES_PER_DOMAIN}",
        holds=ours <= MAX_RESOURCES_PER_DOMAIN,
    )


def _fit_row(what: str, ours: float, plain: float | None = None) -> Row:
    return Row(
        what=what,
        domains="",
        ours=f"{ours:g}",
        plain="" if plain is None else f"{plain:g}",
        ratio=None if plain is None else ours / plain,
        bound=f">= {MIN_DOMAINS_PER_STACK}",
        holds=ours >= MIN_DOMAINS_PER_STACK,
    )


def _jsii_row(results: Results) -> Row:
    ours, plain = (per_domain(results, side, lambda each: each.jsii_calls) for side in ("ours", "plain"))
    return Row(
        what="jsii calls",
        domains="each",
        ours=f"{ours:g}",
        plain=f"{plain:g}",
        ratio=ours / plain,
        bound=f"<= {MAX_JSII_RATIO} x",
        holds=ours / plain <= MAX_JSII_RATIO,
    )


def _bytes_row(results: Results, count: int) -> Row:
    ours, plain = (results.figures[side, count][0].template_bytes for side in ("ours", "plain"))
    ratio = ours / plain
    return Row(
        what="template bytes",
        domains=f"{count}",
        ours=f"{ours}",
        plain=f"{plain}",
        ratio=ratio,
        bound=f"<= {MAX_BYTES_RATIO} x",
        holds=ratio <= MAX_BYTES_RATIO,
    )


def _build_row(results: Results, count: int) -> Row:
    ours, plain = ([each.build_seconds for each in results.figures[side, count]] for side in ("ours", "plain"))
    return _timed("build, ms", f"{count}", ours, plain, max_ratio=MAX_BUILD_RATIO)


def _synth_row(results: Results, count: int) -> Row:
    ours, plain = ([each.synth_seconds for each in results.figures[side, count]] for side in ("ours", "plain"))
    return _timed("synth, ms", f"{count}", ours, plain)


def _import_row(results: Results) -> Row:
    imports = results.import_seconds
    return _timed("import, ms", "", imports["ours"], imports["plain"], max_ratio=MAX_IMPORT_RATIO)


def _timed(
    what: str, domains: str, ours: Sequence[float], plain: Sequence[float], *, max_ratio: float | None = None
) -> Row:
    ratio = statistics.median(ours) / statistics.median(plain)
    return Row(
        what=what,
        domains=domains,
        ours=_milliseconds(ours),
        plain=_milliseconds(plain),
        ratio=ratio,
        bound="" if max_ratio is None else f"<= {max_ratio} x",
        holds=None if max_ratio is None else ratio <= max_ratio,
    )


def _milliseconds(seconds: Sequence[float]) -> str:
    middle, low, high = (1000 * value for value in (statistics.median(seconds), min(seconds), max(seconds)))
    return f"{middle:.0f} ({low:.0f}-{high:.0f})"


def _growth_rows(results: Results) -> list[Row]:
    """What one more domain adds in a large stack, against a small one; fixed costs cancel out."""
    if len(results.domains) < 3:
        return []
    small, middle, large = results.domains[-3:]
    ours, plain = (
        _synth_slope(results, side, middle, large) / _synth_slope(results, side, small, middle)
        for side in ("ours", "plain")
    )
    return [
        Row(
            what="synth growth, one more domain",
            domains=f"{small}-{large}",
            ours=f"{ours:.2f} x",
            plain=f"{plain:.2f} x",
            bound=f"<= {MAX_SYNTH_GROWTH} x",
            holds=ours <= MAX_SYNTH_GROWTH,
        )
    ]


def _synth_slope(results: Results, side: str, fewest: int, most: int) -> float:
    first, last = (
        statistics.median(each.synth_seconds for each in results.figures[side, count]) for count in (fewest, most)
    )
    return _slope(first, last, fewest, most)
