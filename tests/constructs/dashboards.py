"""Reading a synthesized dashboard, and making one to read."""

import json
from typing import Any

from aws_cdk import Stack

from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    LeaveInactive,
    MailDashboard,
    VerifiedDomain,
)
from tests.constructs.templates import identified, only, written

DASHBOARD = "AWS::CloudWatch::Dashboard"
SET = "ses:configuration-set"
Widget = dict[str, Any]


def monitored(stack: Stack, **changes: Any) -> BounceMonitoring:
    return BounceMonitoring(stack, "Monitoring", **changes)


def received(stack: Stack, **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Receiving", "example.com")
    return InboundRuleSet(stack, "Inbound", **{"domain": domain, "activation": LeaveInactive(), **changes})


def everything(stack: Stack) -> MailDashboard:
    """A dashboard with all its rows."""
    inbound = received(stack, reactions=[EmailTeam("ops@example.net")])
    inbound.add_rule("Team", recipients=["a@example.com"], actions=[ForwardMail(to=["team@example.net"])])
    return MailDashboard(
        stack, "Dashboard", monitoring=monitored(stack), inbound=inbound, account_health=AccountHealth(stack, "Health")
    )


def body(stack: Stack) -> dict[str, Any]:
    """The dashboard's JSON, with ``<logical id>`` in the place of each reference."""
    found: dict[str, Any] = json.loads(written(only(stack, DASHBOARD)["Properties"]["DashboardBody"]))
    return found


def widgets(stack: Stack) -> list[Widget]:
    return list(body(stack)["widgets"])


def titled(stack: Stack, title: str) -> Widget:
    """The properties of the one widget with that title."""
    (found,) = (each["properties"] for each in widgets(stack) if each["properties"].get("title") == title)
    return dict(found)


def read(properties: Widget) -> dict[tuple[str, ...], Widget]:
    """The metrics of a widget: (namespace, name, dimensions ...) -> options."""
    return {tuple(row[:-1]): row[-1] for row in properties["metrics"] if len(row) > 1}


def expressions(properties: Widget) -> dict[str, str]:
    """Label -> expression."""
    return {row[0]["label"]: row[0]["expression"] for row in properties["metrics"] if len(row) == 1}


def own(stack: Stack, name: str) -> tuple[str, ...]:
    """The metric of that name, of the configuration set."""
    (logical_id,) = (each for each in identified(stack, "AWS::SES::ConfigurationSet") if "Forwarding" not in each)
    return ("AWS/SES", name, SET, f"<{logical_id}>")


def alarms_of(properties: Widget) -> list[str]:
    """The logical ids of the alarms of a widget."""
    return [each.removeprefix("<").removesuffix(".Arn>") for each in properties["alarms"]]
