"""Secrets as CloudFormation makes them, versions with their labels as Secrets Manager keeps them, resource policies.

An empty version is one that was announced, by a rotation, and not written yet.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import Properties, Provisioned, Response, register_type

Secret = dict[str, Any]

CURRENT, PENDING, PREVIOUS = "AWSCURRENT", "AWSPENDING", "AWSPREVIOUS"
Call = Callable[[dict[str, Any]], Response]


def json_error(code: str, message: str) -> Response:
    error: Response = error_response_json(code, message, 400)
    return error


def checked(response: Response) -> Response:
    """Pass a success on; raise a refusal as the reason that CloudFormation reports."""
    status, _, body = response
    if status >= 400:
        error = json.loads(body)
        raise ValueError(f"{error['message']} (Error Code: {error['__type']})")
    return response


def found(secret_id: str) -> Secret:
    """The secret; ValueError, in CloudFormation's words, when there is none."""
    secret: Secret | None = secretsmanager._resolve(secret_id)[1]
    if secret is None:
        raise ValueError("Secrets Manager can't find the specified secret. (Error Code: ResourceNotFoundException)")
    return secret


def is_empty(version: dict[str, Any]) -> bool:
    return version["SecretString"] is None and version["SecretBinary"] is None


def new_version(value: dict[str, Any], *stages: str) -> dict[str, Any]:
    content = {"SecretString": value.get("SecretString"), "SecretBinary": value.get("SecretBinary")}
    return {**content, "CreatedDate": int(time.time()), "Stages": list(stages)}


def move_label(secret: Secret, label: str, version_id: str) -> None:
    """A label is on one version at a time; one without any label is deprecated, and soon gone."""
    for other, version in secret["Versions"].items():
        if other != version_id and label in version["Stages"]:
            version["Stages"].remove(label)
    if label not in secret["Versions"][version_id]["Stages"]:
        secret["Versions"][version_id]["Stages"].append(label)


def _put_value(original: Call) -> Call:
    def put(data: dict[str, Any]) -> Response:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if secret is None or secret.get("DeletedDate"):
            return original(data)
        version_id = data.setdefault("ClientRequestToken", new_uuid())
        before = secret["Versions"].get(version_id)
        labels = data.get("VersionStages") or [CURRENT]
        if before and not is_empty(before):
            if any(before[key] != data.get(key) for key in ("SecretString", "SecretBinary")):
                return json_error(
                    "ResourceExistsException",
                    f"You can't use ClientRequestToken {version_id} because that value is already in use for a version "
                    f"of secret {secret['ARN']}.",
                )
        else:
            secret["Versions"][version_id] = new_version(data, *(before["Stages"] if before else ()))
        current = secretsmanager._find_stage_version(secret, CURRENT)[0]
        for label in labels:
            move_label(secret, label, version_id)
        if current is None:  # the first version is current whatever its labels
            move_label(secret, CURRENT, version_id)
        elif CURRENT in labels and current != version_id:
            move_label(secret, PREVIOUS, current)
        secret["LastChangedDate"] = int(time.time())
        stages = list(secret["Versions"][version_id]["Stages"])
        made = {"ARN": secret["ARN"], "Name": secret["Name"], "VersionId": version_id, "VersionStages": stages}
        response: Response = json_response(made)
        return response

    return put


def _get_value(original: Call) -> Call:
    def get(data: dict[str, Any]) -> Response:
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        version_id, label = data.get("VersionId"), data.get("VersionStage")
        if secret is not None and not secret.get("DeletedDate"):
            labelled = secretsmanager._find_stage_version(secret, label or CURRENT)[1]
            version = secret["Versions"].get(version_id) if version_id else labelled
            if version is None or is_empty(version) or (version_id and label and label not in version["Stages"]):
                named = f"VersionId: {version_id}" if version_id else f"staging label: {label or CURRENT}"
                return json_error(
                    "ResourceNotFoundException",
                    f"Secrets Manager can't find the specified secret value for {named}",
                )
        return original(data)

    return get


def _without_placeholder(secret: Secret, properties: Properties) -> None:
    if properties.get("GenerateSecretString") == {}:  # ministack takes this for none
        value = secretsmanager._get_random_password({})
        secret["Versions"] = {
            new_uuid(): new_version({"SecretString": json.loads(value[2])["RandomPassword"]}, CURRENT)
        }
    elif not properties.get("SecretString") and "GenerateSecretString" not in properties:
        secret["Versions"] = {}


def _named(physical_id: str) -> str:
    secret: Secret | None = secretsmanager._resolve(physical_id)[1]
    return secret["Name"] if secret else physical_id


def _register_secret() -> None:
    create_named, update_named = provisioners._sm_secret_create, provisioners._sm_secret_update
    delete_named = provisioners._sm_secret_delete

    def create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
        if (name := properties.get("Name")) in secretsmanager._secrets:
            raise ValueError(
                f"The operation failed because the secret {name} already exists. (Error Code: ResourceExistsException)"
            )
        name, attributes = create_named(logical_id, properties, stack_name)
        _without_placeholder(secretsmanager._secrets[name], properties)
        return attributes["Id"], attributes

    def update(
        physical_id: str, old: Properties, new: Properties, stack_name: str, logical_id: str | None = None
    ) -> Provisioned:
        _, attributes = update_named(_named(physical_id), old, new, stack_name, logical_id)
        return attributes["Id"], attributes

    def delete(physical_id: str, properties: Properties) -> None:
        delete_named(_named(physical_id), properties)

    # Its reference is the ARN, and ministack's would be the name.
    provisioners._RESOURCE_HANDLERS["AWS::SecretsManager::Secret"].update(create=create, update=update, delete=delete)


def _put_policy(properties: Properties) -> None:
    policy = properties["ResourcePolicy"]
    text = policy if isinstance(policy, str) else json.dumps(policy)
    checked(secretsmanager._put_resource_policy({"SecretId": properties["SecretId"], "ResourcePolicy": text}))


def _create_policy(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    arn = found(properties["SecretId"])["ARN"]
    _put_policy(properties)
    return arn, {"Id": arn}


def _update_policy(arn: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    _put_policy(new)
    return arn, {"Id": arn}


def _delete_policy(arn: str, properties: Properties) -> None:
    secretsmanager._delete_resource_policy({"SecretId": arn})


def install() -> None:
    secretsmanager._put_secret_value = _put_value(secretsmanager._put_secret_value)
    secretsmanager._get_secret_value = _get_value(secretsmanager._get_secret_value)
    _register_secret()
    register_type(
        "AWS::SecretsManager::ResourcePolicy",
        create=_create_policy,
        update=_update_policy,
        delete=_delete_policy,
        replaced_by=("SecretId",),
    )
