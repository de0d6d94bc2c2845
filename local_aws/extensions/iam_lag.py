"""IAM takes seconds: a policy that a function's role was just given, and a role just made, are not in force yet.

`LocalAws.start(iam_lag=...)` says how long, `LocalAws.set_iam_lag` changes it; it is nothing at first. A changed policy
stays as it was meanwhile, and one that was taken away is gone at once, which AWS does not promise. Roles of others than
functions get their permissions at once; of those, SES alone waits until it may assume them.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam

from local_aws.environment import IAM_LAG
from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Handler, Params, Properties, Response, after_provision

Role = dict[str, Any]
TYPES = ("AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")


@dataclass
class _Known:
    """When roles were made, and when each policy of a role got its documents, the newest last."""

    lag: float = field(default_factory=lambda: float(os.environ.get(IAM_LAG, "0")))
    roles: dict[str, float] = field(default_factory=dict)  # by the id of the role
    documents: dict[tuple[str, str], list[tuple[float, Any]]] = field(default_factory=dict)  # and the policy's name

    def is_old(self, since: float) -> bool:
        return time.monotonic() - since >= self.lag


_known = _Known()


def may_be_assumed(role: Role) -> bool:
    """Whether the role is old enough for a service."""
    return _known.is_old(_known.roles.get(role["RoleId"], float("-inf")))


def _policies(role: Role) -> Iterator[tuple[str, Any]]:
    yield from role["InlinePolicies"].items()
    for arn in role["AttachedPolicies"]:
        yield arn, iam_evaluator._resolve_managed_policy_document(arn, get_account_id())


def _look() -> None:
    """Note what roles have been given since the last look."""
    now, roles = time.monotonic(), list(iam._roles.values())
    _known.roles = {role["RoleId"]: _known.roles.get(role["RoleId"], now) for role in roles}
    before, _known.documents = _known.documents, {}
    for role in roles:
        for name, document in _policies(role):
            versions = before.get((role["RoleId"], name), [])
            if not versions or versions[-1][1] != document:
                versions = [*versions, (now, document)]
            _known.documents[role["RoleId"], name] = versions


def _in_force(role: Role) -> Iterator[Any]:
    for name, document in _policies(role):
        versions = _known.documents.get((role["RoleId"], name), [(float("-inf"), document)])
        yield next((each for since, each in reversed(versions) if _known.is_old(since)), None)


def _gather(original: Callable[[str, str], list[Any]]) -> Callable[[str, str], list[Any]]:
    def gather(role_name: str, account: str) -> list[Any]:
        role = iam._roles.get_scoped(account, None, role_name)
        if not _known.lag or role is None or "lambda.amazonaws.com" not in str(role["AssumeRolePolicyDocument"]):
            return original(role_name, account)
        documents = [document for document in _in_force(role) if document]
        return [statements for each in documents if (statements := iam_evaluator.parse_policy_document(each))]

    return gather


def _after_each_request(original: Handler) -> Handler:
    async def handle(method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params) -> Response:
        response = await original(method, path, headers, body, query_params)
        _look()
        return response

    return handle


def _after_resource(physical_id: str, properties: Properties) -> None:
    _look()


def grow_older(seconds: float) -> None:
    _known.roles = {role: since - seconds for role, since in _known.roles.items()}
    _known.documents = {
        name: [(since - seconds, document) for since, document in versions]
        for name, versions in _known.documents.items()
    }


def _set_lag(arguments: Arguments) -> float:
    _known.lag = float(arguments.get("seconds", _known.lag))
    return _known.lag


def install() -> None:
    iam_evaluator._gather_role_policies = _gather(iam_evaluator._gather_role_policies)
    iam.handle_request = _after_each_request(iam.handle_request)
    for resource_type in TYPES:
        after_provision(resource_type, _after_resource)
    controls["iam-lag"] = _set_lag
