"""Under IAM enforcement: sending is checked on all it touches, with `ses:FromAddress` as condition key.

That is the identity that sends, the configuration set, and in the sandbox the identities that the message goes to.

ministack already checks the other SES v2 calls on the identity that their path names.
"""

import json
from collections.abc import Callable, Iterable
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, new_uuid
from ministack.services import ses, ses_v2

from local_aws.extensions.dkim_replicas import parent_region
from local_aws.extensions.registry import V2_PREFIX, Handler, Params, Response

SENDING = ("SendEmail", "SendRawEmail", "SendTemplatedEmail", "SendBulkTemplatedEmail")
_OUTBOUND = (f"{V2_PREFIX}/outbound-emails", f"{V2_PREFIX}/outbound-bulk-emails")


def sending_identity(from_address: str) -> str:
    """The identity that SES sends with: the address itself if it is one, else its domain or the nearest parent."""
    address = parseaddr(from_address)[1]
    domain = address.rpartition("@")[2].lower()
    labels = domain.split(".")
    candidates = [address, *(".".join(labels[start:]) for start in range(len(labels) - 1))]
    known = (name for name in candidates if name in ses._identities or name in ses_v2._identities)
    return next(known, domain)


def _source(params: Params) -> str:
    """The From of a raw message, whatever its envelope says: that is what the recipient sees."""
    raw = ses._p(params, "RawMessage.Data")
    source = ses._parse_raw_mime(raw).get("From", "") if raw else ""
    return str(source or ses._p(params, "Source"))


def _from_context(from_address: str) -> dict[str, str]:
    return {"ses:FromAddress": parseaddr(from_address)[1]} if from_address else {}


def _further_resources(configuration_set: str, recipients: Iterable[str]) -> list[str]:
    """What a message needs permission for beside the identity that sends it: in the sandbox also those that get it."""
    named = [("configuration-set", configuration_set)] if configuration_set else []
    if not ses._production_access_enabled():
        receiving = {sending_identity(recipient) for recipient in recipients} - {ses._SIMULATOR_DOMAIN}
        named += [("identity", name) for name in sorted(receiving)]
    return [ses_v2._resource_arn(kind, name) for kind, name in named]


def install() -> None:
    _name_actions()
    _name_resources()
    _name_conditions()
    _check_query_calls()
    _check_rest_calls()


def _name_actions() -> None:
    """A batch of SQS needs the permission for one message, and there is no other.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
    """
    original: Callable[..., str | None] = iam_actions.extract_iam_action

    def iam_action(*request: Any) -> str | None:
        action = original(*request)
        return action.removesuffix("Batch") if action and action.startswith("sqs:") else action

    iam_actions.extract_iam_action = iam_action


def _name_resources() -> None:
    original: Callable[..., str] = iam_actions.extract_resource_arn

    def resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: Params,
        region: str,
        account_id: str,
    ) -> str:
        if service == "ses" and ses._p(query_params, "Action") in SENDING and (source := _source(query_params)):
            return f"arn:aws:ses:{region}:{account_id}:identity/{sending_identity(source)}"
        path = unquote(path) if service == "ses" else path
        return original(service, method, path, headers, body, query_params, region, account_id)

    iam_actions.extract_resource_arn = resource_arn


def _name_conditions() -> None:
    original: Callable[..., dict[str, Any]] = iam_actions.request_tag_context

    def context(service: str, iam_action: str, body: bytes, params: Params) -> dict[str, Any]:
        keys = original(service, iam_action, body, params)
        if service == "ses" and iam_action.removeprefix("ses:") in SENDING:
            return keys | _from_context(_source(params))
        if iam_action == "cloudwatch:PutMetricData":
            return keys | {"cloudwatch:namespace": iam_actions._param(body, params, "Namespace")}
        return keys

    iam_actions.request_tag_context = context


def _check_query_calls() -> None:
    """ministack has checked the identity by then."""
    original: Handler = ses.handle_request

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        params = query_params | parse_qs(body.decode("utf-8", "replace"))
        action = ses._p(params, "Action")
        if app.AUTH and action in SENDING:
            kinds = ("Destinations", *(f"Destination.{kind}Addresses" for kind in ("To", "Cc", "Bcc")))
            recipients = [each for kind in kinds for each in ses._collect_list(params, f"{kind}.member")]
            for arn in _further_resources(ses._p(params, "ConfigurationSetName"), recipients):
                denied: Response | None = app._enforce_data_plane(
                    "ses",
                    f"ses:{action}",
                    headers,
                    query_params,
                    new_uuid(),
                    resource_arn=arn,
                    service_context=_from_context(_source(params)),
                    named_resource=arn,
                )
                if denied:
                    return denied
        return await original(method, path, headers, body, query_params)

    ses.handle_request = handle


def _check_rest_calls() -> None:
    original: Callable[..., Response | None] = app._enforce_ses_v2

    def enforce(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params, request_id: str
    ) -> Response | None:
        if not (app.AUTH and method == "POST" and path.rstrip("/") in _OUTBOUND):
            refused = original(method, path, headers, body, query_params, request_id)
            return refused or _check_new_identity(method, path, headers, body, query_params, request_id)
        request = json.loads(body or b"{}")
        from_address = request.get("FromEmailAddress") or _raw_from(request)
        bulk = path.rstrip("/") == _OUTBOUND[1]
        action = "ses:SendBulkEmail" if bulk else "ses:SendEmail"
        recipients = [each for group in (request.get("Destination") or {}).values() for each in group]
        further = _further_resources(request.get("ConfigurationSetName") or "", recipients)
        for arn in (ses_v2._resource_arn("identity", sending_identity(from_address)), *further):
            # By AWS's service authorization reference bulk mail knows no ses:FromAddress.
            context = {} if bulk else _from_context(from_address)
            if denied := _denied(action, arn, headers, query_params, request_id, context):
                return denied
        return None

    app._enforce_ses_v2 = enforce


def _denied(
    action: str, arn: str, headers: dict[str, str], query_params: Params, request_id: str, context: dict[str, Any]
) -> Response | None:
    """The refusal of a call of the current API, if the caller may not do *action* on *arn*."""
    refused: Response | None = app._enforce_data_plane(
        "sesv2",
        action,
        headers,
        query_params,
        request_id,
        resource_arn=arn,
        service_context=context,
        named_resource=arn,
    )
    return refused


def _check_new_identity(
    method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params, request_id: str
) -> Response | None:
    """Tags need a permission of their own, a replica one on the parent, which AWS may ask for later."""
    if not (app.AUTH and (method, path.rstrip("/")) == ("POST", f"{V2_PREFIX}/identities")):
        return None
    request = json.loads(body or b"{}")
    name, needed = request.get("EmailIdentity"), list[tuple[str, str]]()
    if request.get("Tags"):
        needed.append(("ses:TagResource", ses_v2._resource_arn("identity", name)))
    signing = request.get("DkimSigningAttributes") or {}
    if region := parent_region(signing.get("DomainSigningAttributesOrigin", "")):
        parent = f"arn:aws:ses:{region}:{get_account_id()}:identity/{name}"
        needed.append(("ses:ReplicateEmailIdentityDKIMSigningKey", parent))
    for action, arn in needed:
        if denied := _denied(action, arn, headers, query_params, request_id, {}):
            return denied
    return None


def _raw_from(request: dict[str, Any]) -> str:
    raw = ((request.get("Content") or {}).get("Raw") or {}).get("Data", "")
    return str(ses._parse_raw_mime(raw).get("From", "")) if raw else ""
