"""The events of a message as SES writes them: what happens to it, and the documents that tell. Pure.

The form is the one of `monitor-using-event-publishing` in the SES developer guide, the outcomes are the mailbox
simulator's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parseaddr
from typing import Any

from local_aws.inbound.verdicts import EICAR, contains

SIMULATOR = "simulator.amazonses.com"
_MAILER = "dsn; a8-31.smtp-out.amazonses.com"
_USER_UNKNOWN = {"action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
_ON_THE_LIST = {
    "action": "failed",
    "status": "5.1.1",
    "diagnosticCode": "Amazon SES has suppressed sending to this address because it has a recent history of bouncing "
    "as an invalid address.",
}
DETAIL_TYPES = {
    "Send": "Email Sent",
    "Delivery": "Email Delivered",
    "Bounce": "Email Bounced",
    "Complaint": "Email Complaint Received",
    "Reject": "Email Rejected",
    "Open": "Email Opened",
    "Click": "Email Clicked",
    "Rendering Failure": "Email Rendering Failed",
    "DeliveryDelay": "Email Delivery Delayed",
    "Subscription": "Email Subscribed",
}
EVENT_TYPES = {"DELIVERY_DELAY": "DeliveryDelay", "RENDERING_FAILURE": "Rendering Failure"}


@dataclass(frozen=True, kw_only=True, slots=True)
class OutgoingMail:
    """One message on its way out: what its events tell, and by what they are counted."""

    operation: str
    source: str
    identity: str  # that it is sent with
    recipients: tuple[str, ...]  # the envelope, with cc and bcc
    headers: tuple[tuple[str, str], ...]
    tags: dict[str, str]
    configuration_set: str  # empty when there is neither a named nor a default one
    content: bytes  # to look for a virus in
    by_default: bool = False  # whether the identity, and not the message, names the configuration set

    @property
    def from_domain(self) -> str:
        return parseaddr(self.source)[1].rpartition("@")[2].lower()

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class MailEvent:
    """One event of a message: its type as in `eventType`, and the member that says more."""

    kind: str
    details: dict[str, Any]

    @property
    def member(self) -> str:
        """`Delivery` tells more in `delivery`, `Rendering Failure` in `failure`."""
        if self.kind == "Rendering Failure":
            return "failure"
        return self.kind[0].lower() + self.kind[1:]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def events_of(mail: OutgoingMail, *, now: datetime, feedback_id: str) -> list[MailEvent]:
    """What becomes of a message, in order: Send, and then an outcome for each recipient."""
    events = [MailEvent(kind="Send", details={})]
    if contains(mail.content, EICAR):
        return [*events, MailEvent(kind="Reject", details={"reason": "Bad content"})]
    for recipient in mail.recipients:
        events += _outcomes(parseaddr(recipient)[1], iso(now + timedelta(milliseconds=500)), feedback_id)
    return events


def _outcomes(recipient: str, timestamp: str, feedback_id: str) -> list[MailEvent]:
    local, _, domain = recipient.partition("@")
    role = local.split("+")[0].lower() if domain.lower() == SIMULATOR else "success"
    delivery = MailEvent(
        kind="Delivery",
        details={
            "timestamp": timestamp,
            "processingTimeMillis": 500,
            "recipients": [recipient],
            "smtpResponse": "250 2.6.0 Message received",
            "remoteMtaIp": "127.0.0.1",
            "reportingMTA": "a8-31.smtp-out.amazonses.com",
        },
    )
    feedback = {"timestamp": timestamp, "feedbackId": feedback_id}

    def bounce(kind: str, sub_type: str, told: dict[str, str]) -> MailEvent:
        bounced = [{"emailAddress": recipient, **told}]
        details = {"bounceType": kind, "bounceSubType": sub_type, "bouncedRecipients": bounced, **feedback}
        return MailEvent(kind="Bounce", details=details | {"reportingMTA": _MAILER})

    if role == "bounce":
        return [bounce("Permanent", "General", _USER_UNKNOWN)]
    if role == "suppressionlist":
        return [bounce("Permanent", "Suppressed", _ON_THE_LIST)]
    if role == "ooto":  # an automatic answer counts as a transient bounce
        return [delivery, bounce("Transient", "General", {})]
    if role == "complaint":
        complained = {
            "complainedRecipients": [{"emailAddress": recipient}],
            "complaintSubType": None,
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": timestamp,
        }
        return [delivery, MailEvent(kind="Complaint", details=complained | feedback)]
    return [delivery]


def tags_of(mail: OutgoingMail) -> dict[str, list[str]]:
    """The tags that SES sets by itself, and those of the sender."""
    own = {
        "ses:operation": mail.operation,
        "ses:configuration-set": mail.configuration_set,
        "ses:source-ip": "127.0.0.1",
        "ses:from-domain": mail.from_domain,
        "ses:caller-identity": "root",
    }
    return {name: [value] for name, value in (own | mail.tags).items() if value}


def document(
    event: MailEvent, mail: OutgoingMail, *, message_id: str, account: str, region: str, now: datetime
) -> dict[str, Any]:
    """What SES publishes about the event."""
    common = {
        "from": [value for name, value in mail.headers if name.lower() == "from"],
        "to": [each.strip() for each in (mail.header("To") or "").split(",") if each.strip()],
        "messageId": message_id,
        "subject": mail.header("Subject") or "",
    }
    return {
        "eventType": event.kind,
        "mail": {
            "timestamp": iso(now),
            "source": mail.source,
            "sourceArn": f"arn:aws:ses:{region}:{account}:identity/{mail.identity}",
            "sendingAccountId": account,
            "messageId": message_id,
            "destination": list(mail.recipients),
            "headersTruncated": False,
            "headers": [{"name": name, "value": value} for name, value in mail.headers],
            "commonHeaders": {name: value for name, value in common.items() if value},
            "tags": tags_of(mail),
        },
        event.member: event.details,
    }


def dimensions(mail: OutgoingMail, configured: Sequence[dict[str, str]]) -> dict[str, str]:
    """The dimensions of a CloudWatch destination for the message; the default where it has no such tag or header."""
    tags, made = tags_of(mail), {}
    for dimension in configured:
        name, source = dimension["DimensionName"], dimension["DimensionValueSource"]
        found: str | None = None
        if source == "MESSAGE_TAG" and name in tags:
            found = tags[name][0]
        elif source == "EMAIL_HEADER":
            found = mail.header(name)
        made[name] = found or dimension["DefaultDimensionValue"]
    return made


def event_type(kind: str) -> str:
    """The event type of SES v2 as `eventType` writes it: DELIVERY_DELAY is DeliveryDelay."""
    return EVENT_TYPES.get(kind, kind.capitalize())


def utc_now() -> datetime:
    return datetime.now(UTC)
