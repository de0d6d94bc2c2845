"""Custom::SESDomainVerification: holds the deployment until SES has verified a domain.

Properties: ``Domain``; ``MailFromDomain`` (may be empty or absent); ``TimeoutSeconds``, 1 to 3300; ``Records``, the
lines that were published, for the text of a failure. Answer: ``Domain``.

Give the function a time-out of 15 minutes, Lambda's longest. It polls, hands the event over to itself before that ends,
and leaves without an answer; so the wait may last until a deadline that is set once and travels with the event. Lambda
may run the same event twice; both then poll and answer, and CloudFormation takes the first answer.

Permissions: ``ses:GetEmailIdentity`` on the ARN of the identity, ``lambda:InvokeFunction`` on the function itself.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from ._aws import BRISK, PATIENT, is_transient, says_gone
from ._custom_resource import Context, HandedOver, Made, Properties, RefusedError, Request, answer

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef as Identity

# SES answers one control request a second in the whole account, and other domains may be waiting too.
INTERVAL_SECONDS = 15
SLOWEST_INTERVAL_SECONDS = 60
# Room for one slow poll, a slow hand-over and the retries of the answer.
MARGIN_SECONDS = 210
# CloudFormation itself waits for an hour.
LONGEST_WAIT_SECONDS = 3300
# Lambda takes a function that calls itself 16 times for a runaway and stops it without a word. With the full 15 minutes
# we need five.
MOST_HAND_OVERS = 12
# SES stops looking once a part has FAILED, but just after a change it may still show the status from before.
FAILED_IN_A_ROW = 3
NOTE = "SesConstructsWait"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation, or hand it over."""
    answer(event, DomainVerification(event, context))


@dataclass(frozen=True, slots=True)
class Pending:
    """Something about an identity that SES has not confirmed yet."""

    part: str
    status: str
    error: str = ""

    def __str__(self) -> str:
        return f"{self.part} is {self.status}" + (f" ({self.error})" if self.error else "")


def pending(identity: "Identity", mail_from: str | None) -> tuple[Pending, ...]:
    """List what is missing until *identity* can send, signed, and with *mail_from* as its envelope domain."""
    missing = []
    if not identity.get("VerifiedForSendingStatus"):
        error = identity.get("VerificationInfo", {}).get("ErrorType", "")
        missing.append(Pending("the identity", identity.get("VerificationStatus", "PENDING"), error))
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


@dataclass(frozen=True, slots=True)
class Wait:
    """What is waited for, until when, and how often it changed hands."""

    domain: str
    mail_from: str
    timeout: int
    records: tuple[str, ...]
    deadline: float
    hand_overs: int

    @classmethod
    def of(cls, properties: Properties, note: object, now: float) -> Self:
        timeout = properties.text("TimeoutSeconds")
        if not timeout.isdecimal() or not 1 <= int(timeout) <= LONGEST_WAIT_SECONDS:
            raise RefusedError(
                f"property TimeoutSeconds must be 1 to {LONGEST_WAIT_SECONDS} whole seconds, got {timeout!r}"
            )
        deadline, hand_overs = now + int(timeout), 0
        if isinstance(note, Mapping):
            # Never later than a fresh start would allow, whatever the note says.
            deadline, hand_overs = min(deadline, float(note["Deadline"])), int(note["HandOvers"])
        domain = properties.text("Domain").lower().rstrip(".")
        mail_from = properties.optional("MailFromDomain").lower().rstrip(".")
        return cls(domain, mail_from, int(timeout), properties.texts("Records"), deadline, hand_overs)

    def note(self) -> dict[str, float]:
        return {"Deadline": self.deadline, "HandOvers": self.hand_overs + 1}

    def too_late(self, missing: tuple[Pending, ...], trouble: str) -> RefusedError:
        minutes = f"{self.timeout / 60:.0f} minutes" if self.timeout >= 90 else f"{self.timeout} seconds"
        parts = ", ".join(map(str, missing)) or "SES never answered"
        last = f" (the last question to SES failed: {trouble})" if trouble else ""
        advice = "check that public DNS has the records, then deploy again or allow more time"
        return RefusedError(
            f"{self.domain} was not verified within {minutes}: {parts}{last}; {advice}{self._looked_for()}"
        )

    def hopeless(self, missing: tuple[Pending, ...]) -> RefusedError:
        advice = (
            "SES does not look again by itself: correct the records, then restart DKIM or MAIL FROM of this identity"
        )
        return RefusedError(
            f"{self.domain} is not verified: {', '.join(map(str, missing))}; {advice}{self._looked_for()}"
        )

    def _looked_for(self) -> str:
        return f"; the records: {' | '.join(self.records)}" if self.records else ""


class DomainVerification:
    """Polls SES, at most until the deadline."""

    def __init__(self, event: Mapping[str, Any], context: Context) -> None:
        self._event = event
        self._context = context

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=BRISK)

    @cached_property
    def _lambda(self) -> "LambdaClient":
        return boto3.client("lambda", config=PATIENT)

    def create(self, request: Request) -> Made | HandedOver:
        wait = Wait.of(request.new, self._event.get(NOTE), time.time())
        missing: tuple[Pending, ...] = ()
        trouble, lost, failed = "", 0, 0
        while True:
            try:
                missing = pending(self._ses.get_email_identity(EmailIdentity=wait.domain), wait.mail_from)
            except Exception as error:
                if says_gone(error):
                    raise RefusedError(
                        f"SES has no identity {wait.domain} in this region; make it before waiting"
                    ) from error
                if not is_transient(error):
                    raise
                trouble, lost = str(error), lost + 1
            else:
                if not missing:
                    return Made(wait.domain, {"Domain": wait.domain})
                trouble, lost, failed = "", 0, failed + 1 if given_up(missing) else 0
                if failed == FAILED_IN_A_ROW:
                    raise wait.hopeless(missing)
            left = wait.deadline - time.time()
            if left <= 0:
                raise wait.too_late(missing, trouble)
            pause = min(INTERVAL_SECONDS * 2**lost, SLOWEST_INTERVAL_SECONDS, left)
            if self._context.get_remaining_time_in_millis() / 1000 - pause < MARGIN_SECONDS:
                return self._hand_over(wait)
            time.sleep(pause)

    def update(self, request: Request) -> Made | HandedOver:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """Change nothing: a wait leaves nothing behind."""

    def _hand_over(self, wait: Wait) -> HandedOver:
        if wait.hand_overs >= MOST_HAND_OVERS:
            raise RefusedError(
                f"waiting for {wait.domain} took more than {MOST_HAND_OVERS} invocations; "
                "give the function that waits a time-out of 15 minutes"
            )
        # A hand-over whose answer is lost is tried again and may start two successors, which the module allows for.
        self._lambda.invoke(
            FunctionName=self._context.invoked_function_arn,
            InvocationType="Event",
            Payload=json.dumps({**self._event, NOTE: wait.note()}).encode(),
        )
        return HandedOver()
