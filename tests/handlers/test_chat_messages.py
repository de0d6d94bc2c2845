"""What goes to Slack and Teams by Amazon Q Developer in chat applications, beside the plain text for everybody else."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from ses_constructs.handlers._alarm_event import AlarmChange
from ses_constructs.handlers._lambda import AccountRegion
from ses_constructs.handlers._topics import Message
from ses_constructs.handlers.account_events import AccountEvent
from ses_constructs.handlers.account_events import message_about as about_event
from ses_constructs.handlers.pause_sending import Target
from ses_constructs.handlers.pause_sending import message_about as about_pause
from ses_constructs.handlers.standby import messages
from ses_constructs.handlers.standby.messages import Commands
from ses_constructs.handlers.standby.route import PRIMARY, STANDBY, Route

from .world import account_event

HERE = AccountRegion("aws", "eu-west-1", "111122223333")
# As long as each part can be, of what takes most bytes in JSON.
LONGEST = "\N{BANKNOTE WITH EURO SIGN}"
ALARM = AlarmChange("BounceRateCritical" + "-" * 237, "ALARM", LONGEST * 1023, "2026-11-24T12:00:05.713+0000")
COMMANDS = Commands("arn:aws:lambda:eu-west-1:111122223333:function:Mail-Failover", "eu-west-1")
# The event schema of https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html: what each object may
# hold, of which type, and what it must.
TEXTS = "a list of texts"
SCHEMA: Mapping[str, tuple[Mapping[str, Any], set[str]]] = {
    "": (
        {"version": str, "source": str, "id": str, "content": dict, "metadata": dict},
        {"version", "source", "content"},
    ),
    "content": (
        {"textType": str, "title": str, "description": str, "nextSteps": TEXTS, "keywords": TEXTS},
        {"description"},
    ),
    "metadata": (
        {"threadId": str, "summary": str, "eventType": str, "relatedResources": TEXTS, "additionalContext": dict},
        set(),
    ),
}


def problems(notification: Mapping[str, Any]) -> list[str]:
    found = []
    for part, (members, required) in SCHEMA.items():
        held = notification.get(part, {}) if part else notification
        found += [f"{part}.{name} is missing" for name in required - set(held)]
        for name, value in held.items():
            kind = members.get(name)
            fits = (
                isinstance(value, list) and all(isinstance(each, str) for each in value)
                if kind == TEXTS
                else kind is not None and isinstance(value, kind)
            )
            found += [] if fits else [f"{part}.{name} does not fit"]
    for name, value in (("version", "1.0"), ("source", "custom")):
        found += [] if notification.get(name) == value else [f"{name} must be {value}"]
    if notification.get("content", {}).get("textType", "client-markdown") != "client-markdown":
        found.append("content.textType must be client-markdown")
    return found


def route(active: str) -> Route:
    return Route(active=active, generation=7, since=1_764_000_000, by="an alarm", why="impaired")


def longest_event() -> AccountEvent:
    event = account_event("sending_disabled")
    event["resources"] = [f"arn:aws:ses:eu-west-1:111122223333:identity/{each}{LONGEST * 300}" for each in range(20)]
    event["detail"]["data"]["record"]["cause"] = LONGEST * 2000
    return AccountEvent.of(event, HERE)


MESSAGES: Mapping[str, Message] = {
    "paused": about_pause(ALARM, Target("mail-set", HERE), found=True),
    "not paused": about_pause(ALARM, Target("mail-set", HERE), found=False),
    "account paused": about_pause(ALARM, Target("", HERE), found=True),
    "account event": about_event(longest_event()),
    "recommendation": about_event(AccountEvent.of(account_event("recommendation_open"), HERE)),
    "switched": messages.switch_message(route(STANDBY), COMMANDS),
    "switched back": messages.switch_message(route(PRIMARY), COMMANDS),
    "a person decides": messages.decision_message(ALARM, route(PRIMARY), "a person decides", COMMANDS),
    "an event to decide about": messages.account_event_message(longest_event(), route(PRIMARY), COMMANDS),
    "switch failed": messages.failure_message(ALARM, RuntimeError(LONGEST * 600), COMMANDS),
}
every_message = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)


def by_protocol(message: Message) -> dict[str, str]:
    return dict(json.loads(message.by_protocol()))


@every_message
def test_amazon_q_gets_what_it_can_read(message: Message) -> None:
    notification = json.loads(by_protocol(message)["https"])

    assert problems(notification) == []
    assert notification["content"]["title"] == message.subject


@every_message
def test_everybody_else_gets_the_plain_text(message: Message) -> None:
    texts = by_protocol(message)

    # What SNS has no text for goes by the default: email, email-json, sms, http, sqs, lambda, firehose.
    assert set(texts) == {"default", "https"}
    assert texts["default"] == message.body


@every_message
def test_both_fit_into_one_message_of_sns(message: Message) -> None:
    # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html; half of it, for whatever a text gets one day.
    assert len(message.by_protocol().encode()) < 262_144 / 2


def test_the_chat_has_every_paragraph_and_commands_as_code() -> None:
    message = about_pause(ALARM, Target("mail-set", HERE), found=True)
    description = json.loads(by_protocol(message)["https"])["content"]["description"]

    assert (
        "When the cause is gone, this resumes sending:\n\n```\naws sesv2 put-configuration-set-sending" in description
    )
    assert description.replace("```\n", "").replace("\n```", "").split() == message.body.split()


@pytest.mark.parametrize("text", ["<!channel>", "<@U012AB3CD>", "<https://example.net|your account>"])
def test_nobody_is_called_and_no_link_is_made_by_the_text_of_an_alarm(text: str) -> None:
    alarm = AlarmChange(f"Alarm {text}", "ALARM", text, "")
    message = about_pause(alarm, Target("mail-set", HERE), found=True)

    assert text in message.body
    assert text in message.subject
    assert text not in by_protocol(message)["https"]


@pytest.mark.parametrize(
    ("flaw", "found"),
    [
        ({"version": "2"}, "version must be 1.0"),
        ({"content": {"title": "x"}}, "content.description is missing"),
        ({"subject": "x"}, ".subject does not fit"),
        ({"content": {"description": "x", "nextSteps": "one"}}, "content.nextSteps does not fit"),
    ],
)
def test_the_check_would_find_something(flaw: dict[str, Any], found: str) -> None:
    notification = {"version": "1.0", "source": "custom", "content": {"description": "x"}}

    assert problems(notification) == []
    assert found in problems(notification | flaw)
