"""The request as it leaves the machine: over a real socket, to a server that checks length, signature and content."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from ses_constructs.handlers.forwarding.errors import NotForwardedError, TryAgainError
from ses_constructs.handlers.forwarding.send import RETRY_SEND, Base64Body, Sender

KEY_ID, SECRET, REGION = "AKIAIOSFODNN7EXAMPLE", "not-a-secret", "eu-west-1"


class SesOnLoopback(BaseHTTPRequestHandler):
    """Answers with the next of *answers*, and keeps what was asked."""

    answers: list[tuple[int, str, dict[str, str]]]
    bodies: list[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        assert self.path == "/v2/email/outbound-emails"
        assert "Transfer-Encoding" not in self.headers
        assert self._signature(body) == self.headers["Authorization"].rpartition("Signature=")[2]
        self.bodies.append(body)
        status, code, answer = self.answers.pop(0)
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if code:
            self.send_header("x-amzn-ErrorType", code)
        self.end_headers()
        self.wfile.write(text)

    def _signature(self, body: bytes) -> str:
        signed = self.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        url = f"http://{self.headers['Host']}{self.path}"
        request = AWSRequest("POST", url, {name: self.headers[name] for name in signed}, body)
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer: Any = SigV4Auth(Credentials(KEY_ID, SECRET), "ses", REGION)
        return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def ses(*answers: tuple[int, str, dict[str, str]]) -> Iterator[tuple[Sender, list[bytes]]]:
    class Handler(SesOnLoopback):
        pass

    Handler.answers, Handler.bodies = list(answers), []
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        client = boto3.Session(KEY_ID, SECRET, region_name=REGION).client(
            "sesv2", endpoint_url=f"http://127.0.0.1:{server.server_port}", config=RETRY_SEND
        )
        yield Sender(client), Handler.bodies
        client.close()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


TAKEN = (200, "", {"MessageId": "ses-1"})
BUSY = (429, "TooManyRequestsException", {"message": "slow down"})
REFUSED = (400, "MessageRejected", {"message": "not verified: someone@example.com"})
HEAD, BODY = b"From: forwarder@example.com\r\n\r\n", bytes(range(256)) * 2000


def send(sender: Sender) -> str:
    return sender.send(
        (HEAD, memoryview(BODY)), sender="forwarder@example.com", recipients=["t@corp.example"], configuration_set="set"
    )


def test_the_request_is_what_botocore_would_have_sent_and_is_signed() -> None:
    with ses(TAKEN) as (sender, bodies):
        assert send(sender) == "ses-1"

    assert json.loads(bodies[0]) == {
        "FromEmailAddress": "forwarder@example.com",
        "Destination": {"ToAddresses": ["t@corp.example"]},
        "Content": {"Raw": {"Data": base64.b64encode(HEAD + BODY).decode()}},
        "ConfigurationSetName": "set",
    }


def test_a_second_try_sends_the_whole_request_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with ses(BUSY, BUSY, TAKEN) as (sender, bodies):
        send(sender)

    assert len(bodies) == 3
    assert len(set(bodies)) == 1


def test_three_tries_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    with (
        ses(BUSY, BUSY, BUSY, TAKEN) as (sender, bodies),
        pytest.raises(TryAgainError, match=r"^ses:SendEmail failed: TooManyRequestsException$"),
    ):
        send(sender)

    assert len(bodies) == 3


def test_a_refusal_is_read_by_botocore_as_ever() -> None:
    with (
        ses(REFUSED) as (sender, _),
        pytest.raises(NotForwardedError, match=r"^ses:SendEmail failed: MessageRejected$"),
    ):
        send(sender)


@pytest.mark.parametrize("sizes", [(0, 0), (1, 0), (0, 1), (1, 1), (2, 5), (3, 3), (49_151, 49_154), (7, 200_000)])
def test_base64_does_not_care_where_the_parts_meet(sizes: tuple[int, int]) -> None:
    parts = [bytes(number % 251 for number in range(size)) for size in sizes]
    body = Base64Body(b'{"Data": "', parts, b'"}')

    read = body.read()

    assert read == b'{"Data": "' + base64.b64encode(b"".join(parts)) + b'"}'
    assert len(body) == len(read) == body.tell()
    body.seek(0)
    assert b"".join(iter(lambda: body.read(1000), b"")) == read
    with pytest.raises(OSError, match="only the start can be returned to"):
        body.seek(1)
