"""Record sets: what the template wants, and what stands in the zone, cut into the parts that have one owner each."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .._custom_resource import RefusedError
from .spelling import kind_of, meaning, stored_name

Key = tuple[str, str]
Standing = Mapping[str, Any]
"""A record set as Route 53 lists it."""


class Slot(NamedTuple):
    """What one owner has: a record set, or of a TXT record set, which many may share, what is there for one purpose.

    A text without such a purpose is a slot of its own, named by its fingerprint.
    """

    name: str
    type: str
    purpose: str = ""

    @property
    def key(self) -> Key:
        return self.name, self.type

    def __str__(self) -> str:
        purpose = f"{self.purpose} " if self.purpose and not self.purpose.startswith("#") else ""
        return f"the {purpose}{self.type} record {self.name.replace(chr(92) + '052', '*')}"


@dataclass(frozen=True, slots=True)
class Content:
    """What stands in a slot: values as they are written, and what they say."""

    values: tuple[str, ...]
    says: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        return _digest("\n".join(self.says))

    def __str__(self) -> str:
        shown = ", ".join(self.values)
        return shown if len(shown) <= 300 else f"{shown[:297]}..."


@dataclass(frozen=True, slots=True)
class RecordSet:
    """One record set that the template wants."""

    name: str
    type: str
    ttl: int
    values: tuple[str, ...]

    @property
    def key(self) -> Key:
        return self.name, self.type

    @classmethod
    def of(cls, properties: object) -> "RecordSet":
        match properties:
            case {"Name": str(name), "Type": str(record_type), "TTL": ttl, "Values": [_, *_] as values} if (
                name and str(ttl).isdecimal()
            ):
                return cls(stored_name(name), record_type, int(ttl), tuple(map(str, values)))
        raise RefusedError(
            f"property Records must hold record sets with Name, Type, TTL and Values, got {str(properties)[:200]!r}"
        )

    def slots(self) -> dict[Slot, Content]:
        return {slot: contents[0] for slot, contents in slots_of(self.name, self.type, self.values).items()}


def slots_of(name: str, record_type: str, values: Sequence[str]) -> dict[Slot, list[Content]]:
    """Cut the values of a record set into slots; two contents in one slot are one too many."""
    if record_type != "TXT":
        says = tuple(sorted({meaning(record_type, value) for value in values}))
        return {Slot(name, record_type): [Content(tuple(values), says)]}
    found: dict[Slot, list[Content]] = {}
    for value in values:
        text = meaning(record_type, value)
        slot = Slot(name, record_type, kind_of(name, text) or f"#{_digest(text)}")
        found.setdefault(slot, []).append(Content((value,), (text,)))
    return found


def is_simple(standing: Standing) -> bool:
    """Whether a record set is a plain one: no alias, and none of several that Route 53 chooses from."""
    return (
        "AliasTarget" not in standing and "SetIdentifier" not in standing and "TrafficPolicyInstanceId" not in standing
    )


def key_of(standing: Standing) -> Key:
    return stored_name(standing["Name"]), standing["Type"]


def values_of(standing: Standing) -> list[str]:
    return [each["Value"] for each in standing.get("ResourceRecords", [])]


def by_key(standing: Iterable[Standing]) -> dict[Key, list[Standing]]:
    found: dict[Key, list[Standing]] = {}
    for each in standing:
        found.setdefault(key_of(each), []).append(each)
    return found


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:20]
