"""Synchronous functions: what they are asked, and what their answers do."""

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
        (lambda event: "STOP_RULE_SET", ["Lambda"], ("Rule0",)),
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


def test_the_event_is_that_of_ses() -> None:
    events: list[dict[str, Any]] = []
    header = {"AddHeaderAction": {"HeaderName": "X-Route", "HeaderValue": "sales"}}

    simulator(Rule=rule("example.com", actions=[header, calls(ARN)], ScanEnabled=True)).deliver(
        recipients=["a@example.com", "b@example.org"],
        sender="me@example.net",
        verdicts=Verdicts(spam="GRAY", dmarc="FAIL"),
        headers={"Subject": "Hello"},
        decisions={"Judge": events.append},
    )

    (event,) = events
    (record,) = event["Records"]
    mail, receipt = record["ses"]["mail"], record["ses"]["receipt"]
    assert (record["eventSource"], record["eventVersion"]) == ("aws:ses", "1.0")
    assert mail["destination"] == ["a@example.com", "b@example.org"]
    assert mail["commonHeaders"]["subject"] == "Hello"
    assert mail["headers"][-1] == {"name": "X-Route", "value": "sales"}
    assert receipt["recipients"] == ["a@example.com"]
    assert {name: each["status"] for name, each in receipt.items() if name.endswith("Verdict")} == {
        "spamVerdict": "GRAY",
        "virusVerdict": "PASS",
        "spfVerdict": "PASS",
        "dkimVerdict": "PASS",
        "dmarcVerdict": "FAIL",
    }
    assert receipt["action"] == {
        "type": "Lambda",
        "functionArn": "${Judge.Arn}",
        "invocationType": "RequestResponse",
    }


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
    with pytest.raises(ValueError, match="spf must be one of 'PASS', 'FAIL', 'GRAY', 'PROCESSING_FAILED', got 'fail'"):
        Verdicts(spf="fail")  # type: ignore[arg-type]
