"""AWS::IAM::AccessKey."""

from typing import Any

from ministack.services import iam

from local_aws.extensions.registry import Properties, Provisioned, checked, register_type


def _create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    before = set(iam._access_keys)
    checked(iam._create_access_key({"UserName": properties["UserName"]}))
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


def install() -> None:
    register_type(
        "AWS::IAM::AccessKey", create=_create, update=_update, delete=_delete, replaced_by=("UserName", "Serial")
    )
