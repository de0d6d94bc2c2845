"""EventBridge: events of `aws.ses` may be put by tests, and a rule reaches a function or topic that lets it in."""

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, lambda_svc, sns

from local_aws.extensions.registry import Params, Response
from local_aws.extensions.service_access import EVENTS, may_invoke, may_publish

_rule_arn: ContextVar[str] = ContextVar("rule_arn", default="")


def _may_put_events_of_ses() -> None:
    original: Callable[..., Response] = eventbridge._put_events

    def put(data: Params, allow_aws_source: bool = False) -> Response:
        """On AWS nobody else may; here it is how a test lets SES say that it has stopped sending."""
        of_ses = all(entry.get("Source") == "aws.ses" for entry in data.get("Entries", []))
        return original(data, allow_aws_source=allow_aws_source or of_ses)

    eventbridge._put_events = put


def _remember_the_rule() -> None:
    original: Callable[..., None] = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        token = _rule_arn.set(rule["Arn"])
        try:
            original(target, event, rule, view)
        finally:
            _rule_arn.reset(token)

    eventbridge._invoke_target = invoke


def _call(function: str, payload: str) -> None:
    found, config, name = lambda_svc._get_func_record_for_ref(function)
    if not found or not config:
        eventbridge.logger.warning("EventBridge: there is no function %s", name)
    elif not may_invoke(EVENTS, function, source_arn=_rule_arn.get()):
        eventbridge.logger.warning("EventBridge: the policy of function %s does not let %s in", name, _rule_arn.get())
    else:
        lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(found, config), json.loads(payload))


def _publish(topic: str, payload: str) -> None:
    if may_publish(EVENTS, topic, source_arn=_rule_arn.get()):
        sns.publish_internal(topic, payload)
    else:
        eventbridge.logger.warning("EventBridge: topic %s does not let rule %s in", topic, _rule_arn.get())


def install() -> None:
    _may_put_events_of_ses()
    _remember_the_rule()
    eventbridge._dispatch_to_lambda = _call
    eventbridge._dispatch_to_sns = _publish
