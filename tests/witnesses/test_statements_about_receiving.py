"""What AWS's pages say about received mail, asked of the receipt simulator: each statement with the page that has it.

The Developer Guide is at https://docs.aws.amazon.com/ses/latest/dg/, the reference at
https://docs.aws.amazon.com/ses/latest/APIReference/; both were read in November 2026.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from ses_constructs.testing import Receipt, ReceiptSimulator, Verdicts, _delivery
from ses_constructs.testing._ip_filters import judge
from tests.testing.rule_templates import STOP, STORE, Resource, calls, chain, ip_filter, rule, template

CONCEPTS = "receiving-email-concepts.html"
WALKTHROUGH = "receiving-email-receipt-rules-console-walkthrough.html"
FILTERS = "receiving-email-ip-filtering-console-walkthrough.html"
LAMBDA = "receiving-email-action-lambda.html"
EXAMPLES = "receiving-email-action-lambda-example-functions.html"
STOP_PAGE = "receiving-email-action-stop.html"
NOTIFICATIONS = "receiving-email-notifications-contents.html"
RULE = "API_ReceiptRule.html"
CREATE_RULE = "API_CreateReceiptRule.html"

PUBLISH = {"SNSAction": {"TopicArn": {"Ref": "Topic"}}}
BOUNCE = {"BounceAction": {"Message": "no", "Sender": "a@example.com", "SmtpReplyCode": "550"}}
ASK = calls({"Fn::GetAtt": ["Judge", "Arn"]})
MARK = {"AddHeaderAction": {"HeaderName": "X-Header", "HeaderValue": "X-Value"}}


@dataclass(frozen=True)
class Statement:
    """A page's statement in our words, the case that it is about, and what must then be."""

    page: str
    says: str
    template: Mapping[str, Any]
    holds: Callable[[Receipt], bool]
    mail: dict[str, Any] = field(default_factory=dict)

    def is_met(self) -> bool:
        mail = {"recipients": ["user@example.com"], **self.mail}
        return self.holds(ReceiptSimulator.from_template(self.template).deliver(**mail))


def accepted(receipt: Receipt) -> bool:
    return receipt.accepted


def rejected(receipt: Receipt) -> bool:
    return not receipt.accepted


def ran(*kinds: str) -> Callable[[Receipt], bool]:
    """Exactly these actions ran, in this order."""
    return lambda receipt: tuple(action.kind for action in receipt.actions) == kinds


def taken(entry: str, recipient: str, *, is_taken: bool = True) -> Statement:
    """One row of the table of recipient conditions."""
    says = f"{entry} {'takes' if is_taken else 'does not take'} {recipient}"
    holds = accepted if is_taken else rejected
    return Statement(WALKTHROUGH, says, chain(rule(entry)), holds, {"recipients": [recipient]})


def filtered(*filters: Resource) -> Mapping[str, Any]:
    return template(Rule=rule(), **{f"Filter{number}": each for number, each in enumerate(filters)})


def judged(page: str, says: str, decision: Callable[[dict[str, Any]], object], *kinds: str, **mail: Any) -> Statement:
    """A rule that asks a function before it stores, and a second rule that publishes."""
    rules = chain(rule(actions=[ASK, STORE]), rule(actions=[PUBLISH]))
    return Statement(page, says, rules, ran("Lambda", *kinds), {"decisions": {"Judge": decision}, **mail})


def answered(says: str, answer: object, *kinds: str) -> Statement:
    return judged(LAMBDA, says, lambda event: answer, *kinds)


def drop_unwanted(event: dict[str, Any]) -> object:
    receipt = event["Records"][0]["ses"]["receipt"]
    failed = any(receipt[f"{each}Verdict"]["status"] == "FAIL" for each in ("spf", "dkim", "spam", "virus"))
    return {"disposition": "STOP_RULE_SET"} if failed else None


def want_header(event: dict[str, Any]) -> object:
    headers = event["Records"][0]["ses"]["mail"]["headers"]
    return None if {"name": "X-Header", "value": "X-Value"} in headers else {"disposition": "STOP_RULE"}


