"""The mail of the demo: what is sent to the deployed rules, what has to become of it, and what did.

`MAILS` is the one place to change when the sample app gets other rules.
"""

import re
import smtplib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import SMTP
from typing import TYPE_CHECKING

from rich.table import Table

from local_aws.aws import LocalAws
from local_aws.inbound.records import Delivery
from local_aws.inbound.verdicts import GTUBE
from local_aws.sent_mail import SentMessage

if TYPE_CHECKING:
    from local_aws.inbound.inbox import Inbox

SENDER = "customer@example.org"
OPERATOR = "ops@example.net"  # the alarm address of the sample app, which forwards there too
FORWARDED_WITHIN = 120.0  # seconds; it takes a few, more on a busy machine


@dataclass(frozen=True, kw_only=True, slots=True)
class SampleMail:
    """One message and its expected fate; what is not expected must not happen."""

    what: str
    to: str  # the local part
    body: bytes = b"Where is my parcel?\r\n"
    starttls: bool = True
    stored_below: str = ""
    forwarded_to: str = ""
    dropped: bool = False
    bounced: bool = False
    refused: bool = False

    def raw(self, domain: str) -> bytes:
        head = f"From: A Customer <{SENDER}>\r\nTo: {self.to}@{domain}\r\nSubject: {self.what}\r\n"
        return f"{head}Message-ID: <{self.to}.{len(self.body)}@example.org>\r\n\r\n".encode() + self.body


MAILS = (
    SampleMail(what="A question", to="support", stored_below="support/", forwarded_to=OPERATOR),
    SampleMail(what="Spam", to="support", body=GTUBE + b"\r\n", dropped=True),
    SampleMail(what="A reply to a newsletter", to="no-reply", bounced=True),
    SampleMail(what="A DMARC report", to="dmarc-reports", starttls=False, stored_below="dmarc-reports/"),
    SampleMail(what="A wrong address", to="nobody", refused=True),
)


@dataclass(kw_only=True, slots=True)
class Fate:
    """What became of a message."""

    mail: SampleMail
    domain: str
    answer: str = ""  # of SMTP, when it refused
    delivery: Delivery | None = None
    sent: Sequence[SentMessage] = ()
    stored: bytes = b""  # the object below the expected prefix
    stored_as: str = ""

    @property
    def forwarded(self) -> list[SentMessage]:
        return [each for each in self.sent if SENDER not in each.to]

    @property
    def bounces(self) -> list[SentMessage]:
        return [each for each in self.sent if each.to == (SENDER,)]

    @property
    def was_dropped(self) -> bool:
        """Whether a function has ended it, and nothing else was done."""
        if self.delivery is None:
            return False
        return [run.answer for run in self.delivery.actions()] == ["STOP_RULE_SET"]

    def happened(self) -> list[str]:
        """One line for each thing, in words."""
        lines = [f"refused: {self.answer}"] if self.answer else []
        if self.stored_as:
            lines.append(f"stored as {self.stored_as}, {len(self.stored)} bytes")
        for each in self.forwarded:
            lines.append(f"forwarded to {', '.join(each.to)}, from {each.parsed()['From']}")
        for each in self.bounces:
            reason = re.search(rb"Diagnostic-Code: smtp; (.*)\r\n", each.raw)
            lines.append(f"bounced to {', '.join(each.to)}: {reason[1].decode() if reason else each.subject}")
        return lines + (["dropped before any other rule"] if self.was_dropped else [])

    def problems(self) -> list[str]:
        """What is missing, and what should not have been."""
        mail, raw = self.mail, self.mail.raw(self.domain)
        bodies = [message_from_bytes(each.raw, policy=SMTP).get_payload() for each in self.forwarded]
        expected = {
            "refused": (mail.refused, bool(self.answer)),
            "stored": (bool(mail.stored_below), bool(self.stored_as)),
            "stored byte by byte": (bool(mail.stored_below), self.stored.endswith(raw) and bool(self.stored)),
            "forwarded": ([(mail.forwarded_to,)] if mail.forwarded_to else [], [each.to for each in self.forwarded]),
            "forwarded with its body untouched": (
                [mail.body.decode()] if mail.forwarded_to else [],
                [str(body).replace("\r\n", "\n").replace("\n", "\r\n") for body in bodies],
            ),
            "bounced": (mail.bounced, bool(self.bounces)),
            "dropped": (mail.dropped, self.was_dropped),
        }
        found = [
            f"“{mail.what}” to {mail.to}: {what} should be {wanted}, is {got}"
            for what, (wanted, got) in expected.items()
            if wanted != got
        ]
        return found + [f"“{mail.what}”: {problem}" for problem in (self.delivery.problems if self.delivery else [])]


def send(aws: LocalAws, inbox: "Inbox", mail: SampleMail, domain: str) -> Fate:
    """Send it by SMTP, and follow it until all that is expected has happened."""
    before, fate = len(aws.sent_messages()), Fate(mail=mail, domain=domain)
    with inbox.connect(starttls=mail.starttls) as smtp:
        try:
            smtp.sendmail(SENDER, [f"{mail.to}@{domain}"], mail.raw(domain))
        except smtplib.SMTPRecipientsRefused as refused:
            ((code, answer),) = refused.recipients.values()
            fate.answer = f"{code} {answer.decode()}"
        else:
            fate.delivery = inbox.deliveries[-1]
    for bucket, key in fate.delivery.stored if fate.delivery else []:
        # A forwarder stores too, below a prefix of its own.
        if key.startswith(mail.stored_below) if mail.stored_below else not mail.forwarded_to:
            fate.stored_as = f"s3://{bucket}/{key}"
            fate.stored = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    deadline = time.monotonic() + (FORWARDED_WITHIN if mail.forwarded_to else 0)
    fate.sent = aws.sent_messages()[before:]
    while not fate.forwarded and time.monotonic() < deadline:
        time.sleep(0.1)
        fate.sent = aws.sent_messages()[before:]
    return fate


def fates_table(fates: Sequence[Fate]) -> Table:
    table = Table(title="What became of the mail", title_justify="left", show_lines=True)
    for column in ("what was sent", "to", "what happened"):
        table.add_column(column, overflow="fold")
    for fate in fates:
        happened = "\n".join(fate.happened()) or "nothing"
        table.add_row(fate.mail.what, f"{fate.mail.to}@{fate.domain}", happened)
    return table
