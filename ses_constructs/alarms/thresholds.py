"""When an alarm about sent mail, or about the account that sends it, fires."""

from dataclasses import dataclass, fields

from aws_cdk import Duration

from ..common.arguments import check_count, invalid, is_number
from ..common.checks import check_known_seconds

# https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html
BOUNCE_REVIEW, BOUNCE_PAUSE = 0.05, 0.10
COMPLAINT_REVIEW, COMPLAINT_PAUSE = 0.001, 0.005

_DAY = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class ReputationThresholds:
    """Rates at which the alarms on bounces and complaints fire, as fractions: 0.05 is 5 %.

    The rates are SES's own, ``Reputation.BounceRate`` and ``Reputation.ComplaintRate``. The highest one of 15 minutes
    counts (Maximum), so that a spike is seen at once; a rate has no sum. SES writes none while nothing is sent, and an
    alarm then stays as it is, as AWS recommends
    (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboard-cloudwatch-alarm.html).

    AWS puts a sender under review at 5 % bounces or 0.1 % complaints, and may pause the account at 10 % or 0.5 %
    (https://docs.aws.amazon.com/ses/latest/dg/reputationdashboardmessages.html).

    Args:
        bounce_warning: The bounce rate that warns, below ``bounce_critical``.
        bounce_critical: The bounce rate at which reactions may pause sending, up to 0.10.
        complaint_warning: The complaint rate that warns, below ``complaint_critical``.
        complaint_critical: The complaint rate at which reactions may pause sending, up to 0.005.

    Raises:
        ValueError: A rate that is no fraction, a warning that is not below critical, or a critical rate above the one
            at which AWS may pause the account.
    """

    bounce_warning: float
    bounce_critical: float
    complaint_warning: float
    complaint_critical: float

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if not is_number(rate) or not 0 < rate < 1:
                raise invalid(field.name, "be a fraction between 0 and 1", rate, "write 5 % as 0.05")
        for kind, pause, example in (
            ("bounce", BOUNCE_PAUSE, "5 % as 0.05"),
            ("complaint", COMPLAINT_PAUSE, "0.1 % as 0.001"),
        ):
            warning, critical = getattr(self, f"{kind}_warning"), getattr(self, f"{kind}_critical")
            if critical > pause:
                raise invalid(
                    f"{kind}_critical",
                    f"be at most {pause}, where AWS may pause the account",
                    critical,
                    f"write {example}",
                )
            if warning >= critical:
                raise invalid(
                    f"{kind}_warning", f"be below {kind}_critical, {critical}", warning, "warn before it is critical"
                )

    @classmethod
    def aws_review(cls) -> "ReputationThresholds":
        """Critical where AWS begins a review (5 % and 0.1 %), a warning at 2 % and 0.05 %.

        Below 2 % AWS calls a bounce rate healthy; half of its line for complaints leaves time to act.
        """
        return cls(
            bounce_warning=0.02,
            bounce_critical=BOUNCE_REVIEW,
            complaint_warning=COMPLAINT_REVIEW / 2,
            complaint_critical=COMPLAINT_REVIEW,
        )

    @classmethod
    def strict(cls) -> "ReputationThresholds":
        """Half of ``aws_review``: for a new sender, or one that AWS has written to before."""
        return cls(
            bounce_warning=0.01,
            bounce_critical=BOUNCE_REVIEW / 2,
            complaint_warning=COMPLAINT_REVIEW / 4,
            complaint_critical=COMPLAINT_REVIEW / 2,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryThresholds:
    """Counts of messages at which alarms fire; None leaves an alarm out.

    Args:
        rejects: Messages in an hour that SES refused for a virus.
        delays: Messages in an hour that the recipients' servers put off.
        silence: How long nothing at all is sent, whole minutes from 1 minute to 24 hours; no alarm unless given,
            because only you know how often you send. It fires some twelfths of that time later, so that mail which SES
            counts late is no silence.

    Raises:
        ValueError: Numbers below 1, and a time out of range or known to CloudFormation only.
    """

    rejects: int | None = 1
    delays: int | None = 100
    silence: Duration | None = None

    def __post_init__(self) -> None:
        for name in ("rejects", "delays"):
            if (value := getattr(self, name)) is not None:
                check_count(name, value, of="messages", fix="pass None for no alarm")
        if self.silence is None:
            return
        seconds = check_known_seconds("silence", self.silence, "pass a Duration, such as Duration.hours(2)")
        if not 60 <= seconds <= _DAY or seconds % 60:
            raise invalid(
                "silence",
                "be whole minutes, from 1 minute to 24 hours, as a CloudWatch alarm looks back no further",
                self.silence.to_human_string(),
                "pass a time such as Duration.hours(2)",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountThresholds:
    """When the alarms on the account's limits fire.

    Args:
        quota_warning: The share of the 24-hour quota that is used, as a fraction: 0.8 is 80 %.
        needed_rate: The messages a second that you rely on; the alarm fires when SES allows fewer. No alarm unless
            given.

    Raises:
        ValueError: A share that is not above 0 and up to 1, or a rate that is not above 0.
    """

    quota_warning: float = 0.8
    needed_rate: float | None = None

    def __post_init__(self) -> None:
        if not is_number(self.quota_warning) or not 0 < self.quota_warning <= 1:
            raise invalid("quota_warning", "be a fraction above 0 and up to 1", self.quota_warning, "write 80 % as 0.8")
        if self.needed_rate is not None and (not is_number(self.needed_rate) or self.needed_rate <= 0):
            raise invalid("needed_rate", "be above 0 messages a second", self.needed_rate, "leave it out for no alarm")
