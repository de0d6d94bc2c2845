"""When an alarm about sent mail fires."""

from dataclasses import dataclass, fields

from aws_cdk import Duration

from ..common.arguments import invalid
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

    Raises ``ValueError`` unless 0 < warning < critical for both, and critical is at most where AWS may pause.
    """

    bounce_warning: float
    bounce_critical: float
    complaint_warning: float
    complaint_critical: float

    def __post_init__(self) -> None:
        for field in fields(self):
            rate = getattr(self, field.name)
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 < rate < 1:
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
        """Half of :meth:`aws_review`: for a new sender, or one that AWS has written to before."""
        return cls(
            bounce_warning=0.01,
            bounce_critical=BOUNCE_REVIEW / 2,
            complaint_warning=COMPLAINT_REVIEW / 4,
            complaint_critical=COMPLAINT_REVIEW / 2,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryThresholds:
    """When the alarms on single messages fire; None leaves one out.

    *rejects*: messages in an hour that SES refused for a virus. One is enough unless given.
    *delays*: messages in an hour that the recipients' servers put off; 100 unless given.
    *silence*: how long nothing at all is sent, 1 minute to 24 hours; no alarm unless given, for only you know how often
    you send.

    Raises ``ValueError`` for anything else.
    """

    rejects: int | None = 1
    delays: int | None = 100
    silence: Duration | None = None

    def __post_init__(self) -> None:
        for name in ("rejects", "delays"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 1):
                raise invalid(name, "be a number of messages, 1 or more", value, "pass None for no alarm")
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
