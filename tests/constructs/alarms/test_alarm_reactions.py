"""Who hears of mail that SES or a function could not handle."""

import json
from typing import Any

import jsii
import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct

from ses_constructs import (
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    LeaveInactive,
    NotifyTopic,
    StopProcessing,
    VerifiedDomain,
)
from tests.constructs.templates import conditions, identified, only, resources, service_statements, template, warnings

ALARM = "AWS::CloudWatch::Alarm"
ALARMS_OF_THE_ACCOUNT = {
    "aws:SourceAccount": "111122223333",
    "aws:SourceArn": "arn:<AWS::Partition>:cloudwatch:eu-west-1:111122223333:alarm:*",
}


def make(stack: Stack, *reactions: Any, **changes: Any) -> InboundRuleSet:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    return InboundRuleSet(
        stack,
        "Inbound",
        **{
            "domain": domain,
            "activation": LeaveInactive(),
            "drop_spam": False,
            "reactions": reactions,
            **changes,
        },
    )


def stop_two(rules: InboundRuleSet) -> None:
    for name in ("support", "sales"):
        rules.add_rule(name, recipients=[f"{name}@example.com"], actions=[StopProcessing()])


def alarm(stack: Stack) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        stack,
        "Alarm",
        metric=cloudwatch.Metric(namespace="Own", metric_name="Own"),
        threshold=1,
        evaluation_periods=1,
    )


def test_without_reactions_forwarding_is_watched_and_rules_are_not(stack: Stack) -> None:
    make(stack).add_rule("Team", actions=[ForwardMail(to=["team@example.net"])])

    alarms = [each["Properties"] for each in resources(stack, ALARM)]
    assert not [each for each in alarms if each.get("MetricName") == "PublishFailure"]
    assert [each["Namespace"] for each in alarms if "Metrics" not in each] == ["AWS/Lambda", "AWS/SQS"]
    # Those that pause invoke their function, and nobody is told.
    assert [len(each.get("AlarmActions", [])) for each in alarms if "Metrics" in each] == [1, 1]


def test_every_rule_has_an_alarm_on_its_own_failures(stack: Stack) -> None:
    rules = make(stack, EmailTeam("ops@example.net"))
    stop_two(rules)

    watched = [each["Properties"] for each in resources(stack, ALARM)]
    assert [(each["MetricName"], each["Statistic"], each["Dimensions"]) for each in watched] == [
        ("PublishFailure", "Sum", [{"Name": "RuleName", "Value": rule.rule_name}]) for rule in rules.rules
    ]


def test_one_failed_action_is_enough_and_silence_is_fine(stack: Stack) -> None:
    make(stack, EmailTeam("ops@example.net")).add_rule("All", actions=[StopProcessing()])

    properties = only(stack, ALARM)["Properties"]
    assert (properties["Threshold"], properties["EvaluationPeriods"]) == (1, 1)
    assert properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert properties["TreatMissingData"] == "notBreaching"


def test_an_alarm_says_which_rule_failed(stack: Stack) -> None:
    rule = make(stack, EmailTeam("ops@example.net")).add_rule("All", actions=[StopProcessing()])

    assert only(stack, ALARM)["Properties"]["AlarmDescription"].endswith(f"receipt rule {rule.rule_name}")


