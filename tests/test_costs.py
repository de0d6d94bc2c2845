"""docs/costs.md counts what the templates have, and multiplies right."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk.assertions import Template

from app import Mail
from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    PauseSending,
    RecordsToPublish,
    SenderFailover,
    SmtpCredentials,
    StandbySender,
    StoreMail,
    VerifiedDomain,
)
from tests.applications import ROOT

ENV = Environment(account="111122223333", region="eu-west-1")
TEAM = [EmailTeam("ops@example.net")]
PAGE = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<part>[^|]+) \| (?P<counts>(?:\d+ \| ){5})\$(?P<price>[\d.]+) \|", re.MULTILINE)
# Dollars a month for an alarm on one metric, a composite alarm, a custom metric, a dashboard, a secret.
PRICES = (0.10, 0.50, 0.30, 3.00, 0.40)


def receive(stack: Stack, domain: VerifiedDomain, action: StoreMail | ForwardMail) -> None:
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, reactions=TEAM)
    inbound.add_rule("Rule", recipients=["team@example.com"], actions=[action])


def fail_over(stack: Stack, domain: VerifiedDomain) -> None:
    other = Stack(App(), "Other", env=Environment(account="222233334444", region="eu-west-1"))
    standby = StandbySender(
        other, "Sender", domain_name="example.com", dns=RecordsToPublish(), primary_account="111122223333"
    )
    BounceMonitoring(other, "Bounces", domain=standby.domain)
    BounceMonitoring(stack, "Bounces", domain=domain, reactions=TEAM)
    SenderFailover(stack, "Failover", primary=domain, standby=standby, reactions=TEAM)


Make = Callable[[Stack, VerifiedDomain], Any]
SAMPLE = "The sample app"
PARTS: dict[str, Make] = {
    "VerifiedDomain": lambda stack, domain: None,
    "InboundRuleSet with StoreMail": lambda stack, domain: receive(stack, domain, StoreMail()),
    "InboundRuleSet with ForwardMail": lambda stack, domain: receive(stack, domain, ForwardMail(to=["a@example.net"])),
    "BounceMonitoring": lambda stack, domain: BounceMonitoring(stack, "Bounces", domain=domain, reactions=TEAM),
    "BounceMonitoring with PauseSending": lambda stack, domain: BounceMonitoring(
        stack, "Bounces", domain=domain, reactions=[*TEAM, PauseSending()]
    ),
    "BounceMonitoring with a dashboard": lambda stack, domain: BounceMonitoring(
        stack, "Bounces", domain=domain, reactions=TEAM, dashboard=True
    ),
    "BounceMonitoring with a history": lambda stack, domain: BounceMonitoring(
        stack, "Bounces", domain=domain, reactions=TEAM, history=Duration.days(90)
    ),
    "AccountHealth": lambda stack, domain: AccountHealth(stack, "Health", reactions=TEAM),
    "SmtpCredentials": lambda stack, domain: SmtpCredentials(stack, "Smtp", domain=domain),
    "SmtpCredentials with rotation": lambda stack, domain: SmtpCredentials(
        stack, "Smtp", domain=domain, rotate_after=Duration.days(90), reactions=TEAM
    ),
    "SenderFailover with its BounceMonitoring": fail_over,
}


def counted(resources: list[dict[str, Any]]) -> tuple[int, ...]:
    """Metrics of alarms, composite alarms, metrics of counted events, dashboards and secrets."""

    def of(kind: str) -> list[dict[str, Any]]:
        return [each["Properties"] for each in resources if each["Type"] == kind]

    alarms = sum(
        sum("MetricStat" in each for each in alarm["Metrics"]) if "Metrics" in alarm else 1
        for alarm in of("AWS::CloudWatch::Alarm")
    )
    events = sum(
        len(each["EventDestination"]["MatchingEventTypes"])
        for each in of("AWS::SES::ConfigurationSetEventDestination")
        if "CloudWatchDestination" in each["EventDestination"]
    )
    return (
        alarms,
        len(of("AWS::CloudWatch::CompositeAlarm")),
        events,
        len(of("AWS::CloudWatch::Dashboard")),
        len(of("AWS::SecretsManager::Secret")),
    )


def bill(stack: Stack, *, written: int) -> tuple[tuple[int, ...], Any]:
    """What a stack has, with the metrics that a function writes and no template knows, and what it costs a month."""
    alarms, composite, events, *others = counted(list(Template.from_stack(stack).to_json()["Resources"].values()))
    counts = (alarms, composite, events + written, *others)
    return counts, pytest.approx(sum(count * each for count, each in zip(counts, PRICES, strict=True)))


def rows() -> dict[str, tuple[tuple[int, ...], float]]:
    return {
        row["part"].replace("`", ""): (tuple(map(int, row["counts"].rstrip("| ").split(" | "))), float(row["price"]))
        for row in ROW.finditer(PAGE)
    }


@pytest.mark.parametrize("part", PARTS)
def test_a_row_counts_what_the_template_has(part: str) -> None:
    stack = Stack(App(), "Mail", env=ENV)
    domain = VerifiedDomain(
        stack, "Domain", domain_name="example.com", dns=RecordsToPublish(), receives_mail=part.startswith("Inbound")
    )
    PARTS[part](stack, domain)

    assert rows()[part] == bill(stack, written=7 if part == "AccountHealth" else 0)


def test_the_sample_app_is_counted_too() -> None:
    stack = Mail(
        App(), "Mail", domain_name="example.com", hosted_zone_id="Z0123456789ABCDEFGHIJ", alarm_address="a@example.net"
    )

    assert rows()[SAMPLE] == bill(stack, written=7)


def test_every_part_has_a_row_and_every_price_stands_there() -> None:
    assert list(rows()) == [*PARTS, SAMPLE]
    assert [each for each in PRICES if f"${each:.2f}" not in PAGE] == []
