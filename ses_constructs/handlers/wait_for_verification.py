"""Custom::SESDomainVerification: holds the deployment until SES has verified a domain.

Properties: ``Domain``; ``MailFromDomain``, which may be empty or absent; ``IdentityAlone``, where ``true`` leaves out
DKIM and MAIL FROM; ``TimeoutSeconds``, 1 to 3300; ``Records``, the lines that were published, for the text of a
failure. Answer: ``Domain``.

Permissions: ``ses:GetEmailIdentity`` on the ARN of the identity, and those of ``_waiting``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from ._aws import RETRY_SHORT, is_not_found
from ._custom_resource import Continued, Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context
from ._waiting import Pending, wait_for

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef as Identity


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation, or hand it over."""
    respond(event, DomainVerificationHandler(event, context), context)


def pending(identity: "Identity", mail_from: str | None, *, identity_alone: bool = False) -> tuple[Pending, ...]:
    """List what is missing until *identity* can send, signed, and with *mail_from* as its envelope domain."""
    missing = []
    if not identity.get("VerifiedForSendingStatus"):
        error = identity.get("VerificationInfo", {}).get("ErrorType", "")
        missing.append(Pending("the identity", identity.get("VerificationStatus", "PENDING"), error))
    if identity_alone:
        return tuple(missing)
    dkim = identity.get("DkimAttributes", {}).get("Status", "NOT_STARTED")
    if dkim != "SUCCESS":
        missing.append(Pending("DKIM", dkim))
    if mail_from:
        found = identity.get("MailFromAttributes", {})
        # Right after an update the status may still be the one of the domain before.
        current = found.get("MailFromDomain", "").lower() == mail_from.lower()
        status = found.get("MailFromDomainStatus", "PENDING") if current else "NOT_STARTED"
        if status != "SUCCESS":
            missing.append(Pending(f"MAIL FROM {mail_from}", status))
    return tuple(missing)


def given_up(missing: tuple[Pending, ...]) -> bool:
    """Tell whether SES has stopped looking for DKIM or MAIL FROM records; it starts again only when it is told to."""
    return any(one.status == "FAILED" and one.part != "the identity" for one in missing)


# SES takes any text for a private key, and says no more than that DKIM is pending
# (https://docs.aws.amazon.com/ses/latest/dg/send-email-authentication-dkim-bring-your-own.html).
_OWN_KEY = (
    "; the DKIM key is your own, so look at the secret: it must hold the private half of the pair whose public half is "
    "in the TXT record, of an RSA key of 1024 or 2048 bits in PKCS #1 or PKCS #8, as one line of base64 without the "
    "BEGIN and END lines"
)


@dataclass(frozen=True)
class WatchedDomain:
    """A domain whose records SES looks for."""

    name: str
    mail_from: str
    records: tuple[str, ...]
    identity_alone: bool

    @classmethod
    def of(cls, properties: Properties) -> Self:
        domain = properties.text("Domain").lower().rstrip(".")
        mail_from = properties.optional("MailFromDomain").lower().rstrip(".")
        identity_alone = properties.optional("IdentityAlone") == "true"
        return cls(domain, mail_from, properties.texts("Records"), identity_alone)

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_SHORT)

    def missing(self) -> tuple[Pending, ...]:
        try:
            identity = self._ses.get_email_identity(EmailIdentity=self.name)
            return pending(identity, self.mail_from, identity_alone=self.identity_alone)
        except Exception as error:
            if is_not_found(error):
                raise RefusedError(f"SES has no identity {self.name} in this region; make it before waiting") from error
            raise

    def given_up(self, missing: tuple[Pending, ...]) -> bool:
        return given_up(missing)

    def too_late(self, parts: str, within: str) -> str:
        advice = "check that public DNS has the records, then deploy again or allow more time"
        return f"{self.name} was not verified within {within}: {parts}; {advice}{self._looked_for(parts)}"

    def hopeless(self, parts: str) -> str:
        advice = (
            "SES does not look again by itself: correct the records, then restart DKIM or MAIL FROM of this identity"
        )
        return f"{self.name} is not verified: {parts}; {advice}{self._looked_for(parts)}"

    def _looked_for(self, parts: str) -> str:
        found = f"; the records: {' | '.join(self.records)}" if self.records else ""
        # What is only missing MAIL FROM has been verified by its key.
        is_about_key = not parts.startswith("MAIL FROM") and any("v=DKIM1" in each for each in self.records)
        return _OWN_KEY + found if is_about_key else found


class DomainVerificationHandler:
    """Waits for one domain."""

    resource_type = "Custom::SESDomainVerification"

    def __init__(self, event: Mapping[str, Any], context: Context) -> None:
        self._event = event
        self._context = context

    def create(self, request: Request) -> Succeeded | Continued:
        watched = WatchedDomain.of(request.properties)
        handed_over = wait_for(watched, request.properties, self._event, self._context)
        return handed_over or Succeeded(watched.name, {"Domain": watched.name})

    def update(self, request: Request) -> Succeeded | Continued:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """Change nothing: a wait leaves nothing behind."""
