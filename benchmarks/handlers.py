"""What a cold start of each function costs, beside the least that any function with boto3 pays.

``python -m benchmarks.handlers`` prints a table. Every start is a fresh process that has, as in Lambda, the folder of
the handlers and boto3. Whoever loads boto3 makes one client; the others need none.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HEADINGS = ("loads", "import, ms", "and a client, ms", "memory, MB", "above boto3, ms", "above boto3, MB")
PYTHON, BOTO3 = "sys", "boto3"

_PACKAGE = Path(__file__).parent.parent / "ses_constructs"
_ROUNDS = 7
_TIMEOUT_SECONDS = 60
# Loads nothing by itself, so that whatever a module needs is on that module's account. One collection of garbage takes
# 20 ms, and whether it comes before or after the end is luck.
_START = """
import gc, sys, time
gc.disable()
start = time.process_time()
__import__(sys.argv[1])
imported = time.process_time()
if "boto3" in sys.modules:
    sys.modules["boto3"].client("sesv2", region_name="eu-west-1")
ready = time.process_time()
try:
    with open("/proc/self/status") as status:
        (kilobytes,) = (line.split()[1] for line in status if line.startswith("VmHWM:"))
    peak = int(kilobytes) * 1024
except FileNotFoundError:
    import resource
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(f'{{"import_seconds": {imported - start}, "ready_seconds": {ready - start}, "peak_bytes": {peak}}}')
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColdStart:
    """One start of one module."""

    import_seconds: float
    ready_seconds: float
    peak_bytes: int


def modules() -> list[str]:
    """The modules that are functions, each with an ``on_event``."""
    files = sorted((_PACKAGE / "handlers").glob("[!_]*.py"))
    return [f"handlers.{file.stem}" for file in files if "def on_event(" in file.read_text(encoding="utf-8")]


def measure(names: Sequence[str], rounds: int = _ROUNDS) -> dict[str, list[ColdStart]]:
    """Start each module so many times, all in turn, after Python alone and boto3 alone."""
    starts: dict[str, list[ColdStart]] = defaultdict(list)
    everything = (PYTHON, BOTO3, *names)
    for name in everything:
        # Not counted: it compiles what nobody has imported before.
        _start(name)
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        for name in everything if number % 2 else everything[::-1]:
            starts[name].append(_start(name))
    return starts


def _start(name: str) -> ColdStart:
    done = subprocess.run(
        [sys.executable, "-c", _START, name],
        cwd=_PACKAGE,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""},
        stdout=subprocess.PIPE,
        text=True,
        timeout=_TIMEOUT_SECONDS,
        check=True,
    )
    return ColdStart(**json.loads(done.stdout))


def cells(name: str, starts: dict[str, list[ColdStart]]) -> tuple[str, ...]:
    """The line of the table, in the order of ``HEADINGS``: medians of all rounds."""
    ready, memory = (_ready(starts[name]), _memory(starts[name]))
    return (
        "Python alone" if name == PYTHON else "boto3 alone" if name == BOTO3 else name.removeprefix("handlers."),
        f"{1000 * statistics.median(each.import_seconds for each in starts[name]):.0f}",
        f"{ready:.0f}",
        f"{memory:.1f}",
        "" if name in (PYTHON, BOTO3) else f"{ready - _ready(starts[BOTO3]):+.0f}",
        "" if name in (PYTHON, BOTO3) else f"{memory - _memory(starts[BOTO3]):+.1f}",
    )


def _ready(starts: Sequence[ColdStart]) -> float:
    return 1000 * statistics.median(each.ready_seconds for each in starts)


def _memory(starts: Sequence[ColdStart]) -> float:
    return statistics.median(each.peak_bytes for each in starts) / 1e6


def main() -> None:
    """Measure everything and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.handlers", description="Measure cold starts.")
    parser.add_argument("--quick", action="store_true", help="one round")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    arguments = parser.parse_args()
    starts = measure(modules(), 1 if arguments.quick else _ROUNDS)
    table = [cells(name, starts) for name in starts]
    if arguments.markdown:
        print("\n".join(f"| {' | '.join(line)} |" for line in (HEADINGS, ("---",) * len(HEADINGS), *table)))
        return

    from rich.console import Console
    from rich.table import Table

    printed = Table(*HEADINGS)
    for line in table:
        printed.add_row(*line)
    Console(width=120).print(printed)


if __name__ == "__main__":
    main()
