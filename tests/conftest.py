"""Fixtures that every folder shares; the environment is set before the first import of aws_cdk starts Node."""

import os
import re
from pathlib import Path

# CDK's own validation costs 4 s per process and 0.1 s per template; test_quality_gates.py has one pass with it on.
os.environ.setdefault("CDK_VALIDATION", "false")
os.environ.setdefault("JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION", "1")

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_route53 as route53

from ses_constructs import Route53Zone

pytest_plugins = ["tests.running_aws.fixtures"]


@pytest.fixture
def app() -> App:
    # The handlers are copied beside the template once an app, which is a fifth of most tests' time.
    return App(analytics_reporting=False, tree_metadata=False, context={"aws:cdk:disable-asset-staging": True})


@pytest.fixture
def stack(app: App) -> Stack:
    """A stack whose region is known."""
    return Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))


@pytest.fixture
def agnostic_stack(app: App) -> Stack:
    """A stack whose account and region are tokens."""
    return Stack(app, "Anywhere")


def hosted_zone(stack: Stack, name: str = "example.com", construct_id: str = "Zone") -> route53.IHostedZone:
    return route53.HostedZone.from_hosted_zone_attributes(
        stack, construct_id, hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name=name
    )


@pytest.fixture
def zone(stack: Stack) -> Route53Zone:
    return Route53Zone(hosted_zone(stack))


# Measuring costs half as much again, and what these prove is not that a line runs.
UNMEASURED = {"alarms", "deployed", "live", "local_aws", "witnesses", "test_benchmarks.py", "test_quality_gates.py"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.pluginmanager.hasplugin("_cov"):
        for item in items:
            if item.path.relative_to(Path(__file__).parent).parts[0] in UNMEASURED:
                item.add_marker("no_cover")


def pytest_make_parametrize_id(val: object) -> str | None:
    """The number of a token differs between the workers of a run, which have to collect the same names."""
    return re.sub(r"\.[0-9]+\]", "]", val) if isinstance(val, str) and "${Token[" in val else None
