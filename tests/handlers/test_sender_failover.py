"""Who switches the route of the senders, when nobody may but a person, and what people are told."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from unittest import mock

import pytest

from ses_constructs.handlers._alarm_event import NotAnAlarmError
from ses_constructs.handlers.account_events import NotPublishedError, UnexpectedEventError
from ses_constructs.handlers.sender_failover import CannotSwitchError, on_event
from ses_constructs.handlers.standby.route import Route, RouteError

from .in_memory_aws import Fault, Trouble
from .in_memory_services import DomainIdentity, SesState, SesV2
from .world import Event, World, account_event, alarm_event

HANDLER, PARAMETER, SET = "sender_failover", "/ses-constructs/sending-route/4b1c6e20/Failover", "mail-set"
TEAM = "arn:aws:sns:eu-west-1:111122223333:Mail-Team"
ROLE = "arn:aws:iam::222233334444:role/standby"
LOOK, LOOK_AT_SET, READ, WRITE = "sesv2.GetAccount", "sesv2.GetConfigurationSet", "ssm.GetParameter", "ssm.PutParameter"
ASSUME = "sts.AssumeRole"
SETTINGS = {
    "FAILOVER_ROUTE": PARAMETER,
    "FAILOVER_CONFIGURATION_SET": SET,
    "FAILOVER_STANDBY": json.dumps({"role_arn": ROLE, "region": "eu-central-1", "domain": "example.com"}),
    "FAILOVER_COOL_DOWN": "1800",
    "FAILOVER_DRY_RUN": "false",
    "FAILOVER_TOPICS": json.dumps([TEAM]),
}


class TwoAccounts(NamedTuple):
    """SES of the own account, and that of the standby."""

    primary: SesState
    standby: SesState


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with mock.patch.dict(os.environ, SETTINGS):
        yield


@pytest.fixture
def both(aws: World) -> TwoAccounts:
    aws.sns.topics = {TEAM}
    aws.state.account.configuration_sets = {SET: True}
    verified = DomainIdentity(verified=True)
    made = TwoAccounts(aws.state, SesState(identities={"example.com": verified}))
    aws.aws.services["sesv2 in eu-central-1"] = SesV2(made.standby)
    return made


def impairment(name: str = "Mail-Failover-Failing", *, age: float = 0) -> Event:
    event = alarm_event("metric_alarm")
    event["alarmArn"] = f"arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}"
    event["time"] = datetime.fromtimestamp(time.time() - age, UTC).isoformat(timespec="milliseconds")
    return event


def by_hand(aws: World, to: object = "standby", **changes: object) -> Any:
    return on_event({"switch_to": to, "by": "anna", "why": "an outage", **changes}, aws.context)


def route(aws: World) -> Route | None:
    found = aws.parameters.values.get(PARAMETER)
    return Route.of(found) if found else None


def stand(aws: World, active: str = "primary", *, age: float = 3600, generation: int = 7) -> Route:
    since = int(time.time() - age)
    aws.parameters.values[PARAMETER] = json.dumps(
        {"generation": generation, "active": active, "by": "somebody", "why": "before", "since": since}
    )
    return Route(generation, active, "somebody", "before", since)


def told(aws: World) -> str:
    (message,) = aws.sns.published
    return f"{message.subject}\n{message.body}"


# By an alarm


@pytest.mark.parametrize("name", ["Mail-Failover-Failing", "Mail-Failover-Slow"])
def test_an_alarm_switches_to_the_standby_and_tells_who_why_and_the_way_back(
    aws: World, both: TwoAccounts, name: str
) -> None:
    aws.invoke(HANDLER, impairment(name))

    switched = route(aws)
    assert switched
    assert (switched.generation, switched.active, switched.by) == (1, "standby", f"alarm {name}")
    assert switched.why.startswith("Threshold Crossed")
    assert abs(switched.since - time.time()) < 60
    assert all(words in told(aws) for words in (f"alarm {name}", "Threshold Crossed", '"switch_to": "primary"'))
    assert aws.sts.sessions == [(ROLE, "sender-failover")]


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_no_other_state_of_an_alarm_does_anything(aws: World, both: TwoAccounts, state: str) -> None:
    event = impairment()
    event["alarmData"]["state"]["value"] = state

    aws.invoke(HANDLER, event)

    assert aws.aws.calls == []


def test_what_is_switched_already_is_left_in_silence(aws: World, both: TwoAccounts) -> None:
    before = stand(aws, "standby")

    aws.invoke(HANDLER, impairment())

    assert (route(aws), aws.aws.operations()) == (before, [READ])


@pytest.mark.parametrize(("age", "switches"), [(0, False), (1700, False), (1900, True)])
def test_soon_after_a_switch_no_alarm_switches_again(aws: World, both: TwoAccounts, age: float, switches: bool) -> None:
    before = stand(aws, age=age)

    aws.invoke(HANDLER, impairment())

    assert (route(aws) != before) is switches
    assert ("the last switch was too recent" in told(aws)) is not switches


@pytest.mark.parametrize(("age", "switches"), [(2000, False), (1800, True)])
def test_an_alarm_of_before_the_last_switch_undoes_nothing(
    aws: World, both: TwoAccounts, age: float, switches: bool
) -> None:
    before = stand(aws, age=1900)

    aws.invoke(HANDLER, impairment(age=age))

    assert (route(aws) != before) is switches
    assert ("the alarm began before the last switch" in told(aws)) is not switches


def test_an_alarm_that_does_not_say_when_it_began_is_taken_for_new(aws: World, both: TwoAccounts) -> None:
    stand(aws)

    aws.invoke(HANDLER, impairment() | {"time": "lately"})

    assert (route(aws) or stand(aws)).active == "standby"


def pause_account(both: TwoAccounts) -> None:
    both.primary.account.sending = False


def pause_set(both: TwoAccounts) -> None:
    both.primary.account.configuration_sets[SET] = False


def review(both: TwoAccounts) -> None:
    both.primary.account.enforcement = "PROBATION"


def shut_down(both: TwoAccounts) -> None:
    both.primary.account.enforcement = "SHUTDOWN"


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (pause_account, "sending is paused for the account"),
        (pause_set, "sending is paused for configuration set mail-set"),
        (review, "AWS's enforcement status of the account is PROBATION"),
        (shut_down, "AWS's enforcement status of the account is SHUTDOWN"),
    ],
)
def test_a_pause_and_enforcement_are_for_a_person_to_decide(
    aws: World, both: TwoAccounts, happened: Any, reason: str
) -> None:
    happened(both)

    aws.invoke(HANDLER, impairment())

    assert route(aws) is None
    assert all(
        words in told(aws) for words in (reason, "AWS treats related accounts together", '"switch_to": "standby"')
    )


@pytest.mark.parametrize("trouble", [Trouble.BROKEN, Trouble.TIMED_OUT])
@pytest.mark.parametrize("operation", [LOOK, LOOK_AT_SET])
def test_an_ses_that_does_not_answer_is_impaired(
    aws: World, both: TwoAccounts, trouble: Trouble, operation: str
) -> None:
    aws.aws.faults = [Fault(trouble, operation, times=2)]

    aws.invoke(HANDLER, impairment())

    assert (route(aws) or stand(aws)).active == "standby"


@pytest.mark.parametrize("trouble", [Trouble.THROTTLED, Trouble.DENIED])
def test_an_ses_that_does_not_say_whether_it_is_paused_switches_nothing_yet(
    aws: World, both: TwoAccounts, trouble: Trouble
) -> None:
    aws.aws.faults = [Fault(trouble, LOOK, times=2)]

    with pytest.raises(Exception, match=r"TooManyRequests|AccessDenied"):
        aws.invoke(HANDLER, impairment())

    assert route(aws) is None
    assert "could not be switched" in told(aws)


def in_sandbox(both: TwoAccounts) -> None:
    both.standby.account.in_production = False


def standby_paused(both: TwoAccounts) -> None:
    both.standby.account.sending = False


def standby_shut_down(both: TwoAccounts) -> None:
    both.standby.account.enforcement = "SHUTDOWN"


def unverified(both: TwoAccounts) -> None:
    both.standby.identities["example.com"].verified = False


CANNOT_SEND = [
    (in_sandbox, "the standby is in the sandbox"),
    (standby_paused, "sending is paused for the account, in the standby"),
    (standby_shut_down, "AWS's enforcement status of the account is SHUTDOWN, in the standby"),
    (unverified, "the standby has not verified example.com"),
]


@pytest.mark.parametrize(("happened", "reason"), CANNOT_SEND)
def test_nobody_is_sent_to_a_standby_that_cannot_send(
    aws: World, both: TwoAccounts, happened: Any, reason: str
) -> None:
    happened(both)

    aws.invoke(HANDLER, impairment())

    assert route(aws) is None
    assert reason in told(aws)


def test_a_dry_run_tells_and_switches_nothing(aws: World, both: TwoAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAILOVER_DRY_RUN", "true")

    aws.invoke(HANDLER, impairment())

    assert route(aws) is None
    assert "this is a dry run" in told(aws)


def test_a_refusal_is_told_and_never_switches(aws: World, both: TwoAccounts) -> None:
    aws.invoke(HANDLER, impairment("Mail-Failover-Refused"))

    assert route(aws) is None
    assert "SES refuses to send" in told(aws)


def test_an_alarm_of_somebody_else_is_refused(aws: World, both: TwoAccounts) -> None:
    with pytest.raises(NotAnAlarmError, match="must come from account 111122223333"):
        aws.invoke(HANDLER, impairment() | {"accountId": "999988887777"})

    assert aws.aws.calls == []


# What fails


@pytest.mark.parametrize("operation", [READ, WRITE, ASSUME])
def test_a_switch_that_fails_is_told_and_is_tried_again(aws: World, both: TwoAccounts, operation: str) -> None:
    aws.aws.faults = [Fault(Trouble.DENIED, operation)]

    with pytest.raises(Exception, match="AccessDenied"):
        aws.invoke(HANDLER, impairment())

    assert route(aws) is None
    assert all(words in told(aws) for words in ("Mail-Failover-Failing", "AccessDenied", '"switch_to": "standby"'))


def test_a_write_whose_answer_was_lost_is_done(aws: World, both: TwoAccounts) -> None:
    aws.aws.faults = [Fault(Trouble.TIMED_OUT_AFTER, WRITE, times=3)]

    aws.invoke(HANDLER, impairment())

    assert (route(aws) or stand(aws)).generation == 1
    assert "Mail now goes through the standby" in told(aws)


def test_a_route_that_somebody_else_writes_is_an_error(aws: World, both: TwoAccounts) -> None:
    def meddle() -> None:
        if aws.aws.operations() and aws.aws.operations()[-1] == WRITE:
            stand(aws, generation=99)

    aws.aws.arrived = meddle

    with pytest.raises(RouteError, match="generation 1 was written, and the parameter reads 99"):
        aws.invoke(HANDLER, impairment())

    assert "could not be switched" in told(aws)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no json", "must hold a route as JSON"),
        ('{"active": "elsewhere"}', "with active primary or standby"),
        ('{"active": "standby", "since": 1}', "must have generation, a whole number"),
        ('{"active": "standby", "generation": 1, "since": true}', "must have since, a whole number"),
    ],
)
def test_a_route_that_cannot_be_read_is_an_error(aws: World, both: TwoAccounts, text: str, says: str) -> None:
    aws.parameters.values[PARAMETER] = text

    with pytest.raises(RouteError, match=says):
        aws.invoke(HANDLER, impairment())

    assert says in told(aws)


def test_a_switch_is_done_though_nobody_could_be_told(aws: World, both: TwoAccounts) -> None:
    aws.sns.topics = set()

    aws.invoke(HANDLER, impairment())

    assert (route(aws) or stand(aws)).active == "standby"


@pytest.mark.parametrize("name", ["Mail-Failover-Failing", "Mail-Failover-Refused"])
def test_what_a_person_has_to_decide_is_told_again_if_nobody_heard(
    aws: World, both: TwoAccounts, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pause_account(both)
    aws.sns.topics = set()

    with pytest.raises(NotPublishedError, match="no topic could be told that nothing was switched"):
        aws.invoke(HANDLER, impairment(name))

    monkeypatch.setenv("FAILOVER_TOPICS", "[]")
    aws.invoke(HANDLER, impairment(name))  # there is nobody to hear


# By a person


def test_a_person_switches_and_switches_back(aws: World, both: TwoAccounts) -> None:
    assert by_hand(aws) == {"switched": True, "active": "standby", "generation": 1}
    found = route(aws)
    assert found
    assert (found.by, found.why) == ("anna", "an outage")
    assert by_hand(aws, "primary") == {"switched": True, "active": "primary", "generation": 2}
    assert [each.subject for each in aws.sns.published] == [
        "SES sending switched to the standby, by anna",
        "SES sending switched to the primary, by anna",
    ]


@pytest.mark.parametrize("happened", [pause_account, pause_set, review, shut_down])
def test_a_person_may_switch_whatever_the_primary_is_in(aws: World, both: TwoAccounts, happened: Any) -> None:
    happened(both)
    stand(aws, age=0)

    assert by_hand(aws)["active"] == "standby"


@pytest.mark.parametrize(
    "text", ["\U0001f600" * 600, "{{ssm:secret}}" * 50, "{{{}}}"], ids=["long", "reference", "braces"]
)
def test_any_reason_fits_into_the_parameter(aws: World, both: TwoAccounts, text: str) -> None:
    assert by_hand(aws, by=text, why=text)["switched"]


def test_a_person_asks_twice_and_it_is_done_once(aws: World, both: TwoAccounts) -> None:
    by_hand(aws)

    assert by_hand(aws) == {"switched": False, "active": "standby", "generation": 1}
    assert len(aws.sns.published) == 1


def test_a_person_tries_it_out(aws: World, both: TwoAccounts) -> None:
    assert by_hand(aws, dry_run=True) == {"switched": False, "active": "primary", "generation": 0}
    assert (route(aws), aws.sns.published, len(aws.sts.sessions)) == (None, [], 1)


@pytest.mark.parametrize(("happened", "reason"), CANNOT_SEND)
def test_a_person_is_told_that_the_standby_cannot_send(
    aws: World, both: TwoAccounts, happened: Any, reason: str
) -> None:
    happened(both)

    with pytest.raises(CannotSwitchError, match=f"standby would not send: {reason}"):
        by_hand(aws)


@pytest.mark.parametrize("happened", [pause_account, pause_set, shut_down])
def test_a_person_is_told_that_the_primary_cannot_send(aws: World, both: TwoAccounts, happened: Any) -> None:
    stand(aws, "standby")
    happened(both)

    with pytest.raises(CannotSwitchError, match="primary would not send: "):
        by_hand(aws, "primary")


@pytest.mark.parametrize(
    "wrong",
    [{"switch_to": "elsewhere"}, {"by": ""}, {"why": None}, {"dry_run": "yes"}],
)
def test_a_person_has_to_say_where_who_and_why(aws: World, both: TwoAccounts, wrong: dict[str, object]) -> None:
    with pytest.raises(CannotSwitchError, match="send switch_to, 'primary' or 'standby', with by and why"):
        by_hand(aws, **{"to": wrong.pop("switch_to", "standby"), **wrong})

    assert aws.aws.calls == []


# By SES


@pytest.mark.parametrize("active", ["primary", "standby"])
def test_what_ses_has_switched_off_is_for_a_person_to_decide(aws: World, both: TwoAccounts, active: str) -> None:
    before = stand(aws, active)

    aws.invoke(HANDLER, account_event("sending_disabled"))

    assert route(aws) == before
    other = "standby" if active == "primary" else "primary"
    assert all(words in told(aws) for words in ("The bounce rate is above 10 %", f'"switch_to": "{other}"'))


def test_other_news_of_ses_are_refused(aws: World, both: TwoAccounts) -> None:
    with pytest.raises(UnexpectedEventError, match="must be 'Sending Status Disabled', got 'Advisor"):
        aws.invoke(HANDLER, account_event("recommendation_open"))


def test_news_that_nobody_took_are_tried_again(aws: World, both: TwoAccounts) -> None:
    aws.sns.topics = set()

    with pytest.raises(NotPublishedError, match="no topic could be told"):
        aws.invoke(HANDLER, account_event("sending_disabled"))
