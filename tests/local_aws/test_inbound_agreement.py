"""The simulator and the local AWS read the receipt rules apart from each other, and have to come to the same."""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Any
from unittest.mock import MagicMock

import pytest

from local_aws.inbound.actions import Actions
from local_aws.inbound.admission import ACCEPTED, BLOCKED, is_blocked, reply
from local_aws.inbound.evaluation import run_rules, scan
from local_aws.inbound.message import ReceivedMessage, trace_headers
from local_aws.inbound.records import Peer
from local_aws.inbound.verdicts import EICAR, GTUBE
from ses_constructs.testing import ActionRun, ReceiptSimulator, RuleMatched, Verdicts
from tests.testing.rule_templates import chain, ip_filter

Rule = dict[str, Any]
Event = dict[str, Any]

# Whom the message came from and how; the simulator's event leaves it out.
NOT_SIMULATED = {"Received", "Received-SPF", "Authentication-Results", "X-SES-RECEIPT", "X-SES-DKIM-SIGNATURE"}

MAILBOXES = ("info", "Info", "info+a", "info+b", "+a", "sales", '"odd one"')
DOMAINS = ("example.com", "mail.example.com", "a.mail.example.com", "EXAMPLE.com", "other.example")
PEOPLE = (
    "info@example.com",
    "<sales@example.com>",
    '"Doe, Jane" <jane@example.org>',
    "=?utf-8?q?J=C3=B6rg_D.?= <joerg@example.org>",
    "a friend:;",
)
ANSWERS = (
    None,
    "STOP_RULE_SET",
    {},
    *({"disposition": each} for each in ("CONTINUE", "STOP_RULE", "STOP_RULE_SET", "X", 1)),
)
FUNCTIONS = tuple(f"arn:aws:lambda:us-east-1:111122223333:function:f{number}" for number in range(3))


