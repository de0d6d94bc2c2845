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

from .report import rows
from .rounds import NotMeasuredError, Results, run
from .rows import Row, headings
from .subjects import DOMAINS, SUBJECTS

_ROUNDS = 7
_QUICK_ROUNDS = 1
_PIPE_WIDTH = 120


def main() -> int:
    """0 once everything is measured, 1 if something could not be."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure constructs against the same resources in plain aws-cdk-lib."
    )
    parser.add_argument(
        "subject",
        nargs="?",
        choices=SUBJECTS,
        default=DOMAINS.name,
        help="domains: VerifiedDomain (unless given); monitoring: BounceMonitoring",
    )
    parser.add_argument("--quick", action="store_true", help="one round, with small stacks only")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    subject = SUBJECTS[arguments.subject]
    try:
        if arguments.quick:
            results = run(subject, subject.quick_counts, _QUICK_ROUNDS)
        else:
            results = run(subject, subject.counts, _ROUNDS)
    except NotMeasuredError as error:
        print(error, file=sys.stderr)
        return 1
    caption = _caption(results)
    if arguments.markdown:
        print(f"{caption}\n\n{_markdown(headings(subject.unit), rows(results))}")
    else:
        _print_table(headings(subject.unit), rows(results), caption)
    return 0


def _caption(results: Results) -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    python = ".".join(platform.python_version_tuple()[:2])
    return (
        f"{os.cpu_count()} cores, Python {python}, Node {node.removeprefix('v').partition('.')[0]}, "
        f"aws-cdk-lib {version('aws-cdk-lib')}; {results.rounds} rounds; times are median (least to most)"
    )


def _markdown(heads: Sequence[str], table: Sequence[Row]) -> str:
    lines = [heads, ("---",) * len(heads), *(row.cells() for row in table)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _print_table(heads: Sequence[str], table: Sequence[Row], caption: str) -> None:
    printed = Table(*heads, box=box.SIMPLE_HEAD, caption=caption, caption_justify="left")
    for row in table:
        printed.add_row(*row.cells(), style="bold red" if row.holds is False else None)
    console = Console()
    # A pipe has no width of its own, and rich would fold the table to 80 columns.
    (console if console.is_terminal else Console(width=_PIPE_WIDTH)).print(printed)


if __name__ == "__main__":
    sys.exit(main())
