"""The register at the root of an app: who has what SES or the DNS has once, and whether two owners can meet.

What only CloudFormation knows is never compared: the account and region of a stack may be anywhere, and whoever enters
a name here leaves tokens out.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any
from weakref import WeakKeyDictionary

from aws_cdk import Stack, Stage
from constructs import Construct, IConstruct

from .arguments import contains_token, invalid
from .checks import regions_differ, warn
from .once import outermost


class Meeting(Enum):
    """Whether an owner is in the account and region of a stack."""

    CERTAIN = auto()
    """In the same stack, or in the same known account and region."""
    POSSIBLE = auto()
    """In a place that only CloudFormation knows, or in another stage, which may be an alternative."""
    NEVER = auto()
    """In another account or region."""


@dataclass(frozen=True, slots=True)
class _Place:
    root: IConstruct
    stage: str
    stack: str
    environment: tuple[str, str]
    """Account and region."""
    url_suffix: str

    def meets(self, other: "_Place") -> Meeting:
        if self.stack == other.stack:
            return Meeting.CERTAIN
        if any(map(regions_differ, self.environment, other.environment)):
            return Meeting.NEVER
        is_known = self.environment == other.environment and not contains_token("".join(self.environment))
        return Meeting.CERTAIN if is_known and self.stage == other.stage else Meeting.POSSIBLE


@dataclass(frozen=True, slots=True)
class Entry:
    """Who has something, as seen from a stack."""

    owner: Construct
    detail: Any
    meeting: Meeting
    is_in_stage: bool
    """Whether the owner is in the same stage, so that both are deployed."""


# Asked once for a stack, as each answer is a call to Node.
_PLACES: WeakKeyDictionary[Stack, _Place] = WeakKeyDictionary()
_ENTRIES: WeakKeyDictionary[IConstruct, dict[Hashable, list[tuple[_Place, Construct, object]]]] = WeakKeyDictionary()


def enter(stack: Stack, thing: Hashable, owner: Construct, detail: object = None) -> None:
    """Note that *owner*, which is in *stack*, has *thing*; others may have it too."""
    here = _place(stack)
    _ENTRIES.setdefault(here.root, {}).setdefault(thing, []).append((here, owner, detail))


def entries(stack: Stack, thing: Hashable) -> Iterator[Entry]:
    """Who has *thing* so far in the app of *stack*, as seen from there."""
    here = _place(stack)
    for there, owner, detail in _ENTRIES.get(here.root, {}).get(thing, ()):
        yield Entry(owner, detail, here.meets(there), here.stage == there.stage)


def enter_alone(stack: Stack, thing: Hashable, owner: Construct, *, what: str, got: object, fix: str) -> None:
    """Note that *owner* alone has *thing* in its account and region; a message calls it *what*.

    Raises ``ValueError`` for a second one there; warns about one that may be there.
    """
    earlier, is_certain = owner_that_may_meet(stack, thing)
    if earlier is not None:
        error = invalid(what, f"have one owner, and {earlier.node.path!r} has it", got, fix)
        refuse_or_warn(owner, error, is_certain=is_certain)
    enter(stack, thing, owner)


def owner_that_may_meet(stack: Stack, thing: Hashable) -> tuple[Construct | None, bool]:
    """The first who has *thing* where *stack* may be too, and whether that is certain."""
    found = [each for each in entries(stack, thing) if each.meeting is not Meeting.NEVER]
    first = min(found, key=lambda each: each.meeting is not Meeting.CERTAIN, default=None)
    return (first.owner, first.meeting is Meeting.CERTAIN) if first else (None, False)


def refuse_or_warn(scope: Construct, error: ValueError, *, is_certain: bool) -> None:
    """Raise *error*, or warn with its words where the two owners may never meet."""
    if is_certain:
        raise error
    warn(scope, "two-owners", f"{error}; acknowledge this warning where the two are never deployed to one place")


def _place(stack: Stack) -> _Place:
    known = _PLACES.get(stack)
    if known is None:
        stage, around, node = Stage.of(stack), outermost(stack), stack.node
        known = _PLACES[stack] = _Place(
            root=node.root,
            stage=stage.node.addr if stage else "",
            stack=(node if around is stack else around.node).addr,
            environment=(stack.account, stack.region),
            url_suffix=stack.url_suffix,
        )
    return known


def region_of(stack: Stack) -> str:
    """The region of *stack*, for what is made many times in it."""
    return _place(stack).environment[1]


def url_suffix_of(stack: Stack) -> str:
    """The end of the names of AWS's hosts where *stack* is, for what is made many times in it."""
    return _place(stack).url_suffix
