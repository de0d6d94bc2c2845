"""AccountHealth and SuppressionList through the real CDK CLI, with IAM enforced: metrics, news, and one owner."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from ses_constructs import AccountHealth, AccountThresholds, NotifyTopic, SuppressionList
from tests.deployed.watched_domain import add_team, messages, messages_until
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.fixtures import stack_in

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

NAMESPACE = "SesConstructs/Account"
CLAIM = "/ses-constructs/one-per-region/suppression-list"


def add_health(stack: Stack) -> None:
    team = add_team(stack, kms.Key(stack, "Key", removal_policy=RemovalPolicy.DESTROY))
    # Once an hour, so that the clock of the local AWS does not come in between.
    health = AccountHealth(
        stack,
        "Health",
        thresholds=AccountThresholds(quota_warning=0.9, needed_rate=5),
        reactions=[NotifyTopic(team)],
        every=Duration.hours(1),
    )
    for alarm in health.alarms:
        CfnOutput(stack, alarm.node.id, value=alarm.alarm_name)


@dataclass(frozen=True, slots=True)
class Health:
    """The deployed function and its alarms."""

    aws: LocalAws
    stack_name: str
    outputs: dict[str, str]

    def look(self) -> dict[str, float]:
        """Invoke what the schedule invokes, with the event of EventBridge, and give what it has written."""
        schedule = self.schedule()
        (target,) = self.aws.client("events").list_targets_by_rule(Rule=schedule["Name"])["Targets"]
        event = {
            "version": "0",
            "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self.aws.account,
            "time": "2026-11-24T12:00:00Z",
            "region": self.aws.region,
            "resources": [schedule["Arn"]],
            "detail": {},
        }
        before = self._sums()
        answer: Any = self.aws.client("lambda").invoke(FunctionName=target["Arn"], Payload=json.dumps(event))
        assert "FunctionError" not in answer, answer["Payload"].read()
        after = self._sums()
        old = {name: before.get(name, (0.0, 0.0)) for name in after}
        # Each run writes each metric once, so that the sums tell the newest value from those before.
        return {
            name: round(total - old[name][1], 6)
            for name, (samples, total) in after.items()
            if samples == old[name][0] + 1
        }

    def schedule(self) -> Any:
        rules = self.aws.client("events").list_rules(NamePrefix=self.stack_name)["Rules"]
        (schedule,) = (rule for rule in rules if "ScheduleExpression" in rule)
        return schedule

    def alarming(self) -> set[str]:
        """The alarms that fire."""
        roles = {name: role for role, name in self.outputs.items() if role.endswith("Alarm")}
        found = self.aws.client("cloudwatch").describe_alarms(AlarmNames=list(roles))["MetricAlarms"]
        assert len(found) == len(roles)
        return {roles[alarm["AlarmName"]] for alarm in found if alarm["StateValue"] == "ALARM"}

    def _sums(self) -> dict[str, tuple[float, float]]:
        """How often each metric was written, and the sum."""
        now, client = datetime.now(UTC), self.aws.client("cloudwatch")
        found = {}
        for metric in client.list_metrics(Namespace=NAMESPACE)["Metrics"]:
            assert not metric.get("Dimensions")
            points = client.get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName=metric["MetricName"],
                StartTime=now - timedelta(hours=2),
                EndTime=now + timedelta(minutes=5),
                Period=86400,
                Statistics=["SampleCount", "Sum"],
            )["Datapoints"]
            found[metric["MetricName"]] = (
                sum(point["SampleCount"] for point in points),
                sum(point["Sum"] for point in points),
            )
        return found


@pytest.fixture(scope="module")
def health(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Health]:
    folder: Path = tmp_path_factory.mktemp("health")
    for stack in stack_in(enforced_aws, folder):
        yield Health(enforced_aws, stack.stack_name, stack.deploy(add_health))


@pytest.fixture(autouse=True)
def _as_at_the_start(enforced_aws: LocalAws) -> Iterator[None]:
    """Other tests share the account."""

    def reset() -> None:
        enforced_aws.set_ses_account(max_24_hour_send=1000, max_send_rate=14, sent_last_24_hours=100)
        enforced_aws.client("sesv2").put_account_sending_attributes(SendingEnabled=True)

    reset()
    yield
    reset()
    enforced_aws.set_ses_account()
    enforced_aws.client("sesv2").put_account_suppression_attributes(SuppressedReasons=["BOUNCE", "COMPLAINT"])


# In this order: an alarm looks back over an hour, so that what fires in one test fires in the next ones too.
def test_a_healthy_account_is_all_right(health: Health) -> None:
    assert health.look() == {
        "QuotaUsed": 0.1,
        "SentLast24Hours": 100,
        "Max24HourSend": 1000,
        "MaxSendRate": 14,
        "ProductionAccess": 1,
        "SendingEnabled": 1,
        "EnforcementLevel": 0,
    }
    assert health.alarming() == set()


def test_the_clock_may_invoke_the_function_by_its_own_rule_only(health: Health) -> None:
    schedule = health.schedule()
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("rate(1 hour)", "ENABLED")
    (target,) = health.aws.client("events").list_targets_by_rule(Rule=schedule["Name"])["Targets"]
    policy = json.loads(health.aws.client("lambda").get_policy(FunctionName=target["Arn"])["Policy"])
    (statement,) = policy["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert schedule["Arn"] in str(statement["Condition"])


def test_a_quota_that_is_nearly_used_up_is_told(health: Health) -> None:
    health.aws.set_ses_account(max_24_hour_send=1000, max_send_rate=14, sent_last_24_hours=900)
    messages(health.aws, health.outputs["TeamQueueUrl"])
    assert health.look()["QuotaUsed"] == 0.9
    assert health.alarming() == {"QuotaAlarm"}

    def is_told(found: Sequence[dict[str, Any]]) -> bool:
        # Alarms of the tests before may still report that they are over.
        return any("90 % of SES's 24-hour quota" in each["Message"] and "ALARM" in each["Message"] for each in found)

    assert messages_until(health.aws, health.outputs["TeamQueueUrl"], is_told)


def test_an_unlimited_quota_is_never_used_up(health: Health) -> None:
    health.aws.set_ses_account(max_24_hour_send=-1, sent_last_24_hours=10_000_000)
    found = health.look()
    assert found["QuotaUsed"] == 0
    assert "Max24HourSend" not in found


def test_a_paused_account_is_told(health: Health) -> None:
    health.aws.client("sesv2").put_account_sending_attributes(SendingEnabled=False)
    found = health.look()
    assert (found["SendingEnabled"], found["EnforcementLevel"]) == (0, 0)
    assert "PausedAlarm" in health.alarming()


@pytest.mark.parametrize(("status", "level", "enabled"), [("PROBATION", 1, 1), ("SHUTDOWN", 2, 0)])
def test_a_review_is_told(health: Health, status: str, level: int, enabled: int) -> None:
    health.aws.set_ses_account(enforcement_status=status)
    found = health.look()
    assert (found["EnforcementLevel"], found["SendingEnabled"]) == (level, enabled)
    assert "ReviewAlarm" in health.alarming()


def test_the_sandbox_is_told(health: Health) -> None:
    assert "SandboxAlarm" not in health.alarming()
    health.aws.set_ses_account()
    health.aws.enter_sandbox()
    try:
        found = health.look()
    finally:
        health.aws.leave_sandbox()
    assert (found["ProductionAccess"], found["Max24HourSend"], found["MaxSendRate"]) == (0, 200, 1)
    assert health.alarming() >= {"SandboxAlarm", "RateAlarm"}


@pytest.mark.parametrize("detail_type", ["Sending Status Disabled", "Advisor Recommendation Status Open"])
def test_what_ses_reports_by_itself_reaches_the_team(health: Health, detail_type: str) -> None:
    queue_url = health.outputs["TeamQueueUrl"]
    messages(health.aws, queue_url)
    resource = f"arn:aws:ses:{health.aws.region}:{health.aws.account}:configuration-set/mail"
    record = {"status": "DISABLED", "cause": "too many bounces", "lastUpdatedTimestamp": "2026-11-24T12:00:00Z"}
    detail = {"version": "1.0.0", "data": {"origin": "AWS_MANAGED", "record": record}}

    def entry(name: str) -> Any:
        return {"Source": "aws.ses", "DetailType": name, "Detail": json.dumps(detail), "Resources": [resource]}

    answer = health.aws.client("events").put_events(
        Entries=[entry("Sending Status Enabled"), entry("Email Sent"), entry(detail_type)]
    )
    assert answer["FailedEntryCount"] == 0
    words = (f"Event: {detail_type}", health.aws.region, resource, "too many bounces")

    def is_told(found: Sequence[dict[str, Any]]) -> bool:
        return any(all(word in each["Message"] for word in words) for each in found)

    told = messages_until(health.aws, queue_url, is_told)
    assert not [each for each in told if "Enabled" in each["Message"] or "Email Sent" in each["Message"]]


def add_list(stack: Stack, reasons: ses.SuppressionReasons | None) -> None:
    SuppressionList(stack, "Suppression", reasons=reasons)


def suppressed(aws: LocalAws) -> list[str]:
    found: list[str] = list(aws.client("sesv2").get_account()["SuppressionAttributes"].get("SuppressedReasons", []))
    return found


def owner(aws: LocalAws) -> str:
    """The stack that claims the list."""
    return str(aws.client("ssm").get_parameter(Name=CLAIM)["Parameter"]["Value"])


def test_the_list_is_as_the_template_says_and_stays_so(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack
) -> None:
    for reasons, expected in (
        (ses.SuppressionReasons.BOUNCES_ONLY, ["BOUNCE"]),
        (None, []),
        (ses.SuppressionReasons.COMPLAINTS_ONLY, ["COMPLAINT"]),
    ):
        enforced_deployed_stack.deploy(partial(add_list, reasons=reasons))
        assert suppressed(enforced_aws) == expected
    enforced_deployed_stack.destroy()
    assert suppressed(enforced_aws) == ["COMPLAINT"]
    with pytest.raises(enforced_aws.client("ssm").exceptions.ParameterNotFound):
        owner(enforced_aws)


def test_the_list_has_one_owner_at_a_time(
    enforced_aws: LocalAws, enforced_deployed_stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory
) -> None:
    first, folder = enforced_deployed_stack, tmp_path_factory.mktemp("second")
    first.deploy(partial(add_list, reasons=ses.SuppressionReasons.BOUNCES_ONLY))
    assert f"stack/{first.stack_name}/" in owner(enforced_aws)
    wants_more = partial(add_list, reasons=ses.SuppressionReasons.COMPLAINTS_ONLY)
    for second in stack_in(enforced_aws, folder):
        with pytest.raises(DeploymentError, match=r"one-per-region/suppression-list.*already exists"):
            second.deploy(wants_more)
        assert second.status() == "ROLLBACK_COMPLETE"
        assert suppressed(enforced_aws) == ["BOUNCE"]
        assert f"stack/{first.stack_name}/" in owner(enforced_aws)

        first.destroy()
        second.deploy(wants_more)
        assert suppressed(enforced_aws) == ["COMPLAINT"]
        assert f"stack/{second.stack_name}/" in owner(enforced_aws)
