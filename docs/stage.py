"""Lays out what the site is built from: `make docs` runs this before mkdocs.

The pages of the repository link to its code. Here each linked file becomes a page as well, so that the site is whole
without the repository; each room of the package gets a page of its public names; and llms.txt names all pages.
The result is plain Markdown, which any generator of sites can read.
"""

import ast
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(```.*?^```)$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)")
LANGUAGES = {".json": "json", ".py": "python"}


def site_path(file: Path) -> Path:
    """Where a file of the repository stands on the site."""
    if file.parts[0] == "docs":
        return file.relative_to("docs")
    if file.suffix == ".md":
        # Any README would become the index of its folder.
        return Path("project", file.name.lower().replace("readme", "overview"))
    return Path("code", f"{file}.md")


def links(text: str) -> Iterator[str]:
    for part in FENCE.split(text)[::2]:
        yield from LINK.findall(part)


def on_site(text: str, page: Path) -> str:
    """The text of a page of the repository with its links as they are on the site."""

    def moved(link: re.Match[str]) -> str:
        target = site_path(repository_path(page, link[1]))
        return "](" + Path(os.path.relpath(target, site_path(page).parent)).as_posix()

    parts = FENCE.split(text)
    parts[::2] = [LINK.sub(moved, part) for part in parts[::2]]
    return "".join(parts)


def repository_path(page: Path, link: str) -> Path:
    return Path(os.path.normpath(page.parent / link))


def as_page(file: Path) -> str:
    return f"# {file}\n\n```{LANGUAGES.get(file.suffix, 'text')}\n{(ROOT / file).read_text(encoding='utf-8')}```\n"


def rooms() -> dict[str, list[str]]:
    """The public names by the room that has them, as the package's own list says."""
    found: dict[str, list[str]] = {}
    tree = ast.parse((ROOT / "ses_constructs/__init__.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
            found.setdefault(node.module.partition(".")[0], []).extend(each.name for each in node.names)
    return found


def reference(room: str, names: list[str]) -> str:
    title = room.upper() if room in ("dns", "smtp") else room.replace("_", " ").capitalize()
    return "\n\n".join([f"# {title}", *(f"::: ses_constructs.{name}" for name in names)])


def title_and_summary(text: str) -> tuple[str, str]:
    title, _, rest = text.partition("\n")
    prose = (part for part in re.split(r"\n\s*\n", FENCE.sub("", rest)) if re.match(r"\s*[\w\"'`*]", part))
    return title.removeprefix("# "), re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", " ".join(next(prose, "").split()))


def stage(target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    pages = {
        page.relative_to(ROOT): page.read_text(encoding="utf-8")
        for page in (*sorted(ROOT.glob("docs/**/*.md")), *sorted(ROOT.glob("*.md")))
    }
    linked = {repository_path(page, link) for page, text in pages.items() for link in links(text)}
    files = {each.relative_to(ROOT) for each in ROOT.glob("examples/**/*.py")} | (linked - set(pages))

    written = {site_path(page): on_site(text, page) for page, text in pages.items()}
    written |= {site_path(file): as_page(file) for file in files if file.parts[0] != "docs"}
    written |= {Path("reference", f"{room}.md"): reference(room, names) for room, names in rooms().items()}
    written[Path("reference/testing.md")] = "# Testing\n\n::: ses_constructs.testing"

    overview = title_and_summary(pages[Path("README.md")])
    summaries = {page: title_and_summary(text) for page, text in pages.items() if "decisions" not in page.parts}
    written[Path("llms.txt")] = f"# {overview[0]}\n\n> {overview[1]}\n\n## Pages\n\n" + "".join(
        f"- [{title}]({site_path(page).with_suffix('.html')}): {summary}\n"
        for page, (title, summary) in summaries.items()
    )
    written[Path("llms-full.txt")] = "\n\n".join(text.strip() for text in pages.values()) + "\n"

    for path, text in written.items():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        (target / path).write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / "docs/images", target / "images")
    shutil.copy(ROOT / "docs/site.css", target)


if __name__ == "__main__":
    stage(Path(sys.argv[1]))
