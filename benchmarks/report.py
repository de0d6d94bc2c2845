"""Turns the figures into rows, each with its bound and whether it holds."""

import statistics

from .rounds import MORE_COUNTS, Results
from .rows import Row, build_row, bytes_row, counted, each, import_row, jsii_row, rival_row, slope, synth_row
from .subjects import DOMAINS

MAX_STACK_RESOURCES = 500
MAX_RESOURCES_PER_DOMAIN = 3
MIN_DOMAINS_PER_STACK = 160
MAX_JSII_RATIO = 0.75
MAX_BUILD_RATIO = 1.0
MAX_IMPORT_RATIO = 1.10
MAX_BYTES_RATIO = 0.75
# 1 is linear; a quadratic synth would have 4 between the ranges 10-40 and 40-160, and the rest is noise.
MAX_SYNTH_GROWTH = 1.3

MAX_MONITORING_RESOURCES_RATIO = 1.0
# The arguments are checked, and topics let alarms in: half as much again is what that may cost.
MAX_MONITORING_WORK_RATIO = 1.5
# Nothing but longer logical ids.
MAX_MONITORING_BYTES_RATIO = 1.05


def rows(results: Results) -> list[Row]:
    """The whole table: what is counted first, then what is timed."""
    return _domain_rows(results) if results.subject is DOMAINS else _monitoring_rows(results)


def _domain_rows(results: Results) -> list[Row]:
    return [
        *_resource_rows(results),
        jsii_row(results, max_ratio=MAX_JSII_RATIO),
        *(bytes_row(results, count, max_ratio=MAX_BYTES_RATIO) for count in results.counts),
        *(build_row(results, count, max_ratio=MAX_BUILD_RATIO) for count in results.counts),
        *(
            rival_row(results, count, rival=rival, max_ratio=MAX_BUILD_RATIO)
            for rival in results.subject.rivals
            for count in results.counts
        ),
        *(synth_row(results, count) for count in results.counts),
        *_growth_rows(results),
        import_row(results, max_ratio=MAX_IMPORT_RATIO),
    ]


def _monitoring_rows(results: Results) -> list[Row]:
    ours, plain = (each(results, side, lambda figures: figures.resources) for side in ("ours", "plain"))
    with_pause, shared = _more_resources(results)
    return [
        counted("CloudFormation resources", "each", ours, plain, max_ratio=MAX_MONITORING_RESOURCES_RATIO),
        Row(what="resources with PauseSending", count="each", ours=f"{with_pause:g}, {shared:g} per stack"),
        Row(
            what=f"sets in {MAX_STACK_RESOURCES} resources, with PauseSending",
            count="",
            ours=f"{(MAX_STACK_RESOURCES - shared) // with_pause:g}",
        ),
        jsii_row(results, max_ratio=MAX_MONITORING_WORK_RATIO),
        *(bytes_row(results, count, max_ratio=MAX_MONITORING_BYTES_RATIO) for count in results.counts),
        *(build_row(results, count, max_ratio=MAX_MONITORING_WORK_RATIO) for count in results.counts),
        *(synth_row(results, count) for count in results.counts),
        # Without a bound: whoever imports this package for monitoring has loaded Route 53 too.
        import_row(results),
    ]


def _resource_rows(results: Results) -> list[Row]:
    ours, plain = (each(results, side, lambda figures: figures.resources) for side in ("ours", "plain"))
    # Plain CDK has nothing to compare with the token: it cannot ask SES for it.
    with_token, shared = _more_resources(results)
    return [
        _cost_row("CloudFormation resources", ours, f"{ours:g}", plain),
        _fit_row(
            f"domains in {MAX_STACK_RESOURCES} resources", MAX_STACK_RESOURCES // ours, MAX_STACK_RESOURCES // plain
        ),
        _cost_row("resources with the legacy token", with_token, f"{with_token:g}, {shared:g} per stack"),
        _fit_row("domains with the legacy token", (MAX_STACK_RESOURCES - shared) // with_token),
    ]


def _more_resources(results: Results) -> tuple[float, float]:
    """The resources of each, and of the stack once, with what plain CDK cannot do."""
    fewest, most = MORE_COUNTS
    for_each = slope(results.more[fewest].resources, results.more[most].resources, fewest, most)
    return for_each, results.more[fewest].resources - for_each * fewest


def _cost_row(what: str, ours: float, ours_text: str, plain: float | None = None) -> Row:
    return Row(
        what=what,
        count="each",
        ours=ours_text,
        plain="" if plain is None else f"{plain:g}",
        ratio=None if plain is None else ours / plain,
        bound=f"<= {MAX_RESOURCES_PER_DOMAIN}",
        holds=ours <= MAX_RESOURCES_PER_DOMAIN,
    )


def _fit_row(what: str, ours: float, plain: float | None = None) -> Row:
    return Row(
        what=what,
        count="",
        ours=f"{ours:g}",
        plain="" if plain is None else f"{plain:g}",
        ratio=None if plain is None else ours / plain,
        bound=f">= {MIN_DOMAINS_PER_STACK}",
        holds=ours >= MIN_DOMAINS_PER_STACK,
    )


def _growth_rows(results: Results) -> list[Row]:
    """What one more domain adds in a large stack, against a small one; fixed costs cancel out."""
    if len(results.counts) < 3:
        return []
    small, middle, large = results.counts[-3:]
    ours, plain = (
        _synth_slope(results, side, middle, large) / _synth_slope(results, side, small, middle)
        for side in ("ours", "plain")
    )
    return [
        Row(
            what="synth growth, one more domain",
            count=f"{small}-{large}",
            ours=f"{ours:.2f} x",
            plain=f"{plain:.2f} x",
            bound=f"<= {MAX_SYNTH_GROWTH} x",
            holds=ours <= MAX_SYNTH_GROWTH,
        )
    ]


def _synth_slope(results: Results, side: str, fewest: int, most: int) -> float:
    first, last = (
        statistics.median(run.synth_seconds for run in results.figures[side, count]) for count in (fewest, most)
    )
    return slope(first, last, fewest, most)
