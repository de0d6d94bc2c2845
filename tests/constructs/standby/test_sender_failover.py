"""A standby, the route to it, and who may do what."""

import json
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from ses_constructs import (
    BounceMonitoring,
    EmailTeam,
    ImpairmentThresholds,
    NotifyTopic,
    RecordsToPublish,
    Route53Zone,
    SenderFailover,
    SendingDomain,
    StandbySender,
    VerifiedDomain,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import (
    identified,
    metric_math,
    only,
    record_sets,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
    written,
)

ALARM, FUNCTION = "AWS::CloudWatch::Alarm", "AWS::Lambda::Function"
MAIN, OTHER = "111122223333", "222233334444"
TEAM = EmailTeam("ops@example.net")


@pytest.fixture
def other(app: App) -> Stack:
    """The stack of the standby, in another account and region."""
    return Stack(app, "Other", env=Environment(account=OTHER, region="eu-central-1"))


def standby_in(stack: Stack, *, watched: bool = True, **changes: Any) -> StandbySender:
    arguments = {"domain_name": "example.com", "dns": RecordsToPublish(), "primary_account": MAIN, **changes}
    standby = StandbySender(stack, "Standby", **arguments)
    if watched:
        BounceMonitoring(stack, "StandbyBounces", domain=standby.domain)
    return standby


def primary_in(stack: Stack, *, watched: bool = True, **changes: Any) -> SendingDomain:
    domain = VerifiedDomain(stack, "Domain", **{"domain_name": "example.com", "dns": RecordsToPublish(), **changes})
    if watched:
        BounceMonitoring(stack, "Bounces", domain=domain)
    return domain


def failover(stack: Stack, other: Stack, **changes: Any) -> SenderFailover:
    primary = changes.pop("primary", None) or primary_in(stack)
    standby = changes.pop("standby", None) or standby_in(other)
    return SenderFailover(stack, "Failover", **{"primary": primary, "standby": standby, "reactions": [TEAM], **changes})


def environment(stack: Stack) -> dict[str, Any]:
    (function,) = (each for key, each in identified(stack, FUNCTION).items() if key.startswith("FailoverHandler"))
    return {key: written(value) for key, value in function["Properties"]["Environment"]["Variables"].items()}


# The standby


def test_a_standby_publishes_its_keys_and_its_mail_from_and_nothing_shared(other: Stack) -> None:
    standby_in(other, dns=Route53Zone(hosted_zone(other)))

    assert set(record_sets(other)) == {("mail-standby.example.com", "MX"), ("mail-standby.example.com", "TXT")}


def test_the_role_sends_from_the_domain_and_looks_and_nothing_else(other: Stack) -> None:
    standby_in(other, from_addresses=["receipts@example.com"])

    statements = role_statements(other, of="StandbyRole")
    assert [each["Action"] for each in statements] == [
        ["ses:SendEmail", "ses:SendRawEmail", "ses:SendTemplatedEmail", "ses:SendBulkTemplatedEmail"],
        "ses:GetAccount",
        "ses:GetEmailIdentity",
    ]
    assert statements[0]["Condition"] == {"StringLike": {"ses:FromAddress": ["receipts@example.com"]}}
    (set_id,) = identified(other, "AWS::SES::ConfigurationSet")
    assert any(f"configuration-set/<{set_id}>" in written(each) for each in statements[0]["Resource"])


def test_the_role_trusts_the_primarys_account_and_no_other(other: Stack) -> None:
    standby_in(other)

    trust = only(other, "AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [(each["Action"], written(each["Principal"]["AWS"])) for each in trust] == [
        ("sts:AssumeRole", f"arn:<AWS::Partition>:iam::{MAIN}:root")
    ]


@pytest.mark.parametrize("account", ["", "12345", "arn:aws:iam::111122223333:root", "11112222333a"])
def test_the_account_has_twelve_digits(other: Stack, account: str) -> None:
    with pytest.raises(ValueError, match="primary_account must be an account id of 12 digits"):
        standby_in(other, primary_account=account)


# The route


def test_a_sender_may_send_assume_the_role_and_read_the_route(stack: Stack, other: Stack) -> None:
    sender = iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    failover(stack, other).route.grant_send(sender, from_addresses=["receipts@example.com"])

    sending, assume, read = role_statements(stack, of="Sender")
    assert sending["Condition"] == {"StringLike": {"ses:FromAddress": ["receipts@example.com"]}}
    assert (assume["Action"], written(assume["Resource"])) == ("sts:AssumeRole", written(role_arn(other)))
    assert read["Action"] == "ssm:GetParameter"
    assert written(read["Resource"]).endswith("parameter" + environment(stack)["FAILOVER_ROUTE"])


def role_arn(other: Stack) -> str:
    name = only(other, "AWS::IAM::Role")["Properties"]["RoleName"]
    return f"arn:<AWS::Partition>:iam::{OTHER}:role/{name}"


def test_a_sender_is_told_all_that_it_needs(stack: Stack, other: Stack) -> None:
    found = failover(stack, other).route.environment

    told = {key: written(stack.resolve(value)) for key, value in found.items()}
    assert told == {
        "SENDING_ROUTE": environment(stack)["FAILOVER_ROUTE"],
        "STANDBY_ROLE_ARN": role_arn(other),
        "STANDBY_REGION": "eu-central-1",
    }


def test_the_parameter_is_in_no_template_and_no_later_stack_has_it(stack: Stack, other: Stack) -> None:
    failover(stack, other)

    assert resources(stack, "AWS::SSM::Parameter") == []
    assert "AWS::StackId" in environment(stack)["FAILOVER_ROUTE"]


# The failover


def test_one_run_at_a_time_makes_every_switch_and_comes_soon_or_not_at_all(stack: Stack, other: Stack) -> None:
    failover(stack, other)

    (function,) = (each for key, each in identified(stack, FUNCTION).items() if key.startswith("Failover"))
    assert function["Properties"]["ReservedConcurrentExecutions"] == 1
    asynchronous = only(stack, "AWS::Lambda::EventInvokeConfig")["Properties"]
    assert (asynchronous["MaximumEventAgeInSeconds"], asynchronous["MaximumRetryAttempts"]) == (900, 2)


def test_the_function_may_write_the_route_look_and_tell(stack: Stack, other: Stack) -> None:
    key = kms.Key(stack, "Key")
    failover(stack, other, reactions=[NotifyTopic(sns.Topic(stack, "Topic", master_key=key))])

    assert [each["Action"] for each in role_statements(stack, of="FailoverHandlerRole")] == [
        ["ssm:GetParameter", "ssm:PutParameter"],
        "sts:AssumeRole",
        "ses:GetConfigurationSet",
        "ses:GetAccount",
        "sns:Publish",
        ["kms:Decrypt", "kms:GenerateDataKey"],
    ]


@pytest.mark.parametrize(
    ("changes", "cool_down", "dry_run"),
    [({}, "1800", "false"), ({"cool_down": Duration.hours(24), "dry_run": True}, "86400", "true")],
)
def test_the_function_knows_what_it_was_told(
    stack: Stack, other: Stack, changes: dict[str, Any], cool_down: str, dry_run: str
) -> None:
    failover(stack, other, **changes)

    found = environment(stack)
    assert (found["FAILOVER_COOL_DOWN"], found["FAILOVER_DRY_RUN"]) == (cool_down, dry_run)
    assert json.loads(found["FAILOVER_STANDBY"]) == {
        "role_arn": role_arn(other),
        "region": "eu-central-1",
        "domain": "example.com",
    }
    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    assert found["FAILOVER_CONFIGURATION_SET"] == f"<{set_id}>"


def alarms(stack: Stack) -> dict[str, dict[str, Any]]:
    found = {key: each["Properties"] for key, each in identified(stack, ALARM).items()}
    return {key.removeprefix("Failover")[:-8]: each for key, each in found.items() if key.startswith("Failover")}


def test_errors_and_latency_and_refusals_raise_alarms(stack: Stack, other: Stack) -> None:
    thresholds = ImpairmentThresholds(failure_share=0.2, latency=Duration.seconds(8), minimum_calls=3, minutes=2)
    failover(stack, other, thresholds=thresholds)

    found = alarms(stack)
    assert list(found) == ["FailingAlarm", "SlowAlarm", "RefusedAlarm", "FailureAlarm"]
    for name, metric, statistic, threshold in (
        ("FailingAlarm", "Failed", "Average", "0.2"),
        ("SlowAlarm", "Latency", "p90", "8000"),
    ):
        expression, metrics = metric_math(found[name])
        assert expression == f"IF(FILL(calls, 0) >= 3 AND FILL(value, 0) >= {threshold}, 1, 0)"
        assert {each: (metrics[each]["MetricName"], metrics[each]["Stat"]) for each in metrics} == {
            "calls": ("Failed", "SampleCount"),
            "value": (metric, statistic),
        }
        assert found[name]["EvaluationPeriods"] == 2
    dimensions = {each["Name"]: written(each["Value"]) for each in found["RefusedAlarm"]["Dimensions"]}
    assert dimensions == {"Parameter": environment(stack)["FAILOVER_ROUTE"], "Route": "primary"}
    # By these ends the function tells what to do.
    names = [written(found[each]["AlarmName"]).rpartition("-")[2] for each in list(found)[:3]]
    assert names == ["Failing", "Slow", "Refused"]


def test_the_alarms_invoke_the_function_and_others_may_not(stack: Stack, other: Stack) -> None:
    failover(stack, other)

    ((_, statement),) = service_statements(stack, "lambda.alarms.cloudwatch.amazonaws.com")
    source = written(statement["Condition"]["ArnLike"]["aws:SourceArn"])
    for each in list(alarms(stack).values())[:3]:
        assert source.removesuffix("*") in f"arn:<AWS::Partition>:cloudwatch:eu-west-1:{MAIN}:alarm:" + written(
            each["AlarmName"]
        )
        assert len(each["AlarmActions"]) == 1
    ((_, statement),) = service_statements(stack, "events.amazonaws.com")
    (rule,) = identified(stack, "AWS::Events::Rule")
    assert written(statement["Condition"]["ArnLike"]["aws:SourceArn"]) == f"<{rule}.Arn>"


def test_the_team_hears_of_a_switch_that_failed(stack: Stack, other: Stack) -> None:
    failover(stack, other)

    alarm = alarms(stack)["FailureAlarm"]
    (topic,) = identified(stack, "AWS::SNS::Topic")
    assert (alarm["MetricName"], written(alarm["AlarmActions"][0])) == ("AsyncEventsDropped", f"<{topic}>")


def test_without_a_team_there_is_a_warning_and_no_rule(stack: Stack, other: Stack) -> None:
    failover(stack, other, reactions=[])

    assert [each for each in warnings(stack) if "failover-tells-nobody" in each]
    assert resources(stack, "AWS::Events::Rule") == []


def test_a_region_of_the_same_account_is_a_standby_too(app: App, stack: Stack) -> None:
    other = Stack(app, "Other", env=Environment(account=MAIN, region="eu-central-1"))

    failover(stack, other)

    assert template(other)["Resources"]


# What cannot be


def test_the_standby_is_somewhere_else(app: App, stack: Stack) -> None:
    beside = Stack(app, "Beside", env=Environment(account=MAIN, region="eu-west-1"))
    # One that is made in the app too has two owners, which is said before.
    primary = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")

    with pytest.raises(ValueError, match="standby must be in another account or region than the primary"):
        failover(stack, beside, primary=primary)


def test_where_the_standby_is_has_to_be_known(stack: Stack, agnostic_stack: Stack) -> None:
    with pytest.raises(ValueError, match="standby must be in a stack whose account and region are known"):
        failover(stack, agnostic_stack)


def test_where_the_primary_is_has_to_be_known(agnostic_stack: Stack, other: Stack) -> None:
    with pytest.raises(ValueError, match="primary must be in a stack whose account and region are known"):
        failover(agnostic_stack, other)


def test_the_failover_stands_beside_the_primary(app: App, stack: Stack, other: Stack) -> None:
    elsewhere = Stack(app, "Elsewhere", env=Environment(account=MAIN, region="eu-north-1"))

    with pytest.raises(ValueError, match="primary must be in the account and region of its failover"):
        SenderFailover(stack, "Failover", primary=primary_in(elsewhere), standby=standby_in(other))


def test_both_ends_are_the_same_domain(stack: Stack, other: Stack) -> None:
    with pytest.raises(ValueError, match=r"standby must have the domain of the primary, example\.com"):
        failover(stack, other, standby=standby_in(other, domain_name="example.net"))


def test_both_ends_are_watched(stack: Stack, other: Stack) -> None:
    with pytest.raises(ValueError, match="standby must have a default configuration set, by which its mail is watched"):
        failover(stack, other, standby=standby_in(other, watched=False))
    with pytest.raises(ValueError, match="primary must have a default configuration set"):
        SenderFailover(stack, "Two", primary=unwatched(stack), standby=other.node.find_child("Standby"))  # type: ignore[arg-type]


def unwatched(stack: Stack) -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, "Unwatched", "example.com")


@pytest.mark.parametrize("cool_down", [Duration.seconds(0), Duration.hours(25)])
def test_a_cool_down_is_up_to_a_day(stack: Stack, other: Stack, cool_down: Duration) -> None:
    with pytest.raises(ValueError, match="cool_down must be above 0 and up to a day"):
        failover(stack, other, cool_down=cool_down)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"failure_share": 0}, "failure_share must be a fraction above 0 and up to 1"),
        ({"failure_share": 50}, "failure_share must be a fraction"),
        ({"latency": Duration.seconds(0)}, "latency must be 1 to 60 seconds, got '0 seconds'"),
        ({"latency": Duration.minutes(2)}, "latency must be 1 to 60 seconds"),
        ({"minimum_calls": 0}, "minimum_calls must be a number of calls, 1 or more"),
        ({"minutes": 61}, "minutes must be at most 60"),
    ],
)
def test_thresholds_out_of_range_are_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        ImpairmentThresholds(**wrong)
