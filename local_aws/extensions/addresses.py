"""E-mail address identities: PENDING until somebody follows the link in the mail that SES sends to the address.

`LocalAws.verification_mails` lists these mails, `LocalAws.click_verification_link` follows the link of one.
https://docs.aws.amazon.com/ses/latest/dg/creating-identities.html
"""

import re
import time
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_region
from ministack.services import ses, ses_v2

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Params, Response, query_calls

VERIFY_ACTIONS = ("VerifyEmailIdentity", "VerifyEmailAddress")  # the second is the older name

_mails = AccountRegionScopedDict()


def declare(address: str) -> None:
    """Let SES know an address that it has just been told of, and write to it."""
    if "@" not in address:
        return
    v2 = ses_v2._identities[address]
    v2.update(VerifiedForSendingStatus=False, VerificationStatus="PENDING")
    ses._identities[address] = ses._make_identity(address, "EmailAddress") | {"VerificationStatus": "Pending"}
    send_link(address)


def send_link(address: str) -> None:
    _mails.setdefault("sent", []).append({"address": address, "region": get_region(), "sent": time.time()})


def _call_verify(params: Params) -> Response:
    address, action = ses._p(params, "EmailAddress"), ses._p(params, "Action")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
        refused: Response = ses._error("InvalidParameterValue", f"Invalid email address<{address}>.", 400)
        return refused
    identity = ses_v2._identities.get(address)
    if identity is None:
        ses_v2._identities[address] = {
            "EmailIdentity": address,
            "IdentityType": "EMAIL_ADDRESS",
            "FeedbackForwardingStatus": True,
            "DkimAttributes": {"SigningEnabled": False, "Status": "NOT_STARTED", "Tokens": []},
            "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
            "Tags": [],
        }
        declare(address)
    else:  # a verified address stays verified, and gets another mail all the same
        send_link(address)
    response: Response = ses._xml(200, f"{action}Response", f"<{action}Result/>")
    return response


def _list_mails(arguments: Arguments) -> list[dict[str, Any]]:
    return list(_mails.get("sent", []))


def _click(arguments: Arguments) -> None:
    address = arguments["address"]
    sent = [mail["sent"] for mail in _mails.get("sent", []) if mail["address"] == address]
    if not sent:
        raise ValueError(f"SES has sent no verification mail to {address} in {get_region()}")
    if address not in ses_v2._identities:
        raise ValueError(f"the identity {address} is gone, its link verifies nothing")
    ses_v2._identities[address].update(VerifiedForSendingStatus=True, VerificationStatus="SUCCESS")
    ses._identities[address]["VerificationStatus"] = "Success"


def install() -> None:
    query_calls.update(dict.fromkeys(VERIFY_ACTIONS, _call_verify))
    controls["verification-mails"] = _list_mails
    controls["click-verification-link"] = _click
