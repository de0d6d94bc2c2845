"""Pausing what is at risk: when, by whom, with which permissions, and who is told."""

from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns

from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    CloudWatchMetrics,
    DeliveryThresholds,
    EmailTeam,
    EventBusEvents,
    InboundRuleSet,
    LeaveInactive,
    NotifyTopic,
    PauseSending,
    StopProcessing,
    VerifiedDomain,
)
from tests.constructs.templates import (
    conditions,
    identified,
    metric_math,
    needs,
    only,
    resources,
    role_statements,
    service_statements,
    warnings,
    written,
)

ALARM = "AWS::CloudWatch::Alarm"
COMPOSITE = "AWS::CloudWatch::CompositeAlarm"
FUNCTION = "AWS::Lambda::Function"
SET = "AWS::SES::ConfigurationSet"
OWN, ACCOUNT = "BouncesAlarmsPause", "BouncesAccountAlarmsPause"
TEAM = EmailTeam("ops@example.net")


def make(stack: Stack, *reactions: Any, **changes: Any) -> BounceMonitoring:
    return BounceMonitoring(stack, "Bounces", reactions=reactions or (TEAM, PauseSending()), **changes)


def properties(stack: Stack, resource_type: str) -> dict[str, dict[str, Any]]:
    """The properties of all resources of a type, by id without CDK's hash."""
    return {key[:-8]: each["Properties"] for key, each in identified(stack, resource_type).items()}


def pauses(stack: Stack) -> dict[str, dict[str, Any]]:
    """The alarms that pause, by the id of the alarm on the rate."""
    found = properties(stack, COMPOSITE)
    return {name.removesuffix("Pause"): each for name, each in found.items() if name.endswith("Pause")}


def environment(stack: Stack, name: str) -> dict[str, Any]:
    return dict(properties(stack, FUNCTION)[f"{name}HandlerFunction"]["Environment"]["Variables"])


# When


def test_only_critical_rates_of_the_configuration_set_pause(stack: Stack) -> None:
    make(stack, TEAM, PauseSending(), delivery_thresholds=DeliveryThresholds(silence=Duration.hours(1)))

    assert list(pauses(stack)) == ["BouncesAlarmsBounceRateCritical", "BouncesAlarmsComplaintRateCritical"]
    assert len(resources(stack, FUNCTION)) == 1


def test_a_critical_rate_pauses_once_enough_was_sent(stack: Stack) -> None:
    make(stack)

    arns = {key[:-8]: f"<{key}.Arn>" for key in identified(stack, ALARM)}
    for name, each in pauses(stack).items():
        assert written(each["AlarmRule"]) == f'(ALARM("{arns[name]}") AND OK("{arns[f"{name}TooFew"]}"))'


@pytest.mark.parametrize(("kind", "metric_name"), [("Bounce", "Bounce"), ("Complaint", "Complaint")])
@pytest.mark.parametrize(("sends", "events"), [(1, 1), (5000, 20)])
def test_enough_is_counted_over_a_day_and_nothing_sent_is_too_little(
    stack: Stack, kind: str, metric_name: str, sends: int, events: int
) -> None:
    make(stack, TEAM, PauseSending(minimum_sends=sends, minimum_events=events))

    (set_id,) = identified(stack, SET)
    few = properties(stack, ALARM)[f"BouncesAlarms{kind}RateCriticalTooFew"]
    expression, metrics = metric_math(few)
    assert expression == f"IF(FILL(sends, 0) >= {sends} AND FILL(events, 0) >= {events}, 1, 0)"
    assert {name: each["MetricName"] for name, each in metrics.items()} == {"sends": "Send", "events": metric_name}
    for each in metrics.values():
        assert each["Dimensions"] == [{"Name": "ses:configuration-set", "Value": {"Ref": set_id}}]
        assert (each["Namespace"], each["Stat"], each["Period"]) == ("AWS/SES", "Sum", 86_400)
    assert (few["ComparisonOperator"], few["Threshold"]) == ("LessThanThreshold", 1)
    assert (few["EvaluationPeriods"], few["TreatMissingData"]) == (1, "breaching")
    assert "AlarmActions" not in few
    assert "OKActions" not in few


