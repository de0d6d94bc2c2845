"""What SES says about the account: metrics, an alarm on each, the schedule, and news that SES reports by itself."""

import json
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, Stack
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from ses_constructs import (
    AccountHealth,
    AccountThresholds,
    BounceMonitoring,
    EmailTeam,
    NotifyTopic,
    ReputationThresholds,
)
from tests.constructs.templates import (
    identified,
    metric_math,
    needs,
    only,
    resources,
    role_statements,
    service_statements,
    template,
    written,
)

ALARM = "AWS::CloudWatch::Alarm"
RULE = "AWS::Events::Rule"
FUNCTION = "AWS::Lambda::Function"
TEAM = EmailTeam("ops@example.net")


def make(stack: Stack, **changes: Any) -> AccountHealth:
    return AccountHealth(stack, "Health", **changes)


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    return {key.removeprefix("Health")[:-8]: each["Properties"] for key, each in identified(stack, ALARM).items()}


def rule(stack: Stack) -> tuple[str, dict[str, Any]]:
    """The id and the properties of the rule that is both the schedule and the news."""
    ((rule_id, found),) = identified(stack, RULE).items()
    return rule_id, found["Properties"]


ASKS = [
    {"Action": "ses:GetAccount", "Effect": "Allow", "Resource": "*"},
    {
        "Action": "cloudwatch:PutMetricData",
        "Condition": {"StringEquals": {"cloudwatch:namespace": "SesConstructs/Account"}},
        "Effect": "Allow",
        "Resource": "*",
    },
]


# Metrics and alarms


@pytest.mark.parametrize(
    ("method", "metric_name", "statistic"),
    [
        ("metric_quota_used", "QuotaUsed", "Maximum"),
        ("metric_sent_last_24_hours", "SentLast24Hours", "Maximum"),
        ("metric_sending_rate_limit", "MaxSendRate", "Minimum"),
        ("metric_production_access", "ProductionAccess", "Minimum"),
        ("metric_sending_enabled", "SendingEnabled", "Minimum"),
        ("metric_enforcement_level", "EnforcementLevel", "Maximum"),
    ],
)
def test_the_worst_of_a_period_counts(stack: Stack, method: str, metric_name: str, statistic: str) -> None:
    metric = getattr(make(stack, every=Duration.minutes(10)), method)()

    assert (metric.namespace, metric.metric_name) == ("SesConstructs/Account", metric_name)
    assert (metric.statistic, metric.period.to_minutes()) == (statistic, 10)
    assert not metric.dimensions


@pytest.mark.parametrize(
    "method",
    [
        "metric_quota_used",
        "metric_sent_last_24_hours",
        "metric_sending_rate_limit",
        "metric_production_access",
        "metric_sending_enabled",
        "metric_enforcement_level",
    ],
)
def test_a_graph_may_ask_for_another_period(stack: Stack, method: str) -> None:
    metric = getattr(make(stack), method)(period=Duration.hours(6))

    assert metric.period.to_hours() == 6


def test_a_period_is_a_duration(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"period must be a Duration, got 300; pass a Duration, such as Duration\.min"):
        make(stack).metric_quota_used(period=300)  # type: ignore[arg-type]


def test_the_rates_of_the_account_have_no_dimension(stack: Stack) -> None:
    metric = make(stack).metric_bounce_rate(period=Duration.hours(1))

    assert (metric.namespace, metric.metric_name) == ("AWS/SES", "Reputation.BounceRate")
    assert (metric.statistic, metric.dimensions or {}) == ("Maximum", {})


@pytest.mark.parametrize(
    ("name", "metric_name", "statistic", "comparison", "threshold"),
    [
        ("QuotaAlarm", "QuotaUsed", "Maximum", "GreaterThanOrEqualToThreshold", 0.8),
        ("ReviewAlarm", "EnforcementLevel", "Maximum", "GreaterThanOrEqualToThreshold", 1),
        ("PausedAlarm", "SendingEnabled", "Minimum", "LessThanThreshold", 1),
        ("SandboxAlarm", "ProductionAccess", "Minimum", "LessThanThreshold", 1),
        ("RateAlarm", "MaxSendRate", "Minimum", "LessThanThreshold", 14.5),
    ],
)
def test_there_is_an_alarm_on_each(
    stack: Stack,
    name: str,
    metric_name: str,
    statistic: str,
    comparison: str,
    threshold: float,
) -> None:
    make(stack, thresholds=AccountThresholds(needed_rate=14.5))

    found = alarms(stack)[name]
    assert found.pop("AlarmDescription")
    assert found == {
        "Namespace": "SesConstructs/Account",
        "MetricName": metric_name,
        "Statistic": statistic,
        "Period": 300,
        "EvaluationPeriods": 1,
        "ComparisonOperator": comparison,
        "Threshold": threshold,
        "TreatMissingData": "ignore",
    }


