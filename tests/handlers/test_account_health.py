"""What SES says of the account, as metrics."""

import copy
import logging
import os
from collections.abc import Iterator, Mapping
from unittest import mock

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers.account_health import quota_used

from .in_memory_aws import FOREVER, Fault, Trouble
from .world import World, schedule_event

HANDLER, NAMESPACE = "account_health", "SesConstructs/Mail"
LOOK, PUBLISH = "sesv2.GetAccount", "cloudwatch.PutMetricData"
HEALTHY = {
    "QuotaUsed": (0.25, "None"),
    "SentLast24Hours": (12_500.0, "Count"),
    "Max24HourSend": (50_000.0, "Count"),
    "MaxSendRate": (14.0, "Count/Second"),
    "ProductionAccess": (1.0, "None"),
    "SendingEnabled": (1.0, "None"),
    "EnforcementLevel": (0.0, "None"),
}
PRIVATE = ("https://private.example", "private use case", "private@example.com", "private-case-id")


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    with mock.patch.dict(os.environ, {"HEALTH_NAMESPACE": NAMESPACE}):
        yield


def published(aws: World) -> Mapping[str, tuple[float, str]]:
    """Run once and return the metrics of the one call."""
    aws.invoke(HANDLER, schedule_event())
    (call,) = aws.cloudwatch.calls
    assert call["Namespace"] == NAMESPACE
    assert all(set(metric) == {"MetricName", "Value", "Unit"} for metric in call["MetricData"])
    found = {metric["MetricName"]: (metric["Value"], metric["Unit"]) for metric in call["MetricData"]}
    assert len(found) == len(call["MetricData"])
    return found


def test_an_account_in_production_becomes_these_metrics_in_one_call(aws: World) -> None:
    assert published(aws) == HEALTHY
    assert aws.aws.operations() == [LOOK, PUBLISH]


def test_an_account_in_the_sandbox(aws: World) -> None:
    aws.state.account.in_production = False
    aws.state.account.quota, aws.state.account.sent, aws.state.account.rate = 200, 50, 1

    assert published(aws) == HEALTHY | {
        "ProductionAccess": (0.0, "None"),
        "SentLast24Hours": (50.0, "Count"),
        "Max24HourSend": (200.0, "Count"),
        "MaxSendRate": (1.0, "Count/Second"),
    }


def test_an_unlimited_quota_is_never_used_and_is_no_metric(aws: World) -> None:
    aws.state.account.quota = -1

    expected = HEALTHY | {"QuotaUsed": (0.0, "None")}
    del expected["Max24HourSend"]
    assert published(aws) == expected


def test_a_quota_of_zero_is_used_up(aws: World) -> None:
    aws.state.account.quota = aws.state.account.sent = 0

    metrics = published(aws)
    assert (metrics["QuotaUsed"], metrics["Max24HourSend"]) == ((1.0, "None"), (0.0, "Count"))


def test_sending_that_is_paused(aws: World) -> None:
    aws.state.account.sending = False

    assert published(aws)["SendingEnabled"] == (0.0, "None")


@pytest.mark.parametrize(("status", "level"), [("HEALTHY", 0.0), ("PROBATION", 1.0), ("SHUTDOWN", 2.0)])
def test_the_enforcement_status_is_a_level(
    aws: World, caplog: pytest.LogCaptureFixture, status: str, level: float
) -> None:
    aws.state.account.enforcement = status

    assert published(aws)["EnforcementLevel"] == (level, "None")
    assert "unknown enforcement status" not in caplog.text


def test_an_unknown_status_is_as_bad_as_probation_and_is_logged(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    aws.state.account.enforcement = "UNDER_WATER" + "!" * 500

    assert published(aws)["EnforcementLevel"] == (1.0, "None")
    (record,) = [record for record in caplog.records if record.getMessage() == "unknown enforcement status"]
    assert (record.levelno, len(record.__dict__["status"])) == (logging.WARNING, 50)


@given(most=st.floats(-1, 1e12), sent=st.floats(0, 1e12))
def test_the_share_of_the_quota_is_a_fraction(most: float, sent: float) -> None:
    assert 0 <= quota_used(most, sent) <= 1


@pytest.mark.parametrize("namespace", ["", "  "])
def test_without_a_namespace_nothing_is_called(aws: World, namespace: str) -> None:
    with (
        mock.patch.dict(os.environ, {"HEALTH_NAMESPACE": namespace}),
        pytest.raises(ValueError, match="HEALTH_NAMESPACE must be the namespace of the metrics"),
    ):
        aws.invoke(HANDLER, schedule_event())
    assert not aws.aws.calls


def test_an_answer_that_lacks_a_part_fails_and_publishes_nothing(aws: World) -> None:
    class Lacking(type(aws.aws.services["sesv2"])):  # type: ignore[misc]
        def get_account(self) -> dict[str, object]:
            return {name: value for name, value in super().get_account().items() if name != "SendQuota"}

    aws.aws.services["sesv2"] = Lacking(aws.state)

    with pytest.raises(KeyError, match="SendQuota"):
        aws.invoke(HANDLER, schedule_event())
    assert not aws.cloudwatch.calls


def test_no_detail_of_the_account_is_logged(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    website, use_case, address, case = PRIVATE
    aws.state.account.details = {
        "MailType": "MARKETING",
        "WebsiteURL": website,
        "UseCaseDescription": use_case,
        "AdditionalContactEmailAddresses": [address],
        "ReviewDetails": {"Status": "PENDING", "CaseId": case},
    }
    published(aws)

    logged = repr([record.__dict__ for record in caplog.records])
    assert "account health published" in logged
    assert not [text for text in PRIVATE if text in logged]


@pytest.mark.parametrize("trouble", [trouble for trouble in Trouble if trouble is not Trouble.DENIED])
@pytest.mark.parametrize("call", [LOOK, PUBLISH])
def test_trouble_that_passes_changes_no_value(aws: World, call: str, trouble: Trouble) -> None:
    before = copy.deepcopy(aws.state)
    aws.aws.faults.append(Fault(trouble, call, times=2))

    aws.invoke(HANDLER, schedule_event())

    assert aws.state == before
    # A time-out after the effect publishes again, and the same.
    times = 3 if (call, trouble) == (PUBLISH, Trouble.TIMED_OUT_AFTER) else 1
    assert len(aws.cloudwatch.calls) == times
    assert all(made == aws.cloudwatch.calls[0] for made in aws.cloudwatch.calls)


@pytest.mark.parametrize("trouble", Trouble)
@pytest.mark.parametrize("call", [LOOK, PUBLISH])
def test_trouble_that_stays_fails_the_run(aws: World, call: str, trouble: Trouble) -> None:
    aws.aws.faults.append(Fault(trouble, call, times=FOREVER))

    with pytest.raises((ClientError, BotoCoreError)):
        aws.invoke(HANDLER, schedule_event())
