"""The stacks of an app: read from a cloud assembly, or synthesized by the app's own command first."""

import json
import os
import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_LAST_LINES = 12  # of an app that fails
_NOTHING: Mapping[str, str] = {}


class AssemblyError(Exception):
    """There is nothing to plan; the sentence says why."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AssembledStack:
    """A stack as it is about to be deployed.

    Args:
        name: Its name in CloudFormation.
        template: What CDK made of it.
        account: Where it goes; ``""`` if the app leaves that open.
        region: The same.
    """

    name: str
    template: Mapping[str, Any]
    account: str = ""
    region: str = ""


def stacks_of(
    folder: Path, *, environment: Mapping[str, str] = _NOTHING, context: Mapping[str, str] = _NOTHING
) -> list[AssembledStack]:
    """All stacks of the app or the cloud assembly in *folder*, nested stages among them.

    Args:
        folder: One with a ``cdk.json``, whose command is run, or one that holds a ``manifest.json`` already.
        environment: What an app is told of its surroundings.
        context: What it is told besides, as by ``cdk synth -c``.

    Raises:
        AssemblyError: The folder is neither, or its app fails.
    """
    if (folder / "manifest.json").is_file():
        return [*_read(folder)]
    if not (folder / "cdk.json").is_file():
        raise AssemblyError(
            f"{folder} has neither a cdk.json nor a manifest.json; name the folder of an app, or cdk.out"
        )
    with tempfile.TemporaryDirectory(prefix="ses-constructs-plan-") as output:
        _synthesize(folder, output, environment, context)
        return [*_read(Path(output))]


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        AssemblyError: There is none.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AssemblyError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise AssemblyError(f"{path} holds no JSON object")
    return found


def _synthesize(folder: Path, output: str, environment: Mapping[str, str], context: Mapping[str, str]) -> None:
    """Run the app as the CDK CLI does, but for the bundling of assets, which no plan needs."""
    settings = read_json(folder / "cdk.json")
    command = settings.get("app")
    if not isinstance(command, str) or not command:
        raise AssemblyError(f'{folder / "cdk.json"} has no "app"; name the cloud assembly instead, such as cdk.out')
    kept = folder / "cdk.context.json"
    told_context = {**(read_json(kept) if kept.is_file() else {}), **settings.get("context", {}), **context}
    told = {
        **os.environ,
        **environment,
        "CDK_OUTDIR": output,
        "CDK_CONTEXT_JSON": json.dumps({**told_context, "aws:cdk:bundling-stacks": []}),
    }
    ran = subprocess.run(
        command, shell=True, cwd=folder, env=told, capture_output=True, text=True, errors="replace", check=False
    )
    if ran.returncode:
        last = "\n".join((ran.stderr or ran.stdout).strip().splitlines()[-_LAST_LINES:])
        raise AssemblyError(f"the app failed: {command}\n{last}")
    if not (Path(output) / "manifest.json").is_file():
        raise AssemblyError(f"the app wrote no cloud assembly: {command}; does it end in app.synth()?")


def _read(folder: Path) -> Iterator[AssembledStack]:
    manifest = read_json(folder / "manifest.json")
    if manifest.get("missing"):
        raise AssemblyError("the app looks things up that are not known yet; run cdk synth once, which keeps them")
    for name, artifact in manifest.get("artifacts", {}).items():
        properties = artifact.get("properties", {})
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _read(folder / properties["directoryName"])
        elif artifact.get("type") == "aws:cloudformation:stack":
            account, region = _environment(artifact.get("environment", ""))
            yield AssembledStack(
                name=properties.get("stackName", name),
                template=read_json(folder / properties["templateFile"]),
                account=account,
                region=region,
            )


def _environment(text: str) -> tuple[str, str]:
    found = re.fullmatch(r"aws://([^/]+)/(.+)", text)
    account, region = found.groups() if found else ("", "")
    return "" if account.startswith("unknown") else account, "" if region.startswith("unknown") else region
