"""The tags of an identity or a configuration set."""

from collections.abc import Iterator, Mapping
from typing import Any

from .adopted import Adoption, flaw_in
from .source import Call, Name, Statement, call


def decide_tags(adoption: Adoption, what: str, found: Mapping[str, Any]) -> None:
    """Leave out what is no plain text."""
    for each in found.get("Tags", []):
        if flaw := flaw_in(each):
            adoption.leave(f"the tag {each['Key']!r} of {what}", flaw, "it stays as it is")


def tag_statements(found: Mapping[str, Any], of: Name) -> Iterator[Statement]:
    """The tags of a thing that was *found*; those of AWS itself cannot be set."""
    for each in found.get("Tags", []):
        if not each["Key"].startswith("aws:") and not flaw_in(each):
            yield Statement(Call(Name("add"), (each["Key"], each["Value"]), of=call("Tags.of", of)))
