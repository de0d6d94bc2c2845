"""Text for a terminal of 80 columns: colours only where one listens, and nothing of DNS that steers it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .findings import Finding, FindingOutcome, FindingReport

WIDTH = 80
_MARKS: dict[FindingOutcome, tuple[str, str]] = {
    "right": ("ok", "green"),
    "advice": ("advice", "yellow"),
    "unknown": ("unknown", "magenta"),
    "wrong": ("WRONG", "bold red"),
}


def printable(text: str) -> str:
    r"""Text with everything escaped that a terminal would act on, or that people would not see.

    >>> printable("v=spf1\x1b[2J")
    'v=spf1\\x1b[2J'
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def screen(*, stderr: bool = False) -> Console:
    """The terminal, or the file that stands in its place."""
    console = Console(stderr=stderr, highlight=False, emoji=False, markup=False)
    if not console.is_terminal or console.width > WIDTH:
        console = Console(stderr=stderr, highlight=False, emoji=False, markup=False, width=WIDTH)
    return console


@contextmanager
def waiting(sentence: str) -> Iterator[None]:
    """Say on a terminal what is being waited for."""
    console = screen(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(Text(sentence)):
        yield


def print_json(data: dict[str, Any]) -> None:
    """One document on standard output; ASCII, so that no byte of it steers a terminal."""
    click.echo(json.dumps(data, indent=2))


def conclude(context: click.Context, report: FindingReport, *, as_json: bool) -> NoReturn:
    """Print *report*, and end with its exit code."""
    if as_json:
        print_json(report.as_data())
    else:
        print_report(report)
    context.exit(report.exit_code)


def print_report(report: FindingReport) -> None:
    """The findings in their order, and at the end what it comes to."""
    console = screen()
    console.print(Text(printable(report.title), style="bold"))
    for finding in report.findings:
        _print_finding(console, finding)
    for note in report.notes:
        console.print(Padding(Text(printable(note), style="dim"), (0, 0, 0, 2)))
    console.print(Text(_conclusion(report), style="bold"))


def _print_finding(console: Console, finding: Finding) -> None:
    mark, style = _MARKS[finding.outcome]
    rows = [(Text(mark, style=style), Text.assemble((finding.id, "bold"), "  ", printable(finding.says)))]
    if finding.outcome != "right":
        details = {"wanted": finding.wanted, "found": finding.found, "says who": finding.source}
        rows += [(Text(name, style="dim"), Text(printable(value))) for name, value in details.items() if value]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", width=9)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    console.print(grid)
    if finding.fix and finding.outcome != "right":
        # Never wrapped: it is there to be copied.
        console.print(Text(f"{'fix':>9}  {printable(finding.fix)}", style="cyan"), soft_wrap=True)


def _conclusion(report: FindingReport) -> str:
    def count(outcome: FindingOutcome) -> int:
        return sum(finding.outcome == outcome for finding in report.findings)

    parts = [f"{count('right')} right", f"{count('wrong')} wrong"]
    parts += [f"{count('advice')} could be better"] if count("advice") else []
    parts += [f"{count('unknown')} could not be looked at"] if count("unknown") else []
    return ", ".join(parts)
