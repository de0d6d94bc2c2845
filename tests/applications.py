"""The sample app and the examples, as tests run them."""

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

ROOT = Path(__file__).parent.parent
APPLICATIONS = [ROOT / "app.py", *sorted((ROOT / "examples").glob("*.py"))]


def application_name(path: Path) -> str:
    return path.stem


def unsynthesized(path: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    """Run *path* as a script, and hand over the app that it was about to synthesize."""
    apps: list[App] = []

    def keep(app: App, **_: Any) -> None:
        apps.append(app)

    with monkeypatch.context() as patch:
        patch.setattr(App, "synth", keep)
        patch.setattr(sys, "argv", [str(path)])
        runpy.run_path(str(path), run_name="__main__")
    (app,) = apps
    return app
