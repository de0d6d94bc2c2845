"""The alarms on sent mail: metric, statistic, period, threshold and missing data of each, and what follows them."""

from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

from ses_constructs import (
    BounceMonitoring,
    CloudWatchMetrics,
    DeliveryThresholds,
    EmailTeam,
    EventBusEvents,
    NotifyTopic,
    PauseSending,
    ReputationThresholds,
)
from tests.constructs.templates import conditions, identified, metric_math, only, service_statements, written

ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
RATES = ["BounceRateWarning", "BounceRateCritical", "ComplaintRateWarning", "ComplaintRateCritical"]


def make(stack: Stack, **changes: Any) -> BounceMonitoring:
    return BounceMonitoring(stack, "Bounces", **changes)


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    """The properties of every alarm, by its id without CDK's hash."""
    return {key.removeprefix("Bounces")[:-8]: each["Properties"] for key, each in identified(stack, ALARM).items()}


def test_there_is_an_alarm_for_each_rate_and_for_single_messages(stack: Stack) -> None:
    monitoring = make(stack)

    assert list(alarms(stack)) == [
        *(f"Alarms{rate}" for rate in RATES),
        "AlarmsRejects",
        "AlarmsDeliveryDelays",
        *(f"AccountAlarms{rate}" for rate in RATES),
    ]
    assert len(monitoring.alarms) == 10


@pytest.mark.parametrize(
    ("name", "metric_name", "threshold"),
    [
        ("BounceRateWarning", "Reputation.BounceRate", 0.02),
        ("BounceRateCritical", "Reputation.BounceRate", 0.05),
        ("ComplaintRateWarning", "Reputation.ComplaintRate", 0.0005),
        ("ComplaintRateCritical", "Reputation.ComplaintRate", 0.001),
    ],
)
@pytest.mark.parametrize("group", ["Alarms", "AccountAlarms"])
def test_a_rate_is_a_fraction_whose_highest_value_counts(
    stack: Stack, group: str, name: str, metric_name: str, threshold: float
) -> None:
    make(stack)

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    properties = alarms(stack)[f"{group}{name}"]
    del properties["AlarmDescription"]
    own = {"Dimensions": [{"Name": "ses:configuration-set", "Value": {"Ref": set_id}}]} if group == "Alarms" else {}
    assert properties == {
        **own,
        "Namespace": "AWS/SES",
        "MetricName": metric_name,
        "Statistic": "Maximum",
        "Period": 900,
        "EvaluationPeriods": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": threshold,
        "TreatMissingData": "ignore",
    }


def test_thresholds_are_those_that_were_given(stack: Stack) -> None:
    make(stack, thresholds=ReputationThresholds.strict())

    found = alarms(stack)
    for group in ("Alarms", "AccountAlarms"):
        assert [found[f"{group}{rate}"]["Threshold"] for rate in RATES] == [0.01, 0.025, 0.00025, 0.0005]


def test_a_description_says_whose_mail_it_is_in_per_cent(stack: Stack) -> None:
    make(stack, thresholds=ReputationThresholds.strict())

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    found = {name: written(each["AlarmDescription"]) for name, each in alarms(stack).items()}
    assert found["AlarmsBounceRateCritical"] == (
        f"bounce rate of configuration set <{set_id}> is at 2.5 % or more (critical)"
    )
    assert found["AccountAlarmsComplaintRateWarning"] == (
        "complaint rate of the whole account in this region is at 0.025 % or more (warning)"
    )


