"""Every alarm of BounceMonitoring, proven by days in the life of a sender: when it fires, and when it does not."""

import pytest
from aws_cdk import Duration

from ses_constructs import DeliveryThresholds, PauseSending, ReputationThresholds
from tests.alarms.cloudwatch import MORE_PERIODS
from tests.alarms.conftest import Monitored
from tests.alarms.sender import DAY, RATE_EVERY, Mail, Sender

HOUR = 60
RATES = [
    f"{group}{kind}Rate{severity}"
    for group in ("BouncesAlarms", "BouncesAccountAlarms")
    for kind in ("Bounce", "Complaint")
    for severity in ("Warning", "Critical")
]


def fired(sender: Sender) -> dict[str, list[int]]:
    """The minutes at which each alarm went to ALARM, by the alarm's name without CDK's hash."""
    found: dict[str, list[int]] = {}
    for change in sender.cloudwatch.changes:
        if change.state == "ALARM":
            found.setdefault(change.alarm[:-8], []).append(change.minute)
    # In ALARM while there is too little to judge by: conditions of the pause, of which nobody is told.
    return {name: minutes for name, minutes in found.items() if not name.endswith("TooFew")}


def told(sender: Sender) -> list[tuple[int, str, str]]:
    """What reached the team: minute, alarm and state."""
    return [
        (change.minute, change.alarm[:-8], change.state)
        for change in sender.cloudwatch.changes
        if any("EmailTeam" in action for action in change.actions)
    ]


def every(minutes: int, count: int = 1, *, at: int) -> int:
    """*count* in one minute out of so many."""
    return count if at % minutes == 0 else 0


def healthy(minute: int) -> Mail:
    """7 messages a minute, 1 % bounces, 1 complaint in 5,000."""
    return Mail(sends=7, bounces=every(15, at=minute + 7), complaints=every(720, at=minute + 360))


def test_a_healthy_day_is_quiet(monitored: Monitored) -> None:
    sender = monitored.day(healthy, minutes=2 * DAY, delivery_thresholds=DeliveryThresholds(silence=Duration.hours(1)))

    assert fired(sender) == {}
    assert [state for _, _, state in told(sender)] == ["OK"] * len(told(sender))
    assert sender.paused_at == []


