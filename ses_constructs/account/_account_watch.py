"""AccountWatch: the function behind AccountHealth, which asks SES and passes on what SES reports by itself."""

import json
from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..common.topic_access import publishing
from ..common.wildcards import acknowledge_wildcard
from ..functions.handler_function import HandlerFunction, allow_service_invoke

# https://docs.aws.amazon.com/ses/latest/dg/monitoring-eventbridge.html. Pages differ in what the end of an advisor's
# recommendation is called, and nobody has to be told of it.
_ACCOUNT_EVENTS = ["Sending Status Disabled", "Advisor Recommendation Status Open"]


class AccountWatch(Construct):
    """Asks SES on a schedule and writes its answer as metrics, and tells *team* what SES reports by itself.

    The team is told by way of a function: a topic's policy takes no conditions for EventBridge, and without one it
    would let in the rules of everybody
    (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html).
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, namespace: str, every: Duration, team: Sequence[sns.ITopic]
    ) -> None:
        super().__init__(scope, construct_id)
        handler = HandlerFunction(
            self,
            "Handler",
            module="account_health",
            description="Writes the state of the SES account as metrics, and tells what SES reports of it",
            # Time for SES's throttling: both calls with all their tries fit into it.
            timeout=Duration.minutes(5),
            environment={
                "HEALTH_NAMESPACE": namespace,
                "EVENT_TOPICS": json.dumps([topic.topic_arn for topic in team]),
            },
        )
        handler.allow(["ses:GetAccount"], ["*"])
        handler.allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": namespace}},
        )
        reason = "neither call has a resource level; the namespace is a condition"
        acknowledge_wildcard(handler.role, "*", reason=reason)
        handler.permissions.add_statements(*publishing(team))
        # A rule with both invokes its target for either.
        rule = events.CfnRule(
            self,
            "Rule",
            description="Asks SES about the account, and passes on what SES reports by itself",
            schedule_expression=events.Schedule.rate(every).expression_string,
            event_pattern={"source": ["aws.ses"], "detail-type": _ACCOUNT_EVENTS} if team else None,
            targets=[events.CfnRule.TargetProperty(id="Handler", arn=handler.function.function_arn)],
        )
        allow_service_invoke(
            self, "Permission", handler.function.function_arn, "events.amazonaws.com", source_arn=rule.attr_arn
        )
