"""The dashboard as a whole: its grid, its name, its rows elsewhere, and what it refuses."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from ses_constructs import AccountHealth, DeliveryThresholds, MailDashboard, TopicEvents
from tests.constructs.dashboards import DASHBOARD, everything, monitored, received, widgets
from tests.constructs.templates import only, resources, template, written


def test_every_row_fills_the_grid_and_no_widget_covers_another(stack: Stack) -> None:
    everything(stack)

    cells = [
        (each["x"] + column, each["y"] + row)
        for each in widgets(stack)
        for column in range(each["width"])
        for row in range(each["height"])
    ]
    lowest = max(row for _, row in cells)
    assert len(cells) == len(set(cells))
    assert set(cells) == set(itertools.product(range(24), range(lowest + 1)))


def test_the_rows_of_a_dashboard_are_its_widgets(stack: Stack) -> None:
    dashboard = everything(stack)

    assert [len(row) for row in dashboard.rows] == [2, 2, 2, 2, 2, 3]
    assert len(widgets(stack)) == 13


def test_each_row_reads_the_region_of_what_it_shows(app: App, stack: Stack) -> None:
    set_of_mail = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "of-mail")
    elsewhere = Stack(app, "Elsewhere", env=Environment(account="111122223333", region="us-east-1"))
    rows = MailDashboard.make_rows(monitoring=monitored(stack, configuration_set=set_of_mail))
    cloudwatch.Dashboard(elsewhere, "Dashboard", widgets=rows[1:])

    assert {each["properties"]["region"] for each in widgets(elsewhere)} == {"eu-west-1"}


def test_the_rows_fit_a_dashboard_of_ones_own(stack: Stack) -> None:
    rows = MailDashboard.make_rows(monitoring=monitored(stack))
    own_widget = cloudwatch.TextWidget(markdown="Call the team: 555", width=24, height=1)
    cloudwatch.Dashboard(stack, "Own", widgets=[[own_widget], *rows])

    found = widgets(stack)
    assert found[0]["properties"]["markdown"] == "Call the team: 555"
    assert [each["y"] for each in found[1:3]] == [1, 1]
    assert len(found) == 9


def test_a_second_dashboard_does_not_move_the_widgets_of_the_first(stack: Stack) -> None:
    monitoring = monitored(stack)
    MailDashboard(stack, "Dashboard", monitoring=monitoring)
    heading = cloudwatch.TextWidget(markdown="first", width=24, height=5)
    cloudwatch.Dashboard(stack, "Own", widgets=[[heading], *MailDashboard.make_rows(monitoring=monitoring)])

    found = [json.loads(written(each["Properties"]["DashboardBody"])) for each in resources(stack, DASHBOARD)]
    assert [each["widgets"][-1]["y"] for each in found] == [13, 18]


def test_without_the_account_and_inbound_mail_there_are_four_rows(stack: Stack) -> None:
    dashboard = MailDashboard(stack, "Dashboard", monitoring=monitored(stack))

    assert len(dashboard.rows) == 4
    assert {each["properties"]["title"] for each in widgets(stack)}.isdisjoint({"Account", "Received"})


def test_monitoring_makes_one_when_asked(stack: Stack) -> None:
    monitoring = monitored(stack, dashboard=True)

    assert isinstance(monitoring.dashboard, MailDashboard)
    assert isinstance(monitoring.dashboard.cloudwatch_dashboard, cloudwatch.Dashboard)
    assert len(widgets(stack)) == 8


def test_the_name_is_left_to_cloudformation_unless_given(stack: Stack) -> None:
    monitoring = monitored(stack)
    MailDashboard(stack, "Unnamed", monitoring=monitoring)
    MailDashboard(stack, "Named", monitoring=monitoring, dashboard_name="mail_of-example")

    names = [each["Properties"].get("DashboardName") for each in resources(stack, DASHBOARD)]
    assert names == [None, "mail_of-example"]


def test_a_name_may_be_known_at_deployment_only(stack: Stack, agnostic_stack: Stack) -> None:
    MailDashboard(
        agnostic_stack,
        "Dashboard",
        monitoring=monitored(agnostic_stack),
        dashboard_name=f"mail-{agnostic_stack.region}",
    )

    name = only(agnostic_stack, DASHBOARD)["Properties"]["DashboardName"]
    assert written(name) == "mail-<AWS::Region>"


@pytest.mark.parametrize("name", ["", "mail dashboard", "mail/eu", "m" * 256])
def test_a_name_that_cloudwatch_refuses_is_refused(stack: Stack, name: str) -> None:
    with pytest.raises(ValueError, match=r"dashboard_name must be 1-255 letters, digits, '-' and '_', got"):
        MailDashboard(stack, "Dashboard", monitoring=monitored(stack), dashboard_name=name)


def test_monitoring_that_counts_nothing_cannot_be_shown(stack: Stack) -> None:
    topic_only = monitored(
        stack,
        destinations=[TopicEvents(topic=sns.Topic(stack, "Topic"))],
        delivery_thresholds=DeliveryThresholds(rejects=None, delays=None),
    )

    with pytest.raises(ValueError, match=r"destinations must hold CloudWatchMetrics\(\)"):
        MailDashboard(stack, "Dashboard", monitoring=topic_only)


SHOWN: dict[str, Callable[[Stack], Construct]] = {
    "monitoring": monitored,
    "inbound": received,
    "account_health": lambda stack: AccountHealth(stack, "Health"),
}


def elsewhere(app: App, region: str | None) -> Stack:
    """A stack in another region, or in one that is not known yet."""
    return Stack(app, "Elsewhere", env=Environment(account="111122223333", region=region) if region else None)


@pytest.mark.parametrize("argument", SHOWN)
@pytest.mark.parametrize("region", ["us-east-1", None])
def test_what_is_shown_is_in_the_region_of_the_dashboard(
    app: App, stack: Stack, argument: str, region: str | None
) -> None:
    other = elsewhere(app, region)
    arguments: dict[str, Any] = {"monitoring": monitored(stack), argument: SHOWN[argument](other)}

    with pytest.raises(
        ValueError,
        match=rf"{argument} must be in the account and region of the dashboard, aws://111122223333/eu-west-1, got "
        rf"'aws://.*/{region or 'unknown-region'}'; make the dashboard in a stack of that account and region",
    ):
        MailDashboard(stack, "Dashboard", **arguments)


def test_a_dashboard_may_be_in_another_stack_of_the_same_region(app: App, stack: Stack) -> None:
    other = elsewhere(app, "eu-west-1")
    MailDashboard(other, "Dashboard", monitoring=monitored(stack), account_health=AccountHealth(stack, "Health"))
    app.synth()

    assert {each["properties"]["region"] for each in widgets(other) if "region" in each["properties"]} == {"eu-west-1"}
    assert other.dependencies == [stack]


@pytest.mark.parametrize("argument", ["monitoring", "inbound", "account_health"])
def test_something_else_in_the_place_of_a_construct_is_refused(stack: Stack, argument: str) -> None:
    arguments: dict[str, Any] = {"monitoring": monitored(stack), argument: "mail"}

    with pytest.raises(ValueError, match=f"{argument} must be a"):
        MailDashboard(stack, "Dashboard", **arguments)


def test_a_set_that_drops_no_spam_counts_no_received_mail(stack: Stack) -> None:
    inbound = received(stack, drop_spam=False)

    assert inbound.spam_rule is None
    with pytest.raises(ValueError, match="metric_received needs drop_spam=True, got False"):
        inbound.metric_received()


def test_a_full_dashboard_is_far_below_what_a_template_takes(stack: Stack) -> None:
    everything(stack)

    assert len(json.dumps(only(stack, DASHBOARD))) < 40_000
    assert len(json.dumps(template(stack))) < 1_000_000
