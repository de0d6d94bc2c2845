"""MailDashboard: what a team wants to see of its mail on a wall."""

import re

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ..account.account_health import AccountHealth
from ..common.arguments import check_kind, check_text, contains_token, invalid
from ..events.event_source import EventSource
from ..receiving.inbound_rule_set import InboundRuleSet
from ._dashboard_inbound import inbound_row
from ._dashboard_sending import account_row, alarm_row, count_row, number_row, rate_row
from ._dashboard_widgets import Row

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutDashboard.html
_DASHBOARD_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")


class MailDashboard(Construct):
    """A CloudWatch dashboard of the last day: alarms, rates beside the lines of AWS, counts, the account, inbound mail.

    Args:
        monitoring: Whose mail is shown. It counts sends and deliveries from then on, two more metrics that AWS charges
            for; it must have ``CloudWatchMetrics`` among its destinations.
        inbound: Adds a row on received mail; rules that are added later are shown too.
        account_health: Adds a row with the quota, the sending rate, the sandbox and the review.
        dashboard_name: Up to 255 letters, digits, ``-`` and ``_``; made by CloudFormation unless given. Dashboards have
            no region, so the name must be new in the whole account.

    Raises:
        ValueError: Constructs of another kind, account or region, a monitoring without ``CloudWatchMetrics``, or a name
            that CloudWatch refuses.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        monitoring: EventSource,
        inbound: InboundRuleSet | None = None,
        account_health: AccountHealth | None = None,
        dashboard_name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        if dashboard_name is not None:
            _check_name(dashboard_name)
        self.rows = self.make_rows(monitoring=monitoring, inbound=inbound, account_health=account_health)
        """The widgets, row by row; each row is 24 units wide."""
        shown = {"monitoring": monitoring, "inbound": inbound, "account_health": account_health}
        for argument, construct in shown.items():
            if construct is not None:
                self._check_environment(argument, construct)

        self.cloudwatch_dashboard = cloudwatch.Dashboard(
            self, "Resource", dashboard_name=dashboard_name, default_interval=Duration.days(1), widgets=self.rows
        )
        """CDK's dashboard; its ``add_widgets`` adds a row of your own."""

    def _check_environment(self, argument: str, construct: Construct) -> None:
        # The alarms are there by their ARNs, which CloudFormation tells stacks of the same environment only.
        own, other = Stack.of(self).environment, Stack.of(construct).environment
        if own != other:
            raise invalid(
                argument,
                f"be in the account and region of the dashboard, {own}",
                other,
                "make the dashboard in a stack of that account and region",
            )

    @staticmethod
    def make_rows(
        *,
        monitoring: EventSource,
        inbound: InboundRuleSet | None = None,
        account_health: AccountHealth | None = None,
    ) -> list[Row]:
        """The same rows for a dashboard of your own: ``cloudwatch.Dashboard(..., widgets=rows)``.

        Each call makes new widgets, because a widget has one place on one dashboard.

        Args:
            monitoring: Whose mail is shown; as above, its sends and deliveries are counted from then on.
            inbound: Adds a row on received mail.
            account_health: Adds a row on the account.

        Returns:
            The rows from top to bottom, each 24 units wide.

        Raises:
            ValueError: Constructs of another kind, or a monitoring without ``CloudWatchMetrics``.
        """
        check_kind("monitoring", monitoring, EventSource, "pass a BounceMonitoring")
        if inbound is not None:
            check_kind("inbound", inbound, InboundRuleSet, "pass an InboundRuleSet")
        if account_health is not None:
            check_kind("account_health", account_health, AccountHealth, "pass an AccountHealth")
        rows = [
            alarm_row(monitoring, account_health, inbound),
            number_row(monitoring),
            rate_row(monitoring),
            count_row(monitoring),
        ]
        if account_health is not None:
            rows.append(account_row(account_health))
        if inbound is not None:
            rows.append(inbound_row(inbound))
        return rows


def _check_name(name: str) -> None:
    if not contains_token(check_text("dashboard_name", name)) and not _DASHBOARD_NAME.fullmatch(name):
        raise invalid(
            "dashboard_name",
            "be 1-255 letters, digits, '-' and '_'",
            name,
            "leave it out and CloudFormation makes one",
        )
