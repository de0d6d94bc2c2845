"""No pattern of the package takes the digits and letters of all the world's scripts for those that it means."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import ses_constructs

PACKAGE = Path(ses_constructs.__file__).parent
# A class of letters behind an odd number of backslashes.
CLASS = re.compile(r"(?<!\\)(?:\\\\)*\\[dDwWbB]")


def unicode_patterns(source: str) -> Iterator[str]:
    """The texts of *source* in which ``\\d`` and its like mean more than ASCII."""
    tree = ast.parse(source)
    ascii_only = {
        constant
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and any("re.ASCII" in ast.unparse(each) for each in call.args[1:])
        for constant in ast.walk(call)
    }
    documentation = {
        statement.value
        for statement in ast.walk(tree)
        if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or node in ascii_only or node in documentation:
            continue
        if isinstance(node.value, str) and CLASS.search(node.value):
            yield node.value


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (r'x = re.compile(r"\d+")', [r"\d+"]),
        (r'x = re.fullmatch(rf"{y}\\\w", z, re.IGNORECASE)', [r"\\\w"]),
        (r'PART = r"\d"; x = re.compile(f"{PART}+")', [r"\d"]),
        (r'x = re.compile(r"\d+", re.ASCII | re.VERBOSE)', []),
        (r'x = re.compile(rb"\d+")', []),
        (r'x = re.compile(r"\\d[0-9]")', []),
        (r'"""About \\d."""', []),
    ],
)
def test_the_search_finds_what_it_is_for(source: str, found: list[str]) -> None:
    assert list(unicode_patterns(source)) == found


def test_no_pattern_means_more_digits_than_ten() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}: {pattern}"
        for path in PACKAGE.rglob("*.py")
        for pattern in unicode_patterns(path.read_text(encoding="utf-8"))
    }
    assert found == set(), "write [0-9], or pass re.ASCII"
