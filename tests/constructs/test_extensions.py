"""Classes of an application stand in for ours: behaviour is asked of the object. docs/extending.md has all six."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from aws_cdk import CfnResource, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    EasyDkim,
    EmailTeam,
    ForwardMail,
    InboundRule,
    InboundRuleSet,
    LeaveInactive,
    MailDashboard,
    PauseSending,
    RecordsToPublish,
    SendingAlarm,
    StoreMail,
    TopicEvents,
    VerifiedDomain,
)
from tests.constructs.templates import identified, only, resources


class PageOnCall:
    def __init__(self, topic: sns.ITopic) -> None:
        self.topic = topic

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        if isinstance(alarm, SendingAlarm) and alarm.severity == "critical" and alarm.rate_of == "bounce":
            alarm.add_alarm_action(actions.SnsAction(self.topic))

    def topic_in(self, stack: Stack) -> sns.ITopic:
        return self.topic


class ActTwice:
    def __init__(self, topic: sns.ITopic) -> None:
        self.topic = topic

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        alarm.add_alarm_action(actions.SnsAction(self.topic), actions.SnsAction(self.topic))


class Counted:
    counted_events = (ses.EmailSendingEvent.BOUNCE,)

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        dimension = ses.CloudWatchDimension(
            name="ses:configuration-set", source=ses.CloudWatchDimensionSource.MESSAGE_TAG, default_value="none"
        )
        return [
            ses.ConfigurationSetEventDestination(
                scope,
                "Own",
                configuration_set=configuration_set,
                destination=ses.EventDestination.cloud_watch_dimensions([dimension]),
                events=list(self.counted_events),
            )
        ]


class TellTopic:
    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        topic = sns.Topic(scope, "Topic")
        return ses.CfnReceiptRule.ActionProperty(
            sns_action=ses.CfnReceiptRule.SNSActionProperty(topic_arn=rule.allow_ses_publish(topic))
        )


class Returns:
    """Every protocol at once, by methods that return *value*."""

    def __init__(self, value: object) -> None:
        self.value = value

    def publish(self, *_: object, **__: object) -> Any:
        return self.value

    signing_key = bind_to_rule = bind_to_configuration_set = topic_in = activate = publish

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        """Nothing."""


class Records(EasyDkim):
    def records(self, identity: ses.EmailIdentity, *, domain_name: str, ttl: int) -> Any:
        return ["v=DKIM1"]


def domain(stack: Stack) -> Any:
    return VerifiedDomain.from_domain_name(stack, "Domain", "example.com")


def inbound(stack: Stack, **options: Any) -> InboundRuleSet:
    return InboundRuleSet(stack, "Inbound", domain=domain(stack), **{"activation": LeaveInactive(), **options})


def topics_of(stack: Stack, variable: str) -> list[list[str]]:
    """The topics that a function knows by a variable of its environment, by their logical ids."""
    functions = resources(stack, "AWS::Lambda::Function")
    variables = [each["Properties"].get("Environment", {}).get("Variables", {}) for each in functions]
    return [re.findall(r'"Ref": "(\w+)"', json.dumps(each[variable])) for each in variables if variable in each]


def test_the_topic_of_a_reaction_of_ones_own_hears_of_pauses_and_of_account_events(stack: Stack) -> None:
    page = PageOnCall(sns.Topic(stack, "OnCall"))
    BounceMonitoring(stack, "Monitoring", watch_account=False, reactions=[page, PauseSending()])
    AccountHealth(stack, "Health", reactions=[page])
    inbound(stack, reactions=[page]).add_rule("Forward", actions=[ForwardMail(to=["team@example.net"])])

    (topic_id,) = (each for each in identified(stack, "AWS::SNS::Topic") if each.startswith("OnCall"))
    assert topics_of(stack, "PAUSE_TOPICS") == [[topic_id], [topic_id]]
    assert topics_of(stack, "EVENT_TOPICS") == [[topic_id]]


def test_a_reaction_of_ones_own_sees_what_an_alarm_is_about(stack: Stack) -> None:
    monitoring = BounceMonitoring(stack, "Monitoring", reactions=[PageOnCall(sns.Topic(stack, "OnCall"))])

    alarms = identified(stack, "AWS::CloudWatch::Alarm")
    acting = [name for name, each in alarms.items() if "AlarmActions" in each["Properties"]]
    assert sorted(name.removeprefix("Monitoring")[:-8] for name in acting) == [
        "AccountAlarmsBounceRateCritical",
        "AlarmsBounceRateCritical",
    ]
    sets = {each.configuration_set for each in monitoring.alarms if isinstance(each, SendingAlarm)}
    assert sets == {monitoring.configuration_set, None}


def test_every_action_counts_towards_the_five_that_an_alarm_takes(stack: Stack) -> None:
    reactions = [ActTwice(sns.Topic(stack, f"Topic{number}")) for number in range(3)]

    BounceMonitoring(stack, "Four", reactions=reactions[:2], watch_account=False)
    with pytest.raises(ValueError, match=r"reactions must add up to at most 5 actions .*, got 6; subscribe several"):
        BounceMonitoring(stack, "Six", reactions=reactions, watch_account=False)


def test_the_pause_of_forwarding_is_one_of_the_five_actions(stack: Stack) -> None:
    rule_set = inbound(stack, reactions=[EmailTeam(f"ops{number}@example.net") for number in range(5)])

    with pytest.raises(ValueError, match=r"reactions must add up to at most 5 actions .*, got 6; subscribe several"):
        rule_set.add_rule("Forward", actions=[ForwardMail(to=["team@example.net"])])


def test_people_who_only_hear_of_failures_count_too(stack: Stack) -> None:
    pages = [PageOnCall(sns.Topic(stack, f"Topic{number}")) for number in range(6)]

    with pytest.raises(ValueError, match=r"reactions must add up to at most 5 actions of .*FailureAlarm"):
        inbound(stack, reactions=pages).add_rule("Forward", actions=[ForwardMail(to=["team@example.net"])])


def test_a_destination_of_ones_own_counts_what_alarms_and_dashboards_read(stack: Stack) -> None:
    MailDashboard(stack, "Dashboard", monitoring=BounceMonitoring(stack, "Monitoring", destinations=[Counted()]))

    counted = only(stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]["EventDestination"]
    assert {"bounce", "reject", "deliveryDelay", "send", "delivery"} <= {*counted["MatchingEventTypes"]}


def test_events_are_counted_once_whoever_counts_them(stack: Stack) -> None:
    with pytest.raises(ValueError, match="destinations must hold CloudWatchMetrics once"):
        BounceMonitoring(stack, "Monitoring", destinations=[Counted(), Counted()])


def test_an_action_may_be_in_a_rule_twice(stack: Stack) -> None:
    action = TellTopic()
    inbound(stack).add_rule("Rule", actions=[action, action])

    assert len(identified(stack, "AWS::SNS::Topic")) == 2


def test_what_is_made_for_another_protocol_is_refused(stack: Stack) -> None:
    topic, queue = sns.Topic(stack, "Topic"), sqs.Queue(stack, "Queue")
    rule_set = inbound(stack)
    wrong: Sequence[Any] = (TopicEvents(topic=topic), actions.SnsAction(topic), targets.SqsQueue(queue), PauseSending())
    for number, each in enumerate(wrong):
        with pytest.raises(ValueError, match=r"actions must hold actions, got a?.*; pass StoreMail"):
            rule_set.add_rule(f"Rule{number}", actions=[each])
    for number, each in enumerate((StoreMail(), TopicEvents(topic=topic), targets.SqsQueue(queue))):
        with pytest.raises(ValueError, match="reactions must be alarm reactions"):
            AccountHealth(stack, f"Health{number}", reactions=[each])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="destinations must have the method bind_to_configuration_set"):
        BounceMonitoring(stack, "Monitoring", destinations=[StoreMail()])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("make", "method"),
    [
        (lambda stack: verified(stack, dns=Returns("done")), "Returns.publish"),
        (lambda stack: verified(stack, dkim=Records()), "Records.records"),
        (lambda stack: inbound(stack, activation=Returns("done")), "Returns.activate"),
        (lambda stack: inbound(stack).add_rule("Rule", actions=[Returns(None)]), "Returns.bind_to_rule"),
        (lambda stack: BounceMonitoring(stack, "B", destinations=[Returns(None)]), "Returns.bind_to_configuration_set"),
        (lambda stack: BounceMonitoring(stack, "B", destinations=[Returns([7])]), "Returns.bind_to_configuration_set"),
        (lambda stack: AccountHealth(stack, "A", reactions=[Returns("arn")]), "Returns.topic_in"),
    ],
)
def test_what_a_method_of_ones_own_returns_is_looked_at(
    stack: Stack, make: Callable[[Stack], object], method: str
) -> None:
    with pytest.raises(ValueError, match=f"what {method} returns must be .*; "):
        make(stack)


def verified(stack: Stack, **options: Any) -> VerifiedDomain:
    return VerifiedDomain(stack, "Domain", **{"domain_name": "example.com", "dns": RecordsToPublish(), **options})


def test_a_key_that_is_none_is_refused(stack: Stack) -> None:
    class NoKey(EasyDkim):
        def signing_key(self, stack: Stack) -> Any:
            return "selector"

    with pytest.raises(ValueError, match=r"what NoKey.signing_key returns must be a DkimIdentity, got 'selector'"):
        verified(stack, dkim=NoKey())


def test_an_activation_of_ones_own_that_never_activates_joins_a_set(stack: Stack) -> None:
    class Standby:
        activates = False

        def activate(self, scope: Construct, rule_set_name: str) -> CfnResource | None:
            return None

    existing = ses.ReceiptRuleSet.from_receipt_rule_set_name(stack, "Existing", "existing")

    assert inbound(stack, rule_set=existing, activation=Standby()).rule_set_name == "existing"
