"""The package as a whole: its names, its examples, and what it needs."""

import ast
import doctest
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

from ses_constructs import testing

MODULES = sorted(module.name for module in pkgutil.iter_modules(testing.__path__))
PUBLIC = {name: getattr(testing, name) for name in testing.__all__}
CLASSES = {name: each for name, each in PUBLIC.items() if inspect.isclass(each)}


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"{testing.__name__}.{name}")).failed == 0


@pytest.mark.parametrize("name", CLASSES)
def test_classes_and_their_members_are_documented(name: str) -> None:
    public = CLASSES[name]
    undocumented = [
        member
        for member, value in vars(public).items()
        if not member.startswith("_")
        and (callable(value) or isinstance(value, property | classmethod))
        and not inspect.getdoc(value)
    ]

    assert public.__doc__
    assert undocumented == []


@pytest.mark.parametrize("name", MODULES)
def test_no_module_imports_cdk_when_it_is_imported(name: str) -> None:
    source = Path(testing.__path__[0], f"{name}.py").read_text(encoding="utf-8")
    imported = [
        alias.name if isinstance(node, ast.Import) else node.module or ""
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]

    assert [each for each in imported if each.startswith(("aws_cdk", "constructs", "jsii"))] == []
