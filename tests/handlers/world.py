"""Everything around a handler: AWS, the clock, Lambda's context and the place where CloudFormation takes answers."""

import copy
import importlib
import io
import json
import logging
import os
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import combinations, cycle, product
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

import boto3
import botocore.session
from botocore.config import Config

from .forwarding.mail_aws import S3
from .forwarding.mail_queues import Sqs
from .in_memory_aws import InMemoryAws, Trouble
from .in_memory_dns import Parameters, Route53, Sts
from .in_memory_monitoring import CloudWatch, Sns
from .in_memory_services import DomainIdentity, Lambda, SesState, SesV1, SesV2, StackRecords
from .smtp.smtp_aws import Iam, SecretsManager

CUSTOM_RESOURCES = (
    "activate_rule_set",
    "default_configuration_set",
    "dns_records",
    "global_endpoint",
    "order_rules",
    "production_access",
    "replicated_identity",
    "sender_policy",
    "smtp_credentials",
    "suppression_list",
    "verification_token",
    "verified_address",
    "wait_for_addresses",
    "wait_for_verification",
)
# By the handler, where another module is its entry point in Lambda.
ENTRY_POINTS = {
    "account_events": "account_health",
    "activate_rule_set": "receipt_rules",
    "order_rules": "receipt_rules",
}
KINDS = ("create", "update", "delete")
_REQUESTS = tuple(kind.capitalize() for kind in KINDS)

# Trouble that a later try may be spared.
PASSING = [trouble for trouble in Trouble if trouble is not Trouble.DENIED]

STACK_ID = "arn:aws:cloudformation:eu-west-1:111122223333:stack/Mail/4b1c6e20-c95e-11f0-9a3c-0a1b2c3d4e5f"

SECRET_KEY = "not-to-be-seen-secret-key"
SESSION_TOKEN = "not-to-be-seen-session-token"
URL_SIGNATURE = "X-Amz-Signature"
SECRETS = (SECRET_KEY, SESSION_TOKEN, URL_SIGNATURE, "5e1f00d5ec2e7")

Event = dict[str, Any]
One = TypeVar("One")
Other = TypeVar("Other")


def in_turn(many: Iterable[One], few: Iterable[Other]) -> list[tuple[One, Other]]:
    """Each of *many* once, with one of *few*: enough where different code deals with the two."""
    return list(zip(many, cycle(few), strict=False))


