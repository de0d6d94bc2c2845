"""When alarms on sent mail and on the account fire: the factories, and numbers that cannot be meant."""

import dataclasses
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Stack

from ses_constructs import AccountThresholds, DeliveryThresholds, ReputationThresholds

FINE = {"bounce_warning": 0.01, "bounce_critical": 0.02, "complaint_warning": 0.001, "complaint_critical": 0.002}


def test_aws_review_is_critical_where_aws_reviews_a_sender() -> None:
    assert ReputationThresholds.aws_review() == ReputationThresholds(
        bounce_warning=0.02, bounce_critical=0.05, complaint_warning=0.0005, complaint_critical=0.001
    )


def test_strict_is_half_of_aws_review() -> None:
    assert ReputationThresholds.strict() == ReputationThresholds(
        bounce_warning=0.01, bounce_critical=0.025, complaint_warning=0.00025, complaint_critical=0.0005
    )


@pytest.mark.parametrize("name", FINE)
@pytest.mark.parametrize("rate", [0, 1, 5, -0.1, True, "0.05", None, float("nan"), float("inf")])
def test_a_rate_is_a_fraction(name: str, rate: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be a fraction between 0 and 1, got .*; write 5 % as 0\.05"):
        ReputationThresholds(**{**FINE, name: rate})


@pytest.mark.parametrize("kind", ["bounce", "complaint"])
@pytest.mark.parametrize("warning", [0.004, 0.6])
def test_a_warning_comes_first(kind: str, warning: float) -> None:
    changes = {f"{kind}_warning": warning, f"{kind}_critical": 0.004}

    with pytest.raises(
        ValueError, match=rf"{kind}_warning must be below {kind}_critical, 0\.004, got {warning}; warn before"
    ):
        ReputationThresholds(**{**FINE, **changes})


def test_one_reject_is_enough_and_silence_is_not_watched_unless_asked() -> None:
    assert DeliveryThresholds() == DeliveryThresholds(rejects=1, delays=100, silence=None)


@pytest.mark.parametrize("name", ["rejects", "delays"])
@pytest.mark.parametrize("count", [0, -1, 1.5, True, "1"])
def test_a_count_is_a_number_of_messages(name: str, count: Any) -> None:
    with pytest.raises(ValueError, match=rf"{name} must be a number of messages, 1 or more, got .*; pass None for"):
        DeliveryThresholds(**{name: count})


@pytest.mark.parametrize("silence", [Duration.minutes(1), Duration.minutes(7), Duration.days(1)])
def test_silence_is_whole_minutes_up_to_a_day(silence: Duration) -> None:
    assert DeliveryThresholds(silence=silence).silence is silence


@pytest.mark.parametrize(
    ("silence", "written"),
    [
        (Duration.seconds(59), "59 seconds"),
        (Duration.seconds(90), "1 minute 30 seconds"),
        (Duration.minutes(1441), "1 day 1 minute"),
    ],
)
def test_other_silence_is_refused(silence: Duration, written: str) -> None:
    with pytest.raises(
        ValueError, match=f"silence must be whole minutes, from 1 minute to 24 hours, as .*, got '{written}'; pass a"
    ):
        DeliveryThresholds(silence=silence)


def test_silence_is_known_at_synth(stack: Stack) -> None:
    hours = CfnParameter(stack, "Hours", type="Number").value_as_number

    with pytest.raises(
        ValueError, match=r"silence must be known at synth, got '<token> hours'; pass a Duration, such as"
    ):
        DeliveryThresholds(silence=Duration.hours(hours))


def test_silence_is_no_number() -> None:
    with pytest.raises(ValueError, match=r"silence must be a Duration, got 2; pass a Duration, such as"):
        DeliveryThresholds(silence=2)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"bounce_critical": 0.5}, r"bounce_critical must be at most 0\.1, .*, got 0\.5; write 5 % as 0\.05"),
        # Percent written as if they were fractions of a percent.
        (
            {"complaint_warning": 0.05, "complaint_critical": 0.1},
            r"complaint_critical must be at most 0\.005, .*, got 0\.1; write 0\.1 % as 0\.001",
        ),
    ],
)
def test_critical_is_before_aws_pauses(changes: dict[str, float], message: str) -> None:
    usual = dataclasses.asdict(ReputationThresholds.aws_review())
    with pytest.raises(ValueError, match=message):
        ReputationThresholds(**(usual | changes))


def test_the_quota_warns_at_four_fifths_and_no_rate_is_relied_on_unless_asked() -> None:
    assert AccountThresholds() == AccountThresholds(quota_warning=0.8, needed_rate=None)


@pytest.mark.parametrize("share", [0, -0.1, 1.01, 80, True, "0.8", None, float("nan")])
def test_a_warning_is_a_share_of_the_quota(share: Any) -> None:
    with pytest.raises(
        ValueError, match=r"quota_warning must be a fraction above 0 and up to 1, got .*; write 80 % as 0\.8"
    ):
        AccountThresholds(quota_warning=share)


def test_a_quota_that_is_used_up_may_be_the_warning() -> None:
    assert AccountThresholds(quota_warning=1).quota_warning == 1


@pytest.mark.parametrize("rate", [0, -1, True, "14", float("nan"), float("inf"), Duration.seconds(1)])
def test_a_needed_rate_is_a_number(rate: Any) -> None:
    with pytest.raises(ValueError, match=r"needed_rate must be above 0 messages a second, got .*; leave it out for no"):
        AccountThresholds(needed_rate=rate)
