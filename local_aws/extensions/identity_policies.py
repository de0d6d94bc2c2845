"""SES v2 calls on the sending authorization policies of an identity."""

import json
import re
from typing import Any

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ses_v2

from local_aws.extensions.registry import Response, json_error, json_success, rest_calls

LONGEST_POLICY = 4096  # bytes
MOST_POLICIES = 20

policies_of_identity = AccountRegionScopedDict()
_ONE = re.compile(r"/identities/(?P<identity>[^/]+)/policies/(?P<name>[^/]+)")
_ALL = re.compile(r"/identities/(?P<identity>[^/]+)/policies")


def refusal(identity: str, name: str, policy: str) -> str | None:
    """Why SES refuses the policy of the identity, or None."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name):
        return f"Policy name {name} must have 1 to 64 letters, digits, dashes and underscores."
    if len(policy.encode()) > LONGEST_POLICY:
        return f"Policy must not be longer than {LONGEST_POLICY} bytes."
    try:
        document = json.loads(policy)
    except json.JSONDecodeError:
        return "Policy is not valid JSON."
    statements = document.get("Statement") if isinstance(document, dict) else None
    if not statements:
        return "Policy has no statement."
    arn = ses_v2._resource_arn("identity", identity)
    for statement in statements if isinstance(statements, list) else [statements]:
        resources = statement.get("Resource")
        if resources not in (arn, [arn]):
            return f"Policy must be for the resource {arn}, not {resources}."
    return None


def _write(match: re.Match[str], data: Any, *, new: bool) -> Response:
    identity, name, policy = match["identity"], match["name"], data.get("Policy", "")
    if identity not in ses_v2._identities:
        return _missing_identity(identity)
    policies = policies_of_identity.setdefault(identity, {})
    if new and name in policies:
        return json_error("AlreadyExistsException", f"Policy <{name}> already exists")
    if not new and name not in policies:
        return _missing_policy(name)
    if why := refusal(identity, name, policy):
        return json_error("BadRequestException", why)
    if new and len(policies) >= MOST_POLICIES:
        told = f"Number of policies for <{identity}> exceeds max allowed number of policies per resource"
        return json_error("LimitExceededException", told)
    policies[name] = json.dumps(json.loads(policy), separators=(",", ":"))
    return json_success({})


def _missing_identity(name: str) -> Response:
    return json_error("NotFoundException", f"Email identity <{name}> does not exist.", 404)


def _missing_policy(name: str) -> Response:
    return json_error("NotFoundException", f"Policy <{name}> does not exist", 404)


def _create(match: re.Match[str], data: Any) -> Response:
    return _write(match, data, new=True)


def _update(match: re.Match[str], data: Any) -> Response:
    return _write(match, data, new=False)


def _delete(match: re.Match[str], data: Any) -> Response:
    if match["identity"] not in ses_v2._identities:
        return _missing_identity(match["identity"])
    if policies_of_identity.get(match["identity"], {}).pop(match["name"], None) is None:
        return _missing_policy(match["name"])
    return json_success({})


def _list(match: re.Match[str], data: Any) -> Response:
    if match["identity"] not in ses_v2._identities:
        return _missing_identity(match["identity"])
    return json_success({"Policies": dict(policies_of_identity.get(match["identity"], {}))})


def install() -> None:
    rest_calls.extend(
        [("POST", _ONE, _create), ("PUT", _ONE, _update), ("DELETE", _ONE, _delete), ("GET", _ALL, _list)]
    )
