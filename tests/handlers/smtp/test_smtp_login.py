"""A real login, against a server on this machine."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from local_aws.inbound.listener import SmtpListener
from ses_constructs.handlers.smtp import login as _smtp_login
from ses_constructs.handlers.smtp.login import LoginError, log_in
from ses_constructs.handlers.smtp.secret import Credentials

USERNAME, PASSWORD = "AKIAIOSFODNN7EXAMPLE", "not-to-be-seen-password"


class Server:
    """Lets one pair in, after it has refused it some times."""

    def __init__(self) -> None:
        self.refusals = 0
        self.seen: list[bool] = []

    def authenticate(self, server: SMTP, session: Any, envelope: Any, mechanism: str, data: object) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USERNAME.encode(), PASSWORD.encode())
        self.refusals -= 1
        self.seen.append(good and self.refusals < 0)
        return AuthResult(success=self.seen[-1], handled=self.seen[-1])


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls") / "server.pem"


@pytest.fixture(params=["TLS", "STARTTLS"])
def running(request: pytest.FixtureRequest, certificate: Path) -> Iterator[tuple[Server, str, int]]:
    server = Server()
    listener = SmtpListener(
        server,
        hostname="localhost",
        certificate=certificate,
        implicit_tls=request.param == "TLS",
        authenticator=server.authenticate,
    )
    yield server, request.param, listener.port
    listener.stop()


@pytest.fixture(autouse=True)
def _at_once_and_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    # Whom it trusts is read once for a function, and differs between these tests.
    _smtp_login._tls.cache_clear()
    yield
    _smtp_login._tls.cache_clear()


def credentials(port: int, password: str = PASSWORD) -> Credentials:
    return Credentials(host="localhost", port=port, region="eu-west-1", username=USERNAME, password=password)


@pytest.fixture
def trusted(running: tuple[Server, str, int], certificate: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Server, int]:
    server, how, port = running
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    if how == "TLS":
        monkeypatch.setattr(_smtp_login, "IMPLICIT_TLS_PORTS", {port})
    return server, port


def test_a_good_pair_logs_in(trusted: tuple[Server, int]) -> None:
    server, port = trusted

    log_in(credentials(port), seconds=1)

    assert server.seen == [True]


def test_a_pair_that_the_server_learns_of_late_logs_in(trusted: tuple[Server, int]) -> None:
    server, port = trusted
    server.refusals = 1

    log_in(credentials(port), seconds=1)

    assert server.seen[-1]
    assert not server.seen[0]


@pytest.mark.parametrize("password", ["wrong-and-not-to-be-seen", "wrong-and-not-to-be-seen-é"])
def test_another_password_does_not(trusted: tuple[Server, int], password: str) -> None:
    server, port = trusted

    with pytest.raises(LoginError, match=r"within 1 seconds: (the server answered 535|UnicodeEncodeError)$") as caught:
        log_in(credentials(port, password), seconds=1)

    assert not any(server.seen)
    assert "not-to-be-seen" not in repr(caught.value)


def test_a_server_with_a_strange_certificate_never_sees_the_password(
    trusted: tuple[Server, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, port = trusted
    monkeypatch.delenv("SSL_CERT_FILE")

    with pytest.raises(LoginError, match=r"the certificate of the server is not good \(self.signed certificate\)"):
        log_in(credentials(port), seconds=1)

    assert server.seen == []


def test_a_server_without_tls_never_sees_the_password(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    listener = SmtpListener(server, hostname="localhost", certificate=certificate, authenticator=server.authenticate)
    # As if somebody on the way took the offer of STARTTLS out.
    monkeypatch.setattr("smtplib.SMTP.has_extn", lambda smtp, name: name.lower() == "auth")

    with pytest.raises(LoginError, match="SMTPNotSupportedError"):
        log_in(credentials(listener.port), seconds=1)

    listener.stop()
    assert server.seen == []
