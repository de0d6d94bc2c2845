"""Identities that stay PENDING until their DNS records stand in the local Route 53: CloudFormation's type, SES's calls.

Those of an e-mail address wait for a click instead, see `addresses`.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.services import ses, ses_v2
from ministack.services.cloudformation import provisioners

from local_aws.extensions import addresses
from local_aws.extensions.dkim_replicas import parent_region, replicas_of
from local_aws.extensions.identity_checks import mail_from_problem, refused_call, refused_template, set_problem
from local_aws.extensions.identity_state import declare_dkim, forget, refresh, token_asked
from local_aws.extensions.outgoing_mail import NO_FROM
from local_aws.extensions.registry import (
    Params,
    Properties,
    Provisioned,
    Response,
    after_query_call,
    after_rest_call,
    before_each_call,
    json_error,
    json_success,
    query_calls,
    rest_calls,
)
from local_aws.extensions.verification import easy_dkim_records, verification_token

_ONE = re.compile(r"/identities/([^/]+)")


def dkim_outputs(name: str) -> dict[str, Any]:
    attributes = {"EmailIdentity": name}
    dkim = ses_v2._identities[name]["DkimAttributes"]
    if "@" not in name and dkim["SigningAttributesOrigin"] == "AWS_SES":
        for number, record in enumerate(easy_dkim_records(name, dkim["Tokens"]), 1):
            attributes[f"DkimDNSTokenName{number}"] = record.name
            attributes[f"DkimDNSTokenValue{number}"] = record.value
    return attributes


def _declare(name: str, properties: Properties) -> dict[str, Any]:
    enabled = str((properties.get("DkimAttributes") or {}).get("SigningEnabled", True)).lower() == "true"
    declare_dkim(name, properties.get("DkimSigningAttributes") or {}, enabled=enabled)
    arn = ses_v2._resource_arn("identity", name)
    ses_v2._ses_tags[arn] = list(ses_v2._identities[name].get("Tags", []))
    return dkim_outputs(name)


def _add_cloudformation() -> None:
    original_create: Callable[..., Provisioned] = provisioners._ses_email_identity_create
    original_update: Callable[..., Provisioned] = provisioners._ses_email_identity_update

    def create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
        if problem := refused_template(properties):
            raise ValueError(problem)
        name, _ = original_create(logical_id, properties, stack_name)
        addresses.declare(name)
        return name, _declare(name, properties)

    def update(
        physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Provisioned:
        if old != new and (problem := refused_template(new, old)):
            raise ValueError(problem)
        name, _ = original_update(physical_id, old, new, stack_name, logical_id)
        return name, _declare(name, new)

    def delete(physical_id: str, properties: Properties) -> None:
        if problem := _replicated(physical_id):
            raise ValueError(problem)
        forget(physical_id)

    # The replacement of an identity looks the functions up by these names.
    provisioners._ses_email_identity_create = create
    provisioners._ses_email_identity_delete = delete
    provisioners._RESOURCE_HANDLERS["AWS::SES::EmailIdentity"].update(create=create, update=update, delete=delete)


def _call_verify_domain(params: Params) -> Response:
    domain = ses._p(params, "Domain")
    if domain not in ses_v2._identities:
        ses_v2._identities[domain] = {
            "EmailIdentity": domain,
            "IdentityType": "DOMAIN",
            "VerificationStatus": "PENDING",
            "FeedbackForwardingStatus": True,
            "DkimAttributes": {"SigningEnabled": False, "Status": "NOT_STARTED", "Tokens": []},
            "MailFromAttributes": {"BehaviorOnMxFailure": "USE_DEFAULT_VALUE"},
            "Tags": [],
        }
    token_asked[domain] = True
    refresh()
    token = verification_token(domain)
    inner = f"<VerifyDomainIdentityResult><VerificationToken>{token}</VerificationToken></VerifyDomainIdentityResult>"
    response: Response = ses._xml(200, "VerifyDomainIdentityResponse", inner)
    return response


def _call_verification_attributes(params: Params) -> Response:
    entries = ""
    for name in ses._collect_list(params, "Identities.member"):
        identity = ses._identities.get(name)
        if identity is None:  # SES leaves out what it does not know
            continue
        token = f"<VerificationToken>{verification_token(name)}</VerificationToken>" if name in token_asked else ""
        status = f"<VerificationStatus>{identity['VerificationStatus']}</VerificationStatus>"
        entries += f"<entry><key>{name}</key><value>{status}{token}</value></entry>"
    action = "GetIdentityVerificationAttributes"
    inner = f"<{action}Result><VerificationAttributes>{entries}</VerificationAttributes></{action}Result>"
    response: Response = ses._xml(200, f"{action}Response", inner)
    return response


def _refuse_create(match: re.Match[str], data: Any) -> Response | None:
    return refused_call(data)


def _refuse_unknown(match: re.Match[str], data: Any) -> Response | None:
    known = match[1] in ses_v2._identities
    return None if known else json_error("NotFoundException", f"Email identity {match[1]} does not exist.", 404)


def _replicated(name: str) -> str:
    """Why SES does not delete an identity; the words are ours."""
    regions = replicas_of(name)
    return f"Email identity {name} has replicas in {', '.join(regions)}." if regions else ""


def _refuse_delete(match: re.Match[str], data: Any) -> Response | None:
    problem = _replicated(match[1])
    return json_error("BadRequestException", problem) if problem else _refuse_unknown(match, data)


def _set_origin(match: re.Match[str], data: Any) -> Response | None:
    """Of a replica, another parent; the rest of the call is ministack's."""
    name, origin = match[1], data.get("SigningAttributesOrigin", "")
    if name not in ses_v2._identities or not parent_region(origin):
        return None
    declare_dkim(name, {"DomainSigningAttributesOrigin": origin}, enabled=True)
    refresh()
    dkim = ses_v2._identities[name]["DkimAttributes"]
    return json_success({"DkimStatus": dkim["Status"], "DkimTokens": dkim["Tokens"]})


