"""The locks hold what setup.py asks for, with hashes, and from no particular place."""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.applications import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))


def locked(name: str) -> dict[str, list[str]]:
    """The versions of each package, of which there may be one for each Python."""
    found: dict[str, list[str]] = {}
    for package, version in re.findall(
        r"^([a-z0-9-]+)==(\S+)", (ROOT / "requirements" / name).read_text(), re.MULTILINE
    ):
        found.setdefault(package, []).append(version)
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Requirement]]:
    """What setup.py asks for, by extra; the package itself stands below the empty name."""
    told: dict[str, Any] = {}
    monkeypatch.setattr("setuptools.setup", told.update)
    runpy.run_path(str(ROOT / "setup.py"))
    lists = {"": told["install_requires"], **told["extras_require"]}
    return {extra: [Requirement(each) for each in requirements] for extra, requirements in lists.items()}


@pytest.mark.parametrize("extra", ["demo", "dev"])
def test_a_lock_fits_what_is_asked_for(asked: dict[str, list[Requirement]], extra: str) -> None:
    pins = locked(f"{extra}.txt")
    wrong = [
        str(each)
        for each in (*asked[""], *asked[extra])
        if not all(each.specifier.contains(version) for version in pins.get(canonicalize_name(each.name), ["0"]))
    ]

    assert wrong == [], "run `make lock`"


def test_the_floor_is_the_oldest_that_is_allowed(asked: dict[str, list[Requirement]]) -> None:
    pins = locked("floor.txt")

    assert all(f">={pins[canonicalize_name(each.name)][0]}" in str(each.specifier) for each in asked[""])


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_every_package_has_its_hashes_and_no_address(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    packages = re.split(r"\n(?=[a-z0-9])", text.partition("make lock\n")[2])

    assert [each for each in packages if "--hash=sha256:" not in each] == []
    assert "://" not in text
