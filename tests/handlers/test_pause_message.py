"""What people get to read when sending is paused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers._alarm_event import AlarmChange, parse_alarm_event
from ses_constructs.handlers._lambda import AccountRegion
from ses_constructs.handlers._topics import Message
from ses_constructs.handlers.pause_sending import Target, meaning_of, message_about

from .world import Event, alarm_event

HERE = AccountRegion("aws", "eu-west-1", "111122223333")
SET, ACCOUNT = Target("mail-set", HERE), Target("", HERE)
ALARM = AlarmChange("BounceRateCritical", "ALARM", "Threshold Crossed", "2026-11-24T12:00:05.713+0000")


def about(event: Event, target: Target = SET, *, found: bool = True) -> Message:
    (change,) = parse_alarm_event(event, HERE)
    assert isinstance(change, AlarmChange)
    return message_about(change, target, found=found)


def alarm_with(*, name: str, reason: str, since: str) -> Event:
    event = alarm_event("composite_alarm") | {"time": since}
    event["alarmArn"] = f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"
    event["alarmData"]["state"]["reason"] = reason
    return event


def test_the_message_says_what_was_paused_why_and_how_to_resume() -> None:
    assert about(alarm_event("metric_alarm")) == Message(
        "SES sending paused: mail-set, alarm Mail-Monitoring-BounceRateCritical-1A2B3C4D5E6F",
        "Sending is paused for configuration set mail-set (account 111122223333, eu-west-1).\n\n"
        "Alarm: Mail-Monitoring-BounceRateCritical-1A2B3C4D5E6F\n"
        "In alarm since: 2026-11-24T12:00:05.713+0000\n"
        "Reason: Threshold Crossed: 1 out of the last 1 datapoints [0.1 (24/11/26 11:45:00)] was greater than or equal "
        "to the threshold (0.1) (minimum 1 datapoint for OK -> ALARM transition).\n\n"
        "SES refuses mail with this configuration set, named or by default, until a person resumes it. Mail with other "
        "configuration sets or with none is not affected, nor is receiving.\n\n"
        "Look at this before you resume:\n"
        "- which addresses bounced or complained, and how they came onto your lists: the events of the configuration "
        "set, and the suppression list\n"
        "- what was sent in the hours before, by whom, and whether somebody else got hold of credentials\n"
        "- the bounce and complaint rates and any message from AWS: reputation metrics in the console of SES\n\n"
        "When the cause is gone, this resumes sending:\n\n"
        "    aws sesv2 put-configuration-set-sending-options --configuration-set-name mail-set --sending-enabled "
        "--region eu-west-1\n\n"
        "Neither a deployment nor the end of the alarm resumes it.\n",
    )


def test_the_message_about_an_account_names_its_switch_and_its_region() -> None:
    told = message_about(ALARM, ACCOUNT, found=True)

    assert told.subject == "SES sending paused: account 111122223333 in eu-west-1, alarm BounceRateCritical"
    assert told.body.startswith("Sending is paused for account 111122223333 in eu-west-1.\n")
    assert "\n    aws sesv2 put-account-sending-attributes --sending-enabled --region eu-west-1\n" in told.body
    assert "Other regions are not affected, nor is receiving." in told.body


@pytest.mark.parametrize("kind", ["metric_alarm", "topic_metric_alarm"])
def test_either_sender_leads_to_the_same_message(kind: str) -> None:
    assert about(alarm_event(kind)) == about(alarm_event("metric_alarm"))


def test_the_message_about_a_set_that_is_gone_does_not_tell_to_resume_it() -> None:
    told = message_about(ALARM, SET, found=False)

    assert told.subject == "SES sending not paused: mail-set, alarm BounceRateCritical"
    assert told.body.startswith("Nothing was paused: SES knows no configuration set mail-set (account 111122223333, ")
    assert "--sending-enabled" not in told.body


def test_the_longest_name_of_a_set_is_told_whole() -> None:
    name = "x" * 64

    assert f"{name}, alarm" in message_about(ALARM, Target(name, HERE), found=True).subject


def test_an_alarm_that_says_nothing_of_itself_is_told_too() -> None:
    told = about(alarm_with(name="Quiet", reason="", since=""))

    assert "Alarm: Quiet\nIn alarm since: unknown\nReason: unknown\n" in told.body


@pytest.mark.parametrize("target", [SET, ACCOUNT], ids=str)
@pytest.mark.parametrize("found", [True, False])
@given(name=st.text(min_size=1), reason=st.text(), since=st.text())
def test_no_text_of_an_alarm_breaks_the_message(
    target: Target, found: bool, name: str, reason: str, since: str
) -> None:
    told = about(alarm_with(name=name, reason=reason, since=since), target, found=found)

    assert len(told.subject) < 100
    assert told.subject.isascii()
    assert told.subject.isprintable()
    assert told.body.encode()
    assert len(told.body.splitlines()) == len(message_about(ALARM, target, found=found).body.splitlines())


def test_a_huge_text_is_cut() -> None:
    told = about(alarm_with(name="x" * 1_000_000, reason="resume now\r\n\r\n" * 100_000, since="9" * 1_000_000))

    assert len(told.subject) == 99
    assert len(told.body) < 4_000
    assert "\nresume now" not in told.body


@pytest.mark.parametrize(
    ("alarm", "meaning"),
    [
        ("Mail-BouncesAlarmsBounceRateCriticalPause-1A2B", "the bounce rate is critical"),
        ("Mail-BouncesAlarmsComplaintRateCriticalPause-1A2B", "the complaint rate is critical"),
        ("an alarm of somebody's own", ""),
    ],
)
def test_what_the_alarm_stands_for_is_said_in_words(alarm: str, meaning: str) -> None:
    environment = {
        "PAUSE_ON_BOUNCE": "the bounce rate is critical",
        "PAUSE_ON_COMPLAINT": "the complaint rate is critical",
    }
    assert meaning_of(environment, alarm) == meaning
    assert meaning_of({}, alarm) == ""
    assert ("It means: " in message_about(ALARM, SET, found=True, meaning=meaning).body) == bool(meaning)
