"""The order of the rules in a set, worked out as SES and CloudFormation make them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from ._values import Resources

_SUBSTITUTED = re.compile(r"\$\{([A-Za-z0-9]+)")


class Placed(Protocol):
    """A rule, as far as its place depends on it."""

    @property
    def logical_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def after(self) -> str | None: ...


_Rule = TypeVar("_Rule", bound=Placed)


def in_order(rules: Sequence[_Rule], resources: Resources) -> tuple[_Rule, ...]:
    """Return *rules* as SES evaluates them.

    SES puts a new rule right behind the one that ``After`` names, and without it at the top, so among rules for the
    same place the one made last comes first. CloudFormation makes resources in any order that their references allow;
    where that leaves the place of two rules open, this raises ``ValueError``.
    """
    by_name = {rule.name: rule for rule in rules}
    if len(by_name) != len(rules):
        raise ValueError(f"rules must have names of their own, got {sorted(rule.name for rule in rules)!r}; rename one")
    followers: dict[str | None, list[_Rule]] = {}
    for rule in rules:
        followers.setdefault(rule.after, []).append(rule)
    elsewhere = [after for after in followers if after is not None and after not in by_name]
    if len(elsewhere) > 1:
        raise ValueError(
            f"After must name rules of this template, got {sorted(elsewhere)!r}; "
            "at most one rule from elsewhere has a known place"
        )
    needed = {rule.logical_id: by_name[rule.after].logical_id for rule in rules if rule.after in by_name}
    creation = _Creation(resources, needed)
    ordered: list[_Rule] = []
    waiting: list[_Rule] = []
    for start in (*elsewhere, None):
        waiting += reversed(_latest_first(followers.get(start, []), creation))
    while waiting:
        rule = waiting.pop()
        ordered.append(rule)
        waiting += reversed(_latest_first(followers.get(rule.name, []), creation))
    if len(ordered) != len(rules):
        circle = sorted(rule.name for rule in rules if rule not in ordered)
        raise ValueError(f"After must lead to a first rule, got a circle of {circle!r}; leave one After out")
    return tuple(ordered)


def _latest_first(rules: Sequence[_Rule], creation: "_Creation") -> list[_Rule]:
    """*rules*, which all go to the same place, in the order they have once all are made."""
    if len(rules) < 2:
        return list(rules)
    ids = {rule.logical_id for rule in rules}
    earlier = {rule.logical_id: len(creation.before(rule.logical_id) & ids) for rule in rules}
    if len(set(earlier.values())) != len(rules):
        names = sorted(rule.name for rule in rules)
        place = "at the top" if rules[0].after is None else f"behind {rules[0].after!r}"
        raise ValueError(
            f"rules must have one order, got {names!r} all {place}, in the order in which CloudFormation happens to "
            "make them; give each but one an After (in CDK: after=..., or add them with rule_set.add_rule)"
        )
    return sorted(rules, key=lambda rule: earlier[rule.logical_id], reverse=True)


class _Creation:
    """Which resources CloudFormation makes before a given one, whatever else it chooses to do."""

    def __init__(self, resources: Resources, needed: Mapping[str, str]) -> None:
        self._resources = resources
        self._needed = needed

    def before(self, logical_id: str) -> set[str]:
        found: set[str] = set()
        waiting = [logical_id]
        while waiting:
            each = waiting.pop()
            named = {*_mentioned(self._resources.get(each, {})), *filter(None, [self._needed.get(each)])}
            waiting += named - found
            found |= named
        return found - {logical_id}


def _mentioned(value: object) -> Iterator[str]:
    """Every logical id that *value* refers to or depends on; parameters may be among them."""
    match value:
        case {"Ref": str(name)}:
            yield name
        case {"Fn::GetAtt": [str(name), _]}:
            yield name
        case {"Fn::GetAtt": str(name)}:
            yield name.partition(".")[0]
        case Mapping():
            for key, each in value.items():
                if key == "DependsOn":
                    yield from [each] if isinstance(each, str) else each
                elif key == "Fn::Sub":
                    pattern = each if isinstance(each, str) else each[0]
                    yield from _SUBSTITUTED.findall(pattern)
                if key not in ("DependsOn", "Metadata", "Type"):
                    yield from _mentioned(each)
        case list():
            for each in value:
                yield from _mentioned(each)
