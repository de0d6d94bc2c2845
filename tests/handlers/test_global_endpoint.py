"""A global endpoint: what both regions need, and when its id is told."""

from collections.abc import Callable
from typing import Any

import pytest

from .in_memory_monitoring import Account
from .in_memory_services import DomainIdentity, SesState, SesV2
from .world import World, event

HANDLER, HERE, THERE = "global_endpoint", "eu-west-1", "us-east-1"
Regions = dict[str, SesState]


def region() -> SesState:
    """One in which all is well."""
    identity = DomainIdentity(configuration_set="mail-set")
    identity.succeed()
    return SesState(identities={"example.com": identity}, account=Account(configuration_sets={"mail-set": True}))


@pytest.fixture
def regions(aws: World) -> Regions:
    """The state of SES in both regions."""
    states = {HERE: region(), THERE: region()}
    aws.aws.services |= {f"sesv2 in {name}": SesV2(state) for name, state in states.items()}
    return states


def test_the_id_is_told_once_both_regions_are_fit_and_the_endpoint_is_ready(aws: World, regions: Regions) -> None:
    regions[HERE].account.endpoint_statuses = ["CREATING", "CREATING", "READY"]

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "MailEndpoint-us-east-1")
    assert answer["Data"] == {"EndpointId": "abcdef12.g3h"}
    assert aws.clock.sleeps == [5, 5]


def test_another_endpoint_has_another_id(aws: World, regions: Regions) -> None:
    assert aws.send(HANDLER, event(HANDLER, "update"))["PhysicalResourceId"] == "MailEndpoint-us-east-1"


@pytest.mark.parametrize(("status", "seconds"), [("FAILED", 0), ("CREATING", 120), ("DELETING", 120)])
def test_an_endpoint_that_does_not_become_ready_fails_the_deployment(
    aws: World, regions: Regions, status: str, seconds: int
) -> None:
    regions[HERE].account.endpoint_statuses = [status]

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert f"global endpoint MailEndpoint-us-east-1 is {status} and not READY" in answer["Reason"]
    assert sum(aws.clock.sleeps) == seconds


def forget(state: SesState) -> None:
    state.identities.clear()


def unverify(state: SesState) -> None:
    state.identities["example.com"].verified = False


def unsign(state: SesState) -> None:
    state.identities["example.com"].dkim = "PENDING"


def pause(state: SesState) -> None:
    state.account.configuration_sets["mail-set"] = False


def sandbox(state: SesState) -> None:
    state.account.in_production = False


@pytest.mark.parametrize("where", [HERE, THERE])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (forget, "SES has no example.com in {}; deploy it there first"),
        (unverify, "SES has not verified example.com in {}"),
        (unsign, "SES does not sign example.com with DKIM in {}"),
        (pause, "configuration set mail-set is paused in {}"),
        (sandbox, "the account is in the sandbox in {}"),
    ],
)
def test_what_a_region_lacks_fails_the_deployment_by_name(
    aws: World, regions: Regions, where: str, change: Callable[[SesState], None], words: str
) -> None:
    change(regions[where])

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == f"the regions are not fit for a global endpoint: {words.format(where)}"


def test_all_that_is_missing_is_told_at_once(aws: World, regions: Regions) -> None:
    for change, where in ((sandbox, HERE), (unsign, HERE), (forget, THERE)):
        change(regions[where])

    assert aws.send(HANDLER, event(HANDLER, "create"))["Reason"].count(";") == 3


@pytest.mark.parametrize("other", ["", "other-set"])
def test_the_default_sets_have_the_same_name(aws: World, regions: Regions, other: str) -> None:
    regions[THERE].identities["example.com"].configuration_set = other
    regions[THERE].account.configuration_sets = {"other-set": True}

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    assert f"is mail-set in {HERE} and {other or 'none'} in {THERE}; give it the same name in both" in reason


def test_without_a_default_set_in_either_region_nothing_is_told(aws: World, regions: Regions) -> None:
    for state in regions.values():
        state.identities["example.com"].configuration_set = ""

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    assert f"is none in {HERE} and none in {THERE}; give it the same name in both" in reason


# What would get lost


def limits(state: SesState, quota: float, rate: float = 14) -> None:
    state.account.quota, state.account.rate = quota, rate


@pytest.mark.parametrize(("where", "other"), [(HERE, THERE), (THERE, HERE)])
def test_a_region_that_sends_less_than_half_of_the_other_is_told(
    aws: World, regions: Regions, where: str, other: str
) -> None:
    limits(regions[where], 200, 1)

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    day = f"SES allows 200 messages a day in {where} and 50000 in {other}, and half of the mail goes by each"
    second = f"SES allows 1 messages a second in {where} and 14 in {other}"
    assert all(words in reason for words in (day, second, f"ask AWS for as much in {where}"))


@pytest.mark.parametrize(("quotas", "fit"), [((50_000, 25_000), True), ((50_000, 24_999), False), ((-1, -1), True)])
def test_limits_may_differ_by_half(aws: World, regions: Regions, quotas: tuple[float, float], fit: bool) -> None:
    for state, quota in zip(regions.values(), quotas, strict=True):
        limits(state, quota)

    assert (aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS") is fit


def test_no_limit_is_more_than_any(aws: World, regions: Regions) -> None:
    limits(regions[HERE], -1)

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    assert f"SES allows 50000 messages a day in {THERE} and any number in {HERE}" in reason


def destination(kind: str, *events: str, enabled: bool = True) -> dict[str, Any]:
    about = {"SnsDestination": {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:Bounces"}}
    details: dict[str, Any] = about.get(
        kind, {"EventBusArn": "arn:aws:events:eu-west-1:111122223333:event-bus/default"}
    )
    return {"Name": f"{kind}-{len(events)}", "Enabled": enabled, "MatchingEventTypes": list(events), kind: details}


SNS, BUS = "SnsDestination", "EventBridgeDestination"


@pytest.mark.parametrize(("where", "other"), [(HERE, THERE), (THERE, HERE)])
@pytest.mark.parametrize(
    ("has", "lacks", "words"),
    [
        ([destination(SNS, "BOUNCE", "COMPLAINT")], [], "sends BOUNCE, COMPLAINT to its SnsDestination in"),
        (
            [destination(SNS, "BOUNCE", "COMPLAINT")],
            [destination(SNS, "BOUNCE")],
            "sends COMPLAINT to its SnsDestination in",
        ),
        (
            [destination(SNS, "BOUNCE")],
            [destination(SNS, "BOUNCE", enabled=False)],
            "sends BOUNCE to its SnsDestination in",
        ),
        (
            [destination(SNS, "BOUNCE"), destination(BUS, "BOUNCE")],
            [destination(SNS, "BOUNCE")],
            "sends BOUNCE to its EventBridgeDestination in",
        ),
    ],
)
def test_events_that_one_region_keeps_to_itself_are_told(
    aws: World, regions: Regions, where: str, other: str, has: list[Any], lacks: list[Any], words: str
) -> None:
    regions[where].account.event_destinations = has
    regions[other].account.event_destinations = lacks

    reason = aws.send(HANDLER, event(HANDLER, "create"))["Reason"]

    assert f"configuration set mail-set {words} {where} and not in {other}; add the same event destination" in reason


def test_the_same_events_by_other_names_are_well(aws: World, regions: Regions) -> None:
    regions[HERE].account.event_destinations = [destination(SNS, "BOUNCE"), destination(SNS, "COMPLAINT", "BOUNCE")]
    regions[THERE].account.event_destinations = [destination(SNS, "BOUNCE", "COMPLAINT")]

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
