"""What `plan` reads before it can say anything: an app, a template, a stack, an account that refuses."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ses_constructs.command.group import commands
from ses_constructs.command.ses_account import AccountError, SesAccount
from tests.command.told_account import Told, refusal

STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Mail/1"
IDENTITY: dict[str, Any] = {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An account without anything, for a test to change."""
    told: dict[str, Any] = {
        "get_caller_identity": {"Account": "111122223333"},
        "describe_stacks": refusal("ValidationError", "Stack with id Mail does not exist"),
        "describe_stack_resources": refusal("ValidationError", "Stack for example.com does not exist"),
        "get_email_identity": refusal("NotFoundException"),
        "list_exports": {"Exports": [{"Name": "Shared", "Value": "shared.example.com"}]},
    }
    monkeypatch.setattr(SesAccount, "client", lambda *_: Told(told))
    monkeypatch.setattr(SesAccount, "identity", lambda *_: None)
    return told


def deployed(status: str, template: object, **resources: tuple[str, str]) -> dict[str, Any]:
    return {
        "describe_stacks": {"Stacks": [{"StackId": STACK_ID, "StackStatus": status}]},
        "get_template": {"TemplateBody": template},
        "list_stack_resources": {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical_id,
                    "ResourceType": resource_type,
                    "PhysicalResourceId": physical_id,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical_id, (resource_type, physical_id) in resources.items()
            ]
        },
    }


def assembly(folder: Path, environment: str = "aws://unknown-account/unknown-region", **resources: object) -> Path:
    manifest = {
        "artifacts": {
            "Mail": {
                "type": "aws:cloudformation:stack",
                "environment": environment,
                "properties": {"templateFile": "Mail.template.json"},
            }
        }
    }
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    (folder / "Mail.template.json").write_text(json.dumps({"Resources": resources}))
    return folder


def run(folder: Path, *options: str) -> Result:
    arguments = ["plan", "--app", str(folder), "--region", "eu-west-1", *options]
    return CliRunner().invoke(commands, arguments, catch_exceptions=False)


def steps(result: Result) -> dict[str, dict[str, str]]:
    (stack,) = json.loads(result.stdout)["stacks"]
    return {each["thing"]: each for each in stack["steps"]}


def test_an_app_is_synthesized_by_its_own_command(tmp_path: Path, answers: dict[str, Any]) -> None:
    writes = assembly(tmp_path / "made", Identity=IDENTITY)
    program = f"import os, shutil; shutil.copytree({str(writes)!r}, os.environ['CDK_OUTDIR'], dirs_exist_ok=True)"
    told = "assert os.environ['CDK_DEFAULT_ACCOUNT'] == '111122223333' and 'shop' in os.environ['CDK_CONTEXT_JSON']"
    (tmp_path / "app.py").write_text(f"{program}\n{told}\n")
    (tmp_path / "cdk.json").write_text(json.dumps({"app": f"{sys.executable} app.py"}))

    result = run(tmp_path, "-c", "name=shop")

    assert result.output.splitlines()[0] == "Mail (a new stack, eu-west-1)"
    assert "made  identity example.com" in result.output
    assert result.output.splitlines()[-1] == "1 made"
    assert result.exit_code == 0


def test_context_without_a_value_is_refused(tmp_path: Path) -> None:
    assert "--context 'name' has no value; write domain=example.com" in run(tmp_path, "-c", "name").output


