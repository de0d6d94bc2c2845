"""An alarm pauses one thing, tells of it, and resumes nothing."""

import copy
import json
import logging
import os
from collections.abc import Iterator
from unittest import mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from ses_constructs.handlers._alarm_event import NotAnAlarmError

from .in_memory_aws import FOREVER, Fault, Trouble
from .world import PASSING, Event, World, alarm_event, pairwise, reasons

HANDLER, NAME = "pause_sending", "mail-set"
FIRST, SECOND = (f"arn:aws:sns:eu-west-1:111122223333:Mail-{name}" for name in ("Team", "OnCall"))
PAUSE_SET, PAUSE_ACCOUNT = "sesv2.PutConfigurationSetSendingOptions", "sesv2.PutAccountSendingAttributes"
PUBLISH = "sns.Publish"
KINDS = ("metric_alarm", "math_alarm", "composite_alarm", "topic_metric_alarm", "topic_composite_alarm")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    settings = {"PAUSE_CONFIGURATION_SET": NAME, "PAUSE_TOPICS": json.dumps([FIRST, SECOND])}
    with mock.patch.dict(os.environ, settings):
        yield


@pytest.fixture
def sending(aws: World) -> World:
    """Two configuration sets that send, and the two topics."""
    aws.state.account.configuration_sets = {NAME: True, "other-set": True}
    aws.sns.topics = {FIRST, SECOND}
    return aws


def in_state(kind: str, state: str) -> Event:
    event = alarm_event(kind)
    if "Records" in event:
        notice = event["Records"][0]["Sns"]
        notice["Message"] = json.dumps(json.loads(notice["Message"]) | {"NewStateValue": state})
    else:
        event["alarmData"]["state"]["value"] = state
    return event


@pytest.mark.parametrize("kind", KINDS)
def test_an_alarm_pauses_its_configuration_set_and_tells_every_topic(sending: World, kind: str) -> None:
    sending.invoke(HANDLER, alarm_event(kind))

    assert sending.state.account.configuration_sets == {NAME: False, "other-set": True}
    assert sending.state.account.sending
    assert sending.aws.operations() == [PAUSE_SET, PUBLISH, PUBLISH]
    assert [told.topic for told in sending.sns.published] == [FIRST, SECOND]


@pytest.mark.parametrize(("kind", "state", "sends"), pairwise(KINDS, ["OK", "INSUFFICIENT_DATA"], [True, False]))
def test_no_other_state_pauses_or_resumes(
    sending: World, caplog: pytest.LogCaptureFixture, kind: str, state: str, sends: bool
) -> None:
    sending.state.account.configuration_sets[NAME] = sends
    sending.invoke(HANDLER, in_state(kind, state))

    assert sending.state.account.configuration_sets[NAME] is sends
    assert not sending.aws.calls
    assert len(reasons(caplog.records, "nothing to pause")) == 1


