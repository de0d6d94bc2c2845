"""A global endpoint: what both regions need, and when its id is told."""

from collections.abc import Callable

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