class Case:
    """A rule set and a message, made by chance."""

    def __init__(self, seed: int) -> None:
        self._chance = chance = random.Random(seed)
        self.rules = [self._rule(number) for number in range(chance.randint(1, 6))]
        blocks = [(chance.choice(["Allow", "Block"]), chance.choice(["192.0.2.0/24", "192.0.2.7", "0.0.0.0/0"]))]
        self.filters = blocks if chance.random() < 0.15 else []
        self.answers = {function: chance.choice(ANSWERS) for function in FUNCTIONS}
        self.recipients = list(dict.fromkeys(self._address() for _ in range(chance.randint(1, 3))))
        self.sender = chance.choice(["me@example.net", "", "you@example.org"])
        self.tls = chance.random() < 0.7
        names = (chance.choice([name, name.lower(), name.upper()]) for name in ("From", "To", "Cc", "Subject"))
        from_, to, cc, subject = names
        self.headers = {from_: chance.choice(PEOPLE[:4]), to: ", ".join(chance.choices(PEOPLE, k=2)), subject: "Grüße"}
        self.headers |= {cc: chance.choice(PEOPLE)} if chance.random() < 0.5 else {}
        spam, virus, spf, dkim, dmarc = (chance.choice(["PASS", "FAIL"]) for _ in range(5))
        policy = chance.choice(["none", "quarantine", "reject"])
        self.verdicts: Any = {"spam": spam, "virus": virus}
        self.peer: Any = {"spf": spf, "dkim": dkim, "dmarc": dmarc, "dmarc_policy": policy}

    def _address(self) -> str:
        return f"{self._chance.choice(MAILBOXES)}@{self._chance.choice(DOMAINS)}"

    def _rule(self, number: int) -> Rule:
        chance = self._chance
        entries = [
            chance.choice([self._address(), *(f"{dot}{chance.choice(DOMAINS)}" for dot in ("", "."))]) for _ in "ab"
        ]
        rule: Rule = {"Name": f"r{number}", "Actions": [self._action() for _ in range(chance.randint(0, 4))]}
        rule |= chance.choice([{}, {"Recipients": []}, {"Recipients": entries[:1]}, {"Recipients": entries}])
        rule |= chance.choice([{}, {"TlsPolicy": "Optional"}, {"TlsPolicy": "Optional"}, {"TlsPolicy": "Require"}])
        rule |= chance.choice([{}, {"ScanEnabled": False}, {"ScanEnabled": True}])
        return rule | chance.choice([{}, {"Enabled": False}, *[{"Enabled": True}] * 6])

    def _action(self) -> Rule:
        chance = self._chance
        function = {"FunctionArn": chance.choice(FUNCTIONS)}
        return chance.choice(
            [
                {"S3Action": {"BucketName": "mail"}},
                {"SNSAction": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:mail"}},
                {"BounceAction": {"Sender": "no@example.com", "SmtpReplyCode": "550", "Message": "no"}},
                {"AddHeaderAction": {"HeaderName": f"X-{chance.choice('abc')}", "HeaderValue": chance.choice("123")}},
                {"LambdaAction": function},
                {"LambdaAction": function | {"InvocationType": "Event"}},
                *[{"LambdaAction": function | {"InvocationType": "RequestResponse"}}] * 3,
                {"StopAction": {"Scope": "RuleSet"}},
            ]
        )


Ran = tuple[str, tuple[str, ...], tuple[str, ...]]  # a rule, its recipients, and the kinds of its actions
Outcome = tuple[str, list[Ran], list[Event]]


def of_the_simulator(case: Case) -> Outcome:
    events: list[Event] = []

    def answering(answer: object) -> Any:
        def answers(event: Event) -> object:
            events.append(event["Records"][0]["ses"])
            return answer

        return answers

    template = chain(
        *({"Type": "AWS::SES::ReceiptRule", "Properties": {"RuleSetName": "s", "Rule": rule}} for rule in case.rules)
    )
    template["Resources"] |= {f"Filter{number}": ip_filter(*each) for number, each in enumerate(case.filters)}
    asked = {
        action["LambdaAction"]["FunctionArn"]
        for rule in case.rules
        for action in rule["Actions"]
        if action.get("LambdaAction", {}).get("InvocationType") == "RequestResponse"
    }
    receipt = ReceiptSimulator.from_template(template).deliver(
        recipients=case.recipients,
        sender=case.sender,
        source_ip="192.0.2.7",
        tls=case.tls,
        verdicts=Verdicts(**case.verdicts, **case.peer),
        headers=case.headers,
        decisions={function: answering(case.answers[function]) for function in asked},
    )
    ran: list[Ran] = []
    for step in receipt.steps:
        if isinstance(step, RuleMatched):
            ran.append((step.rule, step.recipients, ()))
        elif isinstance(step, ActionRun):
            rule, recipients, kinds = ran[-1]
            ran[-1] = (rule, recipients, (*kinds, step.kind))
    return status(receipt.smtp_reply), ran, events


def of_the_local_aws(case: Case) -> Outcome:
    events: list[Event] = []

    def invoke(*, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        if InvocationType == "RequestResponse":
            events.append(json.loads(Payload)["Records"][0]["ses"])
        return {"Payload": BytesIO(json.dumps(case.answers[FunctionName]).encode())}

    rules: Any = case.rules
    filters: Any = [{"IpFilter": {"Policy": policy, "Cidr": cidr}} for policy, cidr in case.filters]
    if is_blocked(filters, "192.0.2.7"):
        return status(BLOCKED), [], []
    answer = reply(rules, case.recipients, tls=case.tls)
    if answer != ACCEPTED:
        return status(answer), [], []
    markers = {"spam": GTUBE, "virus": EICAR}
    body = b"\r\n".join(marker for name, marker in markers.items() if case.verdicts[name] == "FAIL")
    head = "".join(f"{name}: {value}\r\n" for name, value in case.headers.items())
    message = ReceivedMessage(
        message_id="id",
        mail_from=case.sender,
        recipients=tuple(case.recipients),
        received=datetime.now(UTC),
        raw=head.encode() + b"\r\n" + body,
    )
    peer, scanned = Peer(**case.peer), scan(rules, message.raw, case.recipients)
    trace = trace_headers(message, scanned=scanned, peer=peer, helo="mx", tls=case.tls, host="host")
    clients = MagicMock()
    clients.get.return_value.invoke = invoke
    actions = Actions(clients, region="us-east-1", host="host")
    runs = run_rules(rules, message.with_headers(trace), scanned=scanned, peer=peer, actions=actions)
    return "250", [(run.name, run.recipients, tuple(action.kind for action in run.actions)) for run in runs], events


def status(answer: str) -> str:
    """What both say in the same words: 250, or the enhanced code of a refusal."""
    return "250" if answer.startswith("250") else answer.split()[1]


def comparable(events: Sequence[Event]) -> list[Mapping[str, Any]]:
    """Without what differs from run to run."""
    made: list[Mapping[str, Any]] = []
    for event in events:
        mail = {name: value for name, value in event["mail"].items() if name not in ("timestamp", "messageId")}
        mail["headers"] = [each for each in mail["headers"] if each["name"] not in NOT_SIMULATED]
        receipt = {k: v for k, v in event["receipt"].items() if k not in ("timestamp", "processingTimeMillis")}
        made.append({"mail": mail, "receipt": receipt})
    return made


@pytest.mark.parametrize("first", range(0, 3000, 1000))
def test_both_say_the_same_of_any_rules_and_any_message(first: int) -> None:
    replies = set[str]()
    for seed in range(first, first + 1000):
        case = Case(seed)
        simulated, done = of_the_simulator(case), of_the_local_aws(case)
        assert simulated[:2] == done[:2], f"case {seed}: {case.rules} {case.recipients} tls={case.tls}"
        assert comparable(simulated[2]) == comparable(done[2]), f"case {seed}: {case.rules} {case.headers}"
        replies.add(done[0])
    assert replies == {"250", "5.1.1", "5.7.0", "5.7.1"}
