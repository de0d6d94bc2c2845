"""The wheel: what it holds, and that an app synthesizes from it with the source folder away."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.applications import ROOT

pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, cwd: Path) -> str:
    """Run *command* away from the source folder; its output, or the error with it."""
    variables = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "CDK_OUTDIR")}
    result = subprocess.run([str(each) for each in command], cwd=cwd, env=variables, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy, so that a build folder neither helps nor stays behind."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # Everything that could slip in by mistake comes along.
    for name in ("ses_constructs", "tests", "local_aws", "examples"):
        shutil.copytree(ROOT / name, source / name)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, cwd=source)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    files = {each for each in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in each}

    package = ROOT / "ses_constructs"
    assert files == {
        *(str(each.relative_to(ROOT)) for each in package.rglob("*.py")),
        "ses_constructs/py.typed",
    }


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith("METADATA"))
        metadata = archive.read(name).decode()

    assert "Name: ses-constructs\n" in metadata
    assert "License-Expression: Apache-2.0\n" in metadata
    assert "Requires-Python: >=3.11\n" in metadata
    required = {line.split(":")[1].strip() for line in metadata.splitlines() if line.startswith("Requires-Dist")}
    assert {each.split("<")[0].split(">")[0] for each in required if "extra" not in each} == {
        "aws-cdk-lib",
        "constructs",
        "jsii",
    }


def test_the_command_and_what_it_needs_come_with_the_wheel(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {each.rpartition("/")[2]: each for each in archive.namelist()}
        entries, metadata = (archive.read(names[each]).decode() for each in ("entry_points.txt", "METADATA"))

    assert "ses-constructs = ses_constructs.command.start:main" in entries
    for library in ("boto3", "click", "dnspython", "rich"):
        assert re.search(rf'^Requires-Dist: {library}>=[0-9.]+; extra == "cli"$', metadata, re.MULTILINE)


def test_the_sample_app_synthesizes_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    scripts = Path(sysconfig.get_path("scripts", "venv", {"base": str(environment)}))
    libraries = sysconfig.get_path("purelib", "venv", {"base": str(environment)})
    run(scripts / "pip", "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=tmp_path)
    # The requirements come from this environment, but its editable install of the package does not: a plain line in a
    # .pth file adds a folder without reading that folder's own .pth files.
    (Path(libraries) / "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    shutil.copy(ROOT / "app.py", tmp_path)

    where = run(scripts / "python", "-c", "import ses_constructs; print(ses_constructs.__file__)", cwd=tmp_path)
    run(scripts / "python", "app.py", cwd=tmp_path)

    assert Path(where.strip()).is_relative_to(libraries)
