"""Synchronous functions: what they are asked, and what their answers do."""

from collections.abc import Mapping
from typing import Any

import pytest

from ses_constructs.testing import Decision, ReceiptSimulator, Stopped, Verdicts
from tests.testing.rule_templates import STORE, Resource, calls, chain, rule, simulator

ARN = {"Fn::GetAtt": ["Judge", "Arn"]}
TO = ["a@example.com"]


def function(handler: str = "index.handler") -> Resource:
    return {"Type": "AWS::Lambda::Function", "Properties": {"Handler": handler}}


def judged() -> ReceiptSimulator:
    """A rule that asks a function before it stores, and a second rule."""
    return ReceiptSimulator.from_template(chain(rule(actions=[calls(ARN), STORE]), rule("a@example.com")))


@pytest.mark.parametrize(
    ("decision", "kinds", "rules"),
    [
        ("CONTINUE", ["Lambda", "S3"], ("Rule0", "Rule1")),
        ("STOP_RULE", ["Lambda"], ("Rule0", "Rule1")),
        ("STOP_RULE_SET", ["Lambda"], ("Rule0",)),
        (lambda event: {"disposition": "STOP_RULE"}, ["Lambda"], ("Rule0", "Rule1")),
        (lambda event: "STOP_RULE_SET", ["Lambda", "S3"], ("Rule0", "Rule1")),
        (lambda event: None, ["Lambda", "S3"], ("Rule0", "Rule1")),
        (lambda event: {"disposition": "DROP"}, ["Lambda", "S3"], ("Rule0", "Rule1")),
        (lambda event: {"disposition": ["STOP_RULE"]}, ["Lambda", "S3"], ("Rule0", "Rule1")),
    ],
)
def test_an_answer_ends_the_rule_or_the_rule_set(decision: Decision, kinds: list[str], rules: tuple[str, ...]) -> None:
    receipt = judged().deliver(recipients=TO, decisions={"Judge": decision})

    assert [action.kind for action in receipt.actions] == kinds
    assert receipt.rules == rules


def test_a_function_continues_unless_told_otherwise() -> None:
    receipt = judged().deliver(recipients=TO)

    assert receipt.actions[0].details == {"InvocationType": "RequestResponse", "disposition": "CONTINUE"}
    assert receipt.ran("S3")


def test_the_end_of_a_rule_is_a_step() -> None:
    receipt = judged().deliver(recipients=TO, decisions={"Judge": "STOP_RULE"})

    assert Stopped(rule="Rule0", scope="Rule", by="the answer STOP_RULE") in receipt.steps
    assert receipt.stopped_by is None


@pytest.mark.parametrize(
    "arn", [{"Ref": "Live"}, {"Ref": "Version"}, {"Fn::GetAtt": ["Judge", "Arn"]}, {"Ref": "Judge"}], ids=str
)
def test_a_function_is_known_by_its_logical_id_behind_versions_and_aliases(arn: object) -> None:
    rules = simulator(
        Judge=function(),
        Version={"Type": "AWS::Lambda::Version", "Properties": {"FunctionName": {"Ref": "Judge"}}},
        Live={"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": {"Ref": "Judge"}}},
        Rule=rule(actions=[calls(arn)]),
    )

    assert rules.deliver(recipients=TO, decisions={"Judge": "STOP_RULE_SET"}).stopped_by == "Rule"


def test_a_function_from_elsewhere_is_known_by_its_arn() -> None:
    arn = "arn:aws:lambda:eu-west-1:111122223333:function:judge"

    receipt = simulator(Rule=rule(actions=[calls(arn)])).deliver(recipients=TO, decisions={arn: "STOP_RULE_SET"})

    assert receipt.stopped_by == "Rule"


def test_decisions_name_functions_that_are_asked() -> None:
    with pytest.raises(ValueError, match=r"decisions must be for functions .* got 'Juge'; choose from \['Judge'\]"):
        judged().deliver(recipients=TO, decisions={"Juge": "CONTINUE"})
    with pytest.raises(ValueError, match=r"decisions must be for functions .*; choose from \[\]"):
        simulator(Rule=rule(actions=[calls(ARN, "Event")])).deliver(recipients=TO, decisions={"Judge": "CONTINUE"})
    with pytest.raises(ValueError, match=r"decisions\['Judge'\] must be one of 'CONTINUE', .* got 'STOP'"):
        judged().deliver(recipients=TO, decisions={"Judge": "STOP"})  # type: ignore[dict-item]


def event_of(rule_: Resource, **options: Any) -> dict[str, Any]:
    """The record of the event that the rule's function gets."""
    events: list[dict[str, Any]] = []
    simulator(Rule=rule_).deliver(**{"recipients": TO, **options}, decisions={"Judge": events.append})
    ((record,),) = (event["Records"] for event in events)
    return {**record, **record["ses"]}


def statuses(event: Mapping[str, Any]) -> dict[str, str]:
    return {name: each["status"] for name, each in event["receipt"].items() if name.endswith("Verdict")}