def test_silence_is_three_periods_without_a_report(stack: Stack) -> None:
    make(stack)

    found = alarms(stack)["SilenceAlarm"]
    expression, metrics = metric_math(found)
    assert expression == "FILL(enabled, -1)"
    assert (metrics["enabled"]["MetricName"], metrics["enabled"]["Period"]) == ("SendingEnabled", 300)
    # True of no report, and of nothing else.
    assert (found["ComparisonOperator"], found["Threshold"]) == ("LessThanThreshold", 0)
    assert (found["EvaluationPeriods"], found["TreatMissingData"]) == (3, "breaching")


def test_only_what_is_named_is_relied_on(stack: Stack) -> None:
    health = make(stack, sandbox=True)

    assert list(alarms(stack)) == ["QuotaAlarm", "ReviewAlarm", "PausedAlarm", "SilenceAlarm"]
    assert len(health.alarms) == 4


def test_the_quota_warns_where_it_was_asked_to(stack: Stack) -> None:
    health = make(stack, thresholds=AccountThresholds(quota_warning=0.925))

    assert health.thresholds.quota_warning == alarms(stack)["QuotaAlarm"]["Threshold"] == 0.925
    assert alarms(stack)["QuotaAlarm"]["AlarmDescription"] == "92.5 % of SES's 24-hour quota or more are used"


def test_every_alarm_is_followed_by_every_reaction(stack: Stack) -> None:
    thresholds = AccountThresholds(needed_rate=1)
    make(stack, thresholds=thresholds, reactions=[TEAM, actions.SnsAction(sns.Topic(stack, "Topic"))])

    (team_id,) = (key for key in identified(stack, "AWS::SNS::Topic") if key.startswith("EmailTeam"))
    for each in alarms(stack).values():
        assert len(each["AlarmActions"]) == 2
        assert each["OKActions"] == [{"Ref": team_id}]


# The function


@pytest.mark.parametrize(
    ("every", "expression", "seconds"),
    [
        (None, "rate(5 minutes)", 300),
        (Duration.minutes(1), "rate(1 minute)", 60),
        (Duration.minutes(7), "rate(7 minutes)", 420),
        (Duration.hours(1), "rate(1 hour)", 3600),
    ],
)
def test_ses_is_asked_as_often_as_the_metrics_say(
    stack: Stack, every: Duration | None, expression: str, seconds: int
) -> None:
    make(stack, every=every)

    (function_id,) = identified(stack, FUNCTION)
    _, schedule = rule(stack)
    assert schedule["ScheduleExpression"] == expression
    assert [each["Arn"] for each in schedule["Targets"]] == [{"Fn::GetAtt": [function_id, "Arn"]}]
    found = alarms(stack)
    _, silence = metric_math(found.pop("SilenceAlarm"))
    assert {each["Period"] for each in (*found.values(), *silence.values())} == {seconds}


def test_the_function_has_time_for_throttling(stack: Stack) -> None:
    make(stack)

    function = only(stack, FUNCTION)["Properties"]
    assert (function["Handler"], function["Timeout"]) == ("handlers.account_health.on_event", 300)
    assert function["Environment"]["Variables"] == {
        "HEALTH_NAMESPACE": "SesConstructs/Account",
        "EVENT_TOPICS": "[]",
    }


def test_only_the_rule_may_invoke_the_function(stack: Stack) -> None:
    make(stack, reactions=[TEAM])

    (function_id,) = identified(stack, FUNCTION)
    rule_id, _ = rule(stack)
    permission = only(stack, "AWS::Lambda::Permission")["Properties"]
    assert permission == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": {"Fn::GetAtt": [function_id, "Arn"]},
        "Principal": "events.amazonaws.com",
        "SourceAccount": "111122223333",
        "SourceArn": {"Fn::GetAtt": [rule_id, "Arn"]},
    }


def test_the_function_may_ask_and_write_its_own_metrics(stack: Stack) -> None:
    make(stack)

    assert role_statements(stack, of="HealthWatch") == ASKS


# News


def test_what_ses_reports_by_itself_goes_to_the_function(stack: Stack) -> None:
    make(stack, reactions=[TEAM])

    (function_id,) = identified(stack, FUNCTION)
    properties = rule(stack)[1]
    assert properties["EventPattern"] == {
        "source": ["aws.ses"],
        "detail-type": ["Sending Status Disabled", "Advisor Recommendation Status Open"],
    }
    # A topic's policy takes no conditions for EventBridge, and would have to let in the rules of everybody.
    assert [each["Arn"] for each in properties["Targets"]] == [{"Fn::GetAtt": [function_id, "Arn"]}]
    assert {each["Action"] for _, each in service_statements(stack, "events.amazonaws.com")} == {
        "lambda:InvokeFunction"
    }


