"""The real CDK CLI, run with a time limit and killed with everything it started when that is over."""

import os
import shlex
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local_aws.environment import ROOT

CLI = ROOT / "node_modules" / ".bin" / "cdk"
TIMEOUT = 300.0  # seconds
TELLS_EVERY = 10.0  # seconds
TAIL = 6000  # characters of output that an error carries, enough for every event of a failed stack

App = Path | str | Sequence[str]


class CdkError(Exception):
    """The CLI failed or took too long; the message ends with the end of its output."""

    def __init__(self, command: Sequence[str], why: str, output: str) -> None:
        super().__init__(f"`{shlex.join(command)}` {why}\n{output[-TAIL:]}")
        self.output = output


def app_arguments(app: App, *, assembly: Path) -> list[str]:
    """How to tell the CLI about *app*: a synthesized folder as it is, a command together with a folder of our own.

    Two runs never share `cdk.out`, so that one does not deploy what the other has just synthesized.
    """
    if isinstance(app, Path):
        return ["--app", str(app)]
    command = app if isinstance(app, str) else shlex.join(app)
    return ["--app", command, "--output", str(assembly)]


def context_arguments(context: Mapping[str, str]) -> list[str]:
    return [argument for name, value in context.items() for argument in ("--context", f"{name}={value}")]


def run_cdk(
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str],
    cwd: Path = ROOT,
    timeout: float = TIMEOUT,
    cli: Path = CLI,
    tell: Callable[[], None] | None = None,
) -> str:
    """Run `cdk` and give its output; raise `CdkError` on a failure or when *timeout* seconds are over.

    *tell* is called every few seconds meanwhile.
    """
    if not cli.exists():
        raise FileNotFoundError(f"the CDK CLI is missing at {cli}; install it with `make setup`")
    command = [str(cli), *arguments, "--no-notices"]
    # A file instead of a pipe: a grandchild that survives cannot keep us waiting for the end of the output.
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=_with_node(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        timed_out = False
        try:
            timed_out = not _ended(process, timeout, tell)
        finally:
            _kill_group(process)
        output.seek(0)
        text = output.read().decode("utf-8", errors="replace")
    if timed_out:
        raise CdkError(command, f"was not done within {timeout:.0f} s", text)
    if process.returncode:
        raise CdkError(command, f"ended with status {process.returncode}", text)
    return text


def _ended(process: subprocess.Popen[bytes], timeout: float, tell: Callable[[], None] | None) -> bool:
    """Whether the process ended within *timeout* seconds."""
    deadline = time.monotonic() + timeout
    while (left := deadline - time.monotonic()) > 0:
        try:
            process.wait(min(left, TELLS_EVERY) if tell else left)
        except subprocess.TimeoutExpired:
            if tell:
                tell()
        else:
            return True
    return False


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _with_node(environment: Mapping[str, str]) -> dict[str, str]:
    # Node and the app's Python come from the environment that runs us, even if it is not activated.
    ours = str(ROOT / ".venv" / "bin")
    return dict(environment) | {"PATH": os.pathsep.join([ours, environment.get("PATH", os.defpath)])}
