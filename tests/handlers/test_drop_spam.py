"""Mail that SES takes for spam or a virus goes no further; all other mail does."""

import copy
import json
import logging
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.handlers.drop_spam import on_event

from .world import Event, mail_event

CONTINUE, STOP = {"disposition": "CONTINUE"}, {"disposition": "STOP_RULE_SET"}
STATUSES = ("PASS", "FAIL", "GRAY", "PROCESSING_FAILED")
PRIVATE = ("sender@example.com", "recipient@example.com", "John Doe", "This is a test")


def judged(spam: str | None, virus: str | None) -> Event:
    """A mail with these verdicts; ``None`` leaves one out."""
    made = mail_event()
    receipt = made["Records"][0]["ses"]["receipt"]
    for name, status in (("spamVerdict", spam), ("virusVerdict", virus)):
        del receipt[name]
        if status is not None:
            receipt[name] = {"status": status}
    return made


@pytest.mark.parametrize("spam", [*STATUSES, None])
@pytest.mark.parametrize("virus", [*STATUSES, None])
def test_mail_is_dropped_only_on_a_clear_verdict(spam: str | None, virus: str | None) -> None:
    assert on_event(judged(spam, virus), None) == (STOP if "FAIL" in (spam, virus) else CONTINUE)


def test_other_verdicts_drop_nothing() -> None:
    sent = mail_event()
    for name in ("spfVerdict", "dkimVerdict", "dmarcVerdict"):
        sent["Records"][0]["ses"]["receipt"][name] = {"status": "FAIL"}

    assert on_event(sent, None) == CONTINUE


def test_a_dropped_mail_is_counted_under_its_rule_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DROP_RULE_SET", "Inbound")
    on_event(judged("PASS", "PASS"), None)
    on_event(judged("FAIL", "PASS"), None)

    metric = json.loads(capsys.readouterr().out)
    about = metric.pop("_aws")
    assert metric == {"RuleSet": "Inbound", "DroppedSpam": 1}
    assert about["CloudWatchMetrics"] == [
        {
            "Namespace": "SesConstructs",
            "Dimensions": [["RuleSet"]],
            "Metrics": [{"Name": "DroppedSpam", "Unit": "Count"}],
        }
    ]


def test_a_dropped_mail_is_one_record(caplog: pytest.LogCaptureFixture) -> None:
    on_event(judged("FAIL", "PASS"), None)

    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.WARNING, "mail dropped")
    fields = {name: record.__dict__[name] for name in ("messageId", "spam", "virus")}
    expected = {"messageId": "o3vrnil0e2ic28trm7dfhrc2v0clambda4nbp0g1", "spam": "FAIL", "virus": "PASS"}
    assert json.loads(json.dumps(fields)) == expected


def test_a_record_names_nobody_and_nothing_of_the_mail(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent = judged("FAIL", None)
    assert all(text in json.dumps(sent) for text in PRIVATE)
    on_event(sent, None)
    on_event({"Records": [{"ses": sent["Records"][0]["ses"]["mail"]}]}, None)

    logged = repr([record.__dict__ for record in caplog.records])
    assert [record.message for record in caplog.records] == ["mail dropped", "mail not judged"]
    assert not [text for text in PRIVATE if text in logged]


def test_mail_that_goes_on_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    on_event(judged("PASS", "GRAY"), None)

    assert not caplog.records


def test_the_default_log_level_of_python_shows_a_dropped_mail() -> None:
    assert logging.getLogger("ses_constructs.handlers.drop_spam").isEnabledFor(logging.WARNING)


@pytest.mark.parametrize(
    "malformed",
    [
        None,
        {},
        [],
        "text",
        {"Records": []},
        {"Records": None},
        {"Records": [{}]},
        {"Records": [{"ses": None}]},
        {"Records": [{"ses": {}}]},
        {"Records": [{"ses": {"receipt": None}}]},
        {"Records": [{"ses": {"receipt": ["FAIL"]}}]},
        {"Records": [{"ses": []}]},
        {"Records": [{"ses": "receipt"}]},
    ],
    ids=repr,
)
def test_an_event_that_cannot_be_read_loses_no_mail_and_warns(malformed: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert on_event(malformed, None) == CONTINUE

    (record,) = caplog.records
    assert (record.levelno, record.message) == (logging.WARNING, "mail not judged")


@pytest.mark.parametrize("broken", [None, "FAIL", [], {}, {"status": None}, {"status": ["FAIL"]}], ids=repr)
def test_one_verdict_that_cannot_be_read_does_not_hide_the_other(broken: object) -> None:
    sent = judged("PASS", "FAIL")
    sent["Records"][0]["ses"]["receipt"]["spamVerdict"] = broken

    assert on_event(sent, None) == STOP


@pytest.mark.parametrize("mail", [None, [], {}, {"messageId": 7}], ids=repr)
def test_a_mail_without_an_id_is_dropped_too(mail: object, caplog: pytest.LogCaptureFixture) -> None:
    sent = judged("FAIL", "FAIL")
    sent["Records"][0]["ses"]["mail"] = mail

    assert on_event(sent, None) == STOP
    assert caplog.records[0].__dict__["messageId"] == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PATHS = ("Records", 0, "ses", "receipt", "spamVerdict", "status")


@given(replaced=json_values, depth=st.integers(0, len(PATHS)))
def test_whatever_stands_anywhere_in_the_event_ses_gets_an_answer(replaced: Any, depth: int) -> None:
    sent: Any = copy.deepcopy(judged("PASS", "PASS"))
    holder = sent
    for step in PATHS[: max(depth - 1, 0)]:
        holder = holder[step]
    if depth:
        holder[PATHS[depth - 1]] = replaced
    else:
        sent = replaced

    assert on_event(sent, None) in (CONTINUE, STOP)
