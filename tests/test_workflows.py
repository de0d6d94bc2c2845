"""What runs elsewhere with rights of its own: the workflows are linted, and pinned by hash."""

import re
import subprocess
import sys
from pathlib import Path

from tests.applications import ROOT


def zizmor(path: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("zizmor"), "--offline", "--pedantic", "--strict-collection", "--", path]
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, check=False)


def test_zizmor_finds_nothing() -> None:
    result = zizmor(ROOT / ".github")

    assert result.returncode == 0, result.stdout + result.stderr
    for name in ("ci", "docs", "release", "weekly"):
        assert f"{name}.yml" in result.stderr


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    release = (ROOT / ".github/workflows/release.yml").read_text(encoding="utf-8")
    (folder / "release.yml").write_text(
        release.replace("permissions: {}\n", "permissions: write-all\n")
        .replace("${TAG#v}", "${{ github.ref_name }}")
        .replace("@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "@v7")
    )

    found = zizmor(tmp_path).stdout
    for audit in ("excessive-permissions", "template-injection", "unpinned-uses"):
        assert audit in found


def test_one_required_check_waits_for_every_other_job_of_ci() -> None:
    jobs = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8").partition("\njobs:\n")[2]
    *others, required = re.findall(r"^  ([a-z]+):$", jobs, re.MULTILINE)

    assert required == "required"
    assert f"needs: [{', '.join(others)}]" in jobs
