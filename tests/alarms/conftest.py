"""A monitored sender, and the CloudWatch that its alarms are evaluated in."""

from typing import Any

import pytest
from aws_cdk import Stack

from ses_constructs import BounceMonitoring, EmailTeam, PauseSending
from tests.alarms.cloudwatch import CloudWatch
from tests.alarms.sender import DAY, Script, Sender
from tests.constructs.templates import template


class Monitored:
    """A stack with BounceMonitoring, and the days of its sender."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def day(
        self,
        script: Script,
        *,
        minutes: int,
        resumes_at: tuple[int, ...] = (),
        remembers: int = DAY,
        late: int = 0,
        **changes: Any,
    ) -> Sender:
        """Live through *script*."""
        options = {"reactions": [EmailTeam("ops@example.net"), PauseSending()], **changes}
        BounceMonitoring(self._stack, "Bounces", **options)
        resources = template(self._stack)["Resources"]
        (name,) = (key for key, each in resources.items() if each["Type"] == "AWS::SES::ConfigurationSet")
        functions = [
            key
            for key, each in resources.items()
            if each["Type"] == "AWS::Lambda::Function" and each["Properties"]["Handler"].startswith("handlers.pause")
        ]
        sender = Sender(
            CloudWatch(resources),
            f"<{name}>",
            script,
            function=next(iter(functions), ""),
            resumes_at=resumes_at,
            remembers=remembers,
            late=late,
        )
        sender.live(minutes)
        return sender


@pytest.fixture
def monitored(stack: Stack) -> Monitored:
    return Monitored(stack)
