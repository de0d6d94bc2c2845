"""The saved queries on sample events, by a real engine over the columns and files that the template describes."""

import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack

from ses_constructs import BounceMonitoring, EventHistory
from tests.constructs.templates import identified, only
from tests.event_history.athena import Athena, duckdb_type, fields_of, for_duckdb


@pytest.fixture(scope="module")
def stack() -> Stack:
    app = App(analytics_reporting=False, tree_metadata=False)
    stack = Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))
    EventHistory(stack, "History", monitoring=BounceMonitoring(stack, "Bounces"))
    return stack


@pytest.fixture(scope="module")
def queries(stack: Stack) -> dict[str, str]:
    """The SQL of each saved query by what it is about."""
    found = identified(stack, "AWS::Athena::NamedQuery")
    return {re.sub("^History|[0-9A-F]{8}$", "", key): each["Properties"]["QueryString"] for key, each in found.items()}


@pytest.fixture(scope="module")
def athena(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Athena:
    destination = only(stack, "AWS::KinesisFirehose::DeliveryStream")["Properties"][
        "ExtendedS3DestinationConfiguration"
    ]
    return Athena(only(stack, "AWS::Glue::Table")["Properties"], destination, tmp_path_factory.mktemp("history"))


def picked(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


# What happened to mail for an address


def test_the_story_of_an_address_is_told_in_order(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["MailForAddress"], "ada@example.org")

    assert picked(rows, "happened_at", "event", "kind", "subtype", "message_id") == [
        ("2026-10-01T08:00:00.000Z", "Send", None, None, "message-0"),
        ("2026-10-01T08:00:02.000Z", "Delivery", None, None, "message-0"),
        ("2026-11-12T08:00:00.000Z", "Send", None, None, "message-1"),
        ("2026-11-12T08:10:00.000Z", "Bounce", "Transient", "ContentRejected", "message-1"),
        ("2026-11-14T09:00:00.000Z", "Reject", None, None, "message-3"),
        ("2026-11-14T10:00:00.000Z", "Rendering Failure", None, None, "message-4"),
        ("2026-11-20T08:00:00.000Z", "Send", None, None, "message-6"),
        ("2026-11-20T08:00:02.000Z", "Delivery", None, None, "message-6"),
        ("2026-11-20T09:00:00.000Z", "Forecast", None, None, "message-7"),
        ("2026-11-20T09:00:00.000Z", "Send", None, None, "message-7"),
        ("2026-11-20T09:00:03.000Z", "Delivery", None, None, "message-7"),
        ("2026-11-20T11:00:00.000Z", "Complaint", None, None, "message-7"),
        ("2026-11-20T12:00:00.000Z", "Open", None, None, "message-7"),
    ]


def test_the_story_says_why_and_about_which_message(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["MailForAddress"], "ada@example.org")

    assert picked(rows[3:7], "detail", "subject", "sender") == [
        (None, "Your order", "Shop <billing@example.com>"),
        ("Bad content", "Your parcel", "Shop <billing@example.com>"),
        ("Attribute 'name' is not present in the rendering data.", "", "Shop <billing@example.com>"),
        (None, "Your invoice", "Shop <billing@example.com>"),
    ]
    assert rows[1]["detail"] == "250 2.0.0 OK"


def test_what_happened_to_other_recipients_of_a_message_is_not_told(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["MailForAddress"], "bob@example.net")

    assert picked(rows, "event", "kind", "subtype", "detail") == [
        ("Send", None, None, None),
        ("Bounce", "Permanent", "NoEmail", "smtp; 550 5.1.1 user unknown"),
    ]


@pytest.mark.parametrize("address", ["carol@example.net", "Carol@Example.net", "CAROL@EXAMPLE.NET"])
def test_an_address_is_found_however_it_is_written(athena: Athena, queries: dict[str, str], address: str) -> None:
    rows = athena.ask(queries["MailForAddress"], address)

    assert picked(rows, "event", "subtype") == [("Send", None), ("Bounce", "MailboxFull")]


@pytest.mark.parametrize("address", ["nobody@example.org", "ada", "%", "ada@example.org' OR '1' = '1"])
def test_of_a_stranger_nothing_is_known(athena: Athena, queries: dict[str, str], address: str) -> None:
    assert athena.ask(queries["MailForAddress"], address) == []


# Bounces


def test_bounces_of_the_last_week_by_domain_and_subtype(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["Bounces"])

    suppressed = (
        "Amazon SES did not send the message to this address because it is on the suppression list for your account."
    )
    assert picked(rows, "domain", "kind", "subtype", "bounces", "example") == [
        ("example.net", "Permanent", "NoEmail", 1, "smtp; 550 5.1.1 user unknown"),
        ("example.net", "Permanent", "OnAccountSuppressionList", 1, suppressed),
        ("example.net", "Transient", "MailboxFull", 1, None),
    ]


# Complaints


def test_complaints_of_the_last_month_newest_first(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["Complaints"])

    assert picked(rows, "happened_at", "recipient", "kind", "subtype", "subject", "message_id") == [
        ("2026-11-20T11:00:00.000Z", "ada@example.org", "not stated", None, "Your receipt", "message-7"),
        (
            "2026-11-14T11:00:01.000Z",
            "frank@example.net",
            "not stated",
            "OnAccountSuppressionList",
            "Your invoice",
            "message-10",
        ),
        ("2026-11-14T07:00:00.000Z", "frank@example.net", "abuse", None, "Our autumn sale", "message-5"),
    ]


# Deliverability


def test_every_day_is_counted_by_message_and_recipient(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["Deliverability"])

    columns = ["sent", "delivered", "hard_bounced", "soft_bounced", "suppressed", "complained", "rejected"]
    assert {row["sent_on"]: tuple(row[name] for name in columns) for row in rows} == {
        "2026-11-12": (1, 0, 0, 1, 0, 0, 0),
        "2026-11-13": (0, 0, 0, 0, 0, 1, 0),
        "2026-11-14": (1, 0, 0, 0, 2, 0, 1),
        "2026-11-19": (1, 1, 0, 0, 0, 0, 0),
        "2026-11-20": (5, 2, 1, 1, 0, 1, 0),
    }


def test_the_share_that_arrived_is_told_where_something_was_sent(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["Deliverability"])

    assert picked(rows, "sent_on", "delivered_percent") == [
        ("2026-11-12", 0.0),
        ("2026-11-13", None),
        ("2026-11-14", 0.0),
        ("2026-11-19", 100.0),
        ("2026-11-20", 40.0),
    ]


# Opens and clicks by day


def test_what_a_machine_opens_is_counted_apart(athena: Athena, queries: dict[str, str]) -> None:
    (day,) = athena.ask(queries["Engagement"])

    assert day == {
        "happened_on": "2026-11-20",
        "opened": 3,  # once for each message; two events are of the time before SES told machines apart
        "opened_by_machine": 1,
        "clicked": 1,
        "clicked_by_machine": 1,
    }


def test_the_story_of_an_address_says_what_a_machine_did(athena: Athena, queries: dict[str, str]) -> None:
    rows = athena.ask(queries["MailForAddress"], "dora@example.net")

    assert picked(rows, "event", "kind") == [("Open", "machine"), ("Click", "machine"), ("Open", "person")]


# Delays


def test_delays_of_the_last_week_with_the_last_answer_of_the_server(athena: Athena, queries: dict[str, str]) -> None:
    assert athena.ask(queries["Delays"]) == [
        {
            "domain": "slow.example",
            "kind": "TransientCommunicationFailure",
            "delayed": 1,
            "last_seen": "2026-11-20T11:30:00.000Z",
            "last_answer": "smtp; 421 4.3.2 closed for maintenance",
        }
    ]


# The table


def test_every_sample_is_a_row(athena: Athena) -> None:
    rows = athena.ask(
        "SELECT day, count(*) AS events, count(eventtype) AS readable FROM events GROUP BY day ORDER BY day"
    )

    assert picked(rows, "day", "events", "readable") == [
        ("2026-10-01", 2, 2),
        ("2026-11-12", 2, 2),
        ("2026-11-14", 6, 6),
        ("2026-11-20", 23, 22),
    ]


def test_tags_and_headers_can_be_asked_for(athena: Athena) -> None:
    rows = athena.ask(
        "SELECT DISTINCT mail.tags['campaign'] AS campaign, mail.headers[2].value AS subject FROM events "
        "WHERE mail.messageid = 'message-7'"
    )

    assert rows == [{"campaign": ["autumn"], "subject": "Your receipt"}]


def test_what_the_table_does_not_know_is_left_out(athena: Athena) -> None:
    rows = athena.ask("SELECT open.ipaddress, open FROM events WHERE eventtype = 'Open'")

    assert {*picked(rows, "ipaddress")} == {("192.0.2.1",)}
    assert set(rows[0]["open"]) == {"timestamp", "ipaddress", "useragent", "isbotevent"}


def test_an_unnested_array_of_rows_names_every_field_in_order(stack: Stack, queries: dict[str, str]) -> None:
    columns = {
        each["Name"]: each["Type"]
        for each in only(stack, "AWS::Glue::Table")["Properties"]["TableInput"]["StorageDescriptor"]["Columns"]
    }
    for sql in queries.values():
        unnested = re.findall(r"UNNEST\((\w+)\.(\w+)\) AS \w+\(([^)]*)\)", sql)
        assert len(unnested) == 4
        for column, field, names in unnested:
            row = fields_of(columns[column])[field].removeprefix("array<").removesuffix(">")
            # Trino refuses another number of names than the row has fields.
            assert names.split(", ") == (list(fields_of(row)) if row.startswith("struct") else ["address"])


def test_a_query_reads_its_files_once(queries: dict[str, str]) -> None:
    assert [len(re.findall(r"\bFROM events\b", sql)) for sql in queries.values()] == [1] * 6


# The engine of these tests


@pytest.mark.parametrize(
    ("hive", "duckdb"),
    [
        ("string", "VARCHAR"),
        ("array<string>", "VARCHAR[]"),
        ("map<string,array<string>>", "MAP(VARCHAR, VARCHAR[])"),
        (
            "struct<a:bigint,b:struct<c:array<struct<d:boolean>>,e:string>>",
            'STRUCT("a" BIGINT, "b" STRUCT("c" STRUCT("d" BOOLEAN)[], "e" VARCHAR))',
        ),
    ],
)
def test_types_of_hive_are_types_of_duckdb(hive: str, duckdb: str) -> None:
    assert duckdb_type(hive) == duckdb


@pytest.mark.parametrize("hive", ["decimal(4,2)", "uniontype<string>"])
def test_a_type_that_nobody_has_taught_fails(hive: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        duckdb_type(hive)


def test_only_unnest_and_the_date_differ_between_the_dialects(queries: dict[str, str]) -> None:
    for sql in queries.values():
        back = for_duckdb(sql).replace("LATERAL (SELECT UNNEST(", "UNNEST(").replace(", recursive := true))", ")")
        assert back.replace("DATE '2026-11-20'", "current_date") == sql


def test_no_sample_is_outside_of_what_is_kept(athena: Athena, tmp_path: Path, stack: Stack) -> None:
    table = dict(only(stack, "AWS::Glue::Table")["Properties"])
    parameters = table["TableInput"]["Parameters"] | {"projection.day.range": "NOW-7DAYS,NOW"}
    destination = only(stack, "AWS::KinesisFirehose::DeliveryStream")["Properties"][
        "ExtendedS3DestinationConfiguration"
    ]
    shorter = Athena(table | {"TableInput": table["TableInput"] | {"Parameters": parameters}}, destination, tmp_path)

    assert picked(shorter.ask("SELECT DISTINCT day FROM events ORDER BY day"), "day") == [
        ("2026-11-14",),
        ("2026-11-20",),
    ]
