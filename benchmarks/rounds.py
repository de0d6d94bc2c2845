"""Runs every measurement in a process of its own, the two sides in turn, so that both meet the same noise."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from .application import Figures
from .subjects import Subject

SIDES = ("ours", "plain")
MORE_COUNTS = (1, 2)
_ROOT = Path(__file__).parent.parent
# The first domain of a process also loads modules, and a slow machine needs several seconds for 160 of them.
_TIMEOUT_SECONDS = 300


class NotMeasuredError(Exception):
    """A measurement could not be made."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Results:
    """Every figure of all rounds; times in seconds. *more*: our side with what plain CDK cannot do."""

    subject: Subject
    counts: tuple[int, ...]
    rounds: int
    figures: dict[tuple[str, int], list[Figures]]
    import_seconds: dict[str, list[float]]
    more: dict[int, Figures]


def run(subject: Subject, counts: tuple[int, ...], rounds: int) -> Results:
    """Measure both sides with so many of *subject* in a stack, and the imports, as many times as there are *rounds*."""
    figures: dict[tuple[str, int], list[Figures]] = defaultdict(list)
    imports: dict[str, list[float]] = defaultdict(list)
    for side in SIDES:
        # Not counted: pip compiles what it installs, a checkout is compiled by its first import.
        _import_seconds(subject.imports[side])
        _figures(subject, side, 1)
    for number in range(1, rounds + 1):
        print(f"round {number} of {rounds}", file=sys.stderr)
        # Whoever comes second may find a warmer machine, so they take turns at that too.
        turn = 1 if number % 2 else -1
        for side in SIDES[::turn]:
            imports[side].append(_import_seconds(subject.imports[side]))
        for count in counts:
            for side in (*SIDES, *subject.rivals)[::turn]:
                figures[side, count].append(_figures(subject, side, count))
    more = {count: _figures(subject, "more", count) for count in MORE_COUNTS}
    return Results(subject=subject, counts=counts, rounds=rounds, figures=figures, import_seconds=imports, more=more)


def _figures(subject: Subject, side: str, count: int) -> Figures:
    return Figures(**json.loads(_python("-m", "benchmarks.application", subject.name, side, str(count))))


def _import_seconds(statement: str) -> float:
    return float(_python("-c", f"import time; {statement}; print(time.process_time())"))


def _python(*arguments: str) -> str:
    # CDK's own validation of the finished template takes seconds and is the same for both sides.
    environment = os.environ | {
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "PYTHONDONTWRITEBYTECODE": "",
    }
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=_ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise NotMeasuredError(f"{' '.join(arguments)} failed:\n{error.stderr}") from error
    except subprocess.TimeoutExpired as error:
        raise NotMeasuredError(f"{' '.join(arguments)} took more than {_TIMEOUT_SECONDS} s") from error
    return done.stdout
