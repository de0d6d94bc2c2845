"""Rotation of secrets: AWS::SecretsManager::RotationSchedule, RotateSecret and CancelRotateSecret.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html. Nothing rotates by the clock;
a test asks for it.
"""

import json
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.concurrency import spawn_background
from ministack.core.responses import json_response, new_uuid
from ministack.services import lambda_svc, secretsmanager

from local_aws.extensions.access_keys import make_older
from local_aws.extensions.controls import Arguments, controls
from local_aws.extensions.registry import Properties, Provisioned, Response, register_type
from local_aws.extensions.secrets import CURRENT, PENDING, Secret, checked, found, json_error, move_label, new_version
from local_aws.extensions.service_access import may_invoke

SERVICE = "secretsmanager.amazonaws.com"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")

# The versions that schedules are tried out with: pending meanwhile, and never taken up by a rotation.
_trials: set[str] = set()

# The rotations that go on, by their tokens, and whether each was asked for once more meanwhile.
_going_on: dict[str, bool] = {}
_going_on_lock = threading.Lock()


def _true(value: object) -> bool:
    return str(value).lower() == "true"


def _step(secret: Secret, step: str, token: str) -> bool:
    """Run one step in the function, and say whether it went well."""
    function, config, _ = lambda_svc._get_func_record_for_ref(secret["RotationLambdaARN"])
    if not function or not config:
        return False
    event = {"Step": step, "SecretId": secret["ARN"], "ClientRequestToken": token}
    result = lambda_svc._execute_function(lambda_svc._execution_record_for_config(function, config), event)
    if result.get("error"):
        secretsmanager.logger.warning("rotation of %s failed in %s", secret["Name"], step)
    return not result.get("error")


def _start(secret: Secret, token: str) -> None:
    """Rotate in the background: not beside a run of the same rotation that goes on, but after it."""
    with _going_on_lock:
        goes_on = token in _going_on
        _going_on[token] = goes_on
    if not goes_on:
        spawn_background(_rotate_as_asked, secret, token, thread_name="rotation")


def _rotate_as_asked(secret: Secret, token: str) -> None:
    while True:
        try:
            _rotate(secret, token)
        finally:
            with _going_on_lock:
                once_more = _going_on.pop(token) and secret["RotationEnabled"] and _is_to_be_rotated(secret, token)
                if once_more:
                    _going_on[token] = False
        if not once_more:
            return


def _is_to_be_rotated(secret: Secret, token: str) -> bool:
    stages = secret["Versions"].get(token, {"Stages": []})["Stages"]
    return PENDING in stages and CURRENT not in stages


def _rotate(secret: Secret, token: str) -> None:
    # A step that fails ends it: the version stays AWSPENDING, and the next rotation takes it up again.
    if not all(_step(secret, step, token) for step in STEPS):
        return
    version = secret["Versions"].get(token) or {"Stages": []}
    if CURRENT in version["Stages"]:
        secret["LastRotatedDate"] = int(time.time())
        if PENDING in version["Stages"]:  # a function need not take it off
            version["Stages"].remove(PENDING)


def _try_out(secret: Secret, token: str) -> None:
    """What happens instead of a rotation that shall not start at once: the test, with a version for it alone."""
    current = secretsmanager._find_stage_version(secret, CURRENT)[1] or {}
    _trials.add(token)
    secret["Versions"][token] = new_version(current, PENDING)
    _step(secret, "testSecret", token)
    secret["Versions"].pop(token, None)


def _refusal(secret: Secret, function: str | None) -> Response | None:
    if secret.get("DeletedDate"):
        return json_error(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    if not function:
        return json_error("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    if not may_invoke(SERVICE, function, source_arn=secret["ARN"]):
        return json_error(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            f"access to the principal {SERVICE}.",
        )
    return None


def _success(secret: Secret, **more: str) -> Response:
    response: Response = json_response({"ARN": secret["ARN"], "Name": secret["Name"], **more})
    return response


def _call_rotate(data: dict[str, Any]) -> Response:
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if secret is None:
        return json_error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    function = data.get("RotationLambdaARN") or secret.get("RotationLambdaARN")
    if refused := _refusal(secret, function):
        return refused
    secret.update(RotationLambdaARN=function, RotationEnabled=True)
    if rules := data.get("RotationRules"):
        secret["RotationRules"] = rules
    token = data.get("ClientRequestToken") or new_uuid()
    if not data.get("RotateImmediately", True):
        spawn_background(_try_out, secret, token, thread_name="rotation-test")
        return _success(secret)
    pending, version = secretsmanager._find_stage_version(secret, PENDING)
    if pending and CURRENT not in version["Stages"]:
        if pending not in _trials:
            _start(secret, pending)
        return json_error(
            "InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted."
        )
    secret["Versions"].setdefault(token, new_version({}))
    move_label(secret, PENDING, token)
    _start(secret, token)
    return _success(secret, VersionId=token)


def _call_cancel(data: dict[str, Any]) -> Response:
    _, secret = secretsmanager._resolve(data.get("SecretId"))
    if secret is None:
        return json_error("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    # The function and the rules stay noted, and a pending version pending.
    secret["RotationEnabled"] = False
    return _success(secret)


def _schedule(properties: Properties) -> None:
    wanted = {"SecretId": properties["SecretId"], "RotationLambdaARN": properties.get("RotationLambdaARN")}
    if rules := properties.get("RotationRules"):
        wanted["RotationRules"] = rules
    wanted["RotateImmediately"] = _true(properties.get("RotateImmediatelyOnUpdate", True))
    checked(_call_rotate(wanted))


def _create_schedule(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    arn = found(properties["SecretId"])["ARN"]
    _schedule(properties)
    return arn, {"Id": arn}


def _update_schedule(arn: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    if old != new:  # ministack sends every resource of a changed stack through its update
        _schedule(new)
    return arn, {"Id": arn}


def _delete_schedule(arn: str, properties: Properties) -> None:
    _call_cancel({"SecretId": arn})


def _tell_of_rotation() -> None:
    original: Callable[[dict[str, Any]], Response] = secretsmanager._describe_secret

    def describe(data: dict[str, Any]) -> Response:
        status, headers, body = original(data)
        _, secret = secretsmanager._resolve(data.get("SecretId"))
        if status != 200 or "LastRotatedDate" not in secret:
            return status, headers, body
        return status, headers, json.dumps(json.loads(body) | {"LastRotatedDate": secret["LastRotatedDate"]}).encode()

    secretsmanager._describe_secret = describe


def _add_missing_call() -> None:
    original: Callable[..., Awaitable[Response]] = secretsmanager.handle_request

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        if headers.get("x-amz-target", "").endswith(".CancelRotateSecret"):
            return _call_cancel(json.loads(body))
        return await original(method, path, headers, body, query_params)

    secretsmanager.handle_request = handle


def _let_time_pass(arguments: Arguments) -> None:
    """Let the keys of a user, and the last rotation of the secret that names one, be older than they are."""
    seconds, secret = int(arguments["seconds"]), found(arguments["secret"])
    make_older(arguments["user"], seconds)
    if "LastRotatedDate" in secret:
        secret["LastRotatedDate"] -= seconds


def install() -> None:
    controls["let-time-pass"] = _let_time_pass
    secretsmanager._rotate_secret = _call_rotate
    _tell_of_rotation()
    _add_missing_call()
    register_type(
        "AWS::SecretsManager::RotationSchedule",
        create=_create_schedule,
        update=_update_schedule,
        delete=_delete_schedule,
        replaced_by=("SecretId",),
    )
