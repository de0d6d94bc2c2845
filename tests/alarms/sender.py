"""What SES writes to CloudWatch about a sender's day."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.alarms.cloudwatch import CloudWatch, series

DAY = 24 * 60
RATE_EVERY = 15


@dataclass(frozen=True, kw_only=True)
class Mail:
    """What happens in one minute."""

    sends: int = 0
    bounces: int = 0
    complaints: int = 0
    rejects: int = 0
    delays: int = 0


Script = Callable[[int], Mail]


@dataclass
class Sender:
    """Follows a script; counts go out each minute, rates over what SES *remembers* every quarter of an hour with mail.

    A *paused* sender sends nothing. *late* is how many minutes SES takes to write what happened.
    """

    cloudwatch: CloudWatch
    configuration_set: str
    script: Script
    function: str = ""
    paused_at: list[int] = field(default_factory=list)
    resumes_at: tuple[int, ...] = ()
    paused: bool = False
    remembers: int = DAY
    late: int = 0
    _sent: list[Mail] = field(default_factory=list)
    _on_their_way: list[tuple[str, int, float]] = field(default_factory=list)

    def live(self, minutes: int) -> None:
        for minute in range(minutes):
            self.paused = self.paused and minute not in self.resumes_at
            self._send(minute)
            self._write(minute)
            seen = len(self.cloudwatch.changes)
            self.cloudwatch.evaluate(minute + 1)
            for change in self.cloudwatch.changes[seen:]:
                if self.function and any(self.function in action for action in change.actions):
                    self.paused = True
                    self.paused_at.append(change.minute)

    def _send(self, minute: int) -> None:
        mail = Mail() if self.paused else self.script(minute)
        self._sent.append(mail)
        counts = {
            "Send": mail.sends,
            "Bounce": mail.bounces,
            "Complaint": mail.complaints,
            "Reject": mail.rejects,
            "DeliveryDelay": mail.delays,
        }
        for name, count in counts.items():
            if count:
                self._put(name, minute, count)
        if minute % RATE_EVERY == RATE_EVERY - 1 and any(each.sends for each in self._sent[-RATE_EVERY:]):
            for name, rate in self.rates().items():
                self._put(name, minute, rate)

    def rates(self) -> dict[str, float]:
        day = self._sent[-self.remembers :]
        sends = sum(each.sends for each in day)
        return {
            "Reputation.BounceRate": sum(each.bounces for each in day) / sends,
            "Reputation.ComplaintRate": sum(each.complaints for each in day) / sends,
        }

    def _put(self, name: str, minute: int, value: float) -> None:
        self._on_their_way.append((name, minute, value))

    def _write(self, now: int) -> None:
        while self._on_their_way and self._on_their_way[0][1] + self.late <= now:
            name, minute, value = self._on_their_way.pop(0)
            # The only configuration set of the account, so that both have the same numbers.
            for dimensions in ({}, {"ses:configuration-set": self.configuration_set}):
                self.cloudwatch.metrics.put(series("AWS/SES", name, dimensions), minute, value)
