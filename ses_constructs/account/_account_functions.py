"""The functions behind AccountHealth: one that asks SES, and one that passes on what SES reports by itself."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..common.topic_access import allow_role_publish
from ..common.wildcards import acknowledge_wildcard
from ..functions.handler_function import HandlerFunction, allow_service_invoke

_EVENTBRIDGE = "events.amazonaws.com"
# https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html. Pages differ in what the end of an advisor's
# recommendation is called, and nobody has to be told of it.
_ACCOUNT_EVENTS = ["Sending Status Disabled", "Advisor Recommendation Status Open"]


class AccountReport(Construct):
    """Asks SES on a schedule and writes its answer as metrics."""

    def __init__(self, scope: Construct, construct_id: str, *, namespace: str, every: Duration) -> None:
        super().__init__(scope, construct_id)
        handler = HandlerFunction(
            self,
            "Handler",
            module="account_health",
            description="Writes the state of the SES account as metrics",
            # Time for SES's throttling: both calls with all their tries fit into it.
            timeout=Duration.minutes(5),
            environment={"HEALTH_NAMESPACE": namespace},
        )
        handler.role.add_to_policy(iam.PolicyStatement(actions=["ses:GetAccount"], resources=["*"]))
        handler.role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:PutMetricData"],
                resources=["*"],
                conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
            )
        )
        reason = "neither call has a resource level; the namespace is a condition"
        acknowledge_wildcard(handler.role, "*", reason=reason)
        rule = events.CfnRule(
            self,
            "Schedule",
            description="Asks SES about the account",
            schedule_expression=events.Schedule.rate(every).expression_string,
            targets=[events.CfnRule.TargetProperty(id="Handler", arn=handler.function.function_arn)],
        )
        allow_service_invoke(self, "Permission", handler.function.function_arn, _EVENTBRIDGE, source_arn=rule.attr_arn)


def tell_of_account_events(scope: Construct, team: Sequence[sns.ITopic]) -> None:
    """Have *team* told what SES reports about the account by itself; nothing without one.

    By way of a function: a topic's policy takes no conditions for EventBridge, and without one it would let in the
    rules of everybody (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
    """
    if not team:
        return
    handler = HandlerFunction(
        scope,
        "NewsHandler",
        module="account_events",
        description="Tells the team what SES reports by itself",
        timeout=Duration.minutes(5),
        environment={"EVENT_TOPICS": json.dumps([topic.topic_arn for topic in team])},
    )
    allow_role_publish(handler.role, team)
    rule = events.CfnRule(
        scope,
        "News",
        description="What SES reports by itself: sending switched off, recommendations of the advisor",
        event_pattern={"source": ["aws.ses"], "detail-type": _ACCOUNT_EVENTS},
        targets=[events.CfnRule.TargetProperty(id="Handler", arn=handler.function.function_arn)],
    )
    allow_service_invoke(scope, "NewsPermission", handler.function.function_arn, _EVENTBRIDGE, source_arn=rule.attr_arn)
