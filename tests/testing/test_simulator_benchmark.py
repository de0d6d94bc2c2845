"""The benchmark delivers what it counts. Nothing is timed."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.simulator import messages_per_second


@pytest.mark.parametrize("rules", [1, 20])
def test_messages_are_delivered_to_the_last_rule(rules: int) -> None:
    assert messages_per_second(rules, seconds=0) > 0


def test_the_command_prints_a_line_for_each_size() -> None:
    command = [sys.executable, "-m", "benchmarks.simulator", "--seconds", "0"]

    done = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True)

    assert [line.split()[0] for line in done.stdout.splitlines()] == ["rules", "1", "20", "200"]
