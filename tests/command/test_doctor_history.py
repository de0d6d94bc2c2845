"""`doctor --history`: the saved query of the construct, run by a real engine over sample events."""

import json
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from click.testing import CliRunner, Result

from ses_constructs import BounceMonitoring, EventHistory
from ses_constructs.command import event_history
from ses_constructs.command.event_history import question
from ses_constructs.command.group import commands
from ses_constructs.command.ses_account import SesAccount
from tests.command.told_account import Told, refusal
from tests.constructs.templates import identified, only
from tests.event_history.athena import Athena

COLUMNS = ("happened_at", "event", "kind", "subtype", "detail", "recipient", "message_id")
LIMIT = 10 * 1024**3


@pytest.fixture(scope="module")
def stack() -> Stack:
    stack = Stack(App(), "Mail", env=Environment(account="111122223333", region="eu-west-1"))
    EventHistory(stack, "History", monitoring=BounceMonitoring(stack, "Bounces"))
    return stack


@pytest.fixture(scope="module")
def saved(stack: Stack) -> list[dict[str, str]]:
    """The saved queries as Athena lists them."""
    found = [each["Properties"] for each in identified(stack, "AWS::Athena::NamedQuery").values()]
    return [{**each, "Database": "mail", "WorkGroup": "mail"} for each in found]


