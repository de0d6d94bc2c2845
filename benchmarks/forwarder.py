"""What the mail forwarder needs for a message: memory and time, beside the usual way with boto3.

``python -m benchmarks.forwarder`` prints a table. Every measurement runs in a fresh process, against an S3 and an SES
on loopback that run in a process of their own, so that only the forwarder's memory is seen.
"""

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ses_constructs

MAX_MEMORY_RATIO = 1.2
SIZES = (1_000_000, 10_000_000, 41_900_000)
SIDES = ("ours", "plain")
SMALL_BYTES = 10_000
SMALL_MESSAGES = 200
HEADINGS = ("side", "message, MB", "process before, MB", "peak above, MB", "ratio", "bound", "holds", "small mails / s")

_ROOT = Path(__file__).parent.parent
_TIMEOUT_SECONDS = 300
_HEAD = (
    b"Received: from mx.author.example by inbound; Tue, 24 Nov 2026 14:40:00 +0000\r\n"
    b"DKIM-Signature: v=1; d=author.example; b=abc\r\nFrom: Author <author@author.example>\r\nTo: team@example.com\r\n"
    b"Subject: A large attachment\r\nMessage-ID: <1@author.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n"
)
# The folder of an object is the key of its rule; here it is the size.
_RULE = {"to": {"*": ["team@corp.example"]}, "from": "forwarder@example.com"}
_CLEAR_PEAK = Path("/proc/self/clear_refs")
_LINE = b"QUJD" * 19 + b"\r\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one process gave."""

    side: str
    message_bytes: int
    before_bytes: int
    peak_bytes: int
    small_messages_per_second: float

    @property
    def ratio(self) -> float:
        """Peak memory above that of the warm process, in sizes of the message."""
        return self.peak_bytes / self.message_bytes

    @property
    def holds(self) -> bool:
        return self.ratio <= MAX_MEMORY_RATIO

    def cells(self) -> tuple[str, ...]:
        """The line of the table, in the order of ``HEADINGS``; the bound is for our side alone."""
        sizes = (f"{size / 1e6:.1f}" for size in (self.message_bytes, self.before_bytes, self.peak_bytes))
        bound = (f"<= {MAX_MEMORY_RATIO}", "yes" if self.holds else "NO") if self.side == "ours" else ("", "")
        return (self.side, *sizes, f"{self.ratio:.2f}", *bound, f"{self.small_messages_per_second:.0f}")


def measure(sizes: Sequence[int] = SIZES, sides: Sequence[str] = SIDES) -> list[Figures]:
    """Forward one message of each size, on each side, each in a fresh process."""
    return [_in_fresh_process(side, size) for size in sizes for side in sides]


