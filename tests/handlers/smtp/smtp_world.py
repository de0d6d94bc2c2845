"""Everything around the SMTP handlers: their AWS, the SMTP endpoint, the rotation's environment and its events."""

import copy
import json
import os
import smtplib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest import mock

from ses_constructs.handlers import rotate_smtp_credentials

from ..world import Context, Event, World, event, world
from .smtp_aws import DELAY_SECONDS, SECRET_MARK, Iam, Key, SecretsManager, StoredSecret, password_of

JOB = "smtp_credentials"
REGION, HOST, PORT = "eu-west-1", "email-smtp.eu-west-1.amazonaws.com", 465
USER, OTHER_USER = "Mail-SmtpUser-1A2B3C4D5E6F", "newsletter"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:SmtpSecret-1A2B3C"
OTHER_ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:mail/smtp-4D5E6F"
GRACE = 86_400
FOREIGN_USER = {"UserName": OTHER_USER, "OwnsUser": "false"}
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

LIST, MAKE, DELETE = "iam.ListAccessKeys", "iam.CreateAccessKey", "iam.DeleteAccessKey"
READ, WRITE = "secretsmanager.GetSecretValue", "secretsmanager.PutSecretValue"
DESCRIBE = "secretsmanager.DescribeSecret"

ENVIRONMENT = {
    "SMTP_USER_NAME": USER,
    "SMTP_SECRET_ARN": ARN,
    "SMTP_OWNS_USER": "true",
    "SMTP_HOST": HOST,
    "SMTP_PORT": str(PORT),
    "SMTP_GRACE_SECONDS": str(GRACE),
}


def recorded(name: str) -> Event:
    """Read what invokes the rotation."""
    read: Event = json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text(encoding="utf-8"))
    return read


@dataclass
class SmtpServer:
    """The SMTP endpoint behind ``smtplib``: takes the passwords of active keys, once their delay is over."""

    iam: Iam
    refusals: list[Exception] = field(default_factory=list)
    connections: list[tuple[str, int, str]] = field(default_factory=list)
    delay: float = DELAY_SECONDS

    def accepts(self, username: str, password: str, region: str = REGION) -> bool:
        key = self.iam.key(username)
        if not key or not key.active or password != password_of(key, region):
            return False
        return self.iam.now() >= key.created + self.delay


