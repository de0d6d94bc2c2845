"""Every public attribute, property, argument and method of every public class stands on a page."""

import ast
import inspect
import re
from collections.abc import Iterator

import pytest

import ses_constructs
from tests.test_documentation import PAGES
from tests.test_public_api import CLASSES, defined_in

TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
# In code: with a dot, a bracket, a quote or an equals sign beside it, or as a name of its own.
NAMED = {*re.findall(r"(?<=[.`\"(\[ ])(\w+)(?=[`(=.,\])\":\[]| =|$)", TEXT, re.MULTILINE)}


def attributes(public: type) -> Iterator[str]:
    """What a user of *public* may read or call, without what it inherits and what ``__init__`` alone takes."""
    definition = defined_in(public.__module__).get(public.__name__)
    assert isinstance(definition, ast.ClassDef)
    for member in ast.walk(definition):
        match member:
            case ast.FunctionDef(name=name) if name in vars(public):
                yield name
            case ast.AnnAssign(target=ast.Name(id=name)) if name in inspect.get_annotations(public):
                yield name
            case (
                ast.Assign(targets=[ast.Attribute(value=ast.Name("self"), attr=name)])
                | ast.AnnAssign(target=ast.Attribute(value=ast.Name("self"), attr=name))
            ):
                yield name


@pytest.mark.parametrize("public", CLASSES, ids=lambda each: each.__name__)
def test_every_attribute_stands_on_a_page(public: type) -> None:
    missing = sorted({each for each in attributes(public) if not each.startswith("_")} - NAMED)

    assert not missing, f"no page has {', '.join(f'{public.__name__}.{each}' for each in missing)}"


def test_an_attribute_that_no_page_has_is_found() -> None:
    class Planted(ses_constructs.RecordsToPublish):
        nowhere_to_be_read: int

    assert "nowhere_to_be_read" not in NAMED
    assert {"domains", "spam_rule", "mailbox"} <= {*attributes(ses_constructs.InboundRuleSet)} & NAMED
