"""`Inbox`: mail comes in by SMTP, and the deployed rules decide what becomes of it.

with LocalAws.start() as aws, aws.receive_mail() as inbox:
    with inbox.connect() as smtp:
        smtp.sendmail("someone@example.org", "support@example.com", message)
    assert not inbox.deliveries[-1].problems
"""

import smtplib
import ssl
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, Envelope, Session

from local_aws.clients import Clients
from local_aws.environment import REGION
from local_aws.inbound.actions import Actions
from local_aws.inbound.admission import ACCEPTED, NEEDS_TLS, Admission
from local_aws.inbound.evaluation import run_rules, scan
from local_aws.inbound.listener import HOST, SmtpListener, UntilTheBlockEnds
from local_aws.inbound.message import ReceivedMessage, new_message_id, trace_headers
from local_aws.inbound.records import Delivery, Peer, Refusal

TIMEOUT = 120.0  # seconds; the rules have run when the answer to the message comes


class Inbox(UntilTheBlockEnds):
    """A listening mail exchanger of SES; `deliveries` and `refusals` tell what it did.

    Change `peer` to let the next message seem to come from somewhere else.
    """

    host = HOST

    def __init__(self, clients: Clients, *, certificate: Path, peer: Peer, region: str = REGION) -> None:
        self.peer = peer
        self.deliveries: list[Delivery] = []
        self.refusals: list[Refusal] = []
        self._name = f"inbound-smtp.{region}.amazonaws.com"
        self._admission = Admission(clients, region)
        self._actions = Actions(clients, region=region, host=self._name)
        self._listener = SmtpListener(_Hooks(self), hostname=self._name, certificate=certificate)
        self.port = self._listener.port
        self.certificate = self._listener.certificate

    def connect(self, *, starttls: bool = False) -> smtplib.SMTP:
        """An SMTP connection to here, for a `with` block of its own; any other client may come to `port` as well."""
        smtp = smtplib.SMTP(self.host, self.port, local_hostname="mx.example.org", timeout=TIMEOUT)
        if starttls:
            smtp.starttls(context=ssl.create_default_context(cafile=str(self.certificate)))
        return smtp

    def admit(self, recipient: str, *, tls: bool) -> str:
        """The answer to RCPT TO."""
        answer = self._admission.answer(recipient, source_ip=self.peer.ip, tls=tls)
        if answer != ACCEPTED:
            self.refusals.append(Refusal(recipient=recipient, answer=answer))
        return answer

    def receive(self, raw: bytes, *, mail_from: str, recipients: list[str], helo: str, tls: bool) -> str:
        """Run the rules for a message that was let in, and give the answer to DATA."""
        peer = self.peer
        message = ReceivedMessage(
            message_id=new_message_id(),
            mail_from=mail_from,
            recipients=tuple(dict.fromkeys(recipients)),
            received=datetime.now(UTC),
            raw=raw,
        )
        rules = self._admission.active_rules()
        scanned = scan(rules, raw, message.recipients)
        trace = trace_headers(message, scanned=scanned, peer=peer, helo=helo, tls=tls, host=self._name)
        runs = run_rules(rules, message.with_headers(trace), scanned=scanned, peer=peer, actions=self._actions)
        self.deliveries.append(
            Delivery(
                message_id=message.message_id,
                mail_from=mail_from,
                recipients=message.recipients,
                source_ip=peer.ip,
                tls=tls,
                raw=raw,
                rules=runs,
            )
        )
        return f"250 OK {message.message_id}"

    def stop(self) -> None:
        """Stop listening; twice is harmless."""
        self._listener.stop()


class _Hooks:
    """What aiosmtpd calls, by names of its own; one message at a time, because boto3 blocks the listener's thread."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._without_tls = WeakSet[Envelope]()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._inbox.admit(address, tls=session.ssl is not None)
        if answer == ACCEPTED:
            envelope.rcpt_tos.append(address)
        if answer == NEEDS_TLS:
            self._without_tls.add(envelope)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        if envelope in self._without_tls:  # the message as a whole, whoever else it is for
            return NEEDS_TLS
        return self._inbox.receive(
            envelope.content,
            mail_from=(envelope.mail_from or "").strip("<>"),  # aiosmtpd writes the empty sender as <>
            recipients=envelope.rcpt_tos,
            helo=session.host_name or "unknown",
            tls=session.ssl is not None,
        )

    async def handle_exception(self, error: Exception) -> str:
        return f"451 4.3.0 {type(error).__name__}: {error}".replace("\r", " ").replace("\n", " ")