@dataclass
class Session:
    """One connection, as far as the handler uses it."""

    server: SmtpServer
    host: str
    secure: bool

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Say goodbye."""

    def close(self) -> None:
        """Hang up."""

    def starttls(self, *, context: object) -> None:
        assert context, "the certificate would not be checked"
        self.secure = True

    def login(self, username: str, password: str) -> None:
        assert self.secure, "the password would travel in the clear"
        region = self.host.split(".")[1]
        if not self.server.accepts(username, password, region):
            raise smtplib.SMTPAuthenticationError(535, f"Credentials Invalid: {password}".encode())


@dataclass
class SmtpWorld:
    """One account with a user, a secret and an SMTP endpoint."""

    world: World
    iam: Iam
    secrets: SecretsManager
    server: SmtpServer

    @property
    def secret(self) -> StoredSecret:
        return self.secrets.secrets[ARN]

    def current(self, arn: str = ARN) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.secrets.secrets[arn].value())
        return read

    def keys_of(self, user: str = USER) -> list[Key]:
        return self.iam.users[user]

    def logs_in(self, arn: str = ARN) -> bool:
        """Tell whether the current credentials log in once IAM's delay is over."""
        current = self.current(arn)
        key = self.iam.key(current["username"])
        return bool(key and key.active and current["password"] == password_of(key, current["region"]))

    def send(
        self, kind: str, physical_id: str = "", old: dict[str, str] | None = None, /, **properties: object
    ) -> Event:
        sent = event(JOB, kind, **properties)
        if physical_id:
            sent["PhysicalResourceId"] = physical_id
        if old is not None:
            sent["OldResourceProperties"] |= old
        if kind != "delete":
            self.tag(sent)
        return self.world.send(JOB, sent)

    def tag(self, sent: Event) -> None:
        """Change the secret of an event as CloudFormation does before it sends the event."""
        named = sent["ResourceProperties"]
        if named.get("SecretArn") in self.secrets.secrets:
            self.secrets.secrets[named["SecretArn"]].tags = {
                "ses-constructs:smtp-credentials": sent["LogicalResourceId"],
                "ses-constructs:smtp-user": str(named.get("UserName")).replace(",", ":"),
                "ses-constructs:smtp-owns-user": str(named.get("OwnsUser")),
                "ses-constructs:smtp-endpoint": ":".join(str(named.get(name)) for name in ("Host", "Port", "Region")),
            }
            # Afterwards it changes the function that rotates.
            os.environ |= {"SMTP_HOST": str(named.get("Host")), "SMTP_PORT": str(named.get("Port"))}

    def deploy(self, **properties: object) -> str:
        """Create the credentials and return the physical id."""
        answer = self.send("create", **properties)
        assert answer["Status"] == "SUCCESS", answer["Reason"]
        return str(answer["PhysicalResourceId"])

    def begin(self) -> str:
        """Begin a rotation as Secrets Manager does, or come back to the one that is not finished."""
        self.secret.rotates = True
        pending = self.secret.stages.get("AWSPENDING", "")
        if pending and pending != self.secret.stages.get("AWSCURRENT"):
            return pending
        token = str(uuid.uuid5(uuid.NAMESPACE_OID, f"rotation-{len(self.secret.values)}"))
        self.secret.values[token] = None
        self.secret.stages["AWSPENDING"] = token
        return token

    def step(self, step: str, token: str, **changes: str) -> None:
        self.invoke(recorded("rotation") | {"Step": step, "ClientRequestToken": token} | changes)
        if step == "finishSecret":
            self.secret.rotated = self.world.clock.now

    def rotate(self) -> str:
        token = self.begin()
        for step in STEPS:
            self.step(step, token)
        return token

    def sweep(self) -> None:
        self.invoke(recorded("schedule"))

    def invoke(self, sent: Any) -> None:
        """Run the rotation function once."""
        clock = self.world.clock
        rotate_smtp_credentials.on_event(copy.deepcopy(sent), Context(clock, clock.now + 300))

    def wait(self, seconds: float) -> None:
        self.world.clock.now += seconds


@contextmanager
def smtp_world(tries: int = 0, /, **environment: str) -> Iterator[SmtpWorld]:
    """Put a fresh world around the handlers."""
    with world(tries=tries) as outer:
        outer.timeout = 300
        outer.iam.users = {USER: [], OTHER_USER: []}
        outer.secrets.secrets = {ARN: StoredSecret(), OTHER_ARN: StoredSecret()}
        server = SmtpServer(outer.iam)
        made = SmtpWorld(outer, outer.iam, outer.secrets, server)

        def connected(host: str, port: int, secure: bool) -> Session:
            server.connections.append((host, port, "TLS" if secure else "STARTTLS"))
            if server.refusals:
                raise server.refusals.pop(0)
            return Session(server, host, secure)

        def implicit(host: str, port: int, *, timeout: float, context: object) -> Session:
            assert timeout
            assert context, "the certificate would not be checked"
            return connected(host, port, True)

        def plain(host: str, port: int, *, timeout: float) -> Session:
            assert timeout
            return connected(host, port, False)

        with (
            mock.patch.dict(os.environ, ENVIRONMENT | environment),
            mock.patch("smtplib.SMTP_SSL", implicit),
            mock.patch("smtplib.SMTP", plain),
        ):
            yield made


def secrets_seen(smtp: SmtpWorld, texts: list[str]) -> list[str]:
    """List the texts that hold the secret half of a key, or a password that a secret has ever held."""
    values = [value for secret in smtp.secrets.secrets.values() for value in secret.values.values() if value]
    read = [parsed for value in values if isinstance(parsed := _parsed(value), dict)]
    secrets = [SECRET_MARK, *(parsed["password"] for parsed in read if "password" in parsed)]
    return [text for text in texts if any(secret in text for secret in secrets)]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