def test_a_slow_burn_warns_first_then_is_critical_and_pauses_at_once(monitored: Monitored) -> None:
    def worse_each_hour(minute: int) -> Mail:
        return Mail(sends=100, bounces=minute // HOUR)

    sender = monitored.day(worse_each_hour, minutes=DAY)

    alarms = fired(sender)
    # So many bounces that the average of the day crosses 2 % in the fifth hour, and 5 % in the eleventh.
    (warned,), (critical,) = alarms["BouncesAlarmsBounceRateWarning"], alarms["BouncesAlarmsBounceRateCritical"]
    assert 4 * HOUR < warned <= 5 * HOUR + RATE_EVERY
    assert 10 * HOUR < critical <= 11 * HOUR + RATE_EVERY
    assert alarms["BouncesAlarmsBounceRateCriticalPause"] == sender.paused_at == [critical]
    assert alarms["BouncesAccountAlarmsBounceRateCritical"] == [critical]
    assert alarms["BouncesReputationAtRisk"] == [critical]
    assert not [name for name in alarms if "Complaint" in name]


def test_a_spike_is_critical_within_a_quarter_of_an_hour(monitored: Monitored) -> None:
    noon = 12 * HOUR

    def bad_campaign(minute: int) -> Mail:
        return Mail(sends=1000, bounces=300) if minute >= noon else healthy(minute)

    sender = monitored.day(bad_campaign, minutes=14 * HOUR)

    (critical,) = fired(sender)["BouncesAlarmsBounceRateCritical"]
    assert noon < critical <= noon + RATE_EVERY
    assert sender.paused_at == [critical]
    assert sender.cloudwatch.states[_id(sender, "BouncesAlarmsBounceRateCritical")] == "ALARM"


def test_complaints_pause_as_bounces_do(monitored: Monitored) -> None:
    sender = monitored.day(lambda minute: Mail(sends=100, complaints=every(5, at=minute)), minutes=HOUR)

    # The rate is critical after a quarter of an hour, and the fifth complaint comes at minute 20.
    assert sender.paused_at == fired(sender)["BouncesAlarmsComplaintRateCriticalPause"] == [21]
    assert "BouncesAlarmsBounceRateWarning" not in fired(sender)


def test_one_complaint_is_critical_for_a_small_sender_and_pauses_nothing(monitored: Monitored) -> None:
    """1 in 200 is five times AWS's line, and no reason to stop production."""
    sender = monitored.day(
        lambda minute: Mail(sends=every(3, at=minute), complaints=int(minute == 10 * HOUR)), minutes=DAY
    )

    assert fired(sender)["BouncesAlarmsComplaintRateCritical"] == [10 * HOUR + RATE_EVERY]
    assert sender.paused_at == []


def test_one_bounce_out_of_three_tells_people_and_pauses_nothing(monitored: Monitored) -> None:
    def three_messages(minute: int) -> Mail:
        return {10: Mail(sends=2), 20: Mail(sends=1, bounces=1)}.get(minute, Mail())

    sender = monitored.day(three_messages, minutes=DAY)

    assert fired(sender)["BouncesAlarmsBounceRateCritical"] == [30]
    assert (30, "BouncesAlarmsBounceRateCritical", "ALARM") in told(sender)
    assert sender.paused_at == []


def test_the_pause_comes_when_the_volume_does(monitored: Monitored) -> None:
    """The rate is critical from the start and fires once; the hundredth message makes the difference."""
    sender = monitored.day(lambda minute: Mail(sends=1, bounces=every(5, at=minute)), minutes=3 * HOUR)

    assert fired(sender)["BouncesAlarmsBounceRateCritical"] == [RATE_EVERY]
    assert sender.paused_at == [100]


def test_another_volume_can_be_asked_for(monitored: Monitored) -> None:
    sender = monitored.day(
        lambda minute: Mail(sends=1, bounces=every(5, at=minute)),
        minutes=3 * HOUR,
        reactions=[PauseSending(minimum_sends=150)],
    )

    assert sender.paused_at == [150]


def test_who_resumes_while_the_rate_is_critical_is_not_overruled(monitored: Monitored) -> None:
    sender = monitored.day(lambda _: Mail(sends=100, bounces=10), minutes=6 * HOUR, resumes_at=(2 * HOUR,))

    assert sender.paused_at == [RATE_EVERY]
    assert not sender.paused


def test_who_cleans_the_list_and_resumes_days_later_stays_resumed(monitored: Monitored) -> None:
    """SES remembers the bounces for longer than the alarms do, so the rate is critical all the time."""
    resumed = 2 * DAY

    def cleaned(minute: int) -> Mail:
        return Mail(sends=10, bounces=0 if minute >= resumed else 3)

    sender = monitored.day(cleaned, minutes=resumed + 40, resumes_at=(resumed,), remembers=10 * DAY)

    assert sender.cloudwatch.states[_id(sender, "BouncesAlarmsBounceRateCritical")] == "ALARM"
    assert sender.paused_at == [RATE_EVERY]


def test_who_resumes_days_later_with_the_same_list_is_paused_again(monitored: Monitored) -> None:
    """After a day the mail of before no longer counts, and the new bounces are reason enough."""
    resumed = 2 * DAY

    sender = monitored.day(lambda _: Mail(sends=10, bounces=3), minutes=3 * DAY, resumes_at=(resumed,))

    assert sender.paused_at == [RATE_EVERY, resumed + 10]


def test_a_second_problem_after_a_good_spell_pauses_again(monitored: Monitored) -> None:
    # A full day of good mail brings the rate down to 2 % and less; then it goes wrong once more.
    def relapse(minute: int) -> Mail:
        return Mail(sends=100) if HOUR <= minute < 30 * HOUR else Mail(sends=100, bounces=20)

    sender = monitored.day(relapse, minutes=60 * HOUR, resumes_at=(HOUR,))

    first, second = sender.paused_at
    assert first == RATE_EVERY
    assert second > 30 * HOUR
    assert [state for _, name, state in told(sender) if name == "BouncesAlarmsBounceRateCritical"] == [
        "ALARM",
        "OK",
        "ALARM",
    ]


def test_silence_fires_after_the_time_that_was_named_and_rates_stay_as_they_are(monitored: Monitored) -> None:
    last = 10 * HOUR

    def stops(minute: int) -> Mail:
        return Mail(sends=10, bounces=every(3, at=minute)) if minute < last else Mail()

    sender = monitored.day(
        stops, minutes=DAY, delivery_thresholds=DeliveryThresholds(silence=Duration.hours(2)), reactions=[]
    )

    # CloudWatch looks back a little further than the time that was named.
    assert fired(sender)["BouncesAlarmsSilence"] == [last + 2 * HOUR + MORE_PERIODS * 10]
    # 3 % bounces: the warning was on when the mail stopped, and nothing has happened since that would end it.
    assert sender.cloudwatch.states[_id(sender, "BouncesAlarmsBounceRateWarning")] == "ALARM"


def test_mail_that_is_counted_late_is_no_silence(monitored: Monitored) -> None:
    """Every mail is counted just before the two hours are over, and ten minutes after it was sent."""
    sender = monitored.day(
        lambda minute: Mail(sends=every(115, at=minute)),
        minutes=2 * DAY,
        late=10,
        delivery_thresholds=DeliveryThresholds(silence=Duration.hours(2)),
        reactions=[],
    )

    assert fired(sender).get("BouncesAlarmsSilence", [])[1:] == []  # the first one is before anything was counted


@pytest.mark.parametrize("minutes", [1, 7, 25, 61, 119, DAY])
def test_silence_of_any_length_is_told_soon_after_it_and_not_before(monitored: Monitored, minutes: int) -> None:
    last = 2 * HOUR

    sender = monitored.day(
        lambda minute: Mail(sends=int(minute < last)),
        minutes=last + 2 * minutes + MORE_PERIODS + 1,
        delivery_thresholds=DeliveryThresholds(silence=Duration.minutes(minutes)),
        reactions=[],
    )

    (told_at,) = fired(sender)["BouncesAlarmsSilence"]
    assert last + minutes <= told_at <= last + 1.35 * minutes + MORE_PERIODS


def test_one_virus_in_an_hour_is_an_alarm_and_its_end_is_told(monitored: Monitored) -> None:
    sender = monitored.day(lambda minute: Mail(sends=5, rejects=int(minute == 100)), minutes=4 * HOUR)

    assert fired(sender) == {"BouncesAlarmsRejects": [101]}
    assert (100 + HOUR + 1, "BouncesAlarmsRejects", "OK") in told(sender)


def test_a_hundred_delays_in_an_hour_are_an_alarm_and_ninety_nine_are_not(monitored: Monitored) -> None:
    def storm(minute: int) -> Mail:
        return Mail(sends=50, delays={60: 99, 300: 60, 359: 40}.get(minute, 0))

    sender = monitored.day(storm, minutes=DAY)

    assert fired(sender) == {"BouncesAlarmsDeliveryDelays": [360]}


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [(ReputationThresholds.aws_review(), set()), (ReputationThresholds.strict(), {"Warning"})],
)
def test_strict_thresholds_warn_where_the_others_are_quiet(
    monitored: Monitored, thresholds: ReputationThresholds, expected: set[str]
) -> None:
    sender = monitored.day(
        lambda _: Mail(sends=200, bounces=3), minutes=HOUR, thresholds=thresholds, watch_account=False, reactions=[]
    )

    assert {name.removeprefix("BouncesAlarmsBounceRate") for name in fired(sender)} == expected


def test_every_alarm_on_a_rate_has_been_seen_to_fire(monitored: Monitored) -> None:
    sender = monitored.day(lambda _: Mail(sends=1000, bounces=100, complaints=5), minutes=HOUR)

    assert set(RATES) <= set(fired(sender))


def _id(sender: Sender, name: str) -> str:
    (logical_id,) = (key for key in sender.cloudwatch.states if key[:-8] == name)
    return logical_id