def told(page: str, says: str, is_so: Callable[[dict[str, Any]], bool]) -> Statement:
    """A statement about the event that a function gets, which goes on if it is so."""
    mail = {"recipients": ["user@example.com", "other@example.net"], "headers": {"To": "list@example.org"}}
    rules = chain(rule("example.com", actions=[ASK, STORE]))

    def decide(event: dict[str, Any]) -> object:
        return None if is_so(event["Records"][0]["ses"]) else {"disposition": "STOP_RULE"}

    return Statement(page, says, rules, ran("Lambda", "S3"), {"decisions": {"Judge": decide}, **mail})


STATEMENTS = [
    Statement(
        FILTERS,
        "an address on the block list is rejected",
        filtered(ip_filter("Block", "192.0.2.0/24")),
        rejected,
        {"source_ip": "192.0.2.9"},
    ),
    Statement(
        FILTERS,
        "with 0.0.0.0/0 blocked, mail comes from allowed addresses",
        filtered(ip_filter("Block", "0.0.0.0/0"), ip_filter("Allow", "192.0.2.9")),
        accepted,
        {"source_ip": "192.0.2.9"},
    ),
    Statement(
        FILTERS,
        "with 0.0.0.0/0 blocked, mail comes from no other address",
        filtered(ip_filter("Block", "0.0.0.0/0"), ip_filter("Allow", "192.0.2.9")),
        rejected,
        {"source_ip": "192.0.2.10"},
    ),
    Statement(
        CONCEPTS,
        "IP filters reject before any receipt rule runs",
        filtered(ip_filter("Block", "0.0.0.0/0")),
        ran(),
        {"source_ip": "192.0.2.9"},
    ),
    Statement(
        CONCEPTS,
        "a condition that matches any of the recipients has the mail accepted",
        chain(rule("user@example.com")),
        accepted,
        {"recipients": ["x@example.com", "user@example.com"]},
    ),
    Statement(
        CONCEPTS,
        "without a match the mail is rejected",
        chain(rule("other@example.com"), rule("example.net")),
        rejected,
    ),
    Statement(
        CONCEPTS,
        "a rule without a condition takes everything",
        chain(rule()),
        accepted,
        {"recipients": ["x@deep.example.net"]},
    ),
    Statement(
        CONCEPTS, "rules apply in their order", chain(rule(actions=[STORE]), rule(actions=[PUBLISH])), ran("S3", "SNS")
    ),
    Statement(
        CONCEPTS, "the actions of a rule run in their order", chain(rule(actions=[PUBLISH, STORE])), ran("SNS", "S3")
    ),
    Statement(
        CONCEPTS,
        "SES itself does nothing about mail that fails its checks",
        chain(rule(actions=[STORE], ScanEnabled=True)),
        ran("S3"),
        {"verdicts": Verdicts(spam="FAIL", virus="FAIL", spf="FAIL", dkim="FAIL", dmarc="FAIL")},
    ),
    Statement(
        CONCEPTS,
        "a bounce comes after the SMTP conversation, which took the mail",
        chain(rule(actions=[BOUNCE])),
        accepted,
    ),
    taken("user@example.com", "user@example.com"),
    taken("user@example.com", "user+label@example.com"),
    taken("user+label@example.com", "user+label@example.com"),
    taken("user+label@example.com", "user@example.com", is_taken=False),
    taken("user+label@example.com", "user+other@example.com", is_taken=False),
    taken("example.com", "anybody@example.com"),
    taken("example.com", "anybody@sub.example.com", is_taken=False),
    taken("sub.example.com", "anybody@sub.example.com"),
    taken("sub.example.com", "anybody@example.com", is_taken=False),
    taken(".example.com", "anybody@sub.example.com"),
    taken(".example.com", "anybody@example.com", is_taken=False),
    Statement(
        WALKTHROUGH,
        "with TLS required, what comes without it is rejected",
        chain(rule(TlsPolicy="Require")),
        rejected,
        {"tls": False},
    ),
    Statement(RULE, "TLS is optional unless required", chain(rule()), accepted, {"tls": False}),
    Statement(
        RULE,
        "a rule is not active unless it is enabled",
        template(Rule=rule() | {"Properties": {"RuleSetName": "inbound", "Rule": {}}}),
        rejected,
    ),
    Statement(RULE, "nothing is scanned unless ScanEnabled", chain(rule()), lambda receipt: not receipt.scanned),
    Statement(
        RULE,
        "ScanEnabled has the messages scanned that the rule applies to",
        chain(rule("user@example.com", ScanEnabled=True)),
        lambda receipt: receipt.scanned,
    ),
    Statement(
        RULE,
        "one matching recipient has all actions of the rule executed",
        chain(rule("user@example.com", actions=[STORE, PUBLISH])),
        ran("S3", "SNS"),
        {"recipients": ["x@example.com", "user@example.com"]},
    ),
    Statement(
        CREATE_RULE,
        "a rule is put behind the one that After names",
        template(B=rule(actions=[PUBLISH], after={"Ref": "A"}), A=rule(actions=[STORE])),
        ran("S3", "SNS"),
    ),
    Statement(
        CREATE_RULE,
        "without After a new rule comes to the beginning",
        template(A=rule(actions=[STORE]), B=rule(actions=[PUBLISH], depends_on="A")),
        ran("SNS", "S3"),
    ),
    Statement(
        STOP_PAGE,
        "a stop action ends the rule set",
        chain(rule(actions=[STOP, STORE]), rule(actions=[PUBLISH])),
        ran("Stop"),
    ),
    answered("STOP_RULE ends the rule, and further rules run", {"disposition": "STOP_RULE"}, "SNS"),
    answered("STOP_RULE_SET ends everything", {"disposition": "STOP_RULE_SET"}),
    answered("CONTINUE goes on", {"disposition": "CONTINUE"}, "S3", "SNS"),
    answered("no answer goes on", None, "S3", "SNS"),
    answered("an invalid disposition goes on", {"disposition": "DROP"}, "S3", "SNS"),
    judged(EXAMPLES, "mail with a failed check is dropped", drop_unwanted, verdicts=Verdicts(spf="FAIL")),
    judged(EXAMPLES, "mail that passes all checks is not dropped", drop_unwanted, "S3", "SNS"),
    judged(EXAMPLES, "a rule goes on if a header is there", want_header, "S3", "SNS", headers={"X-Header": "X-Value"}),
    judged(EXAMPLES, "a rule ends if a header is not there", want_header, "SNS"),
    Statement(
        CONCEPTS,
        "an added header is there for the actions behind it",
        chain(rule(actions=[MARK, ASK, STORE])),
        ran("AddHeader", "Lambda", "S3"),
        {"decisions": {"Judge": want_header}},
    ),
    told(
        NOTIFICATIONS,
        "recipients are those of the envelope that the rule matched",
        lambda ses: bool(ses["receipt"]["recipients"] == ["user@example.com"]),
    ),
    told(
        NOTIFICATIONS,
        "destination is what the headers say",
        lambda ses: bool(ses["mail"]["destination"] == ["list@example.org"]),
    ),
    told(NOTIFICATIONS, "dmarcPolicy is there only if DMARC fails", lambda ses: "dmarcPolicy" not in ses["receipt"]),
    told(LAMBDA, "a function gets no body", lambda ses: set(ses) == {"mail", "receipt"}),
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=lambda each: f"{each.page}: {each.says}")
def test_the_simulator_does_what_the_page_says(statement: Statement) -> None:
    assert statement.is_met()


def unmet() -> set[str]:
    return {each.says for each in STATEMENTS if not each.is_met()}


@pytest.mark.parametrize(
    ("name", "fault", "found"),
    [
        ("matching_entry", lambda entries, recipient: recipient, "without a match the mail is rejected"),
        ("disposition", lambda decision, event: "CONTINUE", "STOP_RULE ends the rule, and further rules run"),
        ("_SCOPES", {"STOP_RULE": "RuleSet", "STOP_RULE_SET": "Rule"}, "STOP_RULE_SET ends everything"),
        ("judge", lambda filters, address: judge((), address), "an address on the block list is rejected"),
    ],
)
def test_the_statements_find_a_fault(monkeypatch: pytest.MonkeyPatch, name: str, fault: object, found: str) -> None:
    monkeypatch.setattr(_delivery, name, fault)

    assert found in unmet()
