"""The public face: complete, sorted, documented, and keyword-only."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from constructs import Construct

import ses_constructs

PUBLIC = [getattr(ses_constructs, name) for name in ses_constructs.__all__]
CLASSES = [each for each in PUBLIC if inspect.isclass(each)]


def test_a_type_checker_sees_every_name_in_the_module_where_it_is_found() -> None:
    tree = ast.parse(Path(ses_constructs.__file__).read_text(encoding="utf-8"))
    seen = {
        alias.asname: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }

    assert seen == ses_constructs._MODULES
    assert list(ses_constructs._MODULES) == sorted(ses_constructs._MODULES) == ses_constructs.__all__


def test_what_needs_no_cdk_loads_without_it() -> None:
    script = "import sys, ses_constructs.testing; print([each for each in ('aws_cdk', 'jsii') if each in sys.modules])"

    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True).stdout.strip() == "[]"


def test_a_name_that_is_not_there_is_said_as_python_says_it() -> None:
    with pytest.raises(AttributeError, match="module 'ses_constructs' has no attribute 'VerifiedDomian'"):
        getattr(ses_constructs, "VerifiedDomian")  # noqa: B009
    assert "VerifiedDomain" in dir(ses_constructs)


@pytest.mark.parametrize("public", PUBLIC, ids=ses_constructs.__all__)
def test_every_public_name_has_a_docstring(public: object) -> None:
    assert inspect.getdoc(public)
    # A dataclass without one is given its signature.
    assert not str(inspect.getdoc(public)).startswith(f"{getattr(public, '__name__', '')}(")


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_every_public_method_has_a_docstring(public: type) -> None:
    undocumented = [
        name
        for name, member in vars(public).items()
        if not name.startswith("_")
        and (callable(member) or isinstance(member, property | classmethod | staticmethod))
        and not inspect.getdoc(member)
    ]

    assert undocumented == []


@pytest.mark.parametrize(
    "construct", [each for each in CLASSES if issubclass(each, Construct)], ids=lambda each: each.__name__
)
def test_constructs_take_scope_and_id_and_then_keywords(construct: type) -> None:
    parameters = list(inspect.signature(construct.__init__).parameters.values())  # type: ignore[misc]

    assert [each.name for each in parameters[:3]] == ["self", "scope", "construct_id"]
    assert {each.kind for each in parameters[3:]} <= {inspect.Parameter.KEYWORD_ONLY}
