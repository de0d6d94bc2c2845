import os
import time
from pathlib import Path

import pytest

from local_aws.cdk_cli import CdkError, app_arguments, context_arguments, run_cdk
from tests.running_aws.processes import HANGS_AFTER, is_alive, wait_until


def fake_cli(folder: Path, script: str) -> Path:
    cli = folder / "cdk"
    cli.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    cli.chmod(0o755)
    return cli


def test_deploys_a_synthesized_folder_as_it_is(tmp_path: Path) -> None:
    assert app_arguments(tmp_path, assembly=Path("/other")) == ["--app", str(tmp_path)]


def test_gives_a_command_an_output_folder_of_its_own() -> None:
    expected = ["--app", "python 'my app.py'", "--output", "/own"]
    assert app_arguments(["python", "my app.py"], assembly=Path("/own")) == expected
    assert app_arguments("python 'my app.py'", assembly=Path("/own")) == expected


def test_context() -> None:
    assert context_arguments({"a": "1", "b": "2"}) == ["--context", "a=1", "--context", "b=2"]


def test_gives_the_output(tmp_path: Path) -> None:
    cli = fake_cli(tmp_path, 'echo "$@ in $AWS_REGION"')
    assert run_cdk(["list"], environment={"AWS_REGION": "here"}, cli=cli) == "list --no-notices in here\n"


def test_an_error_ends_with_the_output(tmp_path: Path) -> None:
    cli = fake_cli(tmp_path, "echo 'Custom failed: no permission' >&2; exit 3")
    with pytest.raises(CdkError, match=r"(?s)ended with status 3\n.*no permission"):
        run_cdk(["deploy"], environment={}, cli=cli)


def test_a_time_out_kills_the_grandchildren_too(tmp_path: Path) -> None:
    cli, timeout, child = fake_cli(tmp_path, "sleep 3600 & echo $!; wait"), 0.5, ""
    # Until the time is enough for the shell to say who its child is.
    while not child and timeout < HANGS_AFTER:
        timeout, began = 2 * timeout, time.monotonic()
        with pytest.raises(CdkError, match=f"was not done within {timeout:.0f} s") as failed:
            run_cdk(["deploy"], environment=dict(os.environ), cli=cli, timeout=timeout)
        child = failed.value.output
        assert time.monotonic() - began < 600
    assert wait_until(lambda: not is_alive(int(child)))


def test_says_how_to_install_a_missing_cli(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make setup"):
        run_cdk(["list"], environment={}, cli=tmp_path / "cdk")
