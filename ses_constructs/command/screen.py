"""Text for a terminal of 80 columns: colours only where one listens, and nothing of DNS that steers it."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import click
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .findings import SCHEMA, Finding, FindingOutcome, FindingReport

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
def waiting(sentence: str) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being waited for; the function that this gives says something else."""
    console = screen(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status(Text(printable(sentence))) as status:
        yield lambda now: status.update(Text(printable(now)))


def pairs(option: str, given: Iterable[str], *, example: str) -> dict[str, str]:
    """The values of an *option* that is repeated, by their names; a usage error for one without."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise click.UsageError(f"{option} {text!r} has no value; write {example}")
        found[name] = value
    return found


def give_up(context: click.Context, error: Exception, *, as_json: bool) -> NoReturn:
    """Say why nothing can be told, and end with 2; AWS quotes what others wrote, so that it is escaped."""
    if as_json:
        print_json({"schema": f"ses-constructs.{context.info_name}/{SCHEMA}", "exit_code": 2, "error": str(error)})
    lines = f"Could not look: {error}".splitlines()
    click.echo("\n".join(map(printable, lines)), err=True)
    context.exit(2)


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
    print_bold(report.title)
    for finding, *others in _told_once(report.findings):
        name = f"{finding.id} and {len(others)} more" if others else finding.id
        mark, style = _MARKS[finding.outcome]
        right = finding.outcome == "right"
        details = {"wanted": finding.wanted, "found": finding.found, "says who": finding.source}
        print_thing(mark, style, name, finding.says, {} if right else details, fix="" if right else finding.fix)
    for note in report.notes:
        _print(Padding(Text(printable(note), style="dim"), (0, 0, 0, 2)))
    print_bold(_conclusion(report))


def _told_once(findings: Iterable[Finding]) -> Iterable[list[Finding]]:
    """Each finding alone, but those that could not be looked at for one reason together: where nobody answers, many."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.says if finding.outcome == "unknown" else id(finding), []).append(finding)
    return groups.values()


def _print(thing: RenderableType) -> None:
    """Without the blanks that rich fills lines with, which are in the way of whoever copies them."""
    console = screen()
    with console.capture() as drawn:
        console.print(thing)
    click.echo(re.sub(r" +$", "", drawn.get(), flags=re.MULTILINE), nl=False, color=console.is_terminal)


def print_bold(text: str) -> None:
    """A title."""
    screen().print(Text(printable(text), style="bold"))


def print_aside(text: str) -> None:
    """Beside the answer, on standard error."""
    screen(stderr=True).print(Text(printable(text), style="dim"))


def print_thing(mark: str, style: str, name: str, says: str, details: Mapping[str, str], *, fix: str = "") -> None:
    """A mark in its style, the thing that it is about, and what is to be said of it."""
    rows = [(Text(mark, style=style), Text.assemble((printable(name), "bold"), "  ", printable(says)))]
    rows += [(Text(label, style="dim"), Text(printable(value))) for label, value in details.items() if value]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(justify="right", width=9)
    grid.add_column(overflow="fold")
    for row in rows:
        grid.add_row(*row)
    _print(grid)
    if fix:
        # Never wrapped: it is there to be copied.
        screen().print(Text(f"{'fix':>9}  {printable(fix)}", style="cyan"), soft_wrap=True)


def _conclusion(report: FindingReport) -> str:
    def count(outcome: FindingOutcome) -> int:
        return sum(finding.outcome == outcome for finding in report.findings)

    parts = [f"{count('right')} right", f"{count('wrong')} wrong"]
    parts += [f"{count('advice')} could be better"] if count("advice") else []
    parts += [f"{count('unknown')} could not be looked at"] if count("unknown") else []
    return ", ".join(parts)