def pairwise(*choices: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Few cases, in which each value of a choice meets each value of every other one."""
    cases = [(case, {*combinations(enumerate(case), 2)}) for case in product(*(range(len(each)) for each in choices))]
    few: list[tuple[Any, ...]] = []
    seen: set[object] = set()
    while True:
        case, pairs = max(cases, key=lambda each: len(each[1] - seen))
        if pairs <= seen:
            return few
        few.append(tuple(values[at] for values, at in zip(choices, case, strict=True)))
        seen |= pairs


def event(handler: str, kind: str, **properties: object) -> Event:
    """Read a recorded event; *properties* replace those of the resource, and ``None`` takes one away."""
    read = _recorded(handler, kind)
    merged = read["ResourceProperties"] | properties
    read["ResourceProperties"] = {name: value for name, value in merged.items() if value is not None}
    return read


def rolled_back(update: Event) -> Event:
    """The event by which CloudFormation takes *update* back."""
    new, old = update["ResourceProperties"], update["OldResourceProperties"]
    return update | {"ResourceProperties": old, "OldResourceProperties": new}


def mail_event() -> Event:
    """Read what SES sends to a function about a mail that it finds nothing wrong with."""
    return _recorded("drop_spam", "mail")


def alarm_event(kind: str) -> Event:
    """Read what a function gets about an alarm that fires, from CloudWatch itself or from a topic."""
    return _recorded("pause_sending", kind)


def account_event(kind: str) -> Event:
    """Read what EventBridge sends to a function about something that SES reports by itself."""
    return _recorded("account_events", kind)


def schedule_event() -> Event:
    """Read what a schedule sends to a function."""
    return _recorded("account_health", "schedule")


def _recorded(handler: str, kind: str) -> Event:
    read: Event = json.loads((Path(__file__).parent / "events" / handler / f"{kind}.json").read_text(encoding="utf-8"))
    return read


@dataclass
class Clock:
    """Time that passes only when somebody sleeps."""

    now: float = 1_795_521_600.0
    sleeps: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds


@dataclass
class Context:
    """Lambda's context object, with a time-out that the clock runs into."""

    clock: Clock
    ends: float
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:111122223333:function:Mail-Handler-1A2B3C4D5E6F"

    def get_remaining_time_in_millis(self) -> int:
        return int((self.ends - self.clock.now) * 1000)


@dataclass
class CloudFormation:
    """Takes answers as S3 takes them behind the pre-signed URL; *losses* are raised instead, one for each try."""

    bodies: list[bytes] = field(default_factory=list)
    requests: list[urllib.request.Request] = field(default_factory=list)
    losses: list[Exception] = field(default_factory=list)

    def urlopen(self, request: urllib.request.Request, timeout: float) -> io.BytesIO:
        self.requests.append(request)
        if self.losses:
            raise self.losses.pop(0)
        assert isinstance(request.data, bytes)
        self.bodies.append(request.data)
        return io.BytesIO()

    @property
    def answers(self) -> list[Event]:
        return [json.loads(body) for body in self.bodies]


@dataclass
class World:
    """One account in one region, and one CloudFormation."""

    state: SesState = field(default_factory=SesState)
    functions: Lambda = field(default_factory=Lambda)
    sns: Sns = field(default_factory=Sns)
    cloudwatch: CloudWatch = field(default_factory=CloudWatch)
    route53: Route53 = field(default_factory=Route53)
    parameters: Parameters = field(default_factory=Parameters)
    sts: Sts = field(default_factory=Sts)
    s3: S3 = field(default_factory=S3)
    clock: Clock = field(default_factory=Clock)
    cloudformation: CloudFormation = field(default_factory=CloudFormation)
    stack: StackRecords = field(default_factory=lambda: StackRecords(STACK_ID))
    timeout: float = 900
    sqs: Sqs = field(init=False)
    iam: Iam = field(init=False)
    secrets: SecretsManager = field(init=False)
    aws: InMemoryAws = field(init=False)

    def __post_init__(self) -> None:
        for kind in ("create", "update"):
            name = event("activate_rule_set", kind)["ResourceProperties"]["RuleSetName"]
            self.stack.others.add(("AWS::SES::ReceiptRuleSet", name))
        self.state.identities["example.com"] = DomainIdentity(mail_from="mail.example.com")
        self.sqs = Sqs(self.clock)
        self.iam, self.secrets = Iam(self.clock.time), SecretsManager(self.clock.time)
        self.aws = InMemoryAws(
            {
                "ses": SesV1(self.state),
                "sesv2": SesV2(self.state),
                "lambda": self.functions,
                "sns": self.sns,
                "cloudwatch": self.cloudwatch,
                "iam": self.iam,
                "secretsmanager": self.secrets,
                "cloudformation": self.stack,
                "route53": self.route53,
                "ssm": self.parameters,
                "sts": self.sts,
                "s3": self.s3,
                "sqs": self.sqs,
            }
        )

    @property
    def kept(self) -> tuple[SesState, dict[str, list[dict[str, Any]]], dict[str, str]]:
        """What AWS keeps of what the handlers did."""
        return self.state, self.route53.zones, self.parameters.values

    @property
    def domain(self) -> DomainIdentity:
        return self.state.identities["example.com"]

    @property
    def context(self) -> Context:
        """That of an invocation that begins now."""
        return Context(self.clock, self.clock.now + self.timeout)

    def invoke(self, handler: str, sent: Any, *, made_up: bool = False) -> None:
        """Run the handler once, for what CloudFormation is at work on unless the event is *made_up*."""
        if isinstance(sent, dict) and sent.get("RequestType") in _REQUESTS and not made_up:
            self.stack.begin(sent)
        module = importlib.import_module(f"ses_constructs.handlers.{ENTRY_POINTS.get(handler, handler)}")
        module.on_event(copy.deepcopy(sent), self.context)

    def send(self, handler: str, sent: Event) -> Event:
        """Run the handler and whatever it hands over, and return the one answer."""
        before = len(self.cloudformation.bodies)
        self.invoke(handler, sent)
        while self.functions.queue:
            self.invoke(handler, self.functions.queue.pop(0))
        answers = self.cloudformation.answers[before:]
        assert len(answers) == 1, f"{len(answers)} answers: {answers}"
        return answers[0]


def reasons(records: Iterable[logging.LogRecord], message: str) -> list[Any]:
    """The reasons that were logged with a message."""
    return [record.__dict__.get("reason") for record in records if record.getMessage() == message]


_inside: list[World] = []


@cache
def _session() -> boto3.Session:
    session = botocore.session.Session()
    session.set_config_variable("region", "eu-west-1")
    session.set_credentials("AKIAIOSFODNN7EXAMPLE", SECRET_KEY, SESSION_TOKEN)
    # Of two worlds, one inside the other, only the inner one may see the calls.
    session.register("before-send", lambda **hook: _inside[-1].aws.receive(**hook))
    return boto3.Session(botocore_session=session)


@cache
def _client(tries: int, service: str, config: Config | None = None, **named: Any) -> Any:
    """What takes the place of ``boto3.client``; clients are shared, for making them is most of the time of a test."""
    asked: Any = config
    if tries and asked.retries["total_max_attempts"] > tries:
        config = asked.merge(Config(retries={"mode": "standard", "total_max_attempts": tries}))
    return _session().client(service, config=config, **named)  # type: ignore[call-overload]


@contextmanager
def world(*, tries: int = 0) -> Iterator[World]:
    """Put a fresh world around the handlers; *tries* is how often botocore tries a call, unless a handler wants less.

    Long histories need few: what botocore does by itself is the same for every call.
    """
    made = World()
    _inside.append(made)
    try:
        with (
            mock.patch("boto3.client", partial(_client, tries)),
            # Nobody here checks a signature, which would take a fifth of the time of a call.
            mock.patch("botocore.signers.RequestSigner.sign"),
            # A client tries less often the more of its calls fail; those of other tests do not count.
            mock.patch("botocore.retries.quota.RetryQuota.acquire", return_value=True),
            mock.patch.dict(os.environ, {"STACK_ID": STACK_ID}),
            mock.patch("urllib.request.urlopen", made.cloudformation.urlopen),
            mock.patch("time.sleep", made.clock.sleep),
            mock.patch("time.time", made.clock.time),
        ):
            yield made
    finally:
        _inside.pop()
