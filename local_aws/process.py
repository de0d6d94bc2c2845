"""The server as a process: started on a free loopback port, ended by its id, leaving nothing behind."""

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from local_aws.environment import CONTROLS, ROOT, mail_certificate, server_environment

PYTHON = ROOT / ".venv-local-aws" / "bin" / "python"
READY_WITHIN = 180.0  # seconds; it takes about one, more on a busy machine
ANSWER_WITHIN = 60.0
END_WITHIN = 3.0  # then it is killed
NO_PROXY = urllib.request.ProxyHandler({})


class LocalAwsError(Exception):
    """The local AWS did not start, or ended by itself."""


class ServerProcess:
    """A running ministack with our extensions; `stop` ends it even while a deployment hangs in it."""

    def __init__(
        self, *, tls: bool = False, enforce_iam: bool = False, iam_lag: float = 0, python: Path = PYTHON
    ) -> None:
        if not python.exists():
            raise LocalAwsError(f"the local AWS needs {python}; make it with `make setup`")
        self.folder = Path(tempfile.mkdtemp(prefix="local-aws-"))
        self.mail_certificate = mail_certificate(self.folder, tls=tls)
        self.certificate = self.mail_certificate if tls else None
        try:
            self.port, self._process = self._spawn(python, tls=tls, enforce_iam=enforce_iam, iam_lag=iam_lag)
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        self.endpoint = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has written so far, for error messages."""
        try:
            return (self.folder / "server.log").read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return ""

    def get(self, path: str) -> bytes:
        """What the server itself answers, apart from AWS's calls."""
        handlers: list[urllib.request.BaseHandler] = [NO_PROXY]
        if self.certificate:
            context = ssl.create_default_context(cafile=str(self.certificate))
            handlers.append(urllib.request.HTTPSHandler(context=context))
        with urllib.request.build_opener(*handlers).open(f"{self.endpoint}{path}", timeout=ANSWER_WITHIN) as answer:
            body: bytes = answer.read()
            return body

    def control(self, name: str, **arguments: str) -> Any:
        """Ask the server for what AWS has no call for; raise `LocalAwsError` with its words when it refuses."""
        try:
            return json.loads(self.get(f"{CONTROLS}{name}?{urllib.parse.urlencode(arguments)}"))
        except urllib.error.HTTPError as refused:
            with refused:
                told = refused.read()
            raise LocalAwsError(json.loads(told) if told else f"{name}: {refused}") from None

    def stop(self) -> None:
        """End the server and the functions' workers, SIGTERM first, and remove their folder; twice is harmless."""
        if self._process.poll() is None:
            # The whole group, and before the leader is reaped: afterwards its id could belong to someone else.
            os.killpg(self.pid, signal.SIGTERM)
            try:
                self._process.wait(END_WITHIN)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self._process.wait()
        if self._process.stdin:
            self._process.stdin.close()
        for _ in range(20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not self.folder.exists():
                break
            time.sleep(0.05)  # a function that is just being killed may have written once more

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(
        self, python: Path, *, tls: bool, enforce_iam: bool, iam_lag: float
    ) -> tuple[int, subprocess.Popen[bytes]]:
        # We bind, the server inherits: two local AWSes never race for a port that looked free a moment ago.
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as bound, (self.folder / "server.log").open("wb") as log:
            bound.bind(("127.0.0.1", 0))
            port = bound.getsockname()[1]
            return port, subprocess.Popen(
                [str(python), "-m", "local_aws.server", "--socket-fd", str(bound.fileno())],
                cwd=ROOT,
                env=server_environment(port, folder=self.folder, enforce_iam=enforce_iam, tls=tls, iam_lag=iam_lag),
                stdin=subprocess.PIPE,  # never written to: its end tells the server that we are gone
                stdout=log,
                stderr=subprocess.STDOUT,
                pass_fds=(bound.fileno(),),
                start_new_session=True,
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise LocalAwsError(f"the local AWS ended with status {self._process.returncode}:\n{self.log[-4000:]}")
            if self._answers():
                return
            time.sleep(0.05)
        raise LocalAwsError(f"the local AWS was not ready within {READY_WITHIN:.0f} s:\n{self.log[-4000:]}")

    def _answers(self) -> bool:
        if self.certificate and not self.certificate.exists():
            return False
        try:
            self.get("/_ministack/ready")
        except (urllib.error.URLError, OSError, ssl.SSLError):
            return False
        return True
