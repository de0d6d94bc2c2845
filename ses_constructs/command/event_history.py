"""What the event history of an account knows: asked of Athena by the query that ``EventHistory`` saves with it.

Each question costs money, so that none is asked unless somebody named the work group.
"""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from .findings import Finding, could_not_look
from .message_events import explain_events
from .ses_account import AccountError, SesAccount, all_pages, in_a_sentence

SAVED_QUERY = "What happened to mail for an address"
DESCRIPTION = "Questions to the history of mail that was sent through Amazon SES"
"""Of the work group of every ``EventHistory``, by which it is found."""
ALL_DAYS = "day IS NOT NULL"
MOST_SECONDS = 60
_MOST_ROWS, _MOST_MESSAGES = 500, 5
_MEGABYTE = 1000**2
_LEAST_COUNTED = 10 * _MEGABYTE  # https://aws.amazon.com/athena/pricing/
_USD_A_TERABYTE = 5
_SOURCE = "the event history"


def look_for_histories(account: SesAccount) -> list[str]:
    """A note that names the histories of the region, or says that there was no right to look."""
    try:
        groups = all_pages(account.client("athena").list_work_groups, "WorkGroups")
    except (BotoCoreError, ClientError) as error:
        return [f"no event history was looked for: {in_a_sentence(error)}"]
    names = [each["Name"] for each in groups if each.get("Description") == DESCRIPTION]
    return [f"there is an event history, which was not asked: add --history {name}" for name in names]


def cost_of_asking(account: SesAccount, work_group: str, days: int) -> str:
    """What a question may cost at most, in a sentence."""
    try:
        found = account.client("athena").get_work_group(WorkGroup=work_group)["WorkGroup"]
    except (BotoCoreError, ClientError) as error:
        raise AccountError(in_a_sentence(error)) from error
    most = found.get("Configuration", {}).get("BytesScannedCutoffPerQuery", 0)
    limit = f"at most {_shown(most)}, which is {_price(most)}" if most else "without a limit"
    return (
        f"Athena is asked about the last {days} days in {work_group}: it counts {_shown(_LEAST_COUNTED)} at least and "
        f"{limit} at {_USD_A_TERABYTE} USD a terabyte; after {MOST_SECONDS} s the question is given up."
    )


def ask_history(
    account: SesAccount, subject: str, *, work_group: str, days: int, notes: list[str]
) -> Iterator[Finding]:
    """What became of a message id, or of the last messages to an address; *notes* gets what was read."""
    saved = _saved_query(account, work_group)
    if saved is None:
        yield could_not_look("history", f"the work group {work_group} has no saved query {SAVED_QUERY!r}")
        return
    rows = _rows(account, saved, question(saved["QueryString"], subject, days), subject, notes)
    if isinstance(rows, str):
        yield could_not_look("history", rows)
        return
    if not rows:
        yield Finding(id="history", outcome="advice", says=f"nothing in the last {days} days", source=_SOURCE)
        return
    name = "message_id" if "@" in subject else "recipient"
    groups = [[*rows_of] for _, rows_of in groupby(sorted(rows, key=lambda row: row[name]), lambda row: row[name])]
    newest = sorted(groups, key=lambda group: max(row["happened_at"] for row in group))[-_MOST_MESSAGES:]
    for group in newest:
        events = [_event(row) for row in sorted(group, key=lambda row: row["happened_at"])]
        yield from explain_events(f"history.{group[0][name]}", group[0]["recipient"], events, source=_SOURCE)


def question(saved: str, subject: str, days: int) -> str:
    """The saved query up to its own SELECT, with one that also takes message ids, and only over the last days."""
    until, _, _ = saved.rpartition("SELECT DISTINCT")
    since = (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%d")
    wanted = "recipient = lower(?)" if "@" in subject else "message_id = ?"
    return (
        until.replace(ALL_DAYS, f"day >= '{since}'")
        + "SELECT DISTINCT happened_at, event, kind, subtype, detail, recipient, message_id\n"
        f"FROM per_recipient\nWHERE {wanted}\nORDER BY happened_at DESC\nLIMIT {_MOST_ROWS}"
    )


def _saved_query(account: SesAccount, work_group: str) -> Any:
    athena = account.client("athena")
    pages = athena.get_paginator("list_named_queries").paginate(WorkGroup=work_group)
    ids = [each for page in pages for each in page["NamedQueryIds"]]
    # Fifty are taken at once.
    for start in range(0, len(ids), 50):
        for each in athena.batch_get_named_query(NamedQueryIds=ids[start : start + 50])["NamedQueries"]:
            if each["Name"] == SAVED_QUERY and "per_recipient" in each["QueryString"]:
                return each
    return None


def _rows(account: SesAccount, saved: Any, sql: str, subject: str, notes: list[str]) -> "list[dict[str, str]] | str":
    """The rows of the answer, or why there is none."""
    athena = account.client("athena")
    quoted = subject.replace("'", "''")
    execution_id = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": saved["Database"]},
        WorkGroup=saved["WorkGroup"],
        ExecutionParameters=[f"'{quoted}'"],
    )["QueryExecutionId"]
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        execution = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        state = execution["Status"]["State"]
        if state not in ("QUEUED", "RUNNING"):
            break
        if time.monotonic() > deadline:
            athena.stop_query_execution(QueryExecutionId=execution_id)
            return f"Athena did not answer in {MOST_SECONDS} s, and was stopped"
        time.sleep(0.5)
    scanned = execution.get("Statistics", {}).get("DataScannedInBytes", 0)
    counted = max(scanned, _LEAST_COUNTED)
    notes.append(f"Athena read {_shown(scanned)} of the event history, and counts {_shown(counted)}: {_price(counted)}")
    if state != "SUCCEEDED":
        return f"Athena says {state}: {execution['Status'].get('StateChangeReason', '')}"
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution_id)
    names, *rows = [
        [cell.get("VarCharValue", "") for cell in row["Data"]] for p in pages for row in p["ResultSet"]["Rows"]
    ]
    return [dict(zip(names, row, strict=True)) for row in rows]


def _event(row: dict[str, str]) -> dict[str, Any]:
    """A row as ``GetMessageInsights`` has an event."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", row["event"].replace(" ", "_")).replace("__", "_").upper()
    bounce = {"BounceType": row["kind"], "BounceSubType": row["subtype"], "DiagnosticCode": row["detail"]}
    when = datetime.fromisoformat(row["happened_at"])
    return {"Type": kind, "Timestamp": when, "Details": {"Bounce": bounce} if kind == "BOUNCE" else {}}


def _shown(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB" if size < 1000 * _MEGABYTE else f"{size / _MEGABYTE / 1000:,.1f} GB"


def _price(size: int) -> str:
    return f"{size / _MEGABYTE / 1000**2 * _USD_A_TERABYTE:.5f} USD"
