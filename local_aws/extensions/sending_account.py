"""What SES says about the account in a region: quota, enforcement, sandbox, whether it sends; and how it is changed.

`LocalAws.set_ses_account` sets what only AWS decides. The sandbox is `account_details`.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ses, ses_v2

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.outgoing_mail import NO_FROM, mail_of_query, mail_of_rest
from local_aws.extensions.registry import (
    Params,
    Response,
    after_rest_call,
    json_error,
    json_success,
    query_calls,
    rest_calls,
)

SANDBOX = {"Max24HourSend": 200.0, "MaxSendRate": 1.0}
PRODUCTION = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0}
ENFORCEMENT = ("HEALTHY", "PROBATION", "SHUTDOWN")
DECIDED_BY_AWS = ("Max24HourSend", "MaxSendRate", "SentLast24Hours", "EnforcementStatus")
ACCOUNT_PAUSED = (
    "Sending paused for this account. For more information, please check the inbox of the email address associated "
    "with your AWS account."
)
SET_PAUSED = "Sending is paused for configuration set <{}>"
_SENDING = ("_send_email", "_send_raw_email", "_send_templated_email", "_send_bulk_templated_email")
_OUTBOUND = re.compile("/outbound-(bulk-)?emails")

# Of each region: SendingEnabled, SuppressedReasons, and what the control has set.
_account = AccountRegionScopedDict()


def may_send() -> bool:
    """Whether neither the owner nor AWS has paused the account."""
    return bool(_account.get("SendingEnabled", True)) and _account.get("EnforcementStatus") != "SHUTDOWN"


def quota() -> dict[str, float]:
    """The limits, and each recipient of the last 24 hours."""
    limits = PRODUCTION if ses._production_access_enabled() else SANDBOX
    since = time.time() - 24 * 60 * 60
    recent = [record for record in ses._sent_emails_list() if record["Timestamp"] >= since]
    sent = sum(len(record.get("Destinations") or _recipients(record)) for record in recent)
    return {
        "Max24HourSend": float(_account.get("Max24HourSend", limits["Max24HourSend"])),
        "MaxSendRate": float(_account.get("MaxSendRate", limits["MaxSendRate"])),
        "SentLast24Hours": float(_account.get("SentLast24Hours", sent)),
    }


def _recipients(record: dict[str, Any]) -> list[str]:
    return [each for kind in ("To", "CC", "BCC") for each in record.get(kind) or []]


def _complete(method: str, route: str, data: Any, response: Response) -> Response:
    if (method, route, response[0]) != ("GET", "/account", 200):
        return response
    known = {
        "EnforcementStatus": _account.get("EnforcementStatus", "HEALTHY"),
        "SendQuota": quota(),
        "SendingEnabled": may_send(),
        "SuppressionAttributes": {"SuppressedReasons": _account.get("SuppressedReasons", ["BOUNCE", "COMPLAINT"])},
    }
    return json_success(json.loads(response[2]) | known)


def _put_sending(match: re.Match[str], data: Any) -> Response:
    _account["SendingEnabled"] = bool(data.get("SendingEnabled", False))
    return json_success({})


def _put_suppression(match: re.Match[str], data: Any) -> Response:
    reasons = data.get("SuppressedReasons") or []
    if errors := ses_v2._suppression_enum_errors("", reasons, True, None, False):
        refused: Response = ses_v2._combined_validation_error(errors)
        return refused
    _account["SuppressedReasons"] = list(reasons)
    return json_success({})


def _call_update_sending(params: Params) -> Response:
    _account["SendingEnabled"] = ses._p(params, "Enabled").lower() == "true"
    response: Response = ses._receipt_result("UpdateAccountSendingEnabled")
    return response


def _call_get_sending(params: Params) -> Response:
    response: Response = ses._receipt_result("GetAccountSendingEnabled", {"Enabled": may_send()})
    return response


def _call_quota(params: Params) -> Response:
    response: Response = ses._receipt_result("GetSendQuota", quota())
    return response


def _is_paused(configuration_set: str) -> bool:
    options = (ses_v2._config_sets.get(configuration_set) or {}).get("SendingOptions") or {}
    return not options.get("SendingEnabled", True)


def _refuse_rest(match: re.Match[str], data: Any) -> Response | None:
    """SES v2 has one error for both, and knows which set a message names."""
    if not may_send():
        return json_error("SendingPausedException", ACCOUNT_PAUSED)
    mail = mail_of_rest(data)
    name = mail.configuration_set
    if name and name not in ses_v2._config_sets:
        told = f"Configuration set <{name}> does not exist."
        if mail.by_default:
            return json_error("BadRequestException", told)
        return json_error("NotFoundException", told, 404)
    if _is_paused(name):
        return json_error("SendingPausedException", SET_PAUSED.format(name))
    if "Raw" in (data.get("Content") or {}) and not mail.header("From"):
        return json_error("BadRequestException", NO_FROM)
    return None


def _refuse_query(original: Callable[[Params], Response]) -> Callable[[Params], Response]:
    def call(params: Params) -> Response:
        name = mail_of_query("", params).configuration_set
        refused: Response | None = None
        if not may_send():
            refused = ses._error("AccountSendingPausedException", ACCOUNT_PAUSED, 400)
        elif name and name not in ses_v2._config_sets:
            refused = ses._config_set_missing(name)
        elif _is_paused(name):
            why, fields = SET_PAUSED.format(name), {"ConfigurationSetName": name}
            refused = ses._error("ConfigurationSetSendingPausedException", why, 400, fields=fields)
        return refused or original(params)

    return call


def _decide(arguments: Arguments) -> None:
    """The control `ses-account`."""
    for name, value in arguments.items():
        if name not in DECIDED_BY_AWS:
            raise ValueError(f"ses-account knows {', '.join(DECIDED_BY_AWS)}, not {name}")
        if name == "EnforcementStatus" and value not in ENFORCEMENT:
            raise ValueError(f"EnforcementStatus is one of {', '.join(ENFORCEMENT)}, not {value}")
    for name in DECIDED_BY_AWS:
        _account.pop(name, None)
    _account.update({name: value if name == "EnforcementStatus" else float(value) for name, value in arguments.items()})


def install() -> None:
    rest_calls.extend(
        [
            ("PUT", re.compile("/account/sending"), _put_sending),
            ("PUT", re.compile("/account/suppression"), _put_suppression),
            ("POST", _OUTBOUND, _refuse_rest),
        ]
    )
    after_rest_call.append(_complete)
    query_calls.update(
        UpdateAccountSendingEnabled=_call_update_sending,
        GetAccountSendingEnabled=_call_get_sending,
        GetSendQuota=_call_quota,
    )
    for name in _SENDING:
        setattr(ses, name, _refuse_query(getattr(ses, name)))
    controls["ses-account"] = _decide
