"""What to do with each record: pure, from what is wanted, what stands, and what we have made or adopted before.

Nothing that is not ours is changed or taken away. What is in the way is named, all of it at once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .._custom_resource import RefusedError
from .claims import Claim, Claims
from .record_sets import Content, Key, RecordSet, Slot, Standing, is_simple, key_of, slots_of, values_of
from .spelling import SPF, text_of
from .spf import SpfError, merged

_THEN = "then deploy again (or continue the update roll-back)"

Zone = Mapping[Key, Sequence[Standing]]


@dataclass(frozen=True, slots=True)
class Change:
    """One record set goes, comes, or becomes another; Route 53 refuses it if it does not stand as *old* says."""

    old: Standing | None
    new: RecordSet | None

    @property
    def key(self) -> Key:
        if self.new:
            return self.new.key
        assert self.old
        return key_of(self.old)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to change, and what is ours then."""

    changes: tuple[Change, ...]
    claims: Mapping[Slot, Claim]
    adopts: tuple[Slot, ...] = ()

    def batches(self) -> Iterator[list[Change]]:
        """What comes or changes, in one batch; behind it what only goes.

        A policy of IAM may hold the names of one of the two alone. What makes room for a name goes with what comes.
        """
        written = {change.new.name for change in self.changes if change.new}
        first = [change for change in self.changes if change.key[0] in written]
        last = [change for change in self.changes if change.key[0] not in written]
        yield from filter(None, (first, last))


class _InTheWayError(Exception):
    """One sentence about one slot."""


def decide(wanted: Sequence[RecordSet], zone: Zone, claims: Claims, *, adopts: bool) -> Plan:
    """Plan what makes *zone* hold *wanted*, and nothing of *claims* that is not wanted any more.

    Raises ``RefusedError`` with a sentence for each record that is in the way.
    """
    by_key = {each.key: each for each in wanted}
    changes: list[Change] = []
    known: dict[Slot, Claim] = {}
    adopted: list[Slot] = []
    trouble: list[str] = []
    for key in dict.fromkeys([*by_key, *(slot.key for slot in claims)]):
        ours = {slot: claim for slot, claim in claims.items() if slot.key == key}
        try:
            made = _Settled(key, by_key.get(key), zone.get(key, ()), ours, adopts)
        except _InTheWayError as error:
            trouble.append(str(error))
            continue
        known |= made.claims
        adopted += made.adopted
        changes += [made.change] if made.change else []
    trouble += _crowded(list(by_key.values()), zone, changes)
    if trouble:
        raise RefusedError("; ".join(trouble))
    return Plan(tuple(changes), known, tuple(adopted))


