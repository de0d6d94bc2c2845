"""BounceMonitoring and PauseSending through the real CDK CLI, with IAM enforced: what is counted, told and paused."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from aws_cdk import Duration, Stack

from local_aws.aws import LocalAws
from local_aws.read_back import read_domain
from tests.deployed.watched_domain import (
    MINIMUM_SENDS,
    PAUSED,
    WatchedDomain,
    add_watched_domain,
    messages,
    messages_until,
    run_command,
)
from tests.running_aws.fixtures import stack_in, zone_in
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

# The outcome of each address of the mailbox simulator.
OUTCOMES = {
    "success": ["Send", "Delivery"],
    "bounce": ["Send", "Bounce"],
    "complaint": ["Send", "Delivery", "Complaint"],
    "suppressionlist": ["Send", "Bounce"],
}


@pytest.fixture(scope="module")
def deployed(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedDomain]:
    folder: Path = tmp_path_factory.mktemp("watched")
    for zone in zone_in(enforced_aws):
        for stack in stack_in(enforced_aws, folder):
            outputs = stack.deploy(partial(add_watched_domain, zone=zone))
            yield WatchedDomain(stack, zone, outputs)


@pytest.fixture
def watched(deployed: WatchedDomain) -> Iterator[WatchedDomain]:
    deployed.calm()
    yield deployed
    deployed.calm()


def counts(watched: WatchedDomain, configuration_set: str) -> dict[str, float]:
    """What CloudWatch has counted for a configuration set."""
    return {
        metric: watched.aws.metric_sum("AWS/SES", metric, "ses:configuration-set", configuration_set)
        for metric in ("Send", "Delivery", "Bounce", "Complaint")
    }


def test_the_domains_own_set_tells_of_all_its_mail(watched: WatchedDomain) -> None:
    state = read_domain(watched.aws, watched.zone.domain, watched.zone.hosted_zone_id)
    assert (state.problems(), state.configuration_set) == ([], watched.default_set)
    expected = sorted(event for events in OUTCOMES.values() for event in events)
    before, others = counts(watched, watched.default_set), counts(watched, watched.other_set)

    assert [watched.send(name) for name in OUTCOMES] == [""] * len(OUTCOMES)

    for queue in ("TopicQueueUrl", "BusQueueUrl"):
        heard = messages_until(watched.aws, watched.outputs[queue], lambda found: len(found) >= len(expected))
        events = [body.get("detail", body) for body in heard]
        assert sorted(event["eventType"] for event in events) == expected
        assert {event["mail"]["tags"]["ses:configuration-set"][0] for event in events} == {watched.default_set}
    wanted = {name: before[name] + expected.count(name) for name in before}
    assert wait_until(lambda: counts(watched, watched.default_set) == wanted)
    assert counts(watched, watched.other_set) == others


def test_mail_of_another_set_is_counted_apart(watched: WatchedDomain) -> None:
    before, others = counts(watched, watched.other_set), counts(watched, watched.default_set)
    assert watched.send("bounce", configuration_set=watched.other_set) == ""
    wanted = before | {"Send": before["Send"] + 1, "Bounce": before["Bounce"] + 1}
    # This set has no destination for deliveries, and nobody reads them.
    assert wait_until(lambda: counts(watched, watched.other_set) == wanted)
    assert counts(watched, watched.default_set) == others
    assert messages(watched.aws, watched.outputs["TopicQueueUrl"]) == []
    assert messages(watched.aws, watched.outputs["BusQueueUrl"]) == []


def test_the_dashboard_shows_the_set_that_was_made(watched: WatchedDomain) -> None:
    found = watched.aws.client("cloudwatch").get_dashboard(DashboardName=watched.outputs["Dashboard"])
    dashboard = json.loads(found["DashboardBody"])
    metrics = [metric for widget in dashboard["widgets"] for metric in widget["properties"].get("metrics", [])]
    sets = {metric[3] for metric in metrics if metric[0] == "AWS/SES" and "ses:configuration-set" in metric}
    assert sets == {watched.default_set}
    shown = {metric[1] for metric in metrics if metric[0] == "AWS/SES"}
    assert shown >= {"Send", "Delivery", "Bounce", "Complaint", "Reputation.BounceRate", "Reputation.ComplaintRate"}
    assert "Token[" not in found["DashboardBody"]
    alarms = {arn.rpartition(":")[2] for arn in _strings(dashboard) if ":alarm:" in arn}
    assert alarms
    assert alarms <= watched.alarms().keys()


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def test_a_rate_alone_does_not_pause(watched: WatchedDomain) -> None:
    before = watched.calls_of_alarms()
    watched.set_alarm("BouncesAlarmsBounceRateCritical", "ALARM")
    messages_until(
        watched.aws,
        watched.outputs["TeamQueueUrl"],
        lambda found: any("BounceRateCritical" in each["Message"] for each in found),
    )
    assert watched.calls_of_alarms() == before
    assert not watched.is_paused(watched.default_set)
    assert watched.send() == ""


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_pauses_the_set_and_nothing_else_until_a_person_resumes_it(watched: WatchedDomain, kind: str) -> None:
    rate = f"BouncesAlarms{kind}RateCritical"
    watched.set_alarm(f"{rate}TooFew", "OK")
    watched.set_alarm(rate, "ALARM")

    assert wait_until(lambda: watched.is_paused(watched.default_set))
    assert watched.send() == PAUSED
    assert watched.send(configuration_set=watched.other_set) == ""
    assert (watched.is_paused(watched.other_set), watched.account_is_paused()) == (False, False)
    notice = watched.notice()
    assert f"{kind}RateCritical" in notice
    assert f"--configuration-set-name {watched.default_set} " in notice

    calls = watched.calls_of_alarms()
    watched.set_alarm(rate, "OK")
    assert watched.calls_of_alarms() == calls >= 1
    assert watched.is_paused(watched.default_set)
    run_command(watched.aws, notice)
    assert not watched.is_paused(watched.default_set)
    assert watched.send() == ""


def test_a_rate_that_stays_critical_pauses_once(watched: WatchedDomain) -> None:
    watched.set_alarm("BouncesAlarmsBounceRateCriticalTooFew", "OK")
    watched.set_alarm("BouncesAlarmsBounceRateCritical", "ALARM")
    run_command(watched.aws, watched.notice())
    assert not watched.is_paused(watched.default_set)

    calls = watched.calls_of_alarms()
    watched.set_alarm("BouncesAlarmsBounceRateCritical", "ALARM")
    assert watched.calls_of_alarms() == calls
    assert any("BounceRateCriticalPause" in name for name in _in_alarm(watched))
    assert not watched.is_paused(watched.default_set)


def _in_alarm(watched: WatchedDomain) -> list[str]:
    return [name for name, state in watched.alarms().items() if state == "ALARM"]


def test_pauses_as_soon_as_enough_was_sent_at_a_critical_rate(watched: WatchedDomain) -> None:
    """No state is set here: SES counts, the alarms look, and the function pauses."""

    def put_rate(value: float) -> None:
        watched.aws.client("cloudwatch").put_metric_data(
            Namespace="AWS/SES",
            MetricData=[
                {
                    "MetricName": "Reputation.BounceRate",
                    "Dimensions": [{"Name": "ses:configuration-set", "Value": watched.other_set}],
                    "Value": value,
                }
            ],
        )

    assert watched.send("bounce", configuration_set=watched.other_set) == ""
    sent, calls = counts(watched, watched.other_set)["Send"], watched.calls_of_alarms()
    assert sent < MINIMUM_SENDS - 1
    put_rate(0.04)
    assert watched.alarm("NewsletterAlarmsBounceRateWarning") in _in_alarm(watched)
    put_rate(0.06)
    assert watched.alarm("NewsletterAlarmsBounceRateCritical") in _in_alarm(watched)
    while counts(watched, watched.other_set)["Send"] < MINIMUM_SENDS - 1:
        assert watched.send(configuration_set=watched.other_set) == ""
    assert watched.calls_of_alarms() == calls
    assert not watched.is_paused(watched.other_set)
    assert watched.send(configuration_set=watched.other_set) == ""
    assert wait_until(lambda: watched.is_paused(watched.other_set))
    assert not watched.is_paused(watched.default_set)
    assert watched.other_set in watched.notice()


def test_an_alarm_on_the_account_pauses_the_account(watched: WatchedDomain) -> None:
    watched.set_alarm("BouncesAccountAlarmsComplaintRateCriticalTooFew", "OK")
    watched.set_alarm("BouncesAccountAlarmsComplaintRateCritical", "ALARM")

    assert wait_until(watched.account_is_paused)
    assert (watched.is_paused(watched.default_set), watched.is_paused(watched.other_set)) == (False, False)
    assert [watched.send(), watched.send(configuration_set=watched.other_set)] == [PAUSED, PAUSED]
    notice = watched.notice()
    assert f"account {watched.aws.account}" in notice
    run_command(watched.aws, notice)
    assert not watched.account_is_paused()


def test_a_deployment_that_changes_the_set_does_not_resume_it(watched: WatchedDomain) -> None:
    watched.set_alarm("BouncesAlarmsBounceRateCriticalTooFew", "OK")
    watched.set_alarm("BouncesAlarmsBounceRateCritical", "ALARM")
    assert wait_until(lambda: watched.is_paused(watched.default_set))

    def build(stack: Stack) -> None:
        add_watched_domain(stack, watched.zone, max_delivery_time=Duration.hours(2))

    assert watched.stack.deploy(build)["DefaultSet"] == watched.default_set
    found = watched.aws.client("sesv2").get_configuration_set(ConfigurationSetName=watched.default_set)
    assert found["DeliveryOptions"] == {"TlsPolicy": "REQUIRE", "MaxDeliverySeconds": 7200}
    assert found["SendingOptions"] == {"SendingEnabled": False}
    assert watched.send() == PAUSED
