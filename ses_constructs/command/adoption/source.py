"""Python as text, in the shape that ruff gives it.

Nothing here takes code from outside: a text becomes a literal of plain ASCII whatever is in it, and a name must be one.
"""

import keyword
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

WIDTH = 88  # that of ruff unless it is told another
_INDENT = "    "


@dataclass(frozen=True, slots=True)
class Name:
    """A name of the program, with dots between its parts.

    Raises:
        ValueError: Anything that is no such name.
    """

    text: str

    def __post_init__(self) -> None:
        if not all(each.isascii() and each.isidentifier() and not keyword.iskeyword(each) for each in self.parts):
            raise ValueError(f"{self.text!r} is no name in Python")

    @property
    def parts(self) -> list[str]:
        """What stands between the dots."""
        return self.text.split(".")


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function or a class, with its arguments by place and by name; *of* something else's result."""

    function: Name
    arguments: "tuple[Expression, ...]" = ()
    keywords: "Mapping[str, Expression]" = field(default_factory=dict)
    of: "Call | None" = None


Expression: TypeAlias = "str | int | Name | Call | Sequence[Expression] | None"

LEFT_OUT = Name("_")
"""The value of an argument that is not written."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A call, what its result is called, and what is said in front of it."""

    value: Call
    name: str = ""
    comment: str = ""


def call(function: str, *arguments: Expression, **keywords: Expression) -> Call:
    """A call without the arguments that are left out."""
    return Call(Name(function), arguments, {name: each for name, each in keywords.items() if each is not LEFT_OUT})


def literal(text: str) -> str:
    r"""*text* as a literal that holds nothing but printable ASCII, in double quotes unless that takes more escapes.

    >>> print(literal('p=none"; import os\n'))
    'p=none"; import os\n'
    """
    quote = "'" if text.count('"') > text.count("'") else '"'
    escaped = text.encode("unicode_escape").decode("ascii")
    return f"{quote}{escaped.replace(quote, chr(92) + quote)}{quote}"


def names_in(value: Expression) -> Iterator[str]:
    """Every name that an expression uses, without what stands behind a dot."""
    if isinstance(value, Name):
        yield value.parts[0]
    elif isinstance(value, Call):
        yield from names_in(value.of or value.function)
        for each in (*value.arguments, *value.keywords.values()):
            yield from names_in(each)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for each in value:
            yield from names_in(each)


def lines_of(statement: Statement, depth: int) -> Iterator[str]:
    """The lines of a statement that stands *depth* blocks deep."""
    if statement.comment:
        yield f"{_INDENT * depth}# {statement.comment}"
    name = f"{Name(statement.name).text} = " if statement.name else ""
    yield from _laid_out(statement.value, depth, before=name, behind="")


def _laid_out(value: Expression, depth: int, *, before: str, behind: str) -> Iterator[str]:
    line = f"{_INDENT * depth}{before}{_flat(value)}{behind}"
    inner = _inner(value)
    if len(line) <= WIDTH or not inner:
        yield line
        return
    opening, closing = (f"{_function(value)}(", ")") if isinstance(value, Call) else ("[", "]")
    yield f"{_INDENT * depth}{before}{opening}"
    together = _INDENT * (depth + 1) + ", ".join(f"{name}{_flat(each)}" for name, each in inner)
    if isinstance(value, Call) and len(together) <= WIDTH:
        yield together
    else:
        for name, each in inner:
            yield from _laid_out(each, depth + 1, before=name, behind=",")
    yield f"{_INDENT * depth}{closing}{behind}"


def _inner(value: Expression) -> list[tuple[str, Expression]]:
    if isinstance(value, Call):
        return [*(("", each) for each in value.arguments), *((f"{key}=", each) for key, each in value.keywords.items())]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [("", each) for each in value]
    return []


def _flat(value: Expression) -> str:
    if isinstance(value, str):
        return literal(value)
    if value is None or isinstance(value, int):
        return repr(value)
    if isinstance(value, Name):
        return value.text
    inner = ", ".join(f"{name}{_flat(each)}" for name, each in _inner(value))
    return f"{_function(value)}({inner})" if isinstance(value, Call) else f"[{inner}]"


def _function(value: Call) -> str:
    return f"{_flat(value.of)}.{value.function.text}" if value.of else value.function.text


class Names:
    """Names for constructs and variables, made from what AWS calls a thing; no two are the same."""

    def __init__(self, *taken: str) -> None:
        self._taken = {each.lower() for each in taken}

    def construct_id(self, text: str, *, otherwise: str) -> str:
        """Letters and digits of *text*, such as ``ByHand`` for ``by-hand``.

        Args:
            text: What AWS calls the thing.
            otherwise: What it is, for a text that has no letter to begin with.
        """
        words = re.findall("[A-Za-z0-9]+", text)
        made = "".join(word[0].upper() + word[1:] for word in words)[:64]
        return self._alone(made if made[:1].isalpha() else f"{otherwise}{made}", "")

    def variable(self, text: str, kind: str) -> str:
        """The same in lower case, such as ``by_hand_bucket``."""
        words = [each.lower() for each in re.findall("[A-Za-z][A-Za-z0-9]*", text)]
        made = "_".join(words)[:40].strip("_")
        whole = made if made.endswith(kind) else "_".join(filter(None, (made, kind)))
        return self._alone(f"{whole}_" if keyword.iskeyword(whole) else whole, "_")

    def _alone(self, made: str, between: str) -> str:
        number, found = 1, made
        while found.lower() in self._taken:
            number += 1
            found = f"{made}{between}{number}"
        self._taken.add(found.lower())
        return found
