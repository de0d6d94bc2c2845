"""The rows of the dashboard on mail that is sent, and on the account that sends it."""

from aws_cdk import aws_cloudwatch as cloudwatch

from ..account.account_health import AccountHealth
from ..alarms.thresholds import BOUNCE_PAUSE, BOUNCE_REVIEW, COMPLAINT_PAUSE, COMPLAINT_REVIEW
from ..common.sending_metrics import ReputationMetrics
from ..events.event_source import EventSource
from ..receiving.inbound_rule_set import InboundRuleSet
from ._dashboard_widgets import (
    PAUSE_COLOR,
    PERIOD,
    REVIEW_COLOR,
    DeferredWidget,
    Row,
    as_percent,
    in_percent,
    labelled,
    message_graph,
    percent_line,
    region_of,
)

Color = cloudwatch.Color
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
_MAX_ALARMS = 100
# How far above the upper line the axis of a rate ends.
_HEADROOM = 1.2


def alarm_row(monitoring: EventSource, health: AccountHealth | None, inbound: InboundRuleSet | None) -> Row:
    """The alarm that matters most, and beside it all the others, with those that fire in front."""

    def others() -> cloudwatch.AlarmStatusWidget:
        found: list[cloudwatch.AlarmBase] = [*monitoring.alarms]
        if health is not None:
            found += health.alarms
        if inbound is not None:
            found += inbound.alarms
        shown = found[:_MAX_ALARMS]
        return cloudwatch.AlarmStatusWidget(
            title="Alarms" if shown == found else f"Alarms ({len(shown)} of {len(found)})",
            alarms=shown,
            sort_by=cloudwatch.AlarmStatusWidgetSortBy.STATE_UPDATED_TIMESTAMP,
            width=18,
            height=4,
        )

    return [
        cloudwatch.AlarmStatusWidget(
            title="Reputation at risk", alarms=[monitoring.reputation_at_risk], width=6, height=4
        ),
        DeferredWidget(others, width=18, height=4),
    ]


def number_row(monitoring: EventSource) -> Row:
    """Messages, and shares of them, in the time that the dashboard shows."""
    sent = monitoring.metric_sends(period=PERIOD)
    outcomes = {
        "delivered": (monitoring.metric_deliveries(period=PERIOD), Color.GREEN),
        "bounced": (monitoring.metric_bounces(period=PERIOD), Color.ORANGE),
        "complained": (monitoring.metric_complaints(period=PERIOD), Color.RED),
    }
    return [
        cloudwatch.SingleValueWidget(
            title="Messages in the time shown",
            metrics=[
                labelled(sent, "sent", Color.BLUE),
                *(labelled(metric, name, color) for name, (metric, color) in outcomes.items()),
            ],
            region=region_of(monitoring),
            set_period_to_time_range=True,
            full_precision=True,
            width=12,
            height=3,
        ),
        cloudwatch.SingleValueWidget(
            title="Share of the messages sent",
            metrics=[
                in_percent(f"{name} / sent", {name: metric, "sent": sent}, label=f"{name}, %", color=color)
                for name, (metric, color) in outcomes.items()
            ],
            region=region_of(monitoring),
            set_period_to_time_range=True,
            width=12,
            height=3,
        ),
    ]


def rate_row(monitoring: EventSource) -> Row:
    """The two rates by which AWS judges a sender, with its lines."""
    account = ReputationMetrics()
    return [
        _rate(
            monitoring,
            "Bounce rate, %",
            monitoring.metric_bounce_rate(period=PERIOD),
            account.metric_bounce_rate(period=PERIOD),
            review=BOUNCE_REVIEW,
            pause=BOUNCE_PAUSE,
        ),
        _rate(
            monitoring,
            "Complaint rate, %",
            monitoring.metric_complaint_rate(period=PERIOD),
            account.metric_complaint_rate(period=PERIOD),
            review=COMPLAINT_REVIEW,
            pause=COMPLAINT_PAUSE,
        ),
    ]


def count_row(monitoring: EventSource) -> Row:
    """What became of the messages over time."""
    return [
        message_graph(
            monitoring,
            "Sent and delivered",
            [
                labelled(monitoring.metric_sends(period=PERIOD), "sent", Color.BLUE),
                labelled(monitoring.metric_deliveries(period=PERIOD), "delivered", Color.GREEN),
            ],
            width=12,
        ),
        message_graph(
            monitoring,
            "Bounced, delayed, complained about, rejected",
            [
                labelled(monitoring.metric_bounces(period=PERIOD), "bounced", Color.ORANGE),
                labelled(monitoring.metric_delivery_delays(period=PERIOD), "delayed", Color.PURPLE),
                labelled(monitoring.metric_complaints(period=PERIOD), "complained", Color.RED),
                labelled(monitoring.metric_rejects(period=PERIOD), "rejected", Color.BROWN),
            ],
            width=12,
        ),
    ]


def account_row(health: AccountHealth) -> Row:
    """How much of the quota is used, and what SES says about the account."""
    return [
        cloudwatch.GraphWidget(
            title="24-hour quota used, %",
            left=[
                in_percent(
                    "FILL(used, REPEAT)",
                    {"used": health.metric_quota_used()},
                    label="used: ${LAST} %",
                    color=Color.BLUE,
                )
            ],
            left_annotations=[
                percent_line(health.thresholds.quota_warning, "warning", REVIEW_COLOR),
                percent_line(1, "nothing more is sent", PAUSE_COLOR),
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


def _rate(
    monitoring: EventSource,
    title: str,
    own: cloudwatch.Metric,
    account: cloudwatch.Metric,
    *,
    review: float,
    pause: float,
) -> cloudwatch.GraphWidget:
    # A rate is a level, which SES does not repeat while nothing is sent.
    return cloudwatch.GraphWidget(
        title=title,
        left=[
            # The last value is in words too, for a rate that is off the chart.
            in_percent("FILL(own, REPEAT)", {"own": own}, label="this configuration set: ${LAST} %", color=Color.BLUE),
            in_percent(
                "FILL(account, REPEAT)",
                {"account": account},
                label="the whole account: ${LAST} %",
                color=Color.GREY,
            ),
        ],
        left_annotations=[percent_line(review, "review", REVIEW_COLOR), percent_line(pause, "pause", PAUSE_COLOR)],
        left_y_axis=cloudwatch.YAxisProps(min=0, max=as_percent(pause * _HEADROOM), show_units=False, label="%"),
        region=region_of(monitoring),
        width=12,
        height=6,
    )