def _set_default_set(match: re.Match[str], data: Any) -> Response:
    name, set_name = match[1], data.get("ConfigurationSetName") or ""
    if name not in ses_v2._identities:
        return json_error("NotFoundException", f"Email identity {name} does not exist.", 404)
    if problem := set_problem(set_name):
        return json_error("NotFoundException", problem, 404)
    ses_v2._identities[name]["ConfigurationSetName"] = set_name
    return json_success({})


def _set_mail_from(match: re.Match[str], data: Any) -> Response:
    name = match[1]
    if name not in ses_v2._identities:
        return json_error("NotFoundException", f"Email identity {name} does not exist.", 404)
    if problem := mail_from_problem(name, {"MailFromAttributes": data}):
        return json_error("BadRequestException", problem)
    behavior = data.get("BehaviorOnMxFailure") or "USE_DEFAULT_VALUE"
    ses_v2._identities[name]["MailFromAttributes"] = {**data, "BehaviorOnMxFailure": behavior}
    refresh()
    return json_success({})


def _after_query(action: str, params: Params, response: Response) -> None:
    if action == "DeleteIdentity" and response[0] == 200:
        forget(ses._p(params, "Identity"))


def _after_rest(method: str, route: str, data: Any, response: Response) -> Response:
    if response[0] != 200:
        return response
    if (method, route) == ("POST", "/identities"):
        name = data["EmailIdentity"]
        ses_v2._identities[name]["ConfigurationSetName"] = data.get("ConfigurationSetName") or ""
        addresses.declare(name)
        declare_dkim(name, data.get("DkimSigningAttributes") or {}, enabled=True)
        refresh()
        members = ("IdentityType", "VerifiedForSendingStatus", "DkimAttributes")
        return json_success({member: ses_v2._identities[name][member] for member in members})
    if route in ("/identities", "/list-identities"):
        body = json.loads(response[2])
        for entry in body["EmailIdentities"]:
            identity = ses_v2._identities[entry["IdentityName"]]
            entry["VerificationStatus"] = identity.get("VerificationStatus", "SUCCESS")
            entry["SendingEnabled"] = identity["VerifiedForSendingStatus"]
        return json_success(body)
    deleted = _ONE.fullmatch(route)
    if deleted and method == "DELETE":
        forget(deleted[1])
    return response


def _check_both_senders(original: Callable[[Params], Response]) -> Callable[[Params], Response]:
    """A raw message has two, that of the envelope, which ministack checks, and the From that the recipient sees."""

    def call(params: Params) -> Response:
        shown = ses._parse_raw_mime(ses._p(params, "RawMessage.Data")).get("From", "")
        refused: Response
        if not shown:
            refused = ses._error("InvalidParameterValue", NO_FROM, 400)
            return refused
        if ses._p(params, "Source") and (why := ses._message_rejection(str(shown))):
            refused = ses._error("MessageRejected", why, 400)
            return refused
        return original(params)

    return call


def install() -> None:
    _add_cloudformation()
    ses._send_raw_email = _check_both_senders(ses._send_raw_email)
    before_each_call.append(refresh)
    query_calls.update(
        VerifyDomainIdentity=_call_verify_domain,
        GetIdentityVerificationAttributes=_call_verification_attributes,
    )
    rest_calls.extend(
        [
            ("POST", re.compile("/identities"), _refuse_create),
            ("GET", _ONE, _refuse_unknown),
            ("DELETE", _ONE, _refuse_delete),
            ("PUT", re.compile("/identities/([^/]+)/dkim/signing"), _set_origin),
            ("PUT", re.compile("/identities/([^/]+)/configuration-set"), _set_default_set),
            ("PUT", re.compile("/identities/([^/]+)/mail-from"), _set_mail_from),
        ]
    )
    after_query_call.append(_after_query)
    after_rest_call.append(_after_rest)
