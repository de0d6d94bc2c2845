"""`status` on every state that SES's API can report, and once on a local AWS."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import NoCredentialsError
from click.testing import CliRunner, Result

from ses_constructs.command.group import commands
from ses_constructs.command.ses_account import SesAccount
from tests.command.told_account import Told, refusal

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")

HEALTHY: dict[str, Any] = {
    "get_account": {
        "ProductionAccessEnabled": True,
        "SendingEnabled": True,
        "EnforcementStatus": "HEALTHY",
        "SendQuota": {"Max24HourSend": 50000, "SentLast24Hours": 120, "MaxSendRate": 14},
        "SuppressionAttributes": {"SuppressedReasons": ["COMPLAINT", "BOUNCE"]},
    },
    "list_email_identities": {
        "EmailIdentities": [{"IdentityName": "a.com", "SendingEnabled": True, "VerificationStatus": "SUCCESS"}]
    },
    "list_configuration_sets": {"ConfigurationSets": ["letters"]},
    "get_configuration_set": {"SendingOptions": {"SendingEnabled": True}},
    "describe_active_receipt_rule_set": {
        "Metadata": {"Name": "inbound"},
        "Rules": [{"Name": "one", "Enabled": True}, {"Name": "two", "Enabled": False}],
    },
    "describe_alarms": {"MetricAlarms": []},
}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the account says, for a test to change."""
    told = dict(HEALTHY)
    monkeypatch.setattr(SesAccount, "client", lambda *_: Told(told))
    return told


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["status", "--region", "eu-west-1", *arguments], catch_exceptions=False)


def findings(result: Result) -> dict[str, dict[str, str]]:
    return {each["id"]: each for each in json.loads(result.output)["findings"]}


def test_an_account_that_is_well_is_one_screen(answers: dict[str, Any]) -> None:
    result = run()

    assert result.exit_code == 0
    assert result.output.startswith("SES in eu-west-1\n")
    assert "120 of 50,000 messages in 24 hours, 14 a second" in result.output
    assert "the rule set inbound is active, with 2 rules; disabled: two" in " ".join(result.output.split())
    assert len(result.output.splitlines()) <= 24
    assert all(len(line) <= 80 for line in result.output.splitlines())


def metric_alarm(**fields: object) -> dict[str, Any]:
    return {"MetricAlarms": [{"AlarmName": "bounces", "StateReason": "too many", **fields}]}


@pytest.mark.parametrize(
    ("call", "answer", "finding", "outcome", "says"),
    [
        ("get_account", {"ProductionAccessEnabled": False}, "account.sandbox", "advice", "in the sandbox"),
        ("get_account", {"SendingEnabled": False}, "account.sending", "wrong", "off for the whole account"),
        ("get_account", {"EnforcementStatus": "SHUTDOWN"}, "account.sending", "wrong", "AWS has shut it down"),
        ("get_account", {"EnforcementStatus": "PROBATION"}, "account.sending", "wrong", "AWS says PROBATION"),
        (
            "get_account",
            {"SendQuota": {"Max24HourSend": 200, "SentLast24Hours": 170}},
            "account.quota",
            "advice",
            "the limit is near",
        ),
        (
            "get_account",
            {"SendQuota": {"Max24HourSend": 200, "SentLast24Hours": 200}},
            "account.quota",
            "wrong",
            "further mail is refused",
        ),
        ("get_account", {"SendQuota": {"Max24HourSend": -1}}, "account.quota", "right", "without a limit"),
        ("get_account", {"SuppressionAttributes": {}}, "account.suppression", "advice", "mailed again"),
        (
            "list_email_identities",
            {"EmailIdentities": [{"IdentityName": "b.com", "VerificationStatus": "FAILED"}]},
            "identity.b.com",
            "wrong",
            "does not send: FAILED",
        ),
        (
            "get_configuration_set",
            {"SendingOptions": {"SendingEnabled": False}},
            "set.letters",
            "wrong",
            "is paused",
        ),
        ("describe_active_receipt_rule_set", {"Metadata": {}}, "receiving", "right", "SES takes no mail"),
        ("describe_alarms", metric_alarm(Namespace="AWS/SES"), "alarm.bounces", "wrong", "rings"),
        (
            "describe_alarms",
            metric_alarm(Metrics=[{"MetricStat": {"Metric": {"Namespace": "AWS/SES"}}}]),
            "alarm.bounces",
            "wrong",
            "rings",
        ),
        ("describe_alarms", metric_alarm(Namespace="AWS/EC2"), "alarms", "right", "no alarm"),
    ],
)
def test_each_state_is_said(
    answers: dict[str, Any], call: str, answer: dict[str, Any], finding: str, outcome: str, says: str
) -> None:
    # Of GetAccount one field changes.
    answers[call] = HEALTHY[call] | answer if call == "get_account" else answer

    result = run("--json")

    found = findings(result)[finding]
    assert found["outcome"] == outcome
    assert says in found["says"]
    assert result.exit_code == (1 if outcome == "wrong" else 0)


def test_a_call_that_is_refused_leaves_the_others(answers: dict[str, Any]) -> None:
    answers["list_configuration_sets"] = refusal("AccessDenied", "not authorized to perform ses:ListConfigurationSets")

    result = run("--json")

    assert "not authorized" in findings(result)["sets"]["says"]
    assert findings(result)["receiving"]["outcome"] == "right"
    assert result.exit_code == 2


def test_without_credentials_that_is_said_once(answers: dict[str, Any]) -> None:
    answers["get_account"] = NoCredentialsError()

    result = run()

    assert result.output == "Could not look: no AWS credentials were found; set AWS_PROFILE, or log in\n"
    assert result.exit_code == 2


def test_a_local_aws_is_read(found_aws: "LocalAws") -> None:

    found = findings(run("--json"))

    assert not [each for each in found.values() if each["outcome"] == "unknown"]


def test_without_a_region_it_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "nowhere")

    result = CliRunner().invoke(commands, ["status"], catch_exceptions=False)

    assert result.exit_code == 2
    assert "no AWS region is set" in result.output
