"""When sending is impaired."""

from dataclasses import dataclass

from aws_cdk import Duration

from ..common.arguments import check_count, invalid, is_number
from ..common.checks import check_known_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class ImpairmentThresholds:
    """When the alarms on errors and latency fire, by what the senders report of each call of SES.

    An error is a call without an answer, or with one of 500 and above. What SES refuses is none: a pause, a limit, a
    message that it rejects.

    Args:
        failure_share: The share of calls that fail, as a fraction: 0.5 is half of them.
        latency: What nine of ten calls stay below, 1 to 60 seconds; 5 seconds unless given.
        minimum_calls: How many calls there must be in a minute, so that one slow call is no impairment.
        minutes: How many minutes in a row, up to 60.

    Raises:
        ValueError: A share that is not above 0 and up to 1, a latency out of range, and numbers below 1.
    """

    failure_share: float = 0.5
    latency: Duration | None = None
    minimum_calls: int = 10
    minutes: int = 3

    def __post_init__(self) -> None:
        if not is_number(self.failure_share) or not 0 < self.failure_share <= 1:
            raise invalid("failure_share", "be a fraction above 0 and up to 1", self.failure_share, "write 50 % as 0.5")
        check_count("minimum_calls", self.minimum_calls, of="calls", fix="leave it out for 10")
        check_count("minutes", self.minutes, of="minutes", fix="leave it out for 3")
        if self.minutes > 60:
            raise invalid("minutes", "be at most 60", self.minutes, "leave it out for 3")
        if self.latency is not None and not 1 <= self.latency_seconds <= 60:
            raise invalid(
                "latency", "be 1 to 60 seconds", f"{self.latency_seconds} seconds", "pass Duration.seconds(5)"
            )

    @property
    def latency_seconds(self) -> int:
        """The latency in seconds."""
        if self.latency is None:
            return 5
        return check_known_seconds("latency", self.latency, "pass Duration.seconds(5)")
