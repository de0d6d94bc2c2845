"""`adopt` as people meet it: what it reads, prints and writes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner, Result

from ses_constructs.command.group import commands
from ses_constructs.command.name_servers import DnsReply, NameServers
from ses_constructs.command.ses_account import ReadingSession, SesAccount
from tests.command.adopted_mail import ACCOUNT, HOSTILE, IDENTITY, PUBLISHED, REGION, SET, rule, rule_set, zone_of
from tests.command.told_account import Told, refusal

FILES = ("app.py", "cdk.json", "import.json", "adoption.txt")
ZONES = [
    {"Name": "example.com.", "Id": "/hostedzone/Z0PRIVATE", "Config": {"PrivateZone": True}},
    {"Name": "example.com.", "Id": "/hostedzone/Z0123456789ABCDEFGHIJ", "Config": {"PrivateZone": False}},
    {"Name": "com.", "Id": "/hostedzone/Z0ABOVE", "Config": {"PrivateZone": False}},
]


def at_name(**asked: str) -> dict[str, Any]:
    standing = [each for sets in zone_of().standing.values() for each in sets]
    return {
        "ResourceRecordSets": [each for each in standing if each["Name"] == f"{asked['StartRecordName']}."],
        "IsTruncated": False,
    }


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the account says, for a test to change."""
    told: dict[str, Any] = {
        "get_email_identity": {**IDENTITY, "ConfigurationSetName": "production"},
        "get_caller_identity": {"Account": ACCOUNT},
        "get_configuration_set": SET,
        "get_configuration_set_event_destinations": {"EventDestinations": []},
        "describe_active_receipt_rule_set": {},
        "list_receipt_filters": {"Filters": [{}, {}]},
        "list_users": {"Users": [{"UserName": "ses-smtp-user.1"}, {"UserName": "jane"}]},
        "get_group": {"Users": [{"UserName": "robot"}]},
        "describe_stack_resources": refusal("ValidationError", "Stack for example.com does not exist"),
        "list_hosted_zones": {"HostedZones": ZONES},
        "get_hosted_zone": {"DelegationSet": {"NameServers": ["NS-1.awsdns-1.com"]}},
        "list_resource_record_sets": at_name,
    }
    monkeypatch.setattr(ReadingSession, "client", lambda *_, **__: Told(told))
    return told


@pytest.fixture(autouse=True)
def world(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], DnsReply]:
    """What the resolver says, for a test to change."""
    replies = {("example.com", "NS"): DnsReply(server="r", kind="answer", values=("ns-1.awsdns-1.com",))}
    nothing = DnsReply(server="r", kind="no name")
    monkeypatch.setattr(NameServers, "everywhere", lambda _, *asked: replies.get(asked, nothing))
    return replies


def run(*arguments: str) -> Result:
    command = ["adopt", "example.com", "--region", REGION, *arguments]
    return CliRunner().invoke(commands, command, catch_exceptions=False)


def data(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("--json", *arguments).stdout)
    return found


def test_the_program_is_printed_and_what_to_do_with_it_beside_it(answers: dict[str, Any]) -> None:
    result = run()

    assert result.exit_code == 0
    assert result.stdout.startswith('"""The mail of example.com')
    assert "dns=Route53Zone(zone, adopts_existing=True)" in result.stdout
    assert result.stderr.splitlines()[1:] == [
        "How example.com comes under the stack ExampleComMail:",
        "",
        "  1. cdk deploy ExampleComMail --import-existing-resources",
        "  2. aws cloudformation detect-stack-drift --stack-name ExampleComMail",
        "",
        "All of it is in the program.",
        "",
        "To know:",
        "",
        "  - The 2 IP filters are for the whole account and stay as they are.",
        "",
        "  - These users log in by SMTP and keep their keys; SmtpCredentials(user=...)",
        "    adds one: robot, ses-smtp-user.1.",
    ]


def test_what_was_left_out_is_told_in_80_columns_without_anything_that_steers_a_terminal(
    answers: dict[str, Any],
) -> None:
    answers["describe_active_receipt_rule_set"] = rule_set(rule(HOSTILE[5]), rule(HOSTILE[1]))

    result = run()

    assert result.exit_code == 1
    assert "Not in the program:" in result.stderr
    assert result.stderr.replace("\n", "").isprintable()
    assert max(map(len, result.stderr.splitlines())) <= 80


