"""The site that `make docs` builds: whole, linked, and without anything from elsewhere."""

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import ses_constructs
from tests.applications import ROOT

# The site is built once for all of these: half a minute, most of it for the reference.
pytestmark = pytest.mark.xdist_group("site")
TOOLS = ROOT / ".venv-docs/bin"
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def build(pages: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """The site of *pages*, or the warning that ends it."""
    command = [TOOLS / "mkdocs", "build", "--strict", "--site-dir", site]
    environment = {"PAGES": str(pages), "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [str(each) for each in command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site is built from."""
    assert TOOLS.exists(), "`make docs` makes the environment of the site"
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([str(TOOLS / "python"), "docs/stage.py", str(folder)], cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def site(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    result = build(pages, folder)
    assert result.returncode == 0, result.stderr
    return folder


class Document(HTMLParser):
    """The anchors of a page, what it links to, and what it loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = {""}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values[each] for each in ("id", "name") if each in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        elif tag == "link" and values.get("rel") not in ("canonical", "next", "prev"):
            self.loads.append(values["href"])
        elif tag in ("script", "img", "iframe") and "src" in values:
            self.loads.append(values["src"])


def documents(site: Path) -> dict[Path, Document]:
    return {page: Document(page.read_text(encoding="utf-8")) for page in site.rglob("*.html")}


def broken(site: Path) -> Iterator[str]:
    """Every link and every file to load that leads nowhere inside the site."""
    found = documents(site)
    for page, document in found.items():
        # The page for what is not found is served under any address, so its links begin at the root.
        base = site if page.name == "404.html" else page.parent
        for link in (*document.links, *document.loads):
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (base / unquote(parts.path).lstrip("/" if base == site else "")).resolve() if parts.path else page
            if not target.is_file():
                yield f"{page.relative_to(site)}: {link}"
            elif target in found and unquote(parts.fragment) not in found[target].anchors:
                yield f"{page.relative_to(site)}: {link} has no such anchor"


def test_every_link_and_every_anchor_of_the_site_leads_somewhere(site: Path) -> None:
    assert len(documents(site)) > 60
    assert list(broken(site)) == []


def test_a_broken_link_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text('<h1 id="here"><a href="#there"></a><img src="gone.png">', encoding="utf-8")

    assert list(broken(tmp_path)) == ["index.html: #there has no such anchor", "index.html: gone.png"]


@pytest.mark.parametrize("fault", ["[nowhere](nowhere.md)", "[no such heading](quickstart.md#nothing)"])
def test_a_fault_in_a_page_ends_the_build(tmp_path: Path, fault: str) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for page in ("index.md", "quickstart.md"):
        (pages / page).write_text("# Title\n\n" + fault * (page == "index.md"), encoding="utf-8")

    result = build(pages, tmp_path / "site")

    assert result.returncode != 0
    assert re.search(r"WARNING.*(nowhere\.md|#nothing)", result.stderr)


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loads = [f"{page.name}: {each}" for page, found in documents(site).items() for each in found.loads]
    styles = "\n".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))

    assert [each for each in loads if "//" in each] == []
    assert re.findall(r"(?:url\(|@import\s*)[\"']?(?:https?:)?//[^)\"']+", styles) == []
    # The theme would fetch what draws these.
    assert [page.name for page in site.rglob("*.html") if 'class="mermaid"' in page.read_text(encoding="utf-8")] == []


def test_every_public_name_has_its_place_in_the_reference(site: Path) -> None:
    anchors: set[str] = set()
    for page in (site / "reference").glob("*.html"):
        anchors |= Document(page.read_text(encoding="utf-8")).anchors

    assert [name for name in ses_constructs.__all__ if f"ses_constructs.{name}" not in anchors] == []


def test_every_page_and_every_example_is_reached_from_the_entry_or_the_navigation() -> None:
    entry = set(LINK.findall((ROOT / "docs/index.md").read_text(encoding="utf-8")))
    linked = {link.partition("#")[0] for link in entry}
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    examples = [f"../{path.relative_to(ROOT)}" for path in (ROOT / "examples").glob("*.py")]
    pages = [path.name for path in (ROOT / "docs").glob("*.md") if path.name != "index.md"]
    decisions = [f"decisions/{path.name}" for path in (ROOT / "docs/decisions").glob("*.md")]
    architecture = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")

    assert [each for each in examples if each not in linked] == []
    assert [each for each in pages if each not in linked and f" {each}" not in navigation] == []
    assert [each for each in decisions if each not in architecture] == []


def test_llms_txt_names_every_page_and_the_other_file_holds_them(site: Path) -> None:
    index, whole = ((site / name).read_text(encoding="utf-8") for name in ("llms.txt", "llms-full.txt"))
    pages = sorted((ROOT / "docs").glob("*.md"))

    assert [page.name for page in pages if f"({page.stem}.html): " not in index] == []
    assert [page.name for page in pages if page.read_text(encoding="utf-8").strip() not in whole] == []
    assert [link for link in LINK.findall(index) if not (site / link).is_file()] == []


def test_both_readmes_have_the_same_headings_code_and_links() -> None:
    english, japanese = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.ja.md"))

    def headings(text: str) -> list[int]:
        return [len(each) for each in re.findall(r"^(#+) ", FENCE.sub("", text), re.MULTILINE)]

    def rows(text: str) -> list[int]:
        return [len(re.findall(start, text, re.MULTILINE)) for start in (r"^- ", r"^\|")]

    assert headings(japanese) == headings(english)
    assert rows(japanese) == rows(english)
    assert FENCE.findall(japanese) == FENCE.findall(english)
    assert Counter(LINK.findall(japanese.replace("(README.md)", "(README.ja.md)"))) == Counter(LINK.findall(english))


@pytest.mark.parametrize("page", ["from-the-console.md", "from-terraform.md"])
def test_an_argument_that_a_page_names_exists(page: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "ses_constructs").rglob("*.py"))
    text = FENCE.sub("", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    named = {each for code in re.findall(r"`([^`\n]+)`", text) for each in re.findall(r"\b([a-z]\w+)=", code)}

    assert len(named) > 3
    # CDK's own constructs are named too.
    assert [each for each in named if not re.search(rf"\b{each}: ", source)] == []


def test_every_sentence_on_the_page_of_errors_is_ours() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "ses_constructs").rglob("*.py"))
    joined = re.sub(r"\"\s*\n?\s*f?\"|'\s*\n\s*f?'", "", re.sub(r"\{[^{}]*\}", "...", source))
    rows = re.findall(r"^\| `([^`]+)`(.*?) \|", (ROOT / "docs/errors.md").read_text(encoding="utf-8"), re.MULTILINE)
    ours = [sentence for sentence, of in rows if " (" not in of and sentence[0] in ".abcdefghijklmnopqrstuvwxyz"]
    parts = [part.strip(" ") for sentence in ours for part in re.split(r"\.\.\.", sentence) if len(part) > 4]

    assert len(parts) > 20
    assert [each for each in parts if each not in joined] == []
