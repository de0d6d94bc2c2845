"""The row of the dashboard on the account."""

from aws_cdk import aws_cloudwatch as cloudwatch

from ..account.account_health import AccountHealth
from ._dashboard_widgets import PAUSE, REVIEW, Row, as_percent, labelled, percent, percent_line, region_of


def account(health: AccountHealth) -> Row:
    """How much of the quota is used, and what SES says about the account."""
    return [
        cloudwatch.GraphWidget(
            title="24-hour quota used, %",
            left=[
                percent(
                    "FILL(used, REPEAT)",
                    {"used": health.metric_quota_used()},
                    label="used: ${LAST} %",
                    color=cloudwatch.Color.BLUE,
                )
            ],
            left_annotations=[
                percent_line(health.quota_warning, "warning", REVIEW),
                percent_line(1, "nothing more is sent", PAUSE),
            ],
            left_y_axis=cloudwatch.YAxisProps(min=0, max=as_percent(1.1), show_units=False, label="%"),
            region=region_of(health),
            width=12,
            height=6,
        ),
        cloudwatch.SingleValueWidget(
            title="Account",
            metrics=[
                labelled(health.metric_sent_last_24_hours(), "sent in 24 hours"),
                labelled(health.metric_account("Max24HourSend", statistic="Minimum"), "allowed in 24 hours"),
                labelled(health.metric_sending_rate_limit(), "allowed a second"),
                labelled(health.metric_sending_enabled(), "sending (0: paused)"),
                labelled(health.metric_production_access(), "production (0: sandbox)"),
                labelled(health.metric_enforcement_level(), "review (1: on, 2: stopped)"),
            ],
            region=region_of(health),
            full_precision=True,
            width=12,
            height=6,
        ),
    ]
