"""Leaving the sandbox: PutAccountDetails asks for it, and a review, which is the test's to give, decides.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_PutAccountDetails.html. An account starts in production.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from ministack.core.responses import get_account_id
from ministack.services import ses

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Response, json_error, json_success, rest_calls

MAIL_TYPES = ("MARKETING", "TRANSACTIONAL")
LANGUAGES = ("EN", "JA")
LONGEST_URL, LONGEST_USE_CASE, MOST_CONTACTS = 1000, 5000, 4
CONTACT_LENGTHS = range(6, 255)  # characters
KEPT = ("MailType", "WebsiteURL", "ContactLanguage", "UseCaseDescription", "AdditionalContactEmailAddresses")
VERDICTS = ("GRANTED", "DENIED", "FAILED")


def refusal(details: dict[str, Any]) -> str | None:
    """Why SES calls the details a bad request, or None."""
    if details.get("MailType") not in MAIL_TYPES:
        return f"MailType must be one of {', '.join(MAIL_TYPES)}"
    url = details.get("WebsiteURL", "")
    if not 1 <= len(url) <= LONGEST_URL or not urlsplit(url).scheme:
        return f"WebsiteURL must be a URL of 1 to {LONGEST_URL} characters"
    if details.get("ContactLanguage", "EN") not in LANGUAGES:
        return f"ContactLanguage must be one of {', '.join(LANGUAGES)}"
    if len(details.get("UseCaseDescription", "")) > LONGEST_USE_CASE:
        return f"UseCaseDescription must not be longer than {LONGEST_USE_CASE} characters"
    contacts = details.get("AdditionalContactEmailAddresses")
    if contacts is not None and not 1 <= len(contacts) <= MOST_CONTACTS:
        return f"AdditionalContactEmailAddresses must have 1 to {MOST_CONTACTS} addresses"
    wrong = [each for each in contacts or () if len(each) not in CONTACT_LENGTHS or "@" not in each]
    return f"{wrong[0]} is not an e-mail address" if wrong else None


def _account() -> dict[str, Any]:
    account: dict[str, Any] = ses._account_details.setdefault("account", {"ProductionAccessEnabled": True})
    return account


def _put(match: re.Match[str], data: Any) -> Response:
    account = _account()
    before = (account.get("Details") or {}).get("ReviewDetails")
    if before and before["Status"] == "DENIED":  # the denial is discussed with support, in its case
        return json_error("ConflictException", None, 409)
    if before and before["Status"] == "PENDING":
        return json_error("ConflictException", "There is already a review in progress for this account.", 409)
    if why := refusal(data):
        return json_error("BadRequestException", why)
    details = {key: data[key] for key in KEPT if key in data}
    if data.get("ProductionAccessEnabled") and not account["ProductionAccessEnabled"]:
        number = account["Cases"] = account.get("Cases", 0) + 1
        details["ReviewDetails"] = {"Status": "PENDING", "CaseId": f"{get_account_id()}{number:04}"}
    elif before:
        details["ReviewDetails"] = before
    account["Details"] = details
    return json_success({})


def _enter_sandbox(arguments: Arguments) -> None:
    """As a new account: no details, no review."""
    ses._account_details["account"] = {"ProductionAccessEnabled": False}


def _leave_sandbox(arguments: Arguments) -> None:
    """As at the start, also without details and review."""
    ses._account_details.pop("account", None)


def _review(arguments: Arguments) -> None:
    account, verdict = _account(), arguments["verdict"]
    review = (account.get("Details") or {}).get("ReviewDetails") or {}
    open_to = {"PENDING": VERDICTS, "DENIED": ("GRANTED",)}.get(review.get("Status", ""), ())
    if verdict not in open_to:
        raise ValueError(
            f"a review that is PENDING ends {', '.join(VERDICTS)}, and support may grant one that was DENIED; "
            f"got {verdict} on {review or 'none'}"
        )
    review["Status"] = verdict
    account["ProductionAccessEnabled"] = verdict == "GRANTED"


def install() -> None:
    rest_calls.append(("POST", re.compile("/account/details"), _put))
    controls["enter-sandbox"] = _enter_sandbox
    controls["leave-sandbox"] = _leave_sandbox
    controls["review"] = _review
