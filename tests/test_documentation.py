"""Every Python block of the README and the docs runs, and every link inside the project leads somewhere."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk.assertions import Template

from tests.applications import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"^```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TYPE = re.compile(r"\b[A-Z]\w+::\w+")
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[str]:
    """The page's Python, each block with blank lines before it, so that a traceback has the page's line number."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        yield "\n" * text.count("\n", 0, match.start(1)) + match[1]


@pytest.mark.parametrize("page", [each for each in PAGES if any(blocks(each))], ids=page_name)
def test_the_python_of_a_page_runs_and_makes_what_its_picture_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CDK_OUTDIR", str(tmp_path / "cdk.out"))
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(page):
        exec(compile(block, str(page), "exec"), names)

    drawn = {name for picture in PICTURE.findall(page.read_text(encoding="utf-8")) for name in TYPE.findall(picture)}
    stacks = [each for each in names.values() if drawn and isinstance(each, Stack)]
    made = {
        resource["Type"].removeprefix("AWS::")
        for stack in stacks
        for resource in Template.from_stack(stack).to_json()["Resources"].values()
    }
    assert drawn - made == set()


def test_python_that_needs_more_than_we_have_is_python_all_the_same() -> None:
    texts = [page.read_text(encoding="utf-8") for page in PAGES]
    found = [block for text in texts for block in re.findall(r"^```py\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)]

    assert len([ast.parse(block) for block in found]) >= 3


def test_the_readme_shows_code_on_its_first_screen() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()

    assert lines.index("```python") < 10
    assert any("make demo" in line for line in lines[:45])
    assert any("ses-constructs check" in line for line in lines[:45])


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_links_inside_the_project_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    assert [each for each in targets if not (page.parent / each).exists()] == []


def test_every_warning_and_metric_stands_on_a_page() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "ses_constructs").rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {name: [each for each in calls if ast.unparse(each.func) == name] for name in ("warn", "_metric")}
    warnings = {str(each.args[1].value) for each in called["warn"] if isinstance(each.args[1], ast.Constant)}
    metrics = {str(each.args[0].value) for each in called["_metric"] if isinstance(each.args[0], ast.Constant)}
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)

    assert {"wider-rule-first", "not-retained"} <= warnings
    assert {"QuotaUsed", "EnforcementLevel"} <= metrics
    missing = [each for each in warnings if f"`ses-constructs:{each}`" not in text]
    assert missing + [each for each in metrics if f"`{each}`" not in text] == []