def test_mail_that_could_not_be_forwarded_has_an_alarm_of_its_own(stack: Stack) -> None:
    make(stack, EmailTeam("ops@example.net")).add_rule("Team", actions=[ForwardMail(to=["team@example.net"])])

    (queue_id,) = (each for each in identified(stack, "AWS::SQS::Queue") if "DeadLetter" in each)
    (properties,) = (
        each["Properties"] for each in resources(stack, ALARM) if each["Properties"].get("Namespace") == "AWS/SQS"
    )
    assert properties["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [queue_id, "QueueName"]}}]


def test_a_topic_hears_when_an_alarm_fires_and_when_it_is_over(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    make(stack, NotifyTopic(topic)).add_rule("All", actions=[StopProcessing()])

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    properties = only(stack, ALARM)["Properties"]
    assert (properties["AlarmActions"], properties["OKActions"]) == ([{"Ref": topic_id}], [{"Ref": topic_id}])


def test_a_topic_lets_in_the_alarms_of_its_account_and_says_so_once(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", enforce_ssl=True)
    stop_two(make(stack, NotifyTopic(topic)))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    ((_, statement),) = service_statements(stack, "cloudwatch.amazonaws.com")
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", {"Ref": topic_id})
    assert conditions(statement) == ALARMS_OF_THE_ACCOUNT


def test_alarms_may_use_the_key_of_an_encrypted_topic(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
    stop_two(make(stack, NotifyTopic(topic)))

    (key_id,) = identified(stack, "AWS::KMS::Key")
    statements = dict(service_statements(stack, "cloudwatch.amazonaws.com"))
    assert len(statements) == 2
    assert statements[key_id]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Condition" not in statements[key_id]


def test_a_topic_with_the_key_that_aws_manages_is_refused(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", master_key=kms.Alias.from_alias_name(stack, "Key", "alias/aws/sns"))

    with pytest.raises(ValueError, match="topic must not be encrypted by AWS's own key alias/aws/sns"):
        make(stack, NotifyTopic(topic)).add_rule("All", actions=[StopProcessing()])


def test_a_topic_from_elsewhere_is_told_as_well(stack: Stack) -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:operations"
    topic = sns.Topic.from_topic_arn(stack, "Topic", arn)
    make(stack, NotifyTopic(topic)).add_rule("All", actions=[StopProcessing()])

    assert only(stack, ALARM)["Properties"]["AlarmActions"] == [arn]
    assert resources(stack, "AWS::SNS::TopicPolicy") == []
    (warning,) = (each for each in warnings(stack) if "topic-policy-not-added" in each)
    assert "must let cloudwatch.amazonaws.com in before anything is published" in warning
    assert arn in warning


def test_a_team_is_told_by_email(stack: Stack) -> None:
    EmailTeam("ops@example.net").attach_to(alarm(stack))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    assert only(stack, "AWS::SNS::Subscription")["Properties"] == {
        "Endpoint": "ops@example.net",
        "Protocol": "email",
        "TopicArn": {"Ref": topic_id},
    }
    properties = only(stack, ALARM)["Properties"]
    assert (properties["AlarmActions"], properties["OKActions"]) == ([{"Ref": topic_id}], [{"Ref": topic_id}])


def test_one_address_confirms_once_for_all_alarms_of_a_stack(stack: Stack) -> None:
    stop_two(make(stack, EmailTeam("ops@example.net")))
    EmailTeam("ops@example.net").attach_to(alarm(stack))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    assert len(resources(stack, "AWS::SNS::Subscription")) == 1
    assert [each["Properties"]["AlarmActions"] for each in resources(stack, ALARM)] == [[{"Ref": topic_id}]] * 3


def test_two_addresses_have_a_topic_each(stack: Stack) -> None:
    own = alarm(stack)
    for address in ("ops@example.net", "o.ps@example.net"):
        EmailTeam(address).attach_to(own)

    assert len(identified(stack, "AWS::SNS::Topic")) == 2
    assert {each["Properties"]["Endpoint"] for each in resources(stack, "AWS::SNS::Subscription")} == {
        "ops@example.net",
        "o.ps@example.net",
    }


def test_two_addresses_that_only_cloudformation_knows_have_a_topic_each(stack: Stack) -> None:
    own = alarm(stack)
    for name in ("First", "Second"):
        EmailTeam(CfnParameter(stack, name).value_as_string).attach_to(own)

    subscribed = [each["Properties"]["Endpoint"] for each in resources(stack, "AWS::SNS::Subscription")]
    assert subscribed == [{"Ref": "First"}, {"Ref": "Second"}]


def test_each_stack_has_a_topic_of_its_own(app: App) -> None:
    stacks = [
        Stack(app, region, env=Environment(account="111122223333", region=region))
        for region in ("eu-west-1", "us-east-1")
    ]
    for stack in stacks:
        EmailTeam("ops@example.net").attach_to(alarm(stack))

    assert [len(resources(stack, "AWS::SNS::Topic")) for stack in stacks] == [1, 1]


def test_the_topic_of_a_team_takes_no_message_in_the_clear(stack: Stack) -> None:
    EmailTeam("ops@example.net").attach_to(alarm(stack))

    denied, allowed = only(stack, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}


@pytest.mark.parametrize("address", ["nobody", "Operations <ops@example.net>", "ops@example.net, dev@example.net", ""])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address must (have|be an address alone).*, got .*; write "):
        EmailTeam(address)


def test_all_reactions_are_taken(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    make(stack, NotifyTopic(topic), EmailTeam("ops@example.net")).add_rule("All", actions=[StopProcessing()])

    topics = [{"Ref": key} for key in identified(stack, "AWS::SNS::Topic")]
    assert sorted(only(stack, ALARM)["Properties"]["AlarmActions"], key=str) == sorted(topics, key=str)
    assert len(topics) == 2


def function(stack: Stack) -> lambda_.Function:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        code=lambda_.Code.from_inline("def on_event(event, context): ..."),
        handler="index.on_event",
    )


def test_a_function_follows_several_alarms_with_a_permission_for_each(stack: Stack) -> None:
    stop_two(make(stack, actions.LambdaAction(function(stack), use_unique_permission_id=True)))

    assert len(resources(stack, "AWS::Lambda::Permission")) == len(resources(stack, ALARM)) == 2


def test_a_function_that_can_follow_one_alarm_only_is_refused_with_the_option_to_set(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"reactions must hold LambdaAction with use_unique_permission_id=True, for it follows several alarms, "
        r"got .*; write LambdaAction\(function, use_unique_permission_id=True\)",
    ):
        stop_two(make(stack, actions.LambdaAction(function(stack))))


def test_other_trouble_with_an_action_is_told_as_it_is(stack: Stack) -> None:
    @jsii.implements(cloudwatch.IAlarmAction)
    class Broken:
        def bind(self, scope: Construct, alarm: cloudwatch.IAlarm) -> cloudwatch.AlarmActionConfig:
            raise RuntimeError("the AlarmPermission of somebody's own")

    with pytest.raises(RuntimeError, match="the AlarmPermission of somebody's own"):
        make(stack, Broken()).add_rule("All", actions=[StopProcessing()])


def test_five_reactions_act_beside_any_that_only_watch(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    reactions = [*(EmailTeam(f"{name}@example.net") for name in "abc"), NotifyTopic(topic), EmailTeam("a@example.net")]
    action = actions.SnsAction(sns.Topic(stack, "Own"))
    make(stack, *reactions, action, Remember(), Remember()).add_rule("All", actions=[StopProcessing()])

    assert len(only(stack, ALARM)["Properties"]["AlarmActions"]) == 5


@pytest.mark.parametrize("own", [True, False])
def test_a_sixth_reaction_that_acts_is_refused(stack: Stack, own: bool) -> None:
    sixth = actions.SnsAction(sns.Topic(stack, "Own")) if own else EmailTeam("f@example.net")

    with pytest.raises(
        ValueError,
        match=r"reactions must add up to at most 5 actions of .*, because an alarm takes no more, got 6; subscribe "
        r"several people to one topic, and pass NotifyTopic\(topic\)",
    ):
        make(stack, *(EmailTeam(f"{name}@example.net") for name in "abcde"), sixth).add_rule(
            "Rule", actions=[StopProcessing()]
        )


class Remember:
    """A reaction as an application could write it."""

    def __init__(self) -> None:
        self.alarms: list[cloudwatch.AlarmBase] = []

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        self.alarms.append(alarm)


def test_a_reaction_of_ones_own_is_given_every_alarm(stack: Stack) -> None:
    remember = Remember()
    make(stack, remember).add_rule("Team", actions=[ForwardMail(to=["team@example.net"])])

    # But for the one on a pause that fails, which tells the team's topics.
    assert len(remember.alarms) == len(resources(stack, ALARM)) - 1 == 4


def test_a_reaction_works_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    EmailTeam("ops@example.net").attach_to(alarm(agnostic_stack))

    ((_, statement),) = service_statements(agnostic_stack, "cloudwatch.amazonaws.com")
    assert conditions(statement)["aws:SourceAccount"] == "<AWS::AccountId>"
    assert "Token[" not in json.dumps(template(agnostic_stack))


@pytest.mark.parametrize("imported", [False, True])
def test_a_fifo_topic_is_refused_for_an_alarm_has_no_message_group(stack: Stack, imported: bool) -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:operations.fifo"
    topic = sns.Topic.from_topic_arn(stack, "Topic", arn) if imported else sns.Topic(stack, "Topic", fifo=True)

    with pytest.raises(
        ValueError, match=r"topic must be a standard topic, because what an alarm publishes .*'Mail/Topic'"
    ):
        NotifyTopic(topic)


def test_a_topic_of_another_region_is_refused(stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:us-east-1:111122223333:operations")

    with pytest.raises(
        ValueError, match="topic must be in the region of the stack, eu-west-1, got 'us-east-1'; pass one"
    ):
        NotifyTopic(topic).attach_to(alarm(stack))


def test_who_is_named_twice_is_told_once(stack: Stack) -> None:
    make(stack, EmailTeam("ops@example.net"), EmailTeam("ops@example.net")).add_rule("All", actions=[StopProcessing()])

    assert len(only(stack, ALARM)["Properties"]["AlarmActions"]) == 1