def test_every_alarm_of_a_pause_can_be_seen(stack: Stack) -> None:
    monitoring = make(stack)

    shown = {alarm.node.path.removeprefix("Mail/Bounces/") for alarm in monitoring.alarms}
    assert {
        "Alarms/BounceRateCritical/Pause",
        "Alarms/ComplaintRateCritical/Pause",
        "Alarms/Pause/FailureAlarm",
    } <= shown


def test_it_is_refused_where_nobody_counts_sends(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"destinations must hold CloudWatchMetrics\(\), so that the metric Send exists"
    ):
        make(
            stack,
            PauseSending(),
            destinations=[EventBusEvents()],
            delivery_thresholds=DeliveryThresholds(rejects=None, delays=None),
        )


def test_the_end_of_an_alarm_resumes_nothing(stack: Stack) -> None:
    make(stack)

    (function_id,) = identified(stack, FUNCTION)
    arn = {"Fn::GetAtt": [function_id, "Arn"]}
    assert [each["AlarmActions"] for each in pauses(stack).values()] == [[arn], [arn]]
    assert all("OKActions" not in each and "InsufficientDataActions" not in each for each in pauses(stack).values())
    rates = [each for name, each in properties(stack, ALARM).items() if name.endswith("Critical")]
    assert all(arn not in each["AlarmActions"] for each in rates)


# The whole account


def test_the_account_is_paused_on_request_by_a_function_of_its_own(stack: Stack) -> None:
    make(stack, TEAM, PauseSending(whole_account=True))

    assert list(pauses(stack)) == [
        f"Bounces{group}{kind}RateCritical" for group in ("Alarms", "AccountAlarms") for kind in ("Bounce", "Complaint")
    ]
    functions = {key[:-8]: {"Fn::GetAtt": [key, "Arn"]} for key in identified(stack, FUNCTION)}
    assert set(functions) == {f"{OWN}HandlerFunction", f"{ACCOUNT}HandlerFunction"}
    for name, each in pauses(stack).items():
        owner = ACCOUNT if "AccountAlarms" in name else OWN
        assert each["AlarmActions"] == [functions[f"{owner}HandlerFunction"]]
    assert environment(stack, ACCOUNT)["PAUSE_CONFIGURATION_SET"] == ""
    _, metrics = metric_math(properties(stack, ALARM)["BouncesAccountAlarmsBounceRateCriticalTooFew"])
    assert not [each for each in metrics.values() if "Dimensions" in each]


def test_without_alarms_on_the_account_nothing_could_pause_it(stack: Stack) -> None:
    with pytest.raises(
        ValueError,
        match=r"watch_account must be True with PauseSending\(whole_account=True\).*, got False; leave it out",
    ):
        make(stack, TEAM, PauseSending(whole_account=True), watch_account=False)


def test_only_the_account_function_may_touch_the_account(stack: Stack) -> None:
    make(stack, TEAM, PauseSending(whole_account=True))

    def of_ses(name: str) -> list[tuple[str, str]]:
        return [
            (each["Action"], written(each["Resource"]))
            for each in role_statements(stack, of=f"{name}HandlerRole")
            if "ses:" in each["Action"]
        ]

    (set_id,) = identified(stack, SET)
    arn = f"arn:<AWS::Partition>:ses:eu-west-1:111122223333:configuration-set/<{set_id}>"
    assert of_ses(OWN) == [("ses:PutConfigurationSetSendingOptions", arn)]
    assert of_ses(ACCOUNT) == [("ses:PutAccountSendingAttributes", "*")]


# The function


def test_the_function_knows_what_to_pause_and_whom_to_tell(stack: Stack) -> None:
    elsewhere = sns.Topic.from_topic_arn(stack, "Elsewhere", "arn:aws:sns:eu-west-1:111122223333:operations")
    make(stack, TEAM, NotifyTopic(elsewhere), PauseSending())

    (set_id,), (topic_id,) = identified(stack, SET), identified(stack, "AWS::SNS::Topic")
    variables = environment(stack, OWN)
    assert set(variables) == {"PAUSE_CONFIGURATION_SET", "PAUSE_TOPICS", "PAUSE_ON_BOUNCE", "PAUSE_ON_COMPLAINT"}
    assert variables["PAUSE_ON_BOUNCE"] == (
        "the bounce rate is critical, with at least 5 bounces and 100 messages in 24 hours"
    )
    assert variables["PAUSE_CONFIGURATION_SET"] == {"Ref": set_id}
    # JSON once CloudFormation has put the ARN in.
    assert written(variables["PAUSE_TOPICS"]) == (f'["<{topic_id}>", "arn:aws:sns:eu-west-1:111122223333:operations"]')