@pytest.mark.parametrize(
    ("name", "metric_name", "threshold"), [("Rejects", "Reject", 1), ("DeliveryDelays", "DeliveryDelay", 100)]
)
def test_single_messages_are_counted_by_the_hour(stack: Stack, name: str, metric_name: str, threshold: int) -> None:
    make(stack)

    properties = alarms(stack)[f"Alarms{name}"]
    # Zeros in place of nothing, or an alarm would judge by the messages of hours ago.
    expression, metrics = metric_math(properties)
    assert expression == "FILL(count, 0)"
    count = metrics["count"]
    assert [each["Name"] for each in count["Dimensions"]] == ["ses:configuration-set"]
    assert (count["MetricName"], count["Stat"], count["Period"]) == (metric_name, "Sum", 3600)
    assert (properties["Threshold"], properties["EvaluationPeriods"]) == (threshold, 1)
    assert properties["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert properties["TreatMissingData"] == "notBreaching"


def test_silence_fires_where_there_is_no_data(stack: Stack) -> None:
    make(stack, delivery_thresholds=DeliveryThresholds(silence=Duration.minutes(90)))

    properties = alarms(stack)["AlarmsSilence"]
    # In parts, and without zeros for what is not counted yet.
    assert (properties["MetricName"], properties["Statistic"], properties["Period"]) == ("Send", "Sum", 8 * 60)
    assert (properties["Threshold"], properties["ComparisonOperator"]) == (1, "LessThanThreshold")
    assert (properties["TreatMissingData"], properties["EvaluationPeriods"]) == ("breaching", 12)
    assert written(properties["AlarmDescription"]).endswith("for 1 hour 30 minutes")


def test_what_an_alarm_reads_is_counted(stack: Stack) -> None:
    make(
        stack,
        destinations=[CloudWatchMetrics(events=[ses.EmailSendingEvent.COMPLAINT])],
        delivery_thresholds=DeliveryThresholds(rejects=1, delays=5, silence=Duration.hours(1)),
    )

    destination = only(stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]["EventDestination"]
    assert destination["MatchingEventTypes"] == ["complaint", "reject", "deliveryDelay", "send"]


def test_without_an_alarm_nothing_more_is_counted(stack: Stack) -> None:
    make(
        stack,
        destinations=[EventBusEvents()],
        delivery_thresholds=DeliveryThresholds(rejects=None, delays=None),
        watch_account=False,
    )

    assert list(alarms(stack)) == [f"Alarms{rate}" for rate in RATES]


def test_an_alarm_on_what_nobody_counts_is_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"destinations must hold CloudWatchMetrics\(\), so that the metric Reject exists, got \[\]; add it, or "
        r"leave out what reads the metric, as with DeliveryThresholds\(rejects=None, delays=None\)",
    ):
        make(stack, destinations=[])


def test_the_account_may_be_left_to_another_stack(stack: Stack) -> None:
    make(stack, watch_account=False)

    assert [name for name in alarms(stack) if name.startswith("Account")] == []


# Reputation at risk


@pytest.mark.parametrize("watch_account", [True, False])
def test_reputation_is_at_risk_when_any_rate_is_critical(stack: Stack, watch_account: bool) -> None:
    monitoring = make(stack, watch_account=watch_account)

    critical = [key for key in identified(stack, ALARM) if "Critical" in key]
    assert len(critical) == (4 if watch_account else 2)
    (key,) = (key for key in identified(stack, COMPOSITE) if "ReputationAtRisk" in key)
    rule = written(identified(stack, COMPOSITE)[key]["Properties"]["AlarmRule"])
    assert rule == "(" + " OR ".join(f'ALARM("<{each}.Arn>")' for each in critical) + ")"
    assert stack.resolve(monitoring.reputation_at_risk.alarm_arn) == {"Fn::GetAtt": [key, "Arn"]}


def test_nobody_hears_twice_of_the_same_rate(stack: Stack) -> None:
    make(stack, reactions=[EmailTeam("ops@example.net")])

    assert "AlarmActions" not in only(stack, COMPOSITE)["Properties"]


# Reactions


def test_alarms_without_reactions_are_there_to_be_looked_at(stack: Stack) -> None:
    make(stack)

    assert all("AlarmActions" not in each and "OKActions" not in each for each in alarms(stack).values())