@pytest.fixture(scope="module")
def engine(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Athena:
    stream = only(stack, "AWS::KinesisFirehose::DeliveryStream")["Properties"]["ExtendedS3DestinationConfiguration"]
    return Athena(only(stack, "AWS::Glue::Table")["Properties"], stream, tmp_path_factory.mktemp("history"))


@pytest.fixture
def answers(
    monkeypatch: pytest.MonkeyPatch, stack: Stack, saved: list[dict[str, str]], engine: Athena
) -> dict[str, Any]:
    """An account with a history, for a test to change."""
    group = only(stack, "AWS::Athena::WorkGroup")["Properties"]
    rows: list[list[str | None]] = []

    def start(QueryString: str, ExecutionParameters: list[str], **_: object) -> dict[str, str]:  # noqa: N803
        (quoted,) = ExecutionParameters
        found = engine.ask(QueryString, quoted[1:-1].replace("''", "'"))
        rows[:] = [[*COLUMNS], *([each[name] for name in COLUMNS] for each in found)]
        return {"QueryExecutionId": "one"}

    def results(**_: object) -> dict[str, Any]:
        data = [{"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]} for row in rows]
        return {"ResultSet": {"Rows": data}}

    told: dict[str, Any] = {
        "get_suppressed_destination": refusal("NotFoundException"),
        "get_account": {"ProductionAccessEnabled": True, "SendingEnabled": True, "SendQuota": {"Max24HourSend": 9}},
        "get_email_identity": refusal("NotFoundException"),
        "get_message_insights": {"Insights": []},
        "list_work_groups": {
            "WorkGroups": [{"Name": "primary"}, {"Name": "mail", "Description": group["Description"]}]
        },
        "get_work_group": {"WorkGroup": {"Configuration": {"BytesScannedCutoffPerQuery": LIMIT}}},
        "list_named_queries": {"NamedQueryIds": [str(number) for number in range(len(saved))]},
        "batch_get_named_query": {"NamedQueries": saved},
        "start_query_execution": start,
        "get_query_execution": {
            "QueryExecution": {"Status": {"State": "SUCCEEDED"}, "Statistics": {"DataScannedInBytes": 250_000}}
        },
        "get_query_results": results,
        "stop_query_execution": {},
    }
    monkeypatch.setattr(SesAccount, "client", lambda *_: Told(told))
    return told


def run(*arguments: str) -> Result:
    fixed = ("--region", "eu-west-1", "--json", "--days", "3650")
    return CliRunner().invoke(commands, ["doctor", *arguments, *fixed], catch_exceptions=False)


def look(*arguments: str) -> dict[str, dict[str, str]]:
    findings = json.loads(run(*arguments, "--history", "mail").stdout)["findings"]
    return {each["id"]: each for each in findings if each["id"].startswith("history")}


def test_the_last_messages_to_an_address_are_told(answers: dict[str, Any]) -> None:
    found = look("ada@example.org")

    assert {name: each["outcome"] for name, each in found.items()} == {
        "history.message-1": "wrong",
        "history.message-3": "wrong",
        "history.message-4": "wrong",
        "history.message-6": "right",
        "history.message-7": "wrong",
    }
    assert "does not like the content" in found["history.message-1"]["says"]
    assert "found a virus" in found["history.message-3"]["says"]
    assert "could not be filled" in found["history.message-4"]["says"]
    assert "marked it as spam" in found["history.message-7"]["says"]


def test_a_message_is_told_for_each_of_its_recipients(answers: dict[str, Any]) -> None:
    found = look("message-6")

    assert found["history.bob@example.net"]["outcome"] == "wrong"
    assert "there is no such mailbox" in found["history.bob@example.net"]["says"]
    assert "550 5.1.1 user unknown" in found["history.bob@example.net"]["found"]
    assert found["history.ada@example.org"]["outcome"] == "right"


def test_what_it_may_cost_is_said_before_and_what_was_read_behind(answers: dict[str, Any]) -> None:
    result = run("ada@example.org", "--history", "mail")

    before = " ".join(result.stderr.split())
    assert "counts 10.0 MB at least and at most 10.7 GB, which is 0.05369 USD" in before
    assert "after 60 s the question is given up" in before
    assert json.loads(result.stdout)["notes"] == [
        "Athena read 0.2 MB of the event history, and counts 10.0 MB: 0.00005 USD"
    ]


def test_unless_it_is_named_nothing_is_asked_and_it_is_pointed_at(answers: dict[str, Any]) -> None:
    del answers["start_query_execution"]

    result = run("ada@example.org")

    assert json.loads(result.stdout)["notes"] == ["there is an event history, which was not asked: add --history mail"]
    assert result.exit_code == 0


def test_only_the_days_that_were_asked_for_are_read(saved: list[dict[str, str]]) -> None:
    (sql,) = (each["QueryString"] for each in saved if each["Name"] == event_history.SAVED_QUERY)

    asked = question(sql, "ada@example.org", 30)

    assert event_history.ALL_DAYS in sql
    assert event_history.ALL_DAYS not in asked
    assert "WHERE day >= '20" in asked


@pytest.mark.parametrize(
    ("call", "answer", "says"),
    [
        ("batch_get_named_query", {"NamedQueries": []}, "has no saved query"),
        ("start_query_execution", refusal("AccessDeniedException", "no glue:GetTable"), "no glue:GetTable"),
        (
            "get_query_execution",
            {"QueryExecution": {"Status": {"State": "FAILED", "StateChangeReason": "exceeded the limit"}}},
            "Athena says FAILED: exceeded the limit",
        ),
        ("get_query_execution", {"QueryExecution": {"Status": {"State": "RUNNING"}}}, "did not answer in 0 s"),
    ],
)
def test_what_keeps_it_from_being_read_is_said(
    answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch, call: str, answer: object, says: str
) -> None:
    monkeypatch.setattr(event_history, "MOST_SECONDS", 0)
    answers[call] = answer

    found = look("ada@example.org")["history"]

    assert found["outcome"] == "unknown"
    assert says in found["says"]
    assert run("ada@example.org", "--history", "mail").exit_code == 2


def test_no_message_is_no_fault(answers: dict[str, Any]) -> None:
    assert look("nobody@example.org")["history"]["says"] == "nothing in the last 3650 days"


def test_a_work_group_that_is_not_there_ends_before_anything_is_asked(answers: dict[str, Any]) -> None:
    answers["get_work_group"] = refusal("InvalidRequestException", "WorkGroup is not found.")

    result = run("ada@example.org", "--history", "nothing")

    assert "WorkGroup is not found" in result.stderr
    assert json.loads(result.stdout) == {
        "schema": "ses-constructs.doctor/1",
        "exit_code": 2,
        "error": "TheCall was refused: InvalidRequestException WorkGroup is not found.",
    }


def test_where_histories_may_not_be_listed_that_is_a_note(answers: dict[str, Any]) -> None:
    answers["list_work_groups"] = refusal("AccessDeniedException", "no athena:ListWorkGroups")

    result = run("ada@example.org")

    assert "no event history was looked for" in json.loads(result.stdout)["notes"][0]
    assert result.exit_code == 0
