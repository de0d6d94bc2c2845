"""The public face: complete, sorted, documented, and keyword-only."""

import ast
import inspect
from pathlib import Path

import pytest
from constructs import Construct

import ses_constructs

PACKAGE = Path(ses_constructs.__file__).parent
PUBLIC = [getattr(ses_constructs, name) for name in ses_constructs.__all__]
CLASSES = [each for each in PUBLIC if inspect.isclass(each)]


def imported_names(module: Path) -> list[str]:
    """The names that ``from ... import`` statements bring into *module*."""
    return [
        alias.asname or alias.name
        for node in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]


def test_all_names_everything_that_is_imported_and_is_sorted() -> None:
    assert ses_constructs.__all__ == sorted(imported_names(PACKAGE / "__init__.py"))


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


def imported_modules(module: Path) -> set[str]:
    """Every module that *module* imports, relative ones with their dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add("." * node.level + (node.module or ""))
    return found


@pytest.mark.parametrize("module", sorted((PACKAGE / "email_records").glob("*.py")), ids=lambda each: each.stem)
def test_email_records_know_neither_cdk_nor_aws_nor_their_parent(module: Path) -> None:
    for name in imported_modules(module):
        assert not name.startswith(("aws_cdk", "boto3", "botocore", "constructs", "jsii", "..", "ses_constructs"))


@pytest.mark.parametrize("strategy", ["dns_zones", "dkim"])
def test_strategies_import_no_construct(strategy: str) -> None:
    relative = {each for each in imported_modules(PACKAGE / f"{strategy}.py") if each.startswith(".")}

    assert {each.split(".")[1] for each in relative} == {"email_records"}
