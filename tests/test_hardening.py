"""docs/hardening.md gets under the packs as it says, and says what remains."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack, Validations
from cdk_nag import HIPAASecurityChecks, NIST80053R5Checks

from ses_constructs.functions._handler_settings import HANDLERS
from tests.applications import ROOT
from tests.constructs.templates import template
from tests.test_documentation import blocks

PAGE = ROOT / "docs/hardening.md"
PACKS = {"NIST.800.53.R5": NIST80053R5Checks, "HIPAA.Security": HIPAASecurityChecks}
SOURCES = ROOT / "ses_constructs/handlers"
ENDPOINTS = {"ses": "email", "sesv2": "email", "cloudwatch": "monitoring", "smtplib": "email-smtp"}
ROW = re.compile(r"^\| (`[^|]+`) \|(.*)\|$", re.MULTILINE)
NAME = re.compile(r"`([\w-]+)`")


def app_of_the_page(monkeypatch: pytest.MonkeyPatch) -> App:
    names: dict[str, Any] = {"__name__": "__main__"}
    with monkeypatch.context() as patch:
        patch.setattr(App, "synth", lambda app: None)
        for block in blocks(PAGE):
            exec(compile(block, str(PAGE), "exec"), names)
    app = names["app"]
    assert isinstance(app, App)
    return app


def table(heading: str) -> dict[str, str]:
    """The rows of the table below *heading*, by the names in their first cell."""
    _, _, section = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    rows = ROW.findall(section.partition("\n## ")[0])
    return {name: cells for first, cells in rows for name in NAME.findall(first)}


def test_neither_pack_finds_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    app = app_of_the_page(monkeypatch)
    Validations.of(app).add_plugins(*(pack(app) for pack in PACKS.values()))

    app.synth()  # raises on a finding


def test_the_page_lists_what_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Validations, "acknowledge", lambda self, *acknowledgments: None)
    app = app_of_the_page(monkeypatch)
    Validations.of(app).add_plugins(*(pack(app) for pack in PACKS.values()))

    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()

    report = json.loads(Path(app.outdir, "validation-report.json").read_text(encoding="utf-8"))
    found = {each["pluginName"]: {rule["ruleName"] for rule in each["violations"]} for each in report["pluginReports"]}
    assert found == {pack: {f"{pack}-{rule}" for rule in table("What stays")} for pack in PACKS}


def test_a_function_waits_until_its_role_may_join_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    stack = app_of_the_page(monkeypatch).node.find_child("Mail")
    assert isinstance(stack, Stack)

    resources = template(stack)["Resources"]

    functions = [each for each in resources.values() if each["Type"] == "AWS::Lambda::Function"]
    assert functions
    for function in functions:
        before = [resources[each] for each in function["DependsOn"]]
        assert "ec2:CreateNetworkInterface" in json.dumps([each["Properties"] for each in before])


def imported(source: Path) -> Iterator[Path]:
    """*source* and the handlers' modules that it imports, directly or not."""
    yield source
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            module = source.parents[node.level - 1].joinpath(*node.module.split("."))
            yield from imported(module.with_suffix(".py"))


def endpoints(source: Path) -> set[str]:
    text = "".join(each.read_text(encoding="utf-8") for each in imported(source))
    services = {*re.findall(r'boto3\.client\("(\w+)"', text), *re.findall(r"^import (smtplib)$", text, re.MULTILINE)}
    if source.stem in HANDLERS:
        services.add("s3")
    return {ENDPOINTS.get(each, each) for each in services}


def test_the_page_knows_the_endpoints_of_every_handler() -> None:
    handlers = [each for each in SOURCES.glob("*.py") if "\ndef on_event(" in each.read_text(encoding="utf-8")]

    listed = {handler: set(NAME.findall(cells.split("|")[1])) for handler, cells in table("The network first").items()}

    assert listed == {each.stem: endpoints(each) for each in handlers}
