"""What may be there only once: in a stack, in an app for an account and region, for a topic."""

from collections.abc import Hashable
from weakref import WeakKeyDictionary

from constructs import IConstruct

_OWNERS: WeakKeyDictionary[IConstruct, dict[Hashable, str]] = WeakKeyDictionary()


def earlier_owner(within: IConstruct, thing: Hashable, owner: str) -> str | None:
    """Return who has *thing* within *within* already; None if nobody has, and from then on *owner* does."""
    owners = _OWNERS.setdefault(within, {})
    if thing in owners:
        return owners[thing]
    owners[thing] = owner
    return None
