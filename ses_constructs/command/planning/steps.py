"""One thing and what a deployment would do to it, as data: the same for the screen and for ``--json``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

PlanVerdict = Literal["stays", "made", "adopted", "changes", "goes", "refused", "unknown"]
"""Nothing; it comes; it exists and becomes the stack's; another value; it is deleted; the deployment fails; nobody
could look."""

SCHEMA = "ses-constructs.plan/1"


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedStep:
    """What becomes of one thing.

    Args:
        resource: The logical id in the template; of what leaves the stack, that in the deployed one.
        thing: What it is, with its name.
        verdict: What becomes of it.
        says: The reason, or what changes.
        fix: What to do where the deployment would fail.
    """

    resource: str
    thing: str
    verdict: PlanVerdict
    says: str = ""
    fix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class StackPlan:
    """What becomes of everything in one stack.

    Args:
        name: Of the stack.
        region: Where it is deployed.
        exists: Whether it is an update.
        steps: In the order of reading.
    """

    name: str
    region: str
    exists: bool
    steps: Sequence[PlannedStep]


def exit_code(plans: Sequence[StackPlan]) -> int:
    """1 if something would be refused, 2 if nothing would and something could not be looked at, 0 otherwise."""
    verdicts = {step.verdict for plan in plans for step in plan.steps}
    return 1 if "refused" in verdicts else 2 if "unknown" in verdicts else 0


def as_data(plans: Sequence[StackPlan]) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {"schema": SCHEMA, "exit_code": exit_code(plans), "stacks": [asdict(each) for each in plans]}