def test_the_files_are_written_once(answers: dict[str, Any], tmp_path: Path) -> None:
    answers["describe_active_receipt_rule_set"] = rule_set(rule())
    folder = tmp_path / "new" / "app"

    written = run("--write", str(folder))

    assert (written.exit_code, written.stdout) == (0, "")
    assert {each.name for each in folder.iterdir()} == {*FILES}
    assert json.loads((folder / "cdk.json").read_text()) == {"app": "python3 app.py"}
    mapping = json.loads((folder / "import.json").read_text())
    assert {"RuleSetName": "inbound", "RuleName": "archive"} in mapping.values()
    assert "cdk import ExampleComMail --resource-mapping import.json\n" in (folder / "adoption.txt").read_text()


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_overwritten_and_then_none_is_written(answers: dict[str, Any], tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")

    result = run("--write", str(tmp_path))

    assert result.exit_code == 2
    assert f"{name} exists, and nothing is overwritten" in result.stderr
    assert [each.read_text() for each in tmp_path.iterdir()] == ["mine"]


def test_the_data_has_a_schema(answers: dict[str, Any]) -> None:
    answers["describe_active_receipt_rule_set"] = rule_set(rule("-"))

    found = data()

    assert found["schema"] == "ses-constructs.adopt/1"
    assert found["exit_code"] == 1
    assert {*found["not_in_the_program"][0]} == {"what", "why", "do"}
    assert found["mapping"]["DomainIdentityE179405D"] == {"EmailIdentity": "example.com"}


def test_without_the_identity_there_is_nothing_to_write(answers: dict[str, Any], monkeypatch: Any) -> None:
    monkeypatch.setattr(SesAccount, "identity", lambda *_: None)

    result = run()

    assert (result.exit_code, result.stdout) == (2, "")
    assert "SES in eu-west-1 does not know example.com; say the --region" in result.stderr


@pytest.mark.parametrize("error", [refusal("AccessDenied"), NoCredentialsError()])
def test_what_the_program_is_made_of_must_be_readable(answers: dict[str, Any], error: Exception) -> None:
    answers["get_configuration_set"] = error

    result = run()

    assert result.exit_code == 2
    assert "Could not look" in result.stderr


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("list_receipt_filters", "the IP filters"),
        ("list_users", "the SMTP users"),
        ("list_hosted_zones", "Route 53"),
        ("describe_stack_resources", "whether a stack has the identity"),
    ],
)
def test_what_else_cannot_be_read_is_named(answers: dict[str, Any], call: str, what: str) -> None:
    answers[call] = refusal("AccessDenied")

    assert what in {each["what"] for each in data()["not_in_the_program"]}


def test_a_stack_that_has_it_keeps_it(answers: dict[str, Any]) -> None:
    owned = {"StackName": "Theirs", "ResourceType": "AWS::SES::EmailIdentity", "PhysicalResourceId": "example.com"}
    of_set = {**owned, "ResourceType": "AWS::SES::ConfigurationSet", "PhysicalResourceId": "production"}
    answers["describe_stack_resources"] = {"StackResources": [owned, of_set]}

    found = data()

    assert found["mapping"] == {}
    assert "VerifiedDomain.from_domain_name(" in found["program"]
    assert all(each["why"] == "the stack Theirs has it" for each in found["not_in_the_program"])


def test_a_stack_with_a_bucket_of_the_domains_name_does_not_have_the_identity(answers: dict[str, Any]) -> None:
    bucket = {"StackName": "Website", "ResourceType": "AWS::S3::Bucket", "PhysicalResourceId": "example.com"}
    answers["describe_stack_resources"] = {"StackResources": [bucket]}

    assert data()["not_in_the_program"] == []


def test_a_zone_that_the_world_does_not_ask_is_not_the_domains(
    answers: dict[str, Any], world: dict[tuple[str, str], DnsReply]
) -> None:
    world["example.com", "NS"] = DnsReply(server="r", kind="answer", values=("ns.elsewhere.net",))
    texts = tuple(PUBLISHED["_dmarc.example.com", "TXT"])
    world["_dmarc.example.com", "TXT"] = DnsReply(server="r", kind="answer", values=texts)
    world["mail.example.com", "MX"] = DnsReply(server="r", kind="failed", problem="no answer")

    found = data()

    assert "dns=RecordsToPublish()" in found["program"]
    assert "dmarc=DmarcPolicy.reject(" in found["program"]
    assert [each["what"] for each in found["not_in_the_program"]] == ["the MX record mail.example.com"]


def test_a_zone_of_which_dns_says_nothing_is_taken_and_named(
    answers: dict[str, Any], world: dict[tuple[str, str], DnsReply]
) -> None:
    world["example.com", "NS"] = DnsReply(server="r", kind="failed", problem="no resolver")

    found = data()

    assert "adopts_existing=True" in found["program"]
    assert [each["what"] for each in found["not_in_the_program"]] == ["whether the world asks Route 53 for example.com"]


def test_it_needs_no_cdk() -> None:
    script = (
        "import sys; sys.modules['aws_cdk'] = sys.modules['jsii'] = None\n"
        "import ses_constructs.command.adoption.program, ses_constructs.command.adoption.decide"
    )

    subprocess.run([sys.executable, "-c", script], check=True)
