"""Functions called without waiting: SNS subscriptions retry as Lambda does, failures reach the dead-letter queue.

What a topic cannot hand over at all reaches the dead-letter queue of the subscription.
"""

import json
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import lambda_svc, sns, sqs

from local_aws.extensions.registry import Properties, after_provision
from local_aws.extensions.service_access import service_may

SNS = "sns.amazonaws.com"

Record = dict[str, Any]
Event = dict[str, Any]

_nobody_waits: ContextVar[bool] = ContextVar("nobody_waits", default=False)


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
        _give_up(f"there is no function {name}", envelope, topic_arn, sub_arn)
        return
    policy, _ = lambda_svc.function_policy_for_arn(endpoint) or ({}, "")
    if not service_may(SNS, "lambda:InvokeFunction", endpoint, policy, source_arn=topic_arn):
        _give_up(f"the policy of function {name} does not let topic {topic_arn} in", envelope, topic_arn, sub_arn)
        return
    record = {"EventVersion": "1.0", "EventSubscriptionArn": sub_arn, "EventSource": "aws:sns"}
    event = {"Records": [record | {"Sns": json.loads(envelope)}]}
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)


def _give_up(problem: str, envelope: str, topic_arn: str, sub_arn: str) -> None:
    """SNS does not try again what the endpoint is to blame for, and keeps it if the queue's policy lets the topic in.

    https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html
    """
    sns.logger.warning("SNS: %s", problem)
    subscription = sns._find_subscription(topic_arn, sub_arn) or {}
    redrive_policy = (subscription.get("attributes") or {}).get("RedrivePolicy")
    if not redrive_policy:
        return
    target = json.loads(redrive_policy)["deadLetterTargetArn"]
    queue = sqs._queue_by_arn(target)
    policy = queue["attributes"].get("Policy") if queue else None
    if queue and policy and service_may(SNS, "sqs:SendMessage", target, policy, source_arn=topic_arn):
        sqs._act_send_message({"QueueUrl": queue["url"], "MessageBody": envelope}, queue["url"])
    else:
        sns.logger.warning("SNS: queue %s is gone, or its policy does not let topic %s in", target, topic_arn)


def _keep_settings(name: str, properties: Properties) -> None:
    lambda_svc._functions[name]["concurrency"] = properties.get("ReservedConcurrentExecutions")
    config = lambda_svc._functions[name]["config"]
    if target := properties.get("DeadLetterConfig"):
        config["DeadLetterConfig"] = target
    else:
        config.pop("DeadLetterConfig", None)


def _wait_for_concurrency() -> None:
    """An event waits while as many others run as the function may have at once; that is no failure, unless it is none.

    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    invoke: Callable[[Record, Event], None] = lambda_svc.invoke_async_with_retry
    execute: Callable[..., dict[str, Any]] = lambda_svc._execute_function

    def invoke_later(function: Record, event: Event) -> None:
        token = _nobody_waits.set(True)
        try:
            invoke(function, event)  # its thread gets a copy of the context
        finally:
            _nobody_waits.reset(token)

    def execute_once_there_is_room(function: Record, event: Event, *arguments: Any, **options: Any) -> dict[str, Any]:
        while True:
            result = execute(function, event, *arguments, **options)
            config = function.get("config") or function
            if not (
                result.get("throttle") and _nobody_waits.get() and lambda_svc._reserved_concurrency(function, config)
            ):
                return result
            time.sleep(0.05)

    lambda_svc.invoke_async_with_retry = invoke_later
    lambda_svc._execute_function = execute_once_there_is_room


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
    after_provision("AWS::Lambda::Function", _keep_settings)
    _wait_for_concurrency()
    _route_failures()
