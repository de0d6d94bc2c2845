"""Runs of a handler side by side, in turns that a test chooses: one run at a time, the next at a call of AWS."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from unittest import mock

from ses_constructs.handlers.rotate_smtp_credentials import RotationError

from .smtp_world import SmtpWorld


class Turns:
    """Hands the turn over whenever a request arrives, to the run that *order* names, and whenever one sleeps or ends.

    Time passes when every run sleeps, and as long as a call takes.
    """

    def __init__(self, smtp: SmtpWorld, order: Iterable[int], *, call_takes: float = 0) -> None:
        self._smtp, self._clock, self._order, self._call_takes = smtp, smtp.world.clock, iter(order), call_takes
        self._changed, self._inside = threading.Condition(), threading.local()
        self.calls = Counter[int]()
        self._turn, self._sleeps_until, self._errors = 0, dict[int, float](), dict[int, BaseException]()

    def run(self, *runs: Callable[[], None]) -> list[str]:
        """Run them to their ends, and give what each failed with; empty if it did not."""
        self._sleeps_until = dict.fromkeys(range(len(runs)), 0.0)
        threads = [threading.Thread(target=self._go, args=numbered) for numbered in enumerate(runs)]
        with (
            mock.patch.object(self._smtp.world.aws, "arrived", self._arrived),
            mock.patch.object(self._clock, "sleep", self._sleep),
            mock.patch("time.sleep", self._sleep),
        ):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for error in self._errors.values():
            if not isinstance(error, RotationError):
                raise error
        return [str(self._errors.get(number, "")) for number in range(len(runs))]

    def _go(self, number: int, run: Callable[[], None]) -> None:
        self._inside.number = number
        with self._changed:
            self._changed.wait_for(lambda: self._turn == number)
        try:
            run()
        except BaseException as error:
            self._errors[number] = error
        with self._changed:
            del self._sleeps_until[number]
            self._hand_over(number)

    def _arrived(self) -> None:
        with self._changed:
            self._clock.now += self._call_takes
            self.calls[self._inside.number] += 1
            self._hand_over(next(self._order, self._turn))
            self._changed.wait_for(lambda: self._turn == self._inside.number)

    def _sleep(self, seconds: float) -> None:
        with self._changed:
            self._sleeps_until[self._inside.number] = self._clock.now + seconds
            self._hand_over(self._inside.number)
            self._changed.wait_for(lambda: self._turn == self._inside.number)

    def _hand_over(self, wanted: int) -> None:
        """Let the *wanted* run go on, or another one if that is over or asleep."""
        if not self._sleeps_until:
            return
        self._clock.now = max(self._clock.now, min(self._sleeps_until.values()))
        awake = [number for number, until in self._sleeps_until.items() if until <= self._clock.now]
        self._turn = wanted if wanted in awake else awake[0]
        self._changed.notify_all()


def after(*counts: int) -> Iterator[int]:
    """Let the first of two runs go as far as the first count says, then the other as far as the next one, and so on."""
    for index, count in enumerate(counts):
        yield from [index % 2] * count
