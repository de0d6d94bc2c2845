"""Metrics of SES for as long as CloudWatch takes."""

import pytest
from aws_cdk import CfnParameter, Duration, Stack

from ses_constructs.common.sending_metrics import ReputationMetrics


@pytest.mark.parametrize("seconds", [1, 5, 10, 30, 60, 86_400])
def test_a_period_is_whole_minutes_or_one_of_the_short_ones(seconds: int) -> None:
    assert ReputationMetrics().metric_sends(period=Duration.seconds(seconds)).period.to_seconds() == seconds


@pytest.mark.parametrize("period", [Duration.seconds(2), Duration.seconds(90)])
def test_another_period_is_refused(period: Duration) -> None:
    with pytest.raises(
        ValueError, match=r"period must be whole minutes, or 1, 5, 10 or 30 seconds, got '.*'; pass a Duration, such as"
    ):
        ReputationMetrics().metric_bounce_rate(period=period)


def test_a_period_is_known_at_synth(stack: Stack) -> None:
    minutes = CfnParameter(stack, "Minutes", type="Number").value_as_number

    with pytest.raises(
        ValueError, match=r"period must be known at synth, got '<token> minutes'; pass a Duration, such"
    ):
        ReputationMetrics().metric_sends(period=Duration.minutes(minutes))
