"""Somebody's account: the local AWS with things in it that a run must not touch."""

import sys
from dataclasses import dataclass
from io import StringIO

import pytest

from live.before import active_rule_set
from local_aws.aws import LocalAws
from local_aws.read_back import left_overs
from tests.running_aws.zones import Zone

THEIRS = "somebody-elses"


@dataclass(frozen=True, slots=True)
class Somebody:
    """An account with a hosted zone, an active rule set, an identity and records; ours are to be below `live.`."""

    aws: LocalAws
    zone: Zone

    @property
    def domain(self) -> str:
        return f"live.{self.zone.domain}"

    def everything(self) -> list[str]:
        """What is there, all kinds of things that a run makes among them."""
        found = left_overs(self.aws, self.zone.domain, self.zone.hosted_zone_id)
        # The local AWS brings a log back for the last words of a function; on AWS no function may make one.
        found = [each for each in found if not each.startswith("log group")]
        return [*found, f"active: {active_rule_set(self.aws)}"]

    def arguments(self, **changes: str) -> list[str]:
        options = {"domain": self.domain, "hosted-zone-id": self.zone.hosted_zone_id, "region": self.aws.region}
        return [part for name, value in (options | changes).items() for part in (f"--{name}", value)]


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(text))
