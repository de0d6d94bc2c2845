"""Functions called without waiting: SNS subscriptions retry as Lambda does, failures reach the dead-letter queue."""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import lambda_svc, sns, sqs

from local_aws.extensions.registry import Properties, after_provision
from local_aws.extensions.service_access import service_may


def _deliver_to_lambda(
    endpoint: str,
    envelope: str,
    topic_arn: str,
    sub_arn: str,
    msg_id: str,
    raw_message: str,
    message_attributes: dict[str, Any],
) -> None:
    function, config, name = lambda_svc._get_func_record_for_ref(endpoint)
    if not function or not config:
        sns.logger.warning("SNS: there is no function %s", name)
        return
    policy, _ = lambda_svc.function_policy_for_arn(endpoint) or ({}, "")
    if not service_may("sns.amazonaws.com", "lambda:InvokeFunction", endpoint, policy, source_arn=topic_arn):
        sns.logger.warning("SNS: the policy of function %s does not let topic %s in", name, topic_arn)
        return
    record = {"EventVersion": "1.0", "EventSubscriptionArn": sub_arn, "EventSource": "aws:sns"}
    event = {"Records": [record | {"Sns": json.loads(envelope)}]}
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def _keep_dead_letters(name: str, properties: Properties) -> None:
    config = lambda_svc._functions[name]["config"]
    if target := properties.get("DeadLetterConfig"):
        config["DeadLetterConfig"] = target
    else:
        config.pop("DeadLetterConfig", None)


def _route_failures() -> None:
    original: Callable[..., None] = lambda_svc._route_async_failure

    def route(target_arn: str, func_name: str, event: dict[str, Any], result: dict[str, Any]) -> None:
        """A dead-letter queue gets the event as it was, a destination gets it in an envelope."""
        config = (lambda_svc._functions.get(func_name) or {}).get("config", {})
        dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
        queue = sqs._queue_by_arn(target_arn)
        if target_arn != dead_letters or queue is None:
            original(target_arn, func_name, event, result)
            return
        error = result.get("body") if isinstance(result.get("body"), dict) else {}
        told = {"RequestID": new_uuid(), "ErrorCode": "200", "ErrorMessage": str((error or {}).get("errorMessage", ""))}
        attributes = {key: {"DataType": "String", "StringValue": value} for key, value in told.items() if value}
        message = {"QueueUrl": queue["url"], "MessageBody": json.dumps(event), "MessageAttributes": attributes}
        sqs._act_send_message(message, queue["url"])

    lambda_svc._route_async_failure = route


def install() -> None:
    sns._deliver_to_lambda = _deliver_to_lambda
    after_provision("AWS::Lambda::Function", _keep_dead_letters)
    _route_failures()
