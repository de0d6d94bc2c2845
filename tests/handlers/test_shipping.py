"""The folder as Lambda gets it: no dependencies but boto3, no secrets in logs, nothing of the rest of the package."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

import ses_constructs.handlers

from .in_memory_aws import UnknownRequest
from .world import CUSTOM_RESOURCES, ENTRY_POINTS, KINDS, World, event

FOLDER = Path(ses_constructs.handlers.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))
ALLOWED = {*sys.stdlib_module_names, "boto3", "botocore"}
# No custom resources.
OTHER_HANDLERS = ("account_health", "drop_spam", "pause_sending", "rotate_smtp_credentials", "sender_failover")


def type_checking_blocks(tree: ast.Module) -> set[ast.AST]:
    """What stands under ``if TYPE_CHECKING:`` does not run in Lambda."""
    blocks = [node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    return {inner for block in blocks for inner in ast.walk(block)}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_handler_imports_the_standard_library_boto3_and_its_neighbours(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    skipped = type_checking_blocks(tree)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= ALLOWED
        if isinstance(node, ast.ImportFrom) and node.level:
            # Up to the handlers themselves and no further: the rest of the package is not there in Lambda.
            folder = module.parents[node.level - 1]
            assert folder.is_relative_to(FOLDER)
            assert folder.joinpath(*(node.module or "").split(".")).with_suffix(".py").exists()
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] in ALLOWED


def test_every_handler_has_a_recorded_event_of_each_kind_with_all_fields() -> None:
    fields = {"RequestType", "ServiceToken", "ResponseURL", "StackId", "RequestId", "LogicalResourceId"}
    fields |= {"ResourceType", "ResourceProperties"}
    more = {"create": set[str](), "update": {"PhysicalResourceId", "OldResourceProperties"}}
    more["delete"] = {"PhysicalResourceId"}
    for handler in CUSTOM_RESOURCES:
        for kind in KINDS:
            assert set(event(handler, kind)) == fields | more[kind]


def test_the_modules_are_handlers_in_lambda_without_the_package_and_without_calls_at_import(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    entry_points = sorted({ENTRY_POINTS.get(each, each) for each in (*CUSTOM_RESOURCES, *OTHER_HANDLERS)})
    script = (
        "import importlib, sys, boto3\n"
        "boto3.client = None\n"
        f"for handler in {entry_points!r}:\n"
        "    assert callable(importlib.import_module(f'handlers.{handler}').on_event)\n"
        "print([name for name in sys.modules if name.startswith(('aws_cdk', 'ses_constructs', 'mypy_boto3'))])\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert (run.stdout.strip(), run.stderr) == ("[]", "")


def test_the_function_that_mail_waits_for_loads_no_boto3() -> None:
    trees = [ast.parse((FOLDER / name).read_text(encoding="utf-8")) for name in ("drop_spam.py", "_metrics.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    imported = {ast.unparse(node) for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))}

    assert {line for line in imported if "boto" in line or "from ." in line} == {"from ._metrics import count_one"}


def test_the_hand_over_carries_the_response_url_to_lambda_alone(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    aws.invoke("wait_for_verification", event("wait_for_verification", "create"))

    (successor,) = aws.functions.queue
    assert successor["ResponseURL"] == event("wait_for_verification", "create")["ResponseURL"]
    assert "X-Amz-Signature" not in caplog.text


def test_a_log_line_names_the_resource_the_outcome_and_the_reason(aws: World, caplog: pytest.LogCaptureFixture) -> None:
    aws.send("sender_policy", event("sender_policy", "create", Policy="x" * 3000))

    (record,) = [record for record in caplog.records if record.getMessage() == "answering"]
    fields = {name: record.__dict__[name] for name in ("request_type", "logical_id", "status", "reason")}
    assert fields["request_type"] == "Create"
    assert fields["logical_id"] == "DomainSenderPolicy0F6B7C21"
    assert fields["status"] == "FAILED"
    assert len(json.dumps(fields)) < 600


def test_the_aws_in_memory_refuses_what_it_does_not_know(aws: World) -> None:
    with pytest.raises(UnknownRequest, match=r"sesv2\.ListContactLists"):
        boto3.client("sesv2").list_contact_lists()