def test_a_stage_within_an_assembly_is_read(tmp_path: Path, answers: dict[str, Any]) -> None:
    assembly(tmp_path / "assembly-Prod", Identity=IDENTITY)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"Prod": stage}}))

    assert steps(run(tmp_path, "--json"))["identity example.com"]["verdict"] == "made"


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "has neither a cdk.json nor a manifest.json"),
        ({"cdk.json": "{}"}, 'has no "app"'),
        ({"cdk.json": '{"app": "echo wrong >&2; exit 3"}'}, "the app failed: echo wrong >&2; exit 3\nwrong"),
        ({"cdk.json": '{"app": "true"}'}, "the app wrote no cloud assembly"),
        ({"manifest.json": "["}, "cannot be read as JSON"),
        ({"manifest.json": "[]"}, "holds no JSON object"),
        ({"manifest.json": '{"missing": [{}]}'}, "run cdk synth once"),
    ],
)
def test_what_cannot_be_planned_is_said(
    tmp_path: Path, answers: dict[str, Any], files: dict[str, str], says: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    result = run(tmp_path)

    assert says in result.output
    assert result.exit_code == 2


def test_a_stack_of_another_account_is_not_looked_at(tmp_path: Path, answers: dict[str, Any]) -> None:
    result = run(assembly(tmp_path, "aws://222222222222/eu-west-1", Identity=IDENTITY), "--json")

    assert "it goes to account 222222222222, and these credentials are of 111122223333" in result.stdout
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("UPDATE_IN_PROGRESS", "CloudFormation is at work on it"),
        ("ROLLBACK_COMPLETE", "its creation or deletion failed"),
        ("UPDATE_ROLLBACK_FAILED", "the roll-back of its last update failed"),
    ],
)
def test_a_stack_that_takes_no_update_is_refused(
    tmp_path: Path, answers: dict[str, Any], status: str, says: str
) -> None:
    answers.update(deployed(status, {"Resources": {}}))

    found = steps(run(assembly(tmp_path), "--json"))["stack Mail"]

    assert (found["verdict"], says in found["says"]) == ("refused", True)
    assert found["fix"]


def test_what_was_deleted_by_hand_cannot_be_changed(tmp_path: Path, answers: dict[str, Any]) -> None:
    owned = {"Identity": ("AWS::SES::EmailIdentity", "example.com")}
    answers.update(deployed("UPDATE_COMPLETE", {"Resources": {"Identity": IDENTITY}}, **owned))
    changed = {**IDENTITY, "Properties": {**IDENTITY["Properties"], "FeedbackAttributes": {}}}

    same = steps(run(assembly(tmp_path, Identity=IDENTITY), "--json"))["identity example.com"]
    other = steps(run(assembly(tmp_path, Identity=changed), "--json"))["identity example.com"]

    assert (same["verdict"], same["says"]) == ("stays", "somebody has deleted it, and CloudFormation does not notice")
    assert other["verdict"] == "refused"
    assert "FeedbackAttributes cannot be changed any more" in other["says"]


def activation(name: str, *, takes_over: bool = False) -> dict[str, Any]:
    return {"Type": "Custom::SESActiveRuleSet", "Properties": {"RuleSetName": name, "TakeOver": takes_over}}


@pytest.mark.parametrize(
    ("active", "takes_over", "verdict", "says"),
    [
        ("", False, "made", "none is active now"),
        ("ours", False, "stays", ""),
        ("theirs", False, "refused", "receipt rule set 'theirs' is active in this region"),
        ("theirs", True, "changes", "it becomes active in the place of theirs"),
    ],
)
def test_a_new_activation_is_decided_by_the_set_that_is_active(
    tmp_path: Path, answers: dict[str, Any], active: str, takes_over: bool, verdict: str, says: str
) -> None:
    answers["describe_active_receipt_rule_set"] = {"Metadata": {"Name": active}} if active else {}
    folder = assembly(tmp_path, Activation=activation("ours", takes_over=takes_over))

    found = steps(run(folder, "--json"))["active receipt rule set ours"]

    assert (found["verdict"], says in found["says"]) == (verdict, True)
    assert bool(found["fix"]) == (verdict == "refused")


@pytest.mark.parametrize(
    ("active", "template", "thing", "verdict", "says"),
    [
        ("ours", {"Activation": activation("new")}, "new", "changes", "in the place of ours"),
        ("theirs", {"Activation": activation("ours")}, "ours", "stays", "theirs is active, and stays so"),
        ("theirs", {"Activation": activation("new")}, "new", "refused", "was activated outside of this stack"),
        ("ours", {}, "ours", "goes", "before becomes active again"),
        ("theirs", {}, "ours", "stays", "theirs is active, and stays so"),
    ],
)
def test_a_deployed_activation_is_decided_by_what_it_was_before(
    tmp_path: Path, answers: dict[str, Any], active: str, template: dict[str, Any], thing: str, verdict: str, says: str
) -> None:
    owned = {"Activation": ("Custom::SESActiveRuleSet", "active-rule-set|before")}
    answers.update(deployed("UPDATE_COMPLETE", {"Resources": {"Activation": activation("ours")}}, **owned))
    answers["describe_active_receipt_rule_set"] = {"Metadata": {"Name": active}}

    found = steps(run(assembly(tmp_path, **template), "--json"))[f"active receipt rule set {thing}"]

    assert (found["verdict"], says in found["says"]) == (verdict, True)