def test_the_function_knows_a_set_that_was_imported(stack: Stack) -> None:
    make(stack, configuration_set=ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "transactional"))

    assert environment(stack, OWN)["PAUSE_CONFIGURATION_SET"] == "transactional"
    (statement,) = (each for each in role_statements(stack, of=OWN) if "ses:" in each["Action"])
    assert written(statement["Resource"]).endswith(":configuration-set/transactional")


@pytest.mark.parametrize("pause_first", [True, False])
def test_the_order_of_reactions_does_not_matter(stack: Stack, pause_first: bool) -> None:
    make(stack, *([PauseSending(), TEAM] if pause_first else [TEAM, PauseSending()]))

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    assert written(environment(stack, OWN)["PAUSE_TOPICS"]) == f'["<{topic_id}>"]'


def test_the_function_may_pause_and_tell_and_nothing_else(stack: Stack) -> None:
    make(stack)

    (set_id,), (topic_id,) = identified(stack, SET), identified(stack, "AWS::SNS::Topic")
    assert [(each["Effect"], each["Action"], written(each["Resource"])) for each in role_statements(stack, of=OWN)] == [
        (
            "Allow",
            "ses:PutConfigurationSetSendingOptions",
            f"arn:<AWS::Partition>:ses:eu-west-1:111122223333:configuration-set/<{set_id}>",
        ),
        ("Allow", "sns:Publish", f"<{topic_id}>"),
    ]


def test_the_alarms_of_a_pause_may_invoke_its_function_and_no_others(stack: Stack) -> None:
    for each in ("Bounces", "Other"):
        BounceMonitoring(stack, each, watch_account=False, reactions=[TEAM, PauseSending()])

    names = {
        key: written(each["Properties"]["AlarmName"])
        for key, each in identified(stack, COMPOSITE).items()
        if key[:-8].endswith("Pause")
    }
    assert len(set(names.values())) == len(names) == 4
    permissions = service_statements(stack, "lambda.alarms.cloudwatch.amazonaws.com")
    assert len(permissions) == 2 == len(resources(stack, "AWS::Lambda::Permission"))
    for group, (_, statement) in zip(("Bounces", "Other"), permissions, strict=True):
        (function_id,) = (key for key in identified(stack, FUNCTION) if key.startswith(group))
        assert statement["Action"] == "lambda:InvokeFunction"
        assert statement["Resource"] == {"Fn::GetAtt": [function_id, "Arn"]}
        source = conditions(statement)
        assert source["aws:SourceAccount"] == "111122223333"
        start, _, rest = source["aws:SourceArn"].partition("*")
        assert rest == ""
        assert start.startswith("arn:<AWS::Partition>:cloudwatch:eu-west-1:111122223333:alarm:<AWS::StackName>-")
        name = start.rpartition(":alarm:")[2]
        assert {key for key, each in names.items() if each.startswith(name)} == {
            key for key in names if key.startswith(group)
        }


def test_the_function_runs_the_handler_that_pauses_and_may_do_its_work_before_it_exists(stack: Stack) -> None:
    make(stack)

    ((function_id, function),), (set_id,) = identified(stack, FUNCTION).items(), identified(stack, SET)
    found = function["Properties"]
    assert (found["Handler"], found["Timeout"]) == ("handlers.pause_sending.on_event", 300)
    assert {*identified(stack, "AWS::IAM::Policy")} <= needs(stack, function_id)
    assert needs(stack, set_id) == set()
    # An event is tried three times, and dropped when it is old.
    invoke = only(stack, "AWS::Lambda::EventInvokeConfig")["Properties"]
    assert invoke["FunctionName"] == {"Ref": function_id}
    assert (invoke["MaximumEventAgeInSeconds"], invoke["MaximumRetryAttempts"]) == (900, 2)
    destination = only(stack, "AWS::SES::ConfigurationSetEventDestination")["Properties"]["EventDestination"]
    assert "send" in destination["MatchingEventTypes"]
    assert warnings(stack) == []


