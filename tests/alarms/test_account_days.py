"""The alarms of AccountHealth and of received mail, proven the same way."""

from collections.abc import Callable, Mapping

import pytest
from aws_cdk import Stack

from ses_constructs import (
    AccountHealth,
    AccountThresholds,
    EmailTeam,
    InboundRuleSet,
    LeaveInactive,
    StopProcessing,
    VerifiedDomain,
)
from ses_constructs.account.account_health import NAMESPACE
from tests.alarms.cloudwatch import CloudWatch, Series, series
from tests.constructs.templates import template

Report = dict[str, float]
WELL: Report = {"QuotaUsed": 0.3, "ProductionAccess": 1, "SendingEnabled": 1, "EnforcementLevel": 0, "MaxSendRate": 14}


def live(
    stack: Stack, put: Callable[[int], Mapping[Series, float]], minutes: int, *, late: int = 0
) -> dict[str, list[tuple[int, str]]]:
    """Let so many minutes pass, and give the changes of each alarm; what is put is of *late* minutes ago."""
    cloudwatch = CloudWatch(template(stack)["Resources"])
    for minute in range(minutes):
        for of, value in put(minute).items():
            cloudwatch.metrics.put(of, minute - late, value)
        cloudwatch.evaluate(minute + 1)
    found: dict[str, list[tuple[int, str]]] = {}
    for change in cloudwatch.changes:
        found.setdefault(change.alarm[:-8], []).append((change.minute, change.state))
    return found


def reported(stack: Stack, report: Callable[[int], Report | None], *, minutes: int) -> dict[str, list[int]]:
    """When each alarm fired, with a report every five minutes."""

    def put(minute: int) -> Mapping[Series, float]:
        values = report(minute) if minute % 5 == 0 else None
        return {series(NAMESPACE, name, {}): value for name, value in (values or {}).items()}

    changes = live(stack, put, minutes)
    found = {name: [minute for minute, state in each if state == "ALARM"] for name, each in changes.items()}
    return {name.removeprefix("Health"): minutes for name, minutes in found.items() if minutes}


def make(stack: Stack, *, sandbox: bool = False, needed_rate: float | None = None) -> None:
    thresholds = AccountThresholds(needed_rate=needed_rate)
    AccountHealth(stack, "Health", thresholds=thresholds, sandbox=sandbox, reactions=[EmailTeam("ops@example.net")])


def test_a_healthy_account_is_quiet(stack: Stack) -> None:
    make(stack, needed_rate=14)

    assert reported(stack, lambda _: WELL, minutes=300) == {}


@pytest.mark.parametrize(
    ("change", "alarm"),
    [
        ({"QuotaUsed": 0.8}, "QuotaAlarm"),
        ({"EnforcementLevel": 1}, "ReviewAlarm"),
        ({"EnforcementLevel": 2}, "ReviewAlarm"),
        ({"SendingEnabled": 0}, "PausedAlarm"),
        ({"ProductionAccess": 0}, "SandboxAlarm"),
        ({"MaxSendRate": 13}, "RateAlarm"),
    ],
)
def test_each_change_for_the_worse_fires_its_own_alarm_at_once(stack: Stack, change: Report, alarm: str) -> None:
    make(stack, needed_rate=14)

    assert reported(stack, lambda minute: WELL | (change if minute >= 60 else {}), minutes=120) == {alarm: [61]}


def test_a_sandbox_that_is_meant_to_be_is_no_alarm(stack: Stack) -> None:
    make(stack, sandbox=True)

    assert reported(stack, lambda _: WELL | {"ProductionAccess": 0}, minutes=60) == {}


def test_a_function_that_stops_reporting_is_an_alarm_of_its_own(stack: Stack) -> None:
    make(stack)

    assert reported(stack, lambda minute: WELL if minute < 60 else None, minutes=120) == {"SilenceAlarm": [71]}


def test_one_report_that_is_late_is_none(stack: Stack) -> None:
    make(stack)

    assert reported(stack, lambda minute: None if minute == 60 else WELL, minutes=120) == {}


@pytest.mark.parametrize("late", [0, 7])
def test_an_action_that_failed_is_an_alarm_for_its_rule_however_late_it_is_counted(stack: Stack, late: int) -> None:
    rules = InboundRuleSet(
        stack,
        "Inbound",
        domain=VerifiedDomain.from_domain_name(stack, "Domain", "example.com"),
        activation=LeaveInactive(),
        drop_spam=False,
        reactions=[EmailTeam("ops@example.net")],
    )
    rule = rules.add_rule("Support", actions=[StopProcessing()])
    other = rules.add_rule("Other", actions=[StopProcessing()])

    def put(minute: int) -> Mapping[Series, float]:
        return {series("AWS/SES", "PublishFailure", {"RuleName": rule.rule_name}): 1} if minute == 30 + late else {}

    changes = live(stack, put, 90, late=late)
    by_rule = {each: [change for name, change in changes.items() if each.node.id in name] for each in (rule, other)}
    # CloudWatch judges by the newest period that has data, and looks back three of them.
    assert by_rule[rule] == [[(1, "OK"), (31 + late, "ALARM"), (46, "OK")]]
    assert by_rule[other] == [[(1, "OK")]]