def test_an_empty_name_pauses_the_whole_account(sending: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAUSE_CONFIGURATION_SET", "")
    sending.invoke(HANDLER, alarm_event("composite_alarm"))

    assert not sending.state.account.sending
    assert all(sending.state.account.configuration_sets.values())
    assert sending.aws.operations() == [PAUSE_ACCOUNT, PUBLISH, PUBLISH]


def test_a_name_that_got_lost_does_not_stand_for_the_account(sending: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PAUSE_CONFIGURATION_SET")

    with pytest.raises(ValueError, match="PAUSE_CONFIGURATION_SET must be set"):
        sending.invoke(HANDLER, alarm_event("metric_alarm"))
    assert not sending.aws.calls


@pytest.mark.parametrize("name", ["a b", "set;id", "x" * 65, " ", "séts"])
def test_a_name_that_no_configuration_set_can_have_is_refused(
    sending: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PAUSE_CONFIGURATION_SET", name)

    with pytest.raises(ValueError, match="PAUSE_CONFIGURATION_SET must be set, to the name of a configuration set"):
        sending.invoke(HANDLER, alarm_event("metric_alarm"))
    assert not sending.aws.calls


def test_what_the_event_says_does_not_choose_what_is_paused(sending: World) -> None:
    event = alarm_event("metric_alarm")
    dimensions = event["alarmData"]["configuration"]["metrics"][0]["metricStat"]["metric"]["dimensions"]
    dimensions["ses:configuration-set"] = "other-set"
    event["PAUSE_CONFIGURATION_SET"] = event["alarmData"]["PAUSE_CONFIGURATION_SET"] = "other-set"
    sending.invoke(HANDLER, event)

    assert sending.state.account.configuration_sets == {NAME: False, "other-set": True}


def test_the_same_event_again_leaves_it_paused(sending: World) -> None:
    sending.invoke(HANDLER, alarm_event("metric_alarm"))
    after = copy.deepcopy(sending.state)
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert sending.state == after


def test_several_records_pause_once_and_tell_of_each_alarm(sending: World) -> None:
    event = alarm_event("topic_metric_alarm")
    event["Records"] += (
        in_state("topic_metric_alarm", "OK")["Records"] + alarm_event("topic_composite_alarm")["Records"]
    )
    sending.invoke(HANDLER, event)

    assert sending.aws.operations() == [PAUSE_SET, PUBLISH, PUBLISH, PUBLISH, PUBLISH]
    assert ["ReputationAtRisk" in told.subject for told in sending.sns.published] == [False, False, True, True]


@pytest.mark.parametrize("kind", ["event_bus", "metric_alarm", "topic_metric_alarm"])
def test_an_event_from_elsewhere_is_refused_and_pauses_nothing(
    sending: World, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    text = json.dumps(alarm_event(kind)).replace(
        "cloudwatch:eu-west-1:111122223333", "cloudwatch:eu-west-1:999988887777"
    )

    with pytest.raises(
        NotAnAlarmError, match=r"(must be one of account 111122223333|must be that of a CloudWatch alarm)"
    ):
        sending.invoke(HANDLER, json.loads(text))
    assert not sending.aws.calls
    assert len(reasons(caplog.records, "event refused")) == 1


def test_a_refused_record_neither_hides_an_alarm_nor_makes_lambda_pause_again(
    sending: World, caplog: pytest.LogCaptureFixture
) -> None:
    event = alarm_event("topic_metric_alarm")
    event["Records"].insert(0, {"EventSource": "aws:sqs"})
    sending.invoke(HANDLER, event)

    assert sending.state.account.configuration_sets[NAME] is False
    assert len(reasons(caplog.records, "event refused")) == 1


def test_a_configuration_set_that_is_gone_is_logged_and_told_and_no_failure(
    sending: World, caplog: pytest.LogCaptureFixture
) -> None:
    del sending.state.account.configuration_sets[NAME]
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert len(reasons(caplog.records, "configuration set not found")) == 1
    told = sending.sns.published[1]
    assert told.topic == SECOND
    assert told.subject.startswith("SES sending not paused: mail-set, alarm Mail-Monitoring-")
    assert told.body.startswith("Nothing was paused: SES knows no configuration set mail-set (account 111122223333")
    assert "--sending-enabled" not in told.body


def test_a_topic_that_is_gone_does_not_keep_the_others_from_being_told(
    sending: World, caplog: pytest.LogCaptureFixture
) -> None:
    sending.sns.topics.remove(FIRST)
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert [told.topic for told in sending.sns.published] == [SECOND]
    (record,) = [record for record in caplog.records if record.getMessage() == "message not published"]
    assert (record.levelno, record.__dict__["topic"]) == (logging.ERROR, FIRST)
    assert "Topic does not exist" in record.__dict__["reason"]


@pytest.mark.parametrize("topics", [None, "", "no json", "{}", '"text"', "7", "[7]"], ids=repr)
def test_topics_that_cannot_be_read_are_no_reason_not_to_pause(
    sending: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, topics: str | None
) -> None:
    if topics is None:
        monkeypatch.delenv("PAUSE_TOPICS")
    else:
        monkeypatch.setenv("PAUSE_TOPICS", topics)
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert sending.state.account.configuration_sets[NAME] is False
    assert reasons(caplog.records, "message not published") == ["PAUSE_TOPICS must be a JSON list of ARNs"]


def test_without_topics_nobody_is_told(sending: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAUSE_TOPICS", "[]")
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert sending.aws.operations() == [PAUSE_SET]


def test_topics_are_not_told_when_lambda_would_run_out_of_time_and_pause_again(
    sending: World, caplog: pytest.LogCaptureFixture
) -> None:
    sending.timeout = 59
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert sending.state.account.configuration_sets[NAME] is False
    assert sending.aws.operations() == [PAUSE_SET]
    assert reasons(caplog.records, "message not published") == ["no time is left"] * 2


TARGETS = [pytest.param(NAME, PAUSE_SET, id="set"), pytest.param("", PAUSE_ACCOUNT, id="account")]


@pytest.mark.parametrize("trouble", PASSING, ids=lambda trouble: trouble.name)
@pytest.mark.parametrize(("name", "pause"), TARGETS)
def test_trouble_that_passes_keeps_nothing_from_being_paused(
    sending: World, monkeypatch: pytest.MonkeyPatch, name: str, pause: str, trouble: Trouble
) -> None:
    monkeypatch.setenv("PAUSE_CONFIGURATION_SET", name)
    sending.aws.faults.append(Fault(trouble, pause, times=2))
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    account = sending.state.account
    assert (account.configuration_sets[NAME], account.sending) == ((False, True) if name else (True, False))
    assert sending.aws.operations() == [pause, pause, pause, PUBLISH, PUBLISH]


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.name)
@pytest.mark.parametrize(("name", "pause"), TARGETS)
def test_a_pause_that_fails_fails_the_run_and_the_next_try_makes_up_for_it(
    sending: World, monkeypatch: pytest.MonkeyPatch, name: str, pause: str, trouble: Trouble
) -> None:
    monkeypatch.setenv("PAUSE_CONFIGURATION_SET", name)
    sending.aws.faults.append(Fault(trouble, pause, times=FOREVER))

    with pytest.raises((ClientError, BotoCoreError)):
        sending.invoke(HANDLER, alarm_event("metric_alarm"))
    assert not sending.sns.published

    sending.aws.faults.clear()
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    account = sending.state.account
    assert (account.configuration_sets[NAME], account.sending) == ((False, True) if name else (True, False))
    assert len(sending.sns.published) == 2


@pytest.mark.parametrize("trouble", PASSING, ids=lambda trouble: trouble.name)
def test_a_topic_is_told_when_its_trouble_passes(sending: World, trouble: Trouble) -> None:
    sending.aws.faults.append(Fault(trouble, PUBLISH))
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert {told.topic for told in sending.sns.published} == {FIRST, SECOND}


@pytest.mark.parametrize("trouble", Trouble, ids=lambda trouble: trouble.name)
def test_topics_that_cannot_be_told_are_logged_and_fail_nothing(
    sending: World, caplog: pytest.LogCaptureFixture, trouble: Trouble
) -> None:
    sending.aws.faults.append(Fault(trouble, PUBLISH, times=FOREVER))
    sending.invoke(HANDLER, alarm_event("metric_alarm"))

    assert sending.state.account.configuration_sets[NAME] is False
    assert sending.aws.operations().count(PAUSE_SET) == 1
    assert len(reasons(caplog.records, "message not published")) == 2
    assert all(len(reason) <= 300 for reason in reasons(caplog.records, "message not published"))
