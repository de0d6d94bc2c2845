"""What an alarm does when its state changes: topics get its message and functions its event, if their policies let it.

The alarm's history says for each action whether it was carried out.
"""

import functools
import json
import time
from typing import Any

import botocore.session
from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region
from ministack.services import cloudwatch, lambda_svc, sns

from local_aws.extensions.alarm_documents import Alarm, function_event, moment, notification, state_of
from local_aws.extensions.service_access import CLOUDWATCH, CLOUDWATCH_ALARMS, may_invoke, may_publish

ACTIONS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}

# alarm name -> the state that its last change led to
_states = AccountRegionScopedDict()


@functools.cache
def region_name(region: str) -> str:
    """The name for people, which the messages for topics carry."""
    partitions = botocore.session.get_session().get_data("endpoints")["partitions"]
    names = {key: value["description"] for partition in partitions for key, value in partition["regions"].items()}
    return str(names.get(region, region))


def act(alarm: Alarm, old_state: str, new_state: str, reason: str) -> None:
    """Carry out the actions for the new state, in place of ministack's, which knows topics only."""
    name = alarm["AlarmName"]
    previous = _states.get(name)
    if previous is None or previous["value"] != old_state:  # its first change, or an alarm that was made again
        began = moment(alarm["AlarmConfigurationUpdatedTimestamp"])
        previous = {"value": old_state, "reason": "Unchecked: Initial alarm creation", "timestamp": began}
    state = _states[name] = state_of(alarm, at=time.time())
    if not alarm.get("ActionsEnabled", True):
        return
    for action in alarm.get(ACTIONS[new_state]) or []:
        if ":lambda:" in action:
            problem = _call(action, alarm, state, previous)
        elif ":sns:" in action:
            problem = _publish(action, alarm, state, old_state)
        else:
            problem = "it is neither a topic nor a function"
        _record(alarm, action, problem)


def _call(function: str, alarm: Alarm, state: dict[str, Any], previous: dict[str, Any]) -> str | None:
    found, config, _ = lambda_svc._get_func_record_for_ref(function)
    if not found or not config:
        return "there is no such function"
    if not may_invoke(CLOUDWATCH_ALARMS, function, source_arn=alarm["AlarmArn"]):
        return f"the function's policy does not let {CLOUDWATCH_ALARMS} in"
    event = function_event(alarm, state=state, previous=previous, account=get_account_id(), region=get_region())
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(found, config), event)
    return None


def _publish(topic: str, alarm: Alarm, state: dict[str, Any], old_state: str) -> str | None:
    if not may_publish(CLOUDWATCH, topic, source_arn=alarm["AlarmArn"]):
        return f"there is no such topic, or its policy or key does not let {CLOUDWATCH} in"
    name = region_name(get_region())
    message = notification(alarm, state=state, old_state=old_state, account=get_account_id(), region_name=name)
    subject = f'{state["value"]}: "{alarm["AlarmName"]}" in {name}'
    sns.publish_internal(topic, json.dumps(message), subject[:100])
    return None


def _record(alarm: Alarm, action: str, problem: str | None) -> None:
    done = f"Failed to execute action {action}: {problem}" if problem else f"Successfully executed action {action}"
    if problem:
        cloudwatch.logger.warning("alarm %s: %s", alarm["AlarmName"], done)
    cloudwatch._history_entries().append(
        {
            "AlarmName": alarm["AlarmName"],
            "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
            "Timestamp": cloudwatch._ts_iso(time.time()),
            "HistoryItemType": "Action",
            "HistorySummary": done,
            "HistoryData": json.dumps(
                {"actionState": "Failed" if problem else "Succeeded", "notificationResource": action}
            ),
        }
    )


def install() -> None:
    cloudwatch._dispatch_alarm_actions = act
