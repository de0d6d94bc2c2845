"""What is published: what sdist and wheel hold, what they say, and that a second build is equal.

`deployed/test_from_nothing.py` installs the wheel and deploys from it.
"""

import re
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

from tests.applications import ROOT
from tests.distributions import build

pytestmark = pytest.mark.xdist_group("wheel")
EPOCH = "1767225600"
REPOSITORY = "someone/ses-constructs"
SOURCE = f"https://github.com/{REPOSITORY}"
PACKAGE = {str(each.relative_to(ROOT)) for each in (ROOT / "ses_constructs").rglob("*.py")} | {
    "ses_constructs/py.typed"
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Sdist and wheel as a release has them."""
    return build(tmp_path_factory.mktemp("built"), SOURCE_DATE_EPOCH=EPOCH, GITHUB_REPOSITORY=REPOSITORY)


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, Path]) -> Path:
    return built[1]


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = {each for each in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in each}

    assert files == PACKAGE


def test_the_sdist_holds_what_the_wheel_is_made_from_and_nothing_else(built: tuple[Path, Path]) -> None:
    with tarfile.open(built[0]) as archive:
        files = {each.name.partition("/")[2] for each in archive if each.isfile()}

    metadata_of_setuptools = {each for each in files if each.startswith("ses_constructs.egg-info/")}
    assert files - metadata_of_setuptools - {"PKG-INFO", "setup.cfg"} == PACKAGE | {
        "LICENSE",
        "MANIFEST.in",
        "README.md",
        "pyproject.toml",
        "setup.py",
    }


def test_a_second_build_has_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    again = build(tmp_path, SOURCE_DATE_EPOCH=EPOCH, GITHUB_REPOSITORY=REPOSITORY)

    assert [each.name for each in again] == [each.name for each in built]
    assert [each.read_bytes() for each in again] == [each.read_bytes() for each in built]


def test_pypi_can_render_it(built: tuple[Path, Path]) -> None:
    command = [sys.executable, "-m", "twine", "check", "--strict", *map(str, built)]

    assert subprocess.run(command, capture_output=True, text=True).stdout.count("PASSED") == 2


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    said = metadata(wheel)

    assert said["Name"] == "ses-constructs"
    assert said["License-Expression"] == "Apache-2.0"
    assert said["Requires-Python"] == ">=3.11"
    required = [each for each in said.get_all("Requires-Dist", []) if "extra" not in each]
    assert {each.split("<")[0].split(">")[0] for each in required} == {"aws-cdk-lib", "constructs", "jsii"}


def test_what_is_shown_on_pypi_leads_to_the_files_of_the_release(wheel: Path) -> None:
    said = metadata(wheel)
    links = re.findall(r"\]\(([^)]+)\)", str(said.get_payload()))
    tag = f"v{said['Version']}"

    assert f"{SOURCE}/blob/{tag}/docs/quickstart.md" in links
    assert all((ROOT / each.partition(f"{tag}/")[2].partition("#")[0]).exists() for each in links if SOURCE in each)
    assert [each for each in links if not each.startswith("https://")] == []
    assert dict(each.split(", ") for each in said.get_all("Project-URL", [])) == {
        "Source": SOURCE,
        "Documentation": f"{SOURCE}/tree/{tag}/docs",
        "Changelog": f"{SOURCE}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{SOURCE}/issues",
    }


def test_the_command_and_what_it_needs_come_with_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (entries,) = (archive.read(each).decode() for each in archive.namelist() if each.endswith("entry_points.txt"))

    assert "ses-constructs = ses_constructs.command.start:main" in entries
    needed = metadata(wheel).get_all("Requires-Dist") or []
    for library in ("boto3", "click", "dnspython", "rich"):
        assert [each for each in needed if re.fullmatch(rf'{library}>=[0-9.]+; extra == "cli"', each)]


def test_a_build_that_nobody_told_where_the_source_is_has_no_links_into_it(tmp_path: Path) -> None:
    said = metadata(build(tmp_path)[1])

    assert said.get_all("Project-URL") is None
    assert "](" not in str(said.get_payload())
    assert "- Quickstart, the first deployment, what it costs a month" in str(said.get_payload())
