"""The command: measures, prints one table, writes nothing. A broken bound is a figure to read and not a failure."""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version

from rich import box
from rich.console import Console
from rich.table import Table

from .report import HEADINGS, Row, rows
from .rounds import NotMeasuredError, Results, run

_DOMAINS = (1, 10, 40, 160)
_ROUNDS = 7
_QUICK_DOMAINS = (1, 10)
_QUICK_ROUNDS = 2
_PIPE_WIDTH = 120


def main() -> int:
    """0 once everything is measured, 1 if something could not be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure VerifiedDomain against the same records in plain aws-cdk-lib."
    )
    parser.add_argument("--quick", action="store_true", help="two rounds, with 1 and 10 domains")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    try:
        results = run(_QUICK_DOMAINS, _QUICK_ROUNDS) if arguments.quick else run(_DOMAINS, _ROUNDS)
    except NotMeasuredError as error:
        print(error, file=sys.stderr)
        return 1
    caption = _caption(results)
    if arguments.markdown:
        print(f"{caption}\n\n{_markdown(rows(results))}")
    else:
        _print_table(rows(results), caption)
    return 0


def _caption(results: Results) -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    python = ".".join(platform.python_version_tuple()[:2])
    return (
        f"{os.cpu_count()} cores, Python {python}, Node {node.removeprefix('v').partition('.')[0]}, "
        f"aws-cdk-lib {version('aws-cdk-lib')}; {results.rounds} rounds; times are median (least to most)"
    )


def _markdown(table: Sequence[Row]) -> str:
    lines = [HEADINGS, ("---",) * len(HEADINGS), *(row.cells() for row in table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _print_table(table: Sequence[Row], caption: str) -> None:
    printed = Table(*HEADINGS, box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for row in table:
        printed.add_row(*row.cells(), style="bold red" if row.holds is False else None)
    console = Console()
    # A pipe has no width of its own, and rich would fold the table to 80 columns.
    (console if console.is_terminal else Console(width=_PIPE_WIDTH)).print(printed)


if __name__ == "__main__":
    sys.exit(main())
