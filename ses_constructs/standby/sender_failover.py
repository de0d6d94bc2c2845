"""SenderFailover: switches the senders of a domain to a standby while sending is impaired."""

import json
from collections.abc import Sequence

from aws_cdk import ArnFormat, Aws, Duration, Fn, Names, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from constructs import Construct

from ..alarms.alarm_reactions import AlarmReaction, NotifyTopic, team_topics
from ..alarms.failure_alarm import failure_alarm
from ..alarms.invoking_alarms import allow_alarms_invoke, common_name
from ..common.arguments import check_flag, check_kind, contains_token, invalid
from ..common.checks import check_known_seconds, warn
from ..common.ses_arn import ses_arn
from ..common.topic_access import publishing
from ..common.wildcards import acknowledge_wildcard
from ..functions.handler_function import HandlerFunction, allow_service_invoke
from ..identities.sending_domain import SendingDomain
from ._impairment_alarms import impairment_alarms
from .impairment_thresholds import ImpairmentThresholds
from .sending_route import SendingRoute
from .standby_sender import StandbySender

_DEFAULT_THRESHOLDS = ImpairmentThresholds()
_COOL_DOWN_SECONDS, _DAY = 30 * 60, 24 * 60 * 60


class SenderFailover(Construct):
    """Keeps the route by which a domain's senders send, and switches it to a standby while sending is impaired.

    Two alarms on what senders report, errors and latency, switch; so does a person, by invoking ``function`` with
    ``{"switch_to": "standby", "by": "...", "why": "..."}``. While AWS reviews or has stopped the account, and while
    sending is paused, the team is told and a person decides: AWS takes an automatic way round enforcement for evasion.
    Nothing ever switches back by itself.

    One function, one run at a time, makes every switch, since a parameter of SSM cannot be changed on a condition. The
    account needs 11 or more concurrent runs of Lambda for that; a new account may have 10.

    Args:
        primary: The domain in this account and region, watched by a ``BounceMonitoring``.
        standby: The same domain in another account or region, watched too, in a stack of the same app.
        reactions: Who is told: ``EmailTeam`` and ``NotifyTopic``; others are left alone.
        thresholds: When sending is impaired.
        cool_down: For how long after any switch no alarm switches, up to a day; 30 minutes unless given.
        dry_run: Pass True to be told instead, whenever an alarm would have switched.

    Raises:
        ValueError: Arguments that cannot work, alone or together.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        primary: SendingDomain,
        standby: StandbySender,
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction] = (),
        thresholds: ImpairmentThresholds = _DEFAULT_THRESHOLDS,
        cool_down: Duration | None = None,
        dry_run: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        check_kind("primary", primary, SendingDomain, "pass a VerifiedDomain")
        check_kind("standby", standby, StandbySender, "pass a StandbySender of another stack")
        check_kind("thresholds", thresholds, ImpairmentThresholds, "pass ImpairmentThresholds(minutes=3)")
        check_flag("dry_run", dry_run)
        _check_places(self, primary, standby)
        stack = Stack.of(self)
        self._team = team_topics(reactions, stack)
        # Names of our own, since the function and its alarms refer to each other.
        self._name = common_name(self)
        self._parameter = _parameter_name(self)
        parameter_arn = stack.format_arn(
            service="ssm", resource=f"parameter{self._parameter}", arn_format=ArnFormat.NO_RESOURCE_NAME
        )
        configuration_set = _watched_set("primary", primary)
        _watched_set("standby", standby.domain)
        self._handler = self._make_function(
            configuration_set, standby, cool_down=_cool_down_seconds(cool_down), dry_run=dry_run
        )
        self._allow(configuration_set, standby, parameter_arn)
        self.function = self._handler.function
        """What makes every switch; a person invokes it."""
        self.alarms: Sequence[cloudwatch.Alarm] = self._make_alarms(thresholds)
        """On errors, latency and refusals of the primary, and on a switch that failed."""
        self._hear_of_pauses()
        self.route = SendingRoute(
            primary=primary, standby=standby, parameter_name=self._parameter, parameter_arn=parameter_arn
        )
        """What senders follow."""

    def _make_function(
        self, configuration_set: str, standby: StandbySender, *, cool_down: int, dry_run: bool
    ) -> HandlerFunction:
        ends = {"role_arn": standby.role.role_arn, "region": standby.region, "domain": standby.domain.domain_name}
        handler = HandlerFunction(
            self,
            "Handler",
            module="sender_failover",
            description="Switches senders to the standby while sending is impaired",
            timeout=Duration.minutes(5),
            environment={
                "FAILOVER_ROUTE": self._parameter,
                "FAILOVER_CONFIGURATION_SET": configuration_set,
                "FAILOVER_STANDBY": Stack.of(self).to_json_string(ends),
                "FAILOVER_COOL_DOWN": str(cool_down),
                "FAILOVER_DRY_RUN": str(dry_run).lower(),
                "FAILOVER_TOPICS": json.dumps([topic.topic_arn for topic in self._team]),
            },
            max_concurrency=1,
        )
        # A switch that comes late could undo what a person has done meanwhile.
        handler.function.configure_async_invoke(max_event_age=Duration.minutes(15), retry_attempts=2)
        return handler

    def _allow(self, configuration_set: str, standby: StandbySender, parameter_arn: str) -> None:
        handler = self._handler
        handler.allow(["ssm:GetParameter", "ssm:PutParameter"], [parameter_arn])
        handler.allow(["sts:AssumeRole"], [standby.role.role_arn])
        handler.allow(["ses:GetConfigurationSet"], [ses_arn(self, "configuration-set", configuration_set)])
        handler.allow(["ses:GetAccount"], ["*"])
        acknowledge_wildcard(handler.role, "*", reason="SES has no resource level for ses:GetAccount")
        if not self._team:
            warn(
                self,
                "failover-tells-nobody",
                f"{self.node.path} switches senders to a standby and tells nobody, and nobody hears that it is theirs "
                "to decide; add EmailTeam('ops@example.net') or NotifyTopic(topic) to the reactions",
            )
        handler.permissions.add_statements(*publishing(self._team))

    def _make_alarms(self, thresholds: ImpairmentThresholds) -> Sequence[cloudwatch.Alarm]:
        invoke = allow_alarms_invoke(self, self.function.function_arn, name=self._name)
        alarms = impairment_alarms(self, thresholds, name=self._name, parameter_name=self._parameter)
        for alarm in alarms:
            alarm.add_alarm_action(invoke)
        return [*alarms, self._watch_failures()]

    def _watch_failures(self) -> cloudwatch.Alarm:
        # Dropped is what failed three times or came too late.
        return failure_alarm(
            self,
            self.function.metric("AsyncEventsDropped", statistic="Sum", period=Duration.minutes(1)),
            description="senders could not be switched to the standby; switch them by hand",
            reactions=[NotifyTopic(topic) for topic in self._team],
        )

    def _hear_of_pauses(self) -> None:
        if not self._team:
            return
        rule = events.CfnRule(
            self,
            "Rule",
            description="Tells people that SES has switched off sending, and how to switch to the standby",
            event_pattern={"source": ["aws.ses"], "detail-type": ["Sending Status Disabled"]},
            targets=[events.CfnRule.TargetProperty(id="Handler", arn=self.function.function_arn)],
        )
        allow_service_invoke(
            self, "RulePermission", self.function.function_arn, "events.amazonaws.com", source_arn=rule.attr_arn
        )


def _parameter_name(scope: Construct) -> str:
    """A name that no later stack of the same name has, for the parameter outlives its stack."""
    stack_id = Fn.select(2, Fn.split("/", Aws.STACK_ID))
    return f"/ses-constructs/sending-route/{stack_id}/{Names.unique_resource_name(scope, max_length=60)}"


def _watched_set(argument: str, domain: SendingDomain) -> str:
    if domain.configuration_set is None:
        raise invalid(
            argument,
            "have a default configuration set, by which its mail is watched",
            domain.domain_name,
            "make a BounceMonitoring(domain=...) of it first",
        )
    return domain.configuration_set.configuration_set_name


def _check_places(failover: SenderFailover, primary: SendingDomain, standby: StandbySender) -> None:
    here, there = Stack.of(failover), Stack.of(standby)
    for argument, stack in (("primary", here), ("standby", there)):
        if contains_token(stack.account) or contains_token(stack.region):
            raise invalid(
                argument,
                "be in a stack whose account and region are known",
                stack.node.path,
                "pass env=Environment(account=..., region=...) to the stack",
            )
    if (here.account, here.region) == (there.account, there.region):
        raise invalid(
            "standby",
            "be in another account or region than the primary",
            standby.node.path,
            "make it in a stack with another env",
        )
    place = Stack.of(primary)
    if (place.account, place.region) != (here.account, here.region):
        raise invalid(
            "primary",
            "be in the account and region of its failover",
            primary.node.path,
            "make the failover in the stack of the primary",
        )
    if primary.domain_name != standby.domain.domain_name:
        raise invalid(
            "standby",
            f"have the domain of the primary, {primary.domain_name}, from which the same mail is sent",
            standby.domain.domain_name,
            "give both the same domain_name",
        )


def _cool_down_seconds(cool_down: Duration | None) -> int:
    if cool_down is None:
        return _COOL_DOWN_SECONDS
    seconds = check_known_seconds("cool_down", cool_down, "pass Duration.minutes(30)")
    if not 0 < seconds <= _DAY:
        raise invalid("cool_down", "be above 0 and up to a day", f"{seconds} seconds", "pass Duration.minutes(30)")
    return seconds
