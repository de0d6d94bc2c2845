"""What is published, built and installed as tests need it."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.applications import ROOT

# Without what leads back to the source folder.
LEADS_BACK = ("PYTHONPATH", "CDK_OUTDIR", "SOURCE_DATE_EPOCH", "GITHUB_REPOSITORY", "GITHUB_SERVER_URL")


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run *command* away from the source folder; its output, or the error with it."""
    environment = {key: value for key, value in os.environ.items() if key not in LEADS_BACK} | variables
    result = subprocess.run([str(each) for each in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def build(folder: Path, **variables: str) -> tuple[Path, Path]:
    """The sdist, and the wheel that is made from it, of a copy: what an earlier build left neither helps nor stays."""
    source = folder / "source"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, source / name)
    # Everything that could slip in by mistake comes along.
    for name in ("ses_constructs", "tests", "local_aws", "examples", "docs"):
        shutil.copytree(ROOT / name, source / name, copy_function=shutil.copyfile)
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, cwd=source, **variables)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


def install(wheel: Path, folder: Path) -> Path:
    """The Python of a new environment with *wheel*."""
    venv.create(folder)
    python = Path(sysconfig.get_path("scripts", "venv", {"base": str(folder)}), "python")
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=folder)
    # The requirements come from this environment, but its editable install of the package does not: a plain line in a
    # .pth file adds a folder without reading that folder's own .pth files.
    libraries = sysconfig.get_path("purelib", "venv", {"base": str(folder)})
    Path(libraries, "requirements.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python