def _in_fresh_process(side: str, size: int) -> Figures:
    with _process("serve") as server:
        url = str(server.stdout.readline()).strip() if server.stdout else ""
        environment = os.environ | {
            "AWS_ENDPOINT_URL_S3": url,
            "AWS_ENDPOINT_URL_SESV2": url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "not-a-secret",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "FORWARD_RULES": json.dumps({str(each): _RULE for each in (SMALL_BYTES, size)}),
            "FORWARD_CONFIGURATION_SET": "forwarding",
            "FORWARD_RECEIVING_DOMAINS": json.dumps(["example.com"]),
            "FORWARD_NAME": "benchmark",
            "FORWARD_REFUSED_QUEUE": f"{url}/refused",
            "FORWARD_DEAD_LETTER_QUEUE": f"{url}/dead-letters",
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.forwarder", side, str(size)],
            cwd=_ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    return Figures(**json.loads(done.stdout))


@contextmanager
def _process(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks.forwarder", *arguments]
    with subprocess.Popen(command, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _measure_here(side: str, size: int) -> Figures:
    forward = _plain() if side == "plain" else _ours()
    # Clients, pools and caches are there once, whatever the size of a message.
    for number in range(3):
        forward(f"{SMALL_BYTES}/warm-up-{number}")
    start = time.perf_counter()
    for number in range(SMALL_MESSAGES):
        forward(f"{SMALL_BYTES}/{number}")
    seconds = time.perf_counter() - start
    before = _start_of_peak()
    forward(f"{size}/large")
    return Figures(
        side=side,
        message_bytes=size,
        before_bytes=before,
        peak_bytes=_peak_bytes() - before,
        small_messages_per_second=SMALL_MESSAGES / seconds,
    )


def _start_of_peak() -> int:
    # Linux can forget the peak of the imports, which would hide the one of a small message.
    if _CLEAR_PEAK.exists():
        _CLEAR_PEAK.write_text("5")
    return _peak_bytes()


def _peak_bytes() -> int:
    """The most memory that this process had so far."""
    status = Path("/proc/self/status")
    if status.exists():
        # Unlike getrusage, this does not begin with what the parent process had.
        (line,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _ours() -> Callable[[str], None]:
    # As Lambda has it: the folder alone, of the package that is installed.
    sys.path[:0] = ses_constructs.__path__
    on_event = importlib.import_module("handlers.forward_message").on_event

    class Context:
        invoked_function_arn = "arn:aws:lambda:eu-west-1:111122223333:function:Forwarder"

        def get_remaining_time_in_millis(self) -> int:
            return 300_000

    def forward(key: str) -> None:
        told = {
            "notificationType": "Received",
            "mail": {"messageId": key, "source": "author@author.example"},
            "receipt": {
                "recipients": ["support@example.com"],
                **{f"{check}Verdict": {"status": "PASS"} for check in ("spam", "virus", "spf", "dkim", "dmarc")},
                "action": {"type": "S3", "bucketName": "mail-bucket", "objectKey": key},
            },
        }
        on_event({"Records": [{"Sns": {"Message": json.dumps(told)}}]}, Context())

    return forward


def _plain() -> Callable[[str], None]:
    """The way most forwarders go: read, parse, change, write, send."""
    import boto3

    s3, ses = boto3.client("s3"), boto3.client("sesv2")

    def forward(key: str) -> None:
        message = message_from_bytes(s3.get_object(Bucket="mail-bucket", Key=key)["Body"].read())
        for name in ("From", "DKIM-Signature", "Message-ID"):
            del message[name]
        message["From"] = "forwarder@example.com"
        ses.send_email(
            FromEmailAddress="forwarder@example.com",
            Destination={"ToAddresses": ["team@corp.example"]},
            Content={"Raw": {"Data": message.as_bytes()}},
        )

    return forward


class _Aws(BaseHTTPRequestHandler):
    """S3, whose keys say how large the object is, and SES, which takes everything."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        size, _, name = self.path.removeprefix("/mail-bucket/").partition("/")
        if name.endswith(".forwarded"):
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        lines, rest = divmod(int(size) - len(_HEAD), len(_LINE))
        self._answer(200, _HEAD + _LINE * lines + _LINE[:rest])

    def do_PUT(self) -> None:
        self._read()
        self._answer(200, b"")

    def do_POST(self) -> None:
        self._read()
        self._answer(200, b'{"MessageId": "1"}')

    def _read(self) -> None:
        left = int(self.headers["Content-Length"])
        while left:
            left -= len(self.rfile.read(min(left, 1 << 20)))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Aws)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


def main() -> None:
    """Measure everything and print a table; or, for our own processes, serve or measure one side."""
    match sys.argv[1:]:
        case ["serve"]:
            _serve()
        case [side, size]:
            print(json.dumps(asdict(_measure_here(side, int(size)))))
        case _:
            from rich.console import Console
            from rich.table import Table

            table = Table(*HEADINGS)
            for figures in measure():
                table.add_row(*figures.cells())
            Console(width=120).print(table)


if __name__ == "__main__":
    main()
