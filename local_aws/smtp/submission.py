"""`Submission`: programs log in by SMTP and send, as they do at `email-smtp.<region>.amazonaws.com`.

with LocalAws.start() as aws, aws.submit_mail() as submission:
    with submission.connect() as smtp:
        smtp.login(access_key_id, smtp_password)
        smtp.sendmail("me@example.com", ["you@example.org"], message)
"""

import json
import smtplib
import ssl
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from botocore.exceptions import ClientError

from local_aws.clients import Clients
from local_aws.environment import REGION, smtp_ports
from local_aws.inbound.listener import SmtpListener, UntilTheBlockEnds
from local_aws.process import ServerProcess
from local_aws.smtp.message import take_header
from local_aws.smtp.password import fits

TIMEOUT = 120.0  # seconds; an answer takes much less than one

# https://docs.aws.amazon.com/ses/latest/dg/troubleshoot-smtp.html
UNKNOWN_LOGIN = "535 Authentication Credentials Invalid"
NO_LOGIN = "530 Authentication required"
NO_SENDER = "501 Invalid MAIL FROM address provided"
# The words before those that the API has for the same refusal.
REFUSALS = {"MessageRejected": "554 Message rejected", "AccessDenied": "554 Access denied"}
OTHER_REFUSAL = "554 Transaction failed"
CONFIGURATION_SET = "X-SES-CONFIGURATION-SET"
MESSAGE_TAGS = "X-SES-MESSAGE-TAGS"


class Submission(UntilTheBlockEnds):
    """A listening SMTP endpoint of SES; what it takes is in `LocalAws.sent_messages()`."""

    host = "localhost"  # as in the certificate; it listens on 127.0.0.1 only

    def __init__(self, server: ServerProcess, clients: Clients, *, region: str = REGION) -> None:
        self._server, self._clients, self._region = server, clients, region
        self.certificate: Path = server.mail_certificate
        hooks, name = _Hooks(self), f"email-smtp.{region}.amazonaws.com"
        self._implicit = SmtpListener(
            hooks, hostname=name, certificate=self.certificate, implicit_tls=True, authenticator=hooks.authenticate
        )
        self._starttls = SmtpListener(
            hooks, hostname=name, certificate=self.certificate, authenticator=hooks.authenticate
        )
        self.port, self.starttls_port = self._implicit.port, self._starttls.port
        self._be_found(by_functions=True)

    def connect(self, *, starttls: bool = False) -> smtplib.SMTP:
        """A connection over TLS, for a `with` block of its own; any other client may come to the ports as well."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        if not starttls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        smtp = smtplib.SMTP(self.host, self.starttls_port, timeout=TIMEOUT)
        smtp.starttls(context=context)
        return smtp

    def secret_of(self, key_id: str, password: bytes) -> str | None:
        """The secret key of an IAM user's active access key, if the password is the one derived from it."""
        key: dict[str, str] = self._server.control("secret-access-key", id=key_id)
        secret = key.get("secret")
        return secret if secret and fits(password, secret, self._region) else None

    def send(self, raw: bytes, *, mail_from: str, recipients: list[str], login: dict[str, str]) -> str:
        """Send as the user who is logged in, and give the answer to DATA."""
        raw, configuration_set = take_header(raw, CONFIGURATION_SET)
        raw, pairs = take_header(raw, MESSAGE_TAGS)
        tags = [pair.strip().partition("=") for pair in pairs.split(",") if "=" in pair]
        optional: dict[str, Any] = {"ConfigurationSetName": configuration_set} if configuration_set else {}
        optional["Tags"] = [{"Name": name, "Value": value} for name, _, value in tags]
        client = self._clients.get("ses", region_name=self._region, **login)
        try:
            sent = client.send_raw_email(
                Source=mail_from, Destinations=recipients, RawMessage={"Data": raw}, **optional
            )
        except ClientError as refused:
            error = refused.response["Error"]
            answer = f"{REFUSALS.get(error['Code'], OTHER_REFUSAL)}: {error['Message']}"
            return " ".join(answer.split())
        return f"250 Ok {sent['MessageId']}"

    def stop(self) -> None:
        """Stop listening; twice is harmless."""
        self._be_found(by_functions=False)
        self._implicit.stop()
        self._starttls.stop()

    def _be_found(self, *, by_functions: bool) -> None:
        """Functions look for the name of the region's endpoint; see `functions/sitecustomize.py`."""
        path = smtp_ports(self._server.folder)
        if not path.parent.exists():
            return
        ports = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        ports.pop(self._region, None)
        if by_functions:
            ports[self._region] = [self.port, self.starttls_port]
        path.write_text(json.dumps(ports), encoding="utf-8")


class _Hooks:
    """What aiosmtpd calls, by names of its own; one command at a time, because boto3 blocks the listener's thread."""

    def __init__(self, submission: Submission) -> None:
        self._submission = submission

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        key_id = given.login.decode("ascii", "replace")
        secret = self._submission.secret_of(key_id, given.password)
        if secret is None:
            return AuthResult(success=False, handled=False, message=UNKNOWN_LOGIN)
        login = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
        return AuthResult(success=True, message="235 Authentication successful.", auth_data=login)

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not session.authenticated:
            return NO_LOGIN
        if not address.strip("<>"):
            return NO_SENDER
        envelope.mail_from = address
        return "250 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from
        login: dict[str, str] = session.auth_data or {}
        return self._submission.send(
            envelope.content,
            mail_from=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            login=login,
        )

    async def handle_exception(self, error: Exception) -> str:
        return f"451 Temporary service failure: {type(error).__name__}"
