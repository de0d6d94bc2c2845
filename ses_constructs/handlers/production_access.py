"""Custom::SESProductionAccess: asks AWS to take the account out of the sandbox, in this region, and does not wait.

Properties: ``MailType`` (``MARKETING`` or ``TRANSACTIONAL``), ``Website``, ``UseCase``, ``ContactLanguage`` (``EN`` or
``JA``), ``Contacts`` (a list of 1 to 4 addresses, or absent). No data in the answer. The physical id is always
``production-access``.

An account that is out, or whose request is under review, is left alone even if the answers change, for nobody may edit
them then. After a denial, answers that differ from the denied ones are submitted, whenever they were changed; SES was
seen to refuse that as a conflict without a word (https://github.com/aws/aws-cli/issues/6652). A Create that meets a
denial fails and names the support case. An Update never fails because of a denial, or every roll-back and every new
version of the function would fail as well; it logs a warning with the case. A Delete changes nothing.

The contacts are personal data: they are never logged, and taken out of what SES says about them.

Permissions, on ``*`` since SES has no resource level for these calls: ``ses:GetAccount``, ``ses:PutAccountDetails``.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from ._aws import RETRY_LONG, error_code, ignore_error_if_done
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.literals import ContactLanguageType, MailTypeType
    from mypy_boto3_sesv2.type_defs import AccountDetailsTypeDef, GetAccountResponseTypeDef
    from mypy_boto3_sesv2.type_defs import PutAccountDetailsRequestTypeDef as Submission

log = logging.getLogger(__name__)

PHYSICAL_ID = "production-access"

_MAIL_TYPES: "tuple[MailTypeType, ...]" = ("MARKETING", "TRANSACTIONAL")
_LANGUAGES: "tuple[ContactLanguageType, ...]" = ("EN", "JA")

Status = Literal["IN_PRODUCTION", "UNDER_REVIEW", "DENIED", "NOT_ASKED"]
_ASKED: tuple[Status, ...] = ("IN_PRODUCTION", "UNDER_REVIEW")


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, ProductionAccessHandler(), context)


# Without a repr, which would put the contacts into whatever shows these answers.
@dataclass(frozen=True, slots=True, repr=False)
class Answers:
    """What AWS asks before it takes an account out of the sandbox."""

    mail_type: "MailTypeType"
    website: str
    use_case: str
    language: "ContactLanguageType"
    contacts: frozenset[str]

    @classmethod
    def of(cls, properties: Properties) -> Self:
        mail_types = [each for each in _MAIL_TYPES if each == properties.text("MailType")]
        languages = [each for each in _LANGUAGES if each == properties.text("ContactLanguage")]
        if not mail_types or not languages:
            raise RefusedError(
                f"property MailType must be one of {', '.join(_MAIL_TYPES)}, and ContactLanguage one of "
                f"{', '.join(_LANGUAGES)}; the template of this stack must set them"
            )
        contacts = frozenset(properties.texts("Contacts"))
        return cls(mail_types[0], properties.text("Website"), properties.text("UseCase"), languages[0], contacts)

    def stand_in(self, details: "AccountDetailsTypeDef") -> bool:
        """Tell whether these are the answers that AWS has in *details*."""
        return (
            self.mail_type == details.get("MailType")
            and self.website == details.get("WebsiteURL", "").strip()
            and self.use_case == details.get("UseCaseDescription", "").strip()
            and self.language == details.get("ContactLanguage")
            and self.contacts == frozenset(details.get("AdditionalContactEmailAddresses", ()))
        )

    def submission(self) -> "Submission":
        request: Submission = {
            "MailType": self.mail_type,
            "WebsiteURL": self.website,
            "UseCaseDescription": self.use_case,
            "ContactLanguage": self.language,
            "ProductionAccessEnabled": True,
        }
        if self.contacts:
            request["AdditionalContactEmailAddresses"] = sorted(self.contacts)
        return request

    def without_contacts(self, text: str) -> str:
        for contact in sorted(self.contacts, key=len, reverse=True):
            text = text.replace(contact, "(a contact)")
        return text


def status_of(account: "GetAccountResponseTypeDef") -> Status:
    """Read where the account stands. A review that FAILED never reached anybody, and may be asked for again."""
    if account.get("ProductionAccessEnabled"):
        return "IN_PRODUCTION"
    match account.get("Details", {}).get("ReviewDetails", {}).get("Status"):
        case "GRANTED":
            return "IN_PRODUCTION"
        case "PENDING":
            return "UNDER_REVIEW"
        case "DENIED":
            return "DENIED"
    return "NOT_ASKED"


def case_of(account: "GetAccountResponseTypeDef") -> str:
    """Read the number of the support case that the review is; empty if there is none."""
    return account.get("Details", {}).get("ReviewDetails", {}).get("CaseId", "")


def decide_create(account: "GetAccountResponseTypeDef", wanted: Answers) -> Literal["submit", "keep"]:
    """Say what a Create does where *account* is what SES says about the account."""
    status, details = status_of(account), account.get("Details", {})
    if status in _ASKED:
        return "keep"
    if status == "DENIED" and wanted.stand_in(details):
        raise RefusedError(after_denial(account, "this request"))
    return "submit"


def after_denial(account: "GetAccountResponseTypeDef", what: str) -> str:
    """Say what was denied, and what to do about it."""
    return (
        f"AWS has denied {what} for production access in this region (support case "
        f"{case_of(account) or 'without a number'}): reply to the case in the AWS Support Center, where it can be "
        "looked at again; without ProductionAccess the rest of the stack deploys"
    )


def decide_update(account: "GetAccountResponseTypeDef", wanted: Answers) -> Literal["submit", "keep"]:
    """Say what an Update does where *account* is what SES says about the account."""
    match status_of(account):
        case "NOT_ASKED":
            return "submit"
        # Not compared with the template before: what changed during the review was never sent.
        case "DENIED" if not wanted.stand_in(account.get("Details", {})):
            return "submit"
    return "keep"


class ProductionAccessHandler:
    """Asks once for what the template says."""

    resource_type = "Custom::SESProductionAccess"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        wanted = Answers.of(request.properties)
        account = self._ses.get_account()
        if not self._act(decide_create(account, wanted), account, wanted):
            raise RefusedError(after_denial(account, "an earlier request, and takes no other one,"))
        return Succeeded(PHYSICAL_ID)

    def update(self, request: Request) -> Succeeded:
        wanted = Answers.of(request.properties)
        account = self._ses.get_account()
        self._act(decide_update(account, wanted), account, wanted)
        return Succeeded(PHYSICAL_ID)

    def delete(self, request: Request) -> None:
        """Leave the account as it is: nobody would put it back into the sandbox."""

    def _act(self, decision: Literal["submit", "keep"], account: "GetAccountResponseTypeDef", wanted: Answers) -> bool:
        """Tell whether SES has these answers, or needs none."""
        status = status_of(account)
        taken = self._submit(account, wanted) if decision == "submit" else status != "DENIED"
        if not taken or (status == "UNDER_REVIEW" and not wanted.stand_in(account.get("Details", {}))):
            log.warning("these answers are not under review", extra={"account": status, "case": case_of(account)})
        elif decision == "keep":
            log.info("nothing to ask for", extra={"account": status})
        return taken

    def _submit(self, account: "GetAccountResponseTypeDef", wanted: Answers) -> bool:
        """Ask, and tell whether SES takes it; False where it takes nothing after a denial."""
        try:
            with ignore_error_if_done(self._is_submitted):
                self._ses.put_account_details(**wanted.submission())
                log.info("asked for production access")
        except Exception as error:
            # Not chained, because the cause would bring the contacts into the log.
            if error_code(error) != "ConflictException":
                raise RefusedError(wanted.without_contacts(f"{error}")) from None
            if status_of(account) != "DENIED":
                raise RefusedError(
                    "SES refuses the request for production access as a conflict, and shows no review: look at the "
                    "account dashboard of SES in this region, and deploy again"
                ) from None
            return False
        return True

    def _is_submitted(self, _: Exception) -> bool:
        # A request of an earlier try, or of somebody else a moment ago; a conflict alone does not say so.
        return status_of(self._ses.get_account()) in _ASKED
