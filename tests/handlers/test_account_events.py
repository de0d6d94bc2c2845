"""What SES reports by itself is told to people once, and never goes unnoticed."""

import json
import os
from collections.abc import Iterator
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers._lambda import AccountRegion
from ses_constructs.handlers._topics import Message
from ses_constructs.handlers.account_events import (
    AccountEvent,
    NotPublishedError,
    UnexpectedEventError,
    message_about,
)

from .in_memory_aws import FOREVER, Fault, Trouble
from .world import Event, World, account_event, reasons

HANDLER, PUBLISH = "account_events", "sns.Publish"
FIRST, SECOND = (f"arn:aws:sns:eu-west-1:111122223333:Mail-{name}" for name in ("Team", "OnCall"))
HERE = AccountRegion("aws", "eu-west-1", "111122223333")
KINDS = ("sending_disabled", "recommendation_open")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with mock.patch.dict(os.environ, {"EVENT_TOPICS": json.dumps([FIRST, SECOND])}):
        yield


@pytest.fixture
def team(aws: World) -> World:
    """Two topics."""
    aws.sns.topics = {FIRST, SECOND}
    return aws


def about(event: Event) -> Message:
    return message_about(AccountEvent.of(event, HERE))


# What people read


def test_a_switched_off_sender_is_told_with_the_cause_and_where_to_look() -> None:
    assert about(account_event("sending_disabled")) == Message(
        "SES has switched off sending: configuration-set/mail-set, eu-west-1",
        "SES has switched off sending in account 111122223333, eu-west-1.\n\n"
        "Event: Sending Status Disabled\n"
        "About: arn:aws:ses:eu-west-1:111122223333:configuration-set/mail-set\n"
        "Status: DISABLED\n"
        "By: AWS\n"
        "Cause: The bounce rate is above 10 %.\n"
        "Since: 2026-11-24T12:00:05.713Z\n\n"
        "Look at this in the console of SES, in the same region:\n"
        "- the account dashboard: whether the account is under review, and whether it may send\n"
        "- the reputation metrics: the bounce and complaint rates, and any message from AWS\n"
        "- what was sent in the hours before, by whom, and whether somebody else got hold of credentials\n",
    )


def test_a_recommendation_is_told_with_what_it_is_on_and_how_bad_it_is() -> None:
    told = about(account_event("recommendation_open"))

    assert told.subject == "SES recommends a change (DKIM): identity/example.com, eu-west-1"
    assert "\nRecommendation on: DKIM\nImpact: HIGH\nStatus: OPEN\n" in told.body
    assert "Virtual Deliverability Manager" in told.body
    assert told.body.endswith("Nothing was switched off.\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("detail", [None, {}, {"data": None}, {"data": {"record": []}, "metadata": "x"}, "text", 7])
def test_an_event_that_says_nothing_of_itself_is_told_too(kind: str, detail: object) -> None:
    event = account_event(kind) | {"detail": detail}
    del event["resources"], event["time"]
    told = about(event)

    assert told.subject.endswith(": account 111122223333, eu-west-1")
    assert "About: unknown\nCause: unknown\nSince: unknown\n" in told.body


def test_the_time_of_the_event_stands_in_for_that_of_the_record() -> None:
    event = account_event("sending_disabled")
    del event["detail"]["data"]["record"]["lastUpdatedTimestamp"]

    assert "Since: 2026-11-24T12:00:07Z\n" in about(event).body


@pytest.mark.parametrize(
    ("origin", "by"), [("CUSTOMER_MANAGED", "By: this account\n"), ("AWS_MANAGED", "By: AWS\n"), ("OTHER", "")]
)
def test_who_switched_it_off_is_said_where_it_is_known(origin: str, by: str) -> None:
    event = account_event("sending_disabled")
    event["detail"]["data"]["origin"] = origin

    assert f"Status: DISABLED\n{by}Cause:" in about(event).body


def test_all_resources_are_named_up_to_ten() -> None:
    event = account_event("sending_disabled")
    event["resources"] = [f"arn:aws:ses:eu-west-1:111122223333:identity/{number}.example" for number in range(500)]

    assert about(event).body.count(".example") == 10


def test_a_huge_text_is_cut_and_breaks_no_line() -> None:
    event = account_event("recommendation_open")
    event["resources"] = ["x" * 1_000_000]
    event["detail"]["metadata"] = {"type": "T" * 1_000_000, "impact": "9" * 1_000_000}
    event["detail"]["data"]["record"] = {"cause": "all is well\r\n\r\n" * 100_000, "status": "\u202eON" * 100_000}
    told = about(event)

    assert len(told.subject) == 99
    assert len(told.body) < 4_000
    assert "\nall is well" not in told.body
    assert "\u202e" not in told.body


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("kind", KINDS)
@given(odd=st.fixed_dictionaries({}, optional=dict.fromkeys(("detail", "resources", "time", "id"), ODD)))
def test_no_part_of_an_event_breaks_the_message(kind: str, odd: Event) -> None:
    _is_a_message(about(account_event(kind) | odd), kind)


@pytest.mark.parametrize("kind", KINDS)
@given(cause=ODD, status=ODD, since=ODD, impact=ODD, matter=ODD, resource=ODD)
def test_no_text_of_ses_breaks_the_message(
    kind: str, cause: object, status: object, since: object, impact: object, matter: object, resource: object
) -> None:
    event = account_event(kind) | {"resources": [resource]}
    event["detail"] = {
        "data": {"record": {"cause": cause, "status": status, "lastUpdatedTimestamp": since}},
        "metadata": {"impact": impact, "type": matter},
    }
    _is_a_message(about(event), kind)


def _is_a_message(told: Message, kind: str) -> None:
    headline = "SES has switched off" if kind == "sending_disabled" else "SES recommends"
    assert told.subject.startswith(headline)
    assert len(told.subject) < 100
    assert told.subject.isascii()
    assert told.subject.isprintable()
    assert told.body.encode()
    # Three paragraphs, of which the middle one has at most eight lines.
    _, known, _ = told.body.split("\n\n")
    assert len(known.splitlines()) <= 8


# Who is told


@pytest.mark.parametrize("kind", KINDS)
def test_every_topic_is_told_once(team: World, kind: str) -> None:
    team.invoke(HANDLER, account_event(kind))

    assert team.aws.operations() == [PUBLISH, PUBLISH]
    assert [told.topic for told in team.sns.published] == [FIRST, SECOND]
    assert {(told.subject, told.body) for told in team.sns.published} == {
        (told.subject, told.body) for told in [about(account_event(kind))]
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "aws.cloudwatch"},
        {"source": "own.app"},
        {"source": None},
        {"detail-type": "Sending Status Enabled"},
        {"detail-type": "Advisor Recommendation Status Resolved"},
        {"detail-type": ["Sending Status Disabled"]},
        {"detail-type": None},
    ],
    ids=str,
)
def test_another_event_is_refused(team: World, caplog: pytest.LogCaptureFixture, changes: Event) -> None:
    with pytest.raises(
        UnexpectedEventError, match=r"the event must be 'Sending Status Disabled' or .* of aws\.ses, got '"
    ):
        team.invoke(HANDLER, account_event("sending_disabled") | changes)
    assert not team.aws.calls
    assert len(reasons(caplog.records, "event refused")) == 1


