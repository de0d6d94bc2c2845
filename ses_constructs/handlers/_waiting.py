"""How a handler holds the deployment: it polls SES until nothing is missing, or until a deadline.

Give the function a time-out of 15 minutes, Lambda's longest. Before that ends, it invokes itself with the same event
and leaves without an answer; so the wait may last until a deadline that is set once and travels with the event. Lambda
may run the same event twice; both then poll and answer, and CloudFormation takes the first answer.

Property: ``TimeoutSeconds``, 1 to 3300.

Permission: ``lambda:InvokeFunction`` on the function itself.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import boto3

from ._aws import RETRY_LONG, is_denied, is_transient
from ._custom_resource import Continued, Properties, RefusedError
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

# SES answers one control request a second in the whole account, and other identities may be waiting too.
INTERVAL_SECONDS = 15
SLOWEST_INTERVAL_SECONDS = 60
# Room for one slow poll, a slow hand-over and the retries of the answer.
MARGIN_SECONDS = 210
# CloudFormation itself waits for an hour.
LONGEST_WAIT_SECONDS = 3300
# Lambda takes a function that calls itself 16 times for a runaway and stops it without a word. With the full 15 minutes
# we need five.
MOST_HAND_OVERS = 12
# SES stops looking once a part has FAILED, but just after a change it may still show the status from before.
FAILED_IN_A_ROW = 3
NOTE = "SesConstructsWait"


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that SES has not confirmed yet."""

    part: str
    status: str
    error: str = ""

    def __str__(self) -> str:
        return f"{self.part} is {self.status}" + (f" ({self.error})" if self.error else "")


class Watched(Protocol):
    """What is waited for, and what the person who deploys reads if it does not come."""

    @property
    def name(self) -> str: ...

    def missing(self) -> tuple[Pending, ...]:
        """Ask SES once what is missing; the wait ends when nothing is."""
        ...

    def given_up(self, missing: tuple[Pending, ...]) -> bool:
        """Tell whether SES has stopped looking, so that waiting is of no use."""
        ...

    def too_late(self, parts: str, within: str) -> str:
        """Say that the time is up and *parts* are missing."""
        ...

    def hopeless(self, parts: str) -> str:
        """Say that SES has given up on *parts*."""
        ...


@dataclass(frozen=True, slots=True)
class Deadline:
    """When a wait ends, and how often it was handed over."""

    timeout: int
    ends: float
    hand_overs: int

    @classmethod
    def of(cls, properties: Properties, note: object, now: float) -> Self:
        timeout = properties.text("TimeoutSeconds")
        if not (timeout.isascii() and timeout.isdecimal()) or not 1 <= int(timeout) <= LONGEST_WAIT_SECONDS:
            raise RefusedError(
                f"property TimeoutSeconds must be 1 to {LONGEST_WAIT_SECONDS} whole seconds, got {timeout!r}"
            )
        ends, hand_overs = now + int(timeout), 0
        if isinstance(note, Mapping):
            # Never later than a fresh start would allow, whatever the note says.
            ends, hand_overs = min(ends, float(note["Deadline"])), int(note["HandOvers"])
        return cls(int(timeout), ends, hand_overs)

    def note(self) -> dict[str, float]:
        return {"Deadline": self.ends, "HandOvers": self.hand_overs + 1}

    def __str__(self) -> str:
        return f"{self.timeout / 60:.0f} minutes" if self.timeout >= 90 else f"{self.timeout} seconds"


def wait_for(watched: Watched, properties: Properties, event: Mapping[str, Any], context: Context) -> Continued | None:
    """Poll until nothing is missing, or hand *event* over to another invocation, which then answers."""
    deadline = Deadline.of(properties, event.get(NOTE), time.time())
    missing: tuple[Pending, ...] = ()
    trouble, lost, failed = "", 0, 0
    while True:
        try:
            missing = watched.missing()
        except Exception as error:
            # A denial may pass too: IAM applies what CloudFormation has just attached some seconds later.
            if not is_transient(error) and not is_denied(error):
                raise
            trouble, lost = str(error), lost + 1
        else:
            if not missing:
                return None
            trouble, lost, failed = "", 0, failed + 1 if watched.given_up(missing) else 0
            if failed == FAILED_IN_A_ROW:
                raise RefusedError(watched.hopeless(", ".join(map(str, missing))))
        left = deadline.ends - time.time()
        if left <= 0:
            parts = ", ".join(map(str, missing)) or "SES never answered"
            last = f" (the last question to SES failed: {trouble})" if trouble else ""
            raise RefusedError(watched.too_late(parts + last, str(deadline)))
        pause = min(INTERVAL_SECONDS * 2**lost, SLOWEST_INTERVAL_SECONDS, left)
        if context.get_remaining_time_in_millis() / 1000 - pause < MARGIN_SECONDS:
            return _hand_over(watched, deadline, event, context)
        time.sleep(pause)


def _hand_over(watched: Watched, deadline: Deadline, event: Mapping[str, Any], context: Context) -> Continued:
    if deadline.hand_overs >= MOST_HAND_OVERS:
        raise RefusedError(
            f"waiting for {watched.name} took more than {MOST_HAND_OVERS} invocations; "
            "give the function that waits a time-out of 15 minutes"
        )
    functions: LambdaClient = boto3.client("lambda", config=RETRY_LONG)
    # A hand-over whose answer is lost is tried again and may start two successors, which the module allows for.
    functions.invoke(
        FunctionName=context.invoked_function_arn,
        InvocationType="Event",
        Payload=json.dumps({**event, NOTE: deadline.note()}).encode(),
    )
    return Continued()
