"""The SMTP clients that we publish: the one in the docs, and the one that the example deploys."""

import json
import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from aws_cdk import Stack

from local_aws.inbound.listener import SmtpListener, ensure_certificate
from tests.applications import ROOT, unsynthesized
from tests.constructs.templates import resources

PAGE, EXAMPLE = ROOT / "docs/smtp-credentials.md", ROOT / "examples/smtp_app.py"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
OLD, NEW = "the old password", "the new password"

Namespace = dict[str, Any]


@dataclass(kw_only=True)
class Endpoint:
    """An SMTP endpoint with TLS from the first byte that takes one password."""

    certificate: Path
    password: str
    tried: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.listener = SmtpListener(
            self, hostname="localhost", certificate=self.certificate, implicit_tls=True, authenticator=self.authenticate
        )

    @property
    def login(self) -> dict[str, Any]:
        """What the secret holds while this endpoint and its password are the right ones."""
        return {"host": "localhost", "port": self.listener.port, "username": "AKIA", "password": self.password}

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        self.tried.append(given.password.decode())
        return AuthResult(success=self.tried[-1] == self.password, handled=False)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        self.messages.append(envelope.content)
        return "250 Ok"


@dataclass
class Secrets:
    """Secrets Manager; each read gives the next value, and the last one from then on."""

    values: list[dict[str, Any]] = field(default_factory=list)

    def get_secret_value(self, **_: str) -> Mapping[str, str]:
        return {"SecretString": json.dumps(self.values.pop(0) if len(self.values) > 1 else self.values[0])}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    made = Secrets()
    monkeypatch.setattr(boto3, "client", lambda service: made)
    monkeypatch.setenv("SMTP_SECRET", "smtp")
    monkeypatch.setenv("REMINDED", "team@example.net")
    return made


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    path = tmp_path / "certificate.pem"
    ensure_certificate(path)
    return path


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every default context of ssl know the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))


@pytest.fixture
def endpoint(certificate: Path) -> Iterator[Endpoint]:
    made = Endpoint(certificate=certificate, password=NEW)
    yield made
    made.listener.stop()


@pytest.fixture
def former(certificate: Path) -> Iterator[Endpoint]:
    """The endpoint that was right until the secret changed; the secret had another password than it takes."""
    made = Endpoint(certificate=certificate, password="no longer known")
    yield made
    made.listener.stop()


def documented(monkeypatch: pytest.MonkeyPatch) -> Namespace:
    (block,) = (each for each in BLOCK.findall(PAGE.read_text(encoding="utf-8")) if "smtplib" in each)
    names: Namespace = {}
    exec(block, names)
    return {"connect": lambda: names["connect"]("arn")}


def deployed(monkeypatch: pytest.MonkeyPatch) -> Namespace:
    stack = unsynthesized(EXAMPLE, monkeypatch).node.find_child("SmtpApp")
    assert isinstance(stack, Stack)
    codes = [each["Properties"]["Code"] for each in resources(stack, "AWS::Lambda::Function")]
    (code,) = (each["ZipFile"] for each in codes if "ZipFile" in each)
    names: Namespace = {}
    exec(code, names)
    return names


every_client = pytest.mark.parametrize("client", [documented, deployed], ids=lambda each: each.__name__)
Client = Callable[[pytest.MonkeyPatch], Namespace]


@every_client
def test_no_password_goes_to_a_server_whose_certificate_is_unknown(
    client: Client, endpoint: Endpoint, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.values = [endpoint.login]
    names = client(monkeypatch)

    with pytest.raises(ssl.SSLCertVerificationError, match="CERTIFICATE_VERIFY_FAILED"):
        names["connect"]()
    assert endpoint.tried == []


@every_client
@pytest.mark.usefixtures("trusted")
def test_a_client_logs_in_with_what_the_secret_holds(
    client: Client, endpoint: Endpoint, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.values = [endpoint.login]
    with client(monkeypatch)["connect"]():
        assert endpoint.tried == [NEW]


@pytest.mark.usefixtures("trusted")
def test_the_example_notices_no_rotation(
    endpoint: Endpoint, former: Endpoint, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.values = [former.login | {"password": OLD}, endpoint.login]
    names = deployed(monkeypatch)
    names["handler"]({}, None)
    names["handler"]({}, None)

    # smtplib offers a refused password once more, by its other way to log in.
    assert (set(former.tried), endpoint.tried) == ({OLD}, [NEW, NEW])
    assert [b"Subject: Stand-up" in each for each in endpoint.messages] == [True, True]


@pytest.mark.usefixtures("trusted")
def test_the_example_hangs_up_when_neither_password_works(
    former: Endpoint, secrets: Secrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.values = [former.login | {"password": OLD}]
    names = deployed(monkeypatch)
    made: list[smtplib.SMTP] = []
    plain = smtplib.SMTP_SSL.__init__

    def noted(self: smtplib.SMTP_SSL, *arguments: Any, **keywords: Any) -> None:
        made.append(self)
        plain(self, *arguments, **keywords)

    monkeypatch.setattr(smtplib.SMTP_SSL, "__init__", noted)
    with pytest.raises(smtplib.SMTPAuthenticationError, match="535"):
        names["connect"]()
    assert set(former.tried) == {OLD}
    assert [each.sock for each in made] == [None, None]