def test_what_another_stack_has_is_named(tmp_path: Path, answers: dict[str, Any]) -> None:
    owned = {"StackName": "Other", "ResourceType": "AWS::SES::ConfigurationSet", "PhysicalResourceId": "letters"}
    answers["get_configuration_set"] = {}
    answers["describe_stack_resources"] = {"StackResources": [owned]}
    configuration_set = {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "letters"}}

    found = steps(run(assembly(tmp_path, Set=configuration_set), "--json"))["configuration set letters"]

    assert (found["verdict"], found["says"]) == ("refused", "it exists already, and the stack Other has it")


@pytest.mark.parametrize(
    ("options", "verdict"), [((), "refused"), (("--import-existing-resources",), "unknown")], ids=["made", "imported"]
)
def test_whose_a_thing_is_stays_open_where_cloudformation_may_not_be_asked(
    tmp_path: Path, answers: dict[str, Any], options: tuple[str, ...], verdict: str
) -> None:
    answers["get_configuration_set"] = {}
    answers["describe_stack_resources"] = refusal("AccessDenied", "no cloudformation:DescribeStackResources")
    properties = {"Name": "letters"}
    configuration_set = {"Type": "AWS::SES::ConfigurationSet", "DeletionPolicy": "Retain", "Properties": properties}

    found = steps(run(assembly(tmp_path, Set=configuration_set), "--json", *options))["configuration set letters"]

    assert (found["verdict"], "no cloudformation:DescribeStackResources" in found["says"]) == (verdict, True)


def test_an_address_that_exists_is_used_and_what_is_retained_stays(
    tmp_path: Path, answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers["get_configuration_set"] = {}
    address = {"Type": "Custom::SESVerifiedAddress", "Properties": {"Address": "a@example.net"}}
    kept = {"Type": "AWS::SES::ConfigurationSet", "DeletionPolicy": "Retain", "Properties": {"Name": "letters"}}
    answers.update(
        deployed("UPDATE_COMPLETE", {"Resources": {"Set": kept}}, Set=("AWS::SES::ConfigurationSet", "letters"))
    )
    monkeypatch.setattr(SesAccount, "identity", lambda *_: {"VerifiedForSendingStatus": True})

    found = steps(run(assembly(tmp_path, Address=address), "--json"))

    assert found["address a@example.net"]["verdict"] == "stays"
    assert found["configuration set letters"]["says"] == "it leaves the stack and is retained"


def test_a_template_in_yaml_cannot_be_compared(tmp_path: Path, answers: dict[str, Any]) -> None:
    owned = {"Identity": ("AWS::SES::EmailIdentity", "example.com")}
    answers.update(deployed("UPDATE_COMPLETE", "Resources: {}", **owned))

    found = steps(run(assembly(tmp_path, Identity=IDENTITY), "--json"))["identity example.com"]

    assert (found["verdict"], "is in YAML" in found["says"]) == ("unknown", True)


def test_a_call_that_is_refused_leaves_the_others(tmp_path: Path, answers: dict[str, Any]) -> None:
    answers["get_configuration_set"] = refusal("AccessDenied", "no ses:GetConfigurationSet\x1b[2J")
    configuration_set = {"Type": "AWS::SES::ConfigurationSet", "Properties": {"Name": "letters"}}
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {}}
    folder = assembly(tmp_path, Identity=IDENTITY, Set=configuration_set, Nested=nested)

    result = run(folder)

    assert "identity example.com" in result.output
    assert "no ses:GetConfigurationSet" in " ".join(result.output.split())
    assert "\x1b" not in result.output
    assert "a nested stack is not looked into" in result.output
    assert result.exit_code == 2


def test_the_zone_of_another_account_is_not_looked_at(tmp_path: Path, answers: dict[str, Any]) -> None:
    properties = {"DomainName": "example.com", "HostedZoneId": "Z1", "RoleArn": "arn:aws:iam::1:role/r", "Records": []}
    writer = {"Type": "Custom::SESDnsRecords", "Properties": properties}

    found = steps(run(assembly(tmp_path, Writer=writer), "--json"))["records of example.com"]

    assert found["verdict"] == "unknown"
    assert "of another account" in found["says"]


def test_a_call_that_would_write_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")

    with pytest.raises(AccountError, match="DeleteEmailIdentity is no reading call"):
        SesAccount("eu-west-1").client("sesv2").delete_email_identity(EmailIdentity="example.com")
