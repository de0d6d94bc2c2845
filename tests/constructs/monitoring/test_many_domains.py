"""Thirty customers: one monitoring for all of their domains, and what a stack with one for each is told."""

import pytest
from aws_cdk import App, Stack

from ses_constructs import BounceMonitoring, EmailTeam, PauseSending, RecordsToPublish, VerifiedDomain
from tests.constructs.templates import resources, template

CUSTOMERS = 30


def domain(stack: Stack, number: int, monitoring: BounceMonitoring | None = None) -> VerifiedDomain:
    return VerifiedDomain(
        stack,
        f"Domain{number}",
        domain_name=f"customer{number}.example",
        dns=RecordsToPublish(),
        configuration_set=monitoring.configuration_set if monitoring else None,
    )


def test_one_monitoring_watches_many_domains(stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Bounces")
    for number in range(CUSTOMERS):
        domain(stack, number, monitoring)

    assert len(template(stack)["Resources"]) < 2 * CUSTOMERS
    defaults = {
        str(each["Properties"]["ConfigurationSetAttributes"]) for each in resources(stack, "AWS::SES::EmailIdentity")
    }
    assert len(defaults) == 1


def test_a_monitoring_for_each_fills_the_stack_and_the_error_says_the_way() -> None:
    app = App(analytics_reporting=False, tree_metadata=False)
    stack = Stack(app, "Customers")
    reactions = [EmailTeam("ops@example.net"), PauseSending()]
    for number in range(CUSTOMERS):
        customer = domain(stack, number)
        BounceMonitoring(stack, f"Bounces{number}", domain=customer, watch_account=False, reactions=reactions)

    with pytest.raises(
        RuntimeError,
        match=r"stack 'Customers' must have at most 500 resources, got \d+ with 30 BounceMonitoring; let one watch "
        r"many domains, by VerifiedDomain\(..., configuration_set=monitoring.configuration_set\)",
    ):
        app.synth()


def test_a_stack_that_is_not_full_is_told_nothing(stack: Stack) -> None:
    for number in range(16):
        BounceMonitoring(stack, f"Bounces{number}", watch_account=False)

    assert len(resources(stack, "AWS::SES::ConfigurationSet")) == 16