# Who is told


def test_a_pause_that_fails_is_told(stack: Stack) -> None:
    make(stack)

    (function_id,), (topic_id,) = identified(stack, FUNCTION), identified(stack, "AWS::SNS::Topic")
    alarm = properties(stack, ALARM)[f"{OWN}FailureAlarm"]
    # Not its errors, which Lambda tries again after; what is dropped failed for good, or came too late.
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/Lambda", "AsyncEventsDropped", "Sum")
    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function_id}}]
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Period"]) == (1, 1, 300)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [{"Ref": topic_id}]
    # Its end means that nothing was dropped since, and nothing is paused all the same.
    assert "OKActions" not in alarm


def test_a_pause_that_nobody_hears_of_warns(stack: Stack) -> None:
    make(stack, PauseSending())

    (warning,) = warnings(stack)
    assert "Mail/Bounces/Alarms/Pause pauses sending and tells nobody how to resume; add EmailTeam" in warning
    assert warning.endswith("[ack: ses-constructs:pause-tells-nobody]")
    assert environment(stack, OWN)["PAUSE_TOPICS"] == "[]"
    assert "AlarmActions" not in properties(stack, ALARM)[f"{OWN}FailureAlarm"]


# What is refused


def test_the_same_pause_twice_is_one(stack: Stack) -> None:
    make(stack, TEAM, PauseSending(), PauseSending())

    assert len(resources(stack, FUNCTION)) == 1
    assert len(pauses(stack)) == 2


def test_two_pauses_that_disagree_are_refused(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"reactions must hold PauseSending once, got \(50, 5\); leave out the one with other minimum"
    ):
        make(stack, TEAM, PauseSending(), PauseSending(minimum_sends=50))


def test_two_monitored_sets_have_a_pause_each(stack: Stack) -> None:
    for name, minimum in (("One", 10), ("Two", 20)):
        BounceMonitoring(stack, name, reactions=[TEAM, PauseSending(minimum_sends=minimum)])

    names = {
        str(each["Environment"]["Variables"]["PAUSE_CONFIGURATION_SET"])
        for each in properties(stack, FUNCTION).values()
    }
    assert len(names) == 2


def test_received_mail_pauses_nothing(stack: Stack) -> None:
    rules = InboundRuleSet(
        stack,
        "Inbound",
        domain=VerifiedDomain.from_domain_name(stack, "Domain", "example.com"),
        activation=LeaveInactive(),
        drop_spam=False,
        reactions=[PauseSending()],
    )

    with pytest.raises(
        ValueError,
        match=r"reactions must hold PauseSending for the alarms of BounceMonitoring only, got 'Mail/Inbound/",
    ):
        rules.add_rule("All", actions=[StopProcessing()])


def test_the_state_of_the_account_pauses_nothing(stack: Stack) -> None:
    with pytest.raises(
        ValueError, match=r"reactions must hold PauseSending for the alarms of BounceMonitoring only, got 'Mail/Health/"
    ):
        AccountHealth(stack, "Health", reactions=[PauseSending()])


@pytest.mark.parametrize(("argument", "usual"), [("minimum_sends", 100), ("minimum_events", 5)])
def test_a_minimum_is_a_number_of_messages(argument: str, usual: int) -> None:
    changes: dict[str, Any] = {argument: 0}
    with pytest.raises(
        ValueError, match=rf"{argument} must be a number of messages, 1 or more, got 0; leave it out for {usual}"
    ):
        PauseSending(**changes)


def test_dimensions_of_ones_own_do_not_change_what_is_paused(stack: Stack) -> None:
    by_domain = ses.CloudWatchDimension(
        name="ses:from-domain", source=ses.CloudWatchDimensionSource.MESSAGE_TAG, default_value="none"
    )
    make(stack, destinations=[CloudWatchMetrics(dimensions=[by_domain])])

    alarms = properties(stack, ALARM)
    watched = [dimension["Name"] for each in alarms.values() for dimension in each.get("Dimensions", [])]
    assert set(watched) == {"ses:configuration-set", "FunctionName"}