def test_the_function_knows_every_topic_of_the_team(stack: Stack) -> None:
    make(stack, reactions=[TEAM, NotifyTopic(sns.Topic(stack, "Topic"))])

    properties = only(stack, FUNCTION)["Properties"]
    told = written(properties["Environment"]["Variables"]["EVENT_TOPICS"])
    assert set(json.loads(told)) == {f"<{key}>" for key in identified(stack, "AWS::SNS::Topic")}


def test_the_function_may_publish_to_the_team_and_do_nothing_else(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))
    make(stack, reactions=[NotifyTopic(topic)])

    (topic_id,), (key_id,) = identified(stack, "AWS::SNS::Topic"), identified(stack, "AWS::KMS::Key")
    asks, tells = role_statements(stack, of="HealthWatch")[:2], role_statements(stack, of="HealthWatch")[2:]
    assert asks == ASKS
    assert [(each["Action"], written(each["Resource"])) for each in tells] == [
        ("sns:Publish", f"<{topic_id}>"),
        (["kms:Decrypt", "kms:GenerateDataKey"], f"<{key_id}.Arn>"),
    ]
    assert [key for key in template(stack)["Resources"] if key in needs(stack, key)] == []


def test_without_a_team_nobody_is_told_of_news(stack: Stack) -> None:
    make(stack, reactions=[actions.SnsAction(sns.Topic(stack, "Topic"))])

    assert "EventPattern" not in rule(stack)[1]
    assert role_statements(stack, of="HealthWatch") == ASKS


@pytest.mark.parametrize("encrypted", [True, False])
def test_a_topic_of_another_stack_makes_no_cycle(app: App, stack: Stack, encrypted: bool) -> None:
    other = Stack(app, "Other", env=Environment(account="111122223333", region="eu-west-1"))
    make(
        stack,
        reactions=[NotifyTopic(sns.Topic(other, "Topic", master_key=kms.Key(other, "Key") if encrypted else None))],
    )
    app.synth()

    assert stack.dependencies == [other]
    assert other.dependencies == []


def test_the_team_is_shared_with_monitoring(stack: Stack) -> None:
    make(stack, reactions=[TEAM])
    BounceMonitoring(stack, "Bounces", reactions=[TEAM])

    assert len(resources(stack, "AWS::SNS::Topic")) == 1


def test_health_works_where_account_and_region_are_unknown(agnostic_stack: Stack) -> None:
    make(agnostic_stack, reactions=[TEAM])

    permissions = resources(agnostic_stack, "AWS::Lambda::Permission")
    assert {written(each["Properties"]["SourceAccount"]) for each in permissions} == {"<AWS::AccountId>"}
    assert "Token[" not in str(template(agnostic_stack))


# What is refused


@pytest.mark.parametrize("thresholds", [None, 0.8, AccountThresholds, ReputationThresholds.strict()])
def test_thresholds_are_those_of_the_account(stack: Stack, thresholds: Any) -> None:
    with pytest.raises(ValueError, match=r"thresholds must be an AccountThresholds, got .*; pass AccountThresholds\("):
        make(stack, thresholds=thresholds)


@pytest.mark.parametrize(
    "every",
    [Duration.seconds(59), Duration.seconds(90), Duration.minutes(61), Duration.days(1)],
)
def test_ses_is_asked_every_minute_to_every_hour(stack: Stack, every: Duration) -> None:
    with pytest.raises(ValueError, match=r"every must be whole minutes, from 1 minute to 1 hour, got '.*'; pass Dur"):
        make(stack, every=every)


def test_a_schedule_is_known_at_synth(stack: Stack) -> None:
    minutes = CfnParameter(stack, "Minutes", type="Number").value_as_number

    with pytest.raises(ValueError, match=r"every must be known at synth, got '<token> minutes'; pass a Duration, such"):
        make(stack, every=Duration.minutes(minutes))


@pytest.mark.parametrize("every", [5, "5 minutes"])
def test_a_schedule_is_a_duration(stack: Stack, every: Any) -> None:
    with pytest.raises(
        ValueError, match=r"every must be a Duration, got .*; pass a Duration, such as Duration\.minutes"
    ):
        make(stack, every=every)


@pytest.mark.parametrize("reactions", [TEAM, None, "ops@example.net"])
def test_reactions_are_a_list(stack: Stack, reactions: Any) -> None:
    with pytest.raises(ValueError, match=r"reactions must be a list, got .*; write"):
        make(stack, reactions=reactions)