def test_the_event_is_that_of_ses() -> None:
    header = {"AddHeaderAction": {"HeaderName": "X-Route", "HeaderValue": "sales"}}
    event = event_of(
        rule("example.com", actions=[header, calls(ARN)], ScanEnabled=True),
        recipients=["a@example.com", "b@example.org"],
        sender="me@example.net",
        verdicts=Verdicts(spam="GRAY", dmarc="FAIL", dmarc_policy="quarantine"),
        headers={
            "to": '"Doe, Jane" <jane@example.org>',
            "CC": "=?utf-8?q?J=C3=B6rg?= <joerg@example.org>, other@example.org",
            "sender": "<me@example.net>",
            "Reply-To": '"J. D." <jd@example.org>',
            "Bcc": "",
            "Date": "Mon, 5 Aug 2019 21:29:57 +0000",
            "Message-Id": "<1@example.net>",
            "subject": "=?utf-8?q?Gr=C3=BC=C3=9Fe?=",
        },
    )

    mail, receipt = event["mail"], event["receipt"]
    assert (event["eventSource"], event["eventVersion"]) == ("aws:ses", "1.0")
    assert mail["destination"] == ["jane@example.org", "joerg@example.org", "other@example.org"]
    assert mail["commonHeaders"] == {
        "returnPath": "me@example.net",
        "from": ["me@example.net"],
        "date": "Mon, 5 Aug 2019 21:29:57 +0000",
        "to": ['"Doe, Jane" <jane@example.org>'],
        "cc": ["Jörg <joerg@example.org>", "other@example.org"],
        "bcc": [],
        "sender": "me@example.net",
        "replyTo": ['"J. D." <jd@example.org>'],
        "messageId": "<1@example.net>",
        "subject": "Grüße",
    }
    assert [each["name"] for each in mail["headers"]] == [
        "X-Route",
        "Return-Path",
        "X-SES-Spam-Verdict",
        "X-SES-Virus-Verdict",
        "From",
        *("to", "CC", "sender", "Reply-To", "Bcc", "Date", "Message-Id", "subject"),
    ]
    assert mail["headers"][2]["value"] == "GRAY"
    assert receipt["recipients"] == ["a@example.com"]
    passed = dict.fromkeys(("spfVerdict", "dkimVerdict", "virusVerdict"), "PASS")
    assert statuses(event) == passed | {"spamVerdict": "GRAY", "dmarcVerdict": "FAIL"}
    assert receipt["dmarcPolicy"] == "quarantine"
    assert receipt["action"] == {
        "type": "Lambda",
        "functionArn": "${Judge.Arn}",
        "invocationType": "RequestResponse",
    }


def test_an_event_tells_of_no_scan_and_no_policy_that_did_not_matter() -> None:
    event = event_of(rule(actions=[calls(ARN)]), verdicts=Verdicts(spam="FAIL", dmarc_policy="reject"))

    assert (statuses(event)["spamVerdict"], statuses(event)["virusVerdict"]) == ("DISABLED", "DISABLED")
    assert [each["name"] for each in event["mail"]["headers"]] == ["Return-Path", "From", "To", "Subject"]
    assert "dmarcPolicy" not in event["receipt"]


def test_an_event_shows_what_cannot_be_decoded_as_it_is() -> None:
    event = event_of(rule(actions=[calls(ARN)]), headers={"Subject": "=?no-charset?q?a?="}, sender="")
    common = event["mail"]["commonHeaders"]

    assert common["subject"] == "=?no-charset?q?a?="
    assert "returnPath" not in common


@pytest.mark.parametrize(("scan", "reached"), [(True, ("Rule",)), (False, ())])
def test_our_function_that_drops_spam_needs_a_scan_to_find_it(scan: bool, reached: tuple[str, ...]) -> None:
    rules = simulator(Judge=function("handlers.drop_spam.on_event"), Rule=rule(actions=[calls(ARN)], ScanEnabled=scan))

    receipt = rules.deliver(recipients=TO, verdicts=Verdicts(spam="FAIL"))

    assert receipt.scanned is scan
    assert receipt.stopped_by == (reached[0] if reached else None)


@pytest.mark.parametrize("flaw", [Verdicts(spf="FAIL"), Verdicts(dkim="FAIL"), Verdicts(spam="GRAY"), Verdicts()])
def test_our_function_that_drops_spam_lets_everything_else_pass(flaw: Verdicts) -> None:
    rules = simulator(Judge=function("handlers.drop_spam.on_event"), Rule=rule(actions=[calls(ARN)], ScanEnabled=True))

    assert rules.deliver(recipients=TO, verdicts=flaw).stopped_by is None


def test_a_decision_outweighs_what_is_known_of_a_function() -> None:
    rules = simulator(Judge=function("handlers.drop_spam.on_event"), Rule=rule(actions=[calls(ARN)], ScanEnabled=True))

    receipt = rules.deliver(recipients=TO, verdicts=Verdicts(virus="FAIL"), decisions={"Judge": "CONTINUE"})

    assert receipt.stopped_by is None


def test_a_verdict_is_one_that_ses_gives() -> None:
    with pytest.raises(ValueError, match=r"spf must be one of 'PASS', .* 'DISABLED', got 'fail'"):
        Verdicts(spf="fail")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="dmarc_policy must be one of 'none', 'quarantine', 'reject', got 'PASS'"):
        Verdicts(dmarc_policy="PASS")  # type: ignore[arg-type]
