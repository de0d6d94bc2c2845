"""Of all that may reach a function, only an alarm of its own account and region is one."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers._alarm_event import AlarmChange, NotAnAlarmError, parse_alarm_event
from ses_constructs.handlers._lambda import AccountRegion
from ses_constructs.handlers._text import one_line

from .world import Event, alarm_event

HERE = AccountRegion("aws", "eu-west-1", "111122223333")
FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:Mail-SesPauseSending-1A2B3C4D5E6F"
OURS = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:"
NAMES = {
    "metric_alarm": "Mail-Monitoring-BounceRateCritical-1A2B3C4D5E6F",
    "math_alarm": "Mail-Monitoring-BounceRateOfEnough-1A2B3C4D5E6F",
    "composite_alarm": "Mail-Monitoring-ReputationAtRisk-1A2B3C4D5E6F",
    "topic_metric_alarm": "Mail-Monitoring-BounceRateCritical-1A2B3C4D5E6F",
    "topic_composite_alarm": "Mail-Monitoring-ReputationAtRisk-1A2B3C4D5E6F",
}
DIRECT = [kind for kind in NAMES if not kind.startswith("topic_")]
BY_TOPIC = [kind for kind in NAMES if kind.startswith("topic_")]
STRANGERS = (
    "arn:aws:cloudwatch:eu-west-1:999988887777:alarm:Mine",
    "arn:aws:cloudwatch:us-east-1:111122223333:alarm:Mine",
    "arn:aws-cn:cloudwatch:eu-west-1:111122223333:alarm:Mine",
    "arn:aws:sns:eu-west-1:111122223333:alarm:Mine",
    "arn:aws:cloudwatch:eu-west-1:111122223333:dashboard:Mine",
    OURS,
    OURS.removesuffix(":"),
    f" {OURS}Mine",
    "",
    None,
    7,
    [f"{OURS}Mine"],
)


def only(event: object) -> AlarmChange | NotAnAlarmError:
    (found,) = parse_alarm_event(event, HERE)
    return found


def refusal(event: object) -> str:
    found = only(event)
    assert isinstance(found, NotAnAlarmError)
    return str(found)


def message_in(event: Event) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(event["Records"][0]["Sns"]["Message"])
    return read


def topic_event(kind: str, **changed: object) -> Event:
    """A recorded event of a topic, with another message."""
    made = alarm_event(kind)
    made["Records"][0]["Sns"]["Message"] = json.dumps(message_in(made) | changed)
    return made


@pytest.mark.parametrize("arn", [FUNCTION, f"{FUNCTION}:live"])
def test_the_account_and_region_of_a_function_is_read_from_its_arn(arn: str) -> None:
    assert AccountRegion.of(arn) == HERE


@pytest.mark.parametrize("kind", NAMES)
def test_every_kind_of_alarm_is_read_from_either_sender(kind: str) -> None:
    found = only(alarm_event(kind))

    assert isinstance(found, AlarmChange)
    assert (found.name, found.state) == (NAMES[kind], "ALARM")
    assert found.since.startswith("2026-11-24T12:00:0")
    assert found.reason.startswith(("Threshold Crossed: 1 out of", f"{OURS}Mail-Monitoring-BounceRateCritical"))


def test_the_name_is_that_of_the_alarm_whose_arn_was_checked() -> None:
    direct = alarm_event("metric_alarm")
    direct["alarmData"]["alarmName"] = "somebody else's"

    for event in (direct, topic_event("topic_metric_alarm", AlarmName="somebody else's")):
        found = only(event)
        assert isinstance(found, AlarmChange)
        assert found.name == NAMES["metric_alarm"]


@pytest.mark.parametrize("arn", STRANGERS, ids=repr)
def test_the_alarm_of_somebody_else_is_refused(arn: object) -> None:
    direct = alarm_event("metric_alarm") | {"alarmArn": arn}

    for event in (direct, topic_event("topic_metric_alarm", AlarmArn=arn)):
        assert refusal(event).startswith("the alarm must be one of account 111122223333 in eu-west-1, got ")


@pytest.mark.parametrize("kind", DIRECT)
@pytest.mark.parametrize(
    "stranger",
    [{"accountId": "999988887777"}, {"accountId": None}, {"region": "us-east-1"}, {"region": "EU (Ireland)"}],
    ids=repr,
)
def test_an_event_of_another_account_or_region_is_refused(kind: str, stranger: dict[str, object]) -> None:
    assert "the event must come from account 111122223333 in eu-west-1" in refusal(alarm_event(kind) | stranger)


@pytest.mark.parametrize("kind", BY_TOPIC)
@pytest.mark.parametrize("account", ["999988887777", None, 111122223333], ids=repr)
def test_a_message_of_another_account_is_refused(kind: str, account: object) -> None:
    assert "the message must come from account 111122223333" in refusal(topic_event(kind, AWSAccountId=account))


@pytest.mark.parametrize("state", ["alarm", "FIRING", "", None, 1, ["ALARM"], {}], ids=repr)
def test_a_state_that_cloudwatch_does_not_have_is_refused(state: object) -> None:
    direct = alarm_event("metric_alarm")
    direct["alarmData"]["state"]["value"] = state

    for event in (direct, topic_event("topic_metric_alarm", NewStateValue=state)):
        assert refusal(event).startswith("the state must be one of ALARM, OK, INSUFFICIENT_DATA, got ")


@pytest.mark.parametrize("data", [None, [], "ALARM", {}, {"state": None}, {"state": "ALARM"}], ids=repr)
def test_an_event_without_a_state_is_refused(data: object) -> None:
    event = alarm_event("metric_alarm") | {"alarmData": data}

    assert refusal(event) == "the event must have alarmData.state, an object"


@pytest.mark.parametrize(
    "message", ["", "ALARM", "[]", "null", "[" * 100_000, None, {}, 7], ids=lambda text: repr(text)[:9]
)
def test_a_message_that_is_no_json_object_is_refused(message: object) -> None:
    event = alarm_event("topic_metric_alarm")
    event["Records"][0]["Sns"]["Message"] = message

    assert refusal(event).startswith("the message must be the JSON object")


@pytest.mark.parametrize(
    "event",
    [
        None,
        "ALARM",
        [],
        {},
        {"source": "aws.cloudwatch"},
        alarm_event("metric_alarm") | {"source": "aws.ses"},
        alarm_event("event_bus"),
        {"Records": None},
        {"Records": []},
        {"Records": {}},
        {"Records": [None]},
        {"Records": [{"EventSource": "aws:sns"}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": "text"}]},
        {"Records": [{"EventSource": "aws:sqs", "Sns": {"Message": "{}"}}]},
    ],
    ids=lambda event: repr(event)[:40],
)
def test_what_neither_cloudwatch_nor_a_topic_sent_is_refused(event: object) -> None:
    assert refusal(event) == "the event must be that of a CloudWatch alarm, or of a topic that one publishes to"


def test_every_record_is_read_and_a_bad_one_hides_no_other() -> None:
    event = alarm_event("topic_metric_alarm")
    event["Records"] += [{"EventSource": "aws:sqs"}, *alarm_event("topic_composite_alarm")["Records"]]

    first, second, third = parse_alarm_event(event, HERE)

    assert isinstance(first, AlarmChange)
    assert isinstance(second, NotAnAlarmError)
    assert isinstance(third, AlarmChange)
    assert (first.name, third.name) == (NAMES["metric_alarm"], NAMES["composite_alarm"])


@pytest.mark.parametrize("reason", [None, 7, {}], ids=repr)
def test_an_alarm_without_a_reason_or_a_time_is_one(reason: object) -> None:
    event = topic_event("topic_metric_alarm", NewStateReason=reason, StateChangeTime=reason)

    assert only(event) == AlarmChange(NAMES["metric_alarm"], "ALARM", "", "")


@given(st.text() | st.text(alphabet="\r\n\t\u202e\u0000 a"), st.integers(4, 50))
def test_a_text_from_outside_becomes_one_short_line(text: str, most: int) -> None:
    line = one_line(text, most)

    assert len(line) <= most
    assert len(line.splitlines()) <= 1
    assert line.isprintable()


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([OURS, *STRANGERS[:5], "ALARM", "OK"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
DIRECT_PATHS: tuple[tuple[str, ...], ...] = (
    *((), ("source",), ("alarmArn",), ("accountId",), ("region",), ("time",), ("alarmData",)),
    *(("alarmData", "state"), ("alarmData", "state", "value"), ("alarmData", "state", "reason")),
    *(("alarmData", "alarmName"), ("alarmData", "configuration")),
)
MESSAGE_FIELDS = (
    *("AlarmArn", "AlarmName", "AWSAccountId", "NewStateValue", "NewStateReason", "Region"),
    *("StateChangeTime"),
)


def replace(holder: Any, path: tuple[str, ...], value: object) -> Any:
    if not path:
        return value
    made = copy.deepcopy(holder)
    inner = made
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return made


@given(path=st.sampled_from(DIRECT_PATHS), value=json_values, kind=st.sampled_from(DIRECT))
def test_whatever_stands_anywhere_in_an_event_only_our_own_alarm_gets_through(
    path: tuple[str, ...], value: object, kind: str
) -> None:
    event = replace(alarm_event(kind), path, value)

    for change in parse_alarm_event(event, HERE):
        if isinstance(change, AlarmChange):
            assert event["source"] == "aws.cloudwatch"
            assert event["alarmArn"] == OURS + change.name
            assert (event["accountId"], event["region"]) == (HERE.account, HERE.region)
            assert event["alarmData"]["state"]["value"] == change.state
            assert change.state in ("ALARM", "OK", "INSUFFICIENT_DATA")


@given(name=st.sampled_from(MESSAGE_FIELDS), value=json_values, kind=st.sampled_from(BY_TOPIC))
def test_whatever_stands_anywhere_in_a_message_only_our_own_alarm_gets_through(
    name: str, value: object, kind: str
) -> None:
    event = topic_event(kind, **{name: value})
    message = message_in(event)

    for change in parse_alarm_event(event, HERE):
        if isinstance(change, AlarmChange):
            assert message["AlarmArn"] == OURS + change.name
            assert message["AWSAccountId"] == HERE.account
            assert message["NewStateValue"] == change.state
            assert change.state in ("ALARM", "OK", "INSUFFICIENT_DATA")


@given(
    json_values | st.dictionaries(st.sampled_from(["source", "alarmArn", "Records", "Sns", "alarmData"]), json_values)
)
def test_whatever_else_is_sent_is_refused_without_an_error(event: object) -> None:
    assert all(isinstance(change, NotAnAlarmError) for change in parse_alarm_event(event, HERE))