@pytest.mark.parametrize("event", [None, [], "text", {}, {"Records": [{"EventSource": "aws:sns"}]}], ids=repr)
def test_what_is_no_event_of_ses_is_refused(team: World, event: object) -> None:
    with pytest.raises(UnexpectedEventError, match="the event must be 'Sending Status Disabled' or"):
        team.invoke(HANDLER, event)
    assert not team.aws.calls


@pytest.mark.parametrize(
    "changes", [{"account": "999988887777"}, {"region": "us-east-1"}, {"account": None}, {"region": 7}], ids=str
)
def test_an_event_of_another_account_or_region_is_refused(
    team: World, caplog: pytest.LogCaptureFixture, changes: Event
) -> None:
    with pytest.raises(UnexpectedEventError, match="the event must come from account 111122223333 in eu-west-1, got '"):
        team.invoke(HANDLER, account_event("sending_disabled") | changes)
    assert not team.aws.calls
    assert len(reasons(caplog.records, "event refused")) == 1


def test_a_refusal_quotes_no_more_than_it_needs(team: World, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnexpectedEventError, match="the event must be"):
        team.invoke(HANDLER, account_event("sending_disabled") | {"detail-type": "\r\nfake line" * 100_000})
    (reason,) = reasons(caplog.records, "event refused")
    assert len(reason) < 300
    assert "\n" not in reason


@pytest.mark.parametrize("topics", [None, "", "no json", "{}", "7", "[]"], ids=repr)
def test_without_topics_the_run_fails(team: World, monkeypatch: pytest.MonkeyPatch, topics: str | None) -> None:
    if topics is None:
        monkeypatch.delenv("EVENT_TOPICS")
    else:
        monkeypatch.setenv("EVENT_TOPICS", topics)

    with pytest.raises(NotPublishedError, match="no topic could be told that SES has switched off sending"):
        team.invoke(HANDLER, account_event("sending_disabled"))
    assert not team.aws.calls


def test_a_run_that_told_nobody_fails_and_the_next_try_makes_up_for_it(
    team: World, caplog: pytest.LogCaptureFixture
) -> None:
    team.aws.faults.append(Fault(Trouble.DENIED, PUBLISH, times=FOREVER))

    with pytest.raises(NotPublishedError, match="no topic could be told that SES has switched off sending"):
        team.invoke(HANDLER, account_event("sending_disabled"))
    assert len(reasons(caplog.records, "message not published")) == 2

    team.aws.faults.clear()
    team.sns.published.clear()
    team.invoke(HANDLER, account_event("sending_disabled"))
    assert [told.topic for told in team.sns.published] == [FIRST, SECOND]
