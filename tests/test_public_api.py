"""The public face: complete, sorted, documented, and keyword-only."""

import ast
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from constructs import Construct

import ses_constructs

CLASSES = [each for name in ses_constructs.__all__ if inspect.isclass(each := getattr(ses_constructs, name))]
FUNCTIONS = [name for name in ses_constructs.__all__ if inspect.isfunction(getattr(ses_constructs, name))]


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
    assert {each for each in dir(ses_constructs) if each[0].isupper()} <= set(ses_constructs.__all__)
    assert "VerifiedDomain" in dir(ses_constructs)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_public_function_has_a_docstring(function: str) -> None:
    assert inspect.getdoc(getattr(ses_constructs, function))


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_every_public_class_has_a_docstring(public: type) -> None:
    assert inspect.getdoc(public)
    # A dataclass without one is given its signature.
    assert not str(inspect.getdoc(public)).startswith(f"{public.__name__}(")


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


def test_no_two_protocols_share_a_method_so_that_none_passes_for_another() -> None:
    protocols = [each for each in CLASSES if getattr(each, "_is_protocol", False)]
    methods = [name for each in protocols for name, member in vars(each).items() if inspect.isfunction(member)]

    names = [each for each in methods if not each.startswith("_")]
    assert len(names) == len(set(names)) >= 6


@cache
def parsed(module_name: str) -> ast.Module:
    return ast.parse(Path(str(import_module(module_name).__file__)).read_text(encoding="utf-8"))


@cache
def defined_in(module_name: str) -> dict[str, ast.stmt]:
    """The classes and aliases that a module defines; another name for a type of CDK is none of ours."""
    body = parsed(module_name).body
    classes: dict[str, ast.stmt] = {each.name: each for each in body if isinstance(each, ast.ClassDef)}
    aliases: dict[str, ast.stmt] = {
        target.id: each
        for each in body
        if isinstance(each, ast.Assign | ast.AnnAssign) and isinstance(each.value, ast.Subscript | ast.BinOp)
        for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
        if isinstance(target, ast.Name)
    }
    return classes | aliases


@cache
def types_of_ours() -> dict[str, str]:
    """Every class and alias of the package, and the module that defines it."""
    modules = pkgutil.walk_packages(ses_constructs.__path__, "ses_constructs.")
    names = [each.name for each in modules if not each.name.startswith("ses_constructs.handlers")]
    return {found: name for name in names for found in defined_in(name)}


def is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def annotations(definition: ast.ClassDef) -> Iterator[ast.expr | None]:
    """The bases of a class, and the annotations of its public fields, attributes and methods."""
    yield from definition.bases
    for member in definition.body:
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name) and is_public(member.target.id):
            yield member.annotation
        if isinstance(member, ast.FunctionDef) and is_public(member.name):
            yield member.returns
            every = member.args
            for argument in (*every.args, *every.kwonlyargs, every.vararg, every.kwarg):
                yield argument.annotation if argument else None
            for node in ast.walk(member):
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Attribute):
                    yield node.annotation if is_public(node.target.attr) else None


def names_in(annotation: ast.expr | None) -> Iterator[str]:
    for node in ast.walk(annotation or ast.Constant(None)):
        if isinstance(node, ast.Name):
            yield node.id
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from names_in(ast.parse(node.value, mode="eval").body)


def types_in_signatures(public: type) -> set[str]:
    """Those of our own that whoever uses *public* meets, in what it inherits too."""
    ours = [each for each in public.__mro__ if each.__module__.startswith("ses_constructs.")]
    definitions = [defined_in(each.__module__)[each.__name__] for each in ours]
    found = {
        name
        for definition in definitions
        if isinstance(definition, ast.ClassDef)
        for annotation in annotations(definition)
        for name in names_in(annotation)
    }
    return found & set(types_of_ours())


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_a_type_in_a_public_signature_is_public(public: type) -> None:
    hidden = sorted(types_in_signatures(public) - set(ses_constructs.__all__))

    assert not hidden, f"{public.__name__} speaks of {', '.join(hidden)}, which ses_constructs does not export"


def test_the_types_in_signatures_are_found_in_quotes_in_unions_and_in_what_is_inherited() -> None:
    assert {"AlarmReaction", "EventDestination", "SendingMetrics"} <= types_in_signatures(
        ses_constructs.BounceMonitoring
    )
    assert {"DmarcAction", "DmarcOptions", "PublicSuffix"} <= types_in_signatures(ses_constructs.DmarcPolicy)
    assert {"DnsZone", "SpfPolicy", "SendingDomain"} <= types_in_signatures(ses_constructs.VerifiedDomain)


@pytest.mark.parametrize(
    "alias", sorted(set(ses_constructs.__all__) - {each.__name__ for each in CLASSES} - set(FUNCTIONS))
)
def test_every_public_alias_has_a_docstring_below_it(alias: str) -> None:
    module = parsed(types_of_ours()[alias])
    below = module.body[module.body.index(defined_in(types_of_ours()[alias])[alias]) + 1]

    assert isinstance(below, ast.Expr)
    assert ast.literal_eval(below.value)


def test_a_domain_is_imported_without_the_slow_modules_that_it_may_never_need() -> None:
    script = (
        "import sys; from ses_constructs import VerifiedDomain; "
        "print(sorted(each for each in sys.modules if each.startswith('aws_cdk.aws_') and each.count('.') == 1))"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "['aws_cdk.aws_route53', 'aws_cdk.aws_ses']"


def test_help_shows_the_arguments_of_a_construct_and_of_one_that_inherits_it() -> None:
    class Own(ses_constructs.VerifiedDomain):
        def __init__(self, scope: Construct, construct_id: str, *, customer: str) -> None:
            raise NotImplementedError

    assert str(inspect.signature(ses_constructs.VerifiedDomain)).startswith("(scope: ")
    assert "domain_name" in inspect.signature(ses_constructs.VerifiedDomain).parameters
    assert list(inspect.signature(Own).parameters) == ["scope", "construct_id", "customer"]
