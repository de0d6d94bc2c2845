"""`simulate` with a file of mail, on a template and on the rules of a local AWS."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from ses_constructs.command.group import commands
from tests.testing.rule_templates import ip_filter, rule, template

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")
STOP = {"StopAction": {"Scope": "RuleSet"}}
STORE = {"S3Action": {"BucketName": "mailbox"}}


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.eml"
    path.write_bytes(b"From: Ann <ann@example.net>\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n\r\nhello\r\n")
    return path


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "Mail.template.json"
    made = template(
        Jane=rule("jane@example.com", actions=[STORE, STOP], Name="jane"),
        Blocked=ip_filter("Block", "203.0.113.0/24"),
    )
    path.write_text(json.dumps(made))
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(commands, ["simulate", *map(str, arguments)], catch_exceptions=False)


def test_the_trace_of_a_file_is_that_of_the_simulator(letter: Path, rules: Path) -> None:
    result = run(letter, "--to", "jane@example.com", "--template", rules)

    assert result.output.splitlines()[0] == "accepted, 250 OK: ann@example.net -> jane@example.com"
    assert "rule 'jane' matched jane@example.com" in result.output
    assert "S3 mailbox" in result.output
    assert result.exit_code == 0


def test_a_message_that_is_not_taken_ends_with_1(letter: Path, rules: Path) -> None:
    unknown = run(letter, "--to", "joe@example.com", "--template", rules, "--json")
    blocked = run(letter, "--to", "jane@example.com", "--template", rules, "--source-ip", "203.0.113.9")

    data: dict[str, Any] = json.loads(unknown.output)
    assert (data["schema"], data["accepted"]) == ("ses-constructs.simulate/1", False)
    assert data["steps"][-1]["step"] == "Rejected"
    assert "filter 'Blocked' blocks it" in blocked.output
    assert unknown.exit_code == blocked.exit_code == 1


def test_the_active_rule_set_of_the_account_is_read_in_its_order(letter: Path, found_aws: "LocalAws") -> None:
    ses = found_aws.client("ses")

    none = run(letter, "--to", "jane@example.com", "--account")
    ses.create_receipt_rule_set(RuleSetName="simulated")
    for name in ("second", "first"):  # each is put in front
        ses.create_receipt_rule(
            RuleSetName="simulated",
            Rule={"Name": name, "Enabled": True, "Actions": [{"StopAction": {"Scope": "RuleSet"}}]},
        )
    ses.set_active_receipt_rule_set(RuleSetName="simulated")
    some = run(letter, "--to", "jane@example.com", "--account")
    ses.set_active_receipt_rule_set()
    ses.delete_receipt_rule_set(RuleSetName="simulated")

    assert none.exit_code == 2
    assert "no receipt rule set is active in us-east-1" in none.output
    assert "rule 'first' matched" in some.output
    assert "rule 'second' matched" not in some.output


def test_what_cannot_be_told_is_said(letter: Path, rules: Path, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no message")

    for says, arguments in {
        "say either --template or --account": (letter,),
        "is no JSON, as cdk synth writes it": (letter, "--template", letter),
        "has no headers": (text, "--template", rules),
        "has no value; write Domain=example.com": (letter, "--template", rules, "--parameter", "Domain"),
        "recipients must": (letter, "--template", rules, "--to", "nobody"),
    }.items():
        result = run(*arguments, "--to", "jane@example.com")
        assert says in result.output, result.output
        assert result.exit_code == 2

    (tmp_path / "list.json").write_text("[]")
    assert "is no template" in run(letter, "--to", "a@b.com", "--template", tmp_path / "list.json").output