def test_every_alarm_is_followed_by_every_reaction(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    make(stack, reactions=[NotifyTopic(topic), EmailTeam("ops@example.net")])

    topics = [{"Ref": key} for key in identified(stack, "AWS::SNS::Topic")]
    assert len(topics) == 2
    for each in alarms(stack).values():
        assert sorted(each["AlarmActions"], key=str) == sorted(topics, key=str)
        assert sorted(each["OKActions"], key=str) == sorted(topics, key=str)


def test_an_action_of_cdk_follows_the_beginning_of_an_alarm_only(stack: Stack) -> None:
    make(stack, reactions=[actions.SnsAction(sns.Topic(stack, "Topic"))])

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    assert [each["AlarmActions"] for each in alarms(stack).values()] == [[{"Ref": topic_id}]] * 10
    assert [each for each in alarms(stack).values() if "OKActions" in each] == []


def test_a_function_of_ones_own_follows_every_alarm(stack: Stack) -> None:
    function = lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_14,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): pass"),
    )
    make(stack, watch_account=False, reactions=[actions.LambdaAction(function, use_unique_permission_id=True)])

    (function_id,) = identified(stack, "AWS::Lambda::Function")
    assert {str(each["AlarmActions"]) for each in alarms(stack).values()} == {
        str([{"Fn::GetAtt": [function_id, "Arn"]}])
    }


class Remember:
    """A reaction as an application could write it."""

    def __init__(self) -> None:
        self.alarms: list[cloudwatch.AlarmBase] = []

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        self.alarms.append(alarm)


def test_a_reaction_of_ones_own_is_given_every_alarm_and_can_tell_them_apart(stack: Stack) -> None:
    remember = Remember()
    monitoring = make(stack, reactions=[remember])

    assert tuple(remember.alarms) == monitoring.alarms
    critical = [alarm.node.id for alarm in monitoring.alarms if getattr(alarm, "severity", None) == "critical"]
    assert critical == ["BounceRateCritical", "ComplaintRateCritical"] * 2


def test_alarms_may_publish_to_an_encrypted_topic_that_gets_events_too(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", enforce_ssl=True, master_key=kms.Key(stack, "Key"))
    make(stack, reactions=[NotifyTopic(topic)])

    (key_id,) = identified(stack, "AWS::KMS::Key")
    statements = dict(service_statements(stack, "cloudwatch.amazonaws.com"))
    assert "Condition" not in statements.pop(key_id)
    (of_the_topic,) = statements.values()
    assert conditions(of_the_topic) == {
        "aws:SourceAccount": "111122223333",
        "aws:SourceArn": "arn:<AWS::Partition>:cloudwatch:eu-west-1:111122223333:alarm:*",
    }


@pytest.mark.parametrize(
    "reactions", [EmailTeam("ops@example.net"), "ops@example.net", None, iter([EmailTeam("ops@example.net")])]
)
def test_reactions_are_a_list(stack: Stack, reactions: Any) -> None:
    with pytest.raises(
        ValueError, match=r"reactions must be a list, got .*; write \[EmailTeam\('ops@example\.net'\)\]"
    ):
        make(stack, reactions=reactions)


@pytest.mark.parametrize("wrong", ["ops@example.net", EmailTeam, None, 5, CloudWatchMetrics()])
def test_a_reaction_is_one_of_ours_or_of_cdk(stack: Stack, wrong: Any) -> None:
    with pytest.raises(
        ValueError,
        match=r"reactions must be alarm reactions or actions of aws_cloudwatch_actions, got .*; pass EmailTeam",
    ):
        make(stack, reactions=[wrong])


def test_a_topic_itself_is_no_reaction(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"reactions must be alarm reactions or actions .*NotifyTopic\(topic\) or an"):
        make(stack, reactions=[sns.Topic(stack, "Topic")])


def test_composite_alarms_of_two_stacks_have_different_names(stack: Stack) -> None:
    # CDK would name them by the path, which two stacks of one account may share.
    make(stack, reactions=[PauseSending()])

    names = [each["Properties"].get("AlarmName") for each in identified(stack, COMPOSITE).values()]
    given = [written(each) for each in names if each is not None]
    assert len(names) == len(given) + 1 == 3
    assert all(each.startswith("<AWS::StackName>-") for each in given)