class _Settled:
    """One record set: what it becomes, and what of it is ours then."""

    def __init__(
        self, key: Key, wanted: RecordSet | None, standing: Sequence[Standing], claims: Claims, adopts: bool
    ) -> None:
        self.claims: dict[Slot, Claim] = {}
        self.adopted: list[Slot] = []
        self.change: Change | None = None
        self._adopts = adopts
        if not all(map(is_simple, standing)):
            if wanted:
                raise _InTheWayError(f"{Slot(*key)} exists as an alias or with a routing policy; delete it, {_THEN}")
            return
        old = standing[0] if standing else None
        there = slots_of(*key, values_of(old)) if old else {}
        asked = wanted.slots() if wanted else {}
        after = dict(there)
        trouble = []
        for slot in dict.fromkeys([*asked, *claims]):
            try:
                content = self._settle(slot, asked.get(slot), there.get(slot, []), claims.get(slot))
            except _InTheWayError as error:
                trouble.append(str(error))
                continue
            if content is None:
                after.pop(slot, None)
            else:
                after[slot] = content
        if trouble:
            raise _InTheWayError("; ".join(trouble))
        self._write(wanted, old, there, after, claims)

    def _settle(
        self, slot: Slot, wanted: Content | None, there: list[Content], claim: Claim | None
    ) -> list[Content] | None:
        """What the slot holds afterwards; notes what of it is ours."""
        if wanted is None:
            return self._let_go(slot, there, claim)
        if len(there) > 1:
            raise _InTheWayError(f"{slot} stands there {len(there)} times; leave one of them, {_THEN}")
        stands = there[0] if there else None
        before = claim.before if claim else ""
        target = _joined(slot, before, wanted) if before else wanted
        if stands is None:
            return self._ours(slot, Claim("made"), wanted)
        if stands.says == target.says:
            if claim is None and not self._adopts:
                raise _InTheWayError(
                    f"{slot} exists already, with the value that is wanted; take it over with adopts_existing=True, or "
                    f"delete it, {_THEN}"
                )
            if claim is None:
                self.adopted.append(slot)
            how = claim.how if claim and claim.is_ours else "adopted"
            return self._ours(slot, replace(claim or Claim(how), how=how), stands)
        if claim and claim.is_ours and claim.knows(stands):
            joined = claim.before and target.says != (text_of(claim.before),)
            return self._ours(slot, replace(claim, how="made") if joined else claim, target)
        if claim and claim.is_ours and target.fingerprint in claim.wrote:
            # Somebody has changed it, and nothing new is asked of it.
            self.claims[slot] = claim
            return there
        if slot.purpose == SPF and self._adopts:
            both = _joined(slot, stands.values[0], wanted)
            self.adopted.append(slot)
            how = "adopted" if both.says == stands.says else "made"
            return self._ours(slot, Claim(how, before=stands.values[0]), both if how == "made" else stands)
        if claim and claim.is_ours:
            raise _InTheWayError(
                f"{slot} was changed outside of this stack: it is {stands}, and {wanted} is wanted; delete it or put "
                f"back what it was, {_THEN}"
            )
        raise _InTheWayError(
            f"{slot} exists with another value: it is {stands}, and {wanted} is wanted; change it to that or delete "
            f"it, {_THEN}"
        )

    def _ours(self, slot: Slot, claim: Claim, content: Content) -> list[Content]:
        self.claims[slot] = replace(claim, wrote=frozenset({content.fingerprint}), tried=frozenset())
        return [content]

    def _let_go(self, slot: Slot, there: list[Content], claim: Claim | None) -> list[Content] | None:
        known = [each for each in there if claim and claim.knows(each)]
        if claim is None or not known:
            return there or None
        if claim.how != "made":
            self.claims[slot] = replace(claim, how="left")
            return there
        if claim.before:
            known = [Content((claim.before,), (text_of(claim.before),))]
            return [*(each for each in there if not claim.knows(each)), *known]
        return [each for each in there if not claim.knows(each)] or None

    def _write(
        self,
        wanted: RecordSet | None,
        old: Standing | None,
        there: Mapping[Slot, list[Content]],
        after: Mapping[Slot, list[Content]],
        claims: Claims,
    ) -> None:
        values = tuple(value for contents in after.values() for content in contents for value in content.values)
        if not values:
            self.change = Change(old, None) if old else None
            return
        ttl = int(old.get("TTL", 0)) if old else 0
        mine = [claim for slot, claim in self.claims.items() if slot in after and claim.how == "made"]
        # Where others have a value too, or have had one, the TTL is theirs.
        whole = wanted is not None and len(mine) == len(after) and not any(claim.before for claim in mine)
        if wanted and (old is None or (whole and (ttl == wanted.ttl or self._wrote(ttl, claims)))):
            ttl = wanted.ttl
        if whole:
            self.claims = {slot: replace(claim, ttl=ttl) for slot, claim in self.claims.items()}
        if old and after == there and ttl == int(old.get("TTL", 0)):
            return
        name, record_type = key_of(old) if old else wanted.key if wanted else ("", "")
        self.change = Change(old, RecordSet(name, record_type, ttl, values))

    @staticmethod
    def _wrote(ttl: int, claims: Claims) -> bool:
        return any(claim.ttl == ttl for claim in claims.values())


def _joined(slot: Slot, standing: str, ours: Content) -> Content:
    text = text_of(standing)
    try:
        both = merged(text, ours.says[0])
    except SpfError as error:
        raise _InTheWayError(
            f"{slot} is {standing}, and cannot be joined with the one that is wanted, {ours}: {error}; change one of "
            f"the two, {_THEN}"
        ) from error
    return Content((standing,), (text,)) if both == text else Content((_quoted(both),), (both,))


def _quoted(text: str) -> str:
    """*text* as Route 53 takes it, in strings of at most 255 characters; an SPF policy is ASCII."""
    strings = [text[start : start + 255] for start in range(0, len(text), 255)]
    return " ".join('"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in strings)


def _crowded(wanted: Sequence[RecordSet], zone: Zone, changes: Sequence[Change]) -> list[str]:
    """A CNAME stands alone at its name (RFC 1034 section 3.6.2)."""
    going = {change.key for change in changes if change.new is None}
    names: dict[str, set[str]] = {}
    for name, record_type in (*(key for key in zone if key not in going), *(each.key for each in wanted)):
        names.setdefault(name, set()).add(record_type)
    return [
        f"{Slot(*each.key)} cannot stand beside the {other} record of the same name; delete that one, {_THEN}"
        for each in wanted
        for other in sorted(names[each.name] - {each.type})
        if "CNAME" in (each.type, other)
    ]
