"""Ids for several things of a few kinds."""

from collections.abc import Sequence


def construct_ids(things: Sequence[object]) -> list[str]:
    """The kind of each thing, with a number from the second of a kind on."""
    kinds = [type(each).__name__ for each in things]
    numbers = [kinds[:place].count(kind) + 1 for place, kind in enumerate(kinds)]
    return [f"{kind}{number}" if number > 1 else kind for kind, number in zip(kinds, numbers, strict=True)]
