"""The row of the dashboard on received mail."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch

from ..receiving._reasons import REASONS
from ..receiving.inbound_rule_set import InboundRuleSet
from ._dashboard_widgets import PERIOD, DeferredWidget, Row, labelled, message_graph

_WIDTH, _HEIGHT = 8, 6
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
_MAX_METRICS = 500


def inbound_row(inbound: InboundRuleSet) -> Row:
    """What came in, what SES could not do with it, and what could not be forwarded."""
    return [
        DeferredWidget(lambda: _received(inbound), width=_WIDTH, height=_HEIGHT),
        DeferredWidget(lambda: _failures(inbound), width=_WIDTH, height=_HEIGHT),
        DeferredWidget(lambda: _not_forwarded(inbound), width=_WIDTH, height=_HEIGHT),
    ]


def _received(inbound: InboundRuleSet) -> cloudwatch.IWidget:
    if inbound.spam_rule is None:
        return _text("Received", "SES counts no received mail; `drop_spam=True` does.")
    return _messages(
        inbound,
        "Received",
        [
            labelled(inbound.metric_received(period=PERIOD), "received", cloudwatch.Color.BLUE),
            labelled(inbound.metric_dropped_spam(period=PERIOD), "dropped as spam or virus", cloudwatch.Color.ORANGE),
        ],
    )


def _failures(inbound: InboundRuleSet) -> cloudwatch.IWidget:
    rules = [*([inbound.spam_rule] if inbound.spam_rule else []), *inbound.rules]
    if not rules:
        return _text("Actions that failed", "There are no rules yet.")
    return _messages(
        inbound,
        "Actions that failed",
        [
            metric
            for rule in rules
            for metric in (
                labelled(rule.metric_failures(period=PERIOD), f"{rule.node.id}, tried again"),
                labelled(rule.metric_expired(period=PERIOD), f"{rule.node.id}, given up"),
            )
        ],
    )


def _not_forwarded(inbound: InboundRuleSet) -> cloudwatch.IWidget:
    if inbound.forwarding is None:
        return _text("Not forwarded", "No rule forwards mail.")
    return _messages(
        inbound,
        "Not forwarded, by reason",
        [
            *(inbound.forwarding.metric_not_forwarded(reason=reason, period=PERIOD) for reason in REASONS),
            *(
                labelled(
                    queue.metric_approximate_number_of_messages_visible(statistic="Maximum", period=PERIOD),
                    "waiting in the dead-letter queue",
                )
                for queue in inbound.dead_letter_queues
            ),
        ],
    )


def _messages(inbound: InboundRuleSet, title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    if len(metrics) > _MAX_METRICS:
        title = f"{title} ({_MAX_METRICS} of {len(metrics)} lines)"
    return message_graph(inbound, title, metrics[:_MAX_METRICS], width=_WIDTH)


def _text(title: str, text: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=f"**{title}**\n\n{text}", width=_WIDTH, height=_HEIGHT)
