"""AWS::IAM::AccessKey, and what IAM refuses: a third key of a user, and keys in the name of someone else."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ministack.services import iam

from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Params, Properties, Provisioned, Response, checked, register_type

MOST_KEYS = 2  # of a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

CREATE_DATE = "%Y-%m-%dT%H:%M:%SZ"


def _create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    before = set(iam._access_keys)
    checked(iam._IAM_HANDLERS["CreateAccessKey"]({"UserName": properties["UserName"]}))
    (key_id,) = set(iam._access_keys) - before
    iam._access_keys[key_id]["Status"] = properties.get("Status", "Active")
    return key_id, _attributes(key_id)


def _update(key_id: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    iam._access_keys[key_id]["Status"] = new.get("Status", "Active")
    return key_id, _attributes(key_id)


def _delete(key_id: str, properties: Properties) -> None:
    iam._access_keys.pop(key_id, None)


def _attributes(key_id: str) -> dict[str, Any]:
    return {"SecretAccessKey": iam._access_keys[key_id]["SecretAccessKey"]}


def _too_many(params: Params) -> Response | None:
    user = iam._p(params, "UserName")
    if len([key for key in iam._access_keys.values() if key["UserName"] == user]) < MOST_KEYS:
        return None
    refused: Response = iam._error(
        409, "LimitExceeded", f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}", ns="iam"
    )
    return refused


def _no_such_user(params: Params) -> Response | None:
    user = iam._p(params, "UserName")
    if not user or user in iam._users:
        return None
    refused: Response = iam._error(404, "NoSuchEntity", f"The user with name {user} cannot be found.", ns="iam")
    return refused


def _key_of_another(params: Params) -> Response | None:
    """Permissions are checked on the user that is named, so a key of another user must not be found."""
    user, key_id = iam._p(params, "UserName"), iam._p(params, "AccessKeyId")
    if not user or (iam._access_keys.get(key_id) or {}).get("UserName") == user:
        return None
    refused: Response = iam._error(404, "NoSuchEntity", f"The Access Key with id {key_id} cannot be found.", ns="iam")
    return refused


def _refuse(action: str, *refusals: Callable[[Params], Response | None]) -> None:
    original: Callable[[Params], Response] = iam._IAM_HANDLERS[action]

    def call(params: Params) -> Response:
        return next((refused for refusal in refusals if (refused := refusal(params))), None) or original(params)

    iam._IAM_HANDLERS[action] = call


def _secret_of(arguments: Arguments) -> dict[str, str]:
    """The secret of a key that may be used now; nothing for all others, and for those of roles and of the root."""
    key = iam._access_keys.get(arguments["id"])
    return {"secret": key["SecretAccessKey"]} if key and key["Status"] == "Active" else {}


def make_older(user: str, seconds: int) -> None:
    """Let the keys that a user has be older than they are, for whoever cannot wait."""
    for key in iam._access_keys.values():
        if key["UserName"] == user:
            made = datetime.strptime(key["CreateDate"], CREATE_DATE) - timedelta(seconds=seconds)
            key["CreateDate"] = made.strftime(CREATE_DATE)


def install() -> None:
    register_type(
        "AWS::IAM::AccessKey", create=_create, update=_update, delete=_delete, replaced_by=("UserName", "Serial")
    )
    _refuse("CreateAccessKey", _no_such_user, _too_many)
    _refuse("ListAccessKeys", _no_such_user)
    _refuse("UpdateAccessKey", _no_such_user, _key_of_another)
    _refuse("DeleteAccessKey", _no_such_user, _key_of_another)
    controls["secret-access-key"] = _secret_of
