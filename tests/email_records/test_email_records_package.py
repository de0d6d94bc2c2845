"""The package as a whole: examples that run, exports, and independence from AWS."""

import ast
import doctest
import importlib
import pkgutil
import sys
from pathlib import Path

import pytest

from ses_constructs import email_records

MODULES = sorted(module.name for module in pkgutil.iter_modules(email_records.__path__))


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    module = importlib.import_module(f"{email_records.__name__}.{name}")
    results = doctest.testmod(module)
    assert results.failed == 0
    if name in ("dmarc", "dns_record", "spf", "tls_reporting"):
        assert results.attempted > 0


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_the_standard_library_its_siblings_and_the_checks_of_arguments(name: str) -> None:
    source = Path(email_records.__path__[0], f"{name}.py").read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            assert node.level == 1 or module == "common.arguments" or module.split(".")[0] in sys.stdlib_module_names


def test_every_exported_class_and_function_has_a_docstring() -> None:
    for name in email_records.__all__:
        exported = getattr(email_records, name)
        if callable(exported) and exported.__module__.startswith(email_records.__name__):
            assert exported.__doc__, name
