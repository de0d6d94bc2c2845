"""Every public callable refuses what is of the wrong kind, in a sentence with the argument's name and what to do.

The signatures are read, so a new argument is tried without a word here: a text, a number, True, None, a list, a class
and two constructs in its place. What an annotation admits may pass or be refused; all else is refused.
"""

import inspect
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, SecretValue, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

import ses_constructs
from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    CloudWatchMetrics,
    EasyDkim,
    EventHistory,
    EventSource,
    Forwarding,
    ForwardMail,
    GlobalEndpoint,
    InboundRule,
    InboundRuleSet,
    LeaveInactive,
    RecordsToPublish,
    ReputationMetrics,
    SenderFailover,
    SendingAlarm,
    SendingDomain,
    SendingMetrics,
    SendingRoute,
    SmtpCredentials,
    SmtpSecret,
    SpfPolicy,
    StandbySender,
    StoreMail,
    VerifiedAddress,
    VerifiedDomain,
)
from ses_constructs.testing import ReceiptSimulator, Verdicts

Make = Callable[[Stack], Any]
CLASSES = [each for name in ses_constructs.__all__ if inspect.isclass(each := getattr(ses_constructs, name))]
CLASSES += [ReceiptSimulator, Verdicts]
PROTOCOLS = [each for each in CLASSES if getattr(each, "_is_protocol", False)]

# The methods of protocols get what the library has made, and CDK's constructor checks its own two in its own words.
CALLED_BY_THE_LIBRARY = {name for each in PROTOCOLS for name in vars(each) if not name.startswith("_")}
CALLED_BY_THE_LIBRARY |= {"topic_in", "Forwarding.of", "Forwarding.add_rule"}
CHECKED_BY_CDK = {"scope", "construct_id"}
MADE_BY_THE_LIBRARY = {
    EventSource,
    Forwarding,
    InboundRule,
    ReceiptSimulator,
    ReputationMetrics,
    SendingAlarm,
    SendingMetrics,
    SendingRoute,
    SmtpSecret,
}
# What passes though nothing in the annotation's text says so, and why.
ACCEPTED = {("domains", "list of constructs"): "the construct in the list is a domain"}


def new_stack() -> Stack:
    """A stack of an app of its own, so that nothing is there already."""
    app = App(analytics_reporting=False, tree_metadata=False)
    return Stack(app, "Mail", env=Environment(account="111122223333", region="eu-west-1"))


def domain(stack: Stack) -> SendingDomain:
    found = stack.node.try_find_child("Domain")
    return (
        found if isinstance(found, SendingDomain) else VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    )


def monitoring(stack: Stack) -> BounceMonitoring:
    return BounceMonitoring(stack, "Monitoring", watch_account=False)


def inbound(stack: Stack, **options: Any) -> InboundRuleSet:
    options = {"activation": LeaveInactive(), "drop_spam": False, **options}
    return InboundRuleSet(stack, "Inbound", domain=domain(stack), **options)


def forwarding(stack: Stack) -> Forwarding:
    rule_set = inbound(stack, drop_spam=True)
    rule_set.add_rule("Forward", actions=[ForwardMail(to=["team@example.net"])])
    assert rule_set.forwarding
    return rule_set.forwarding


def watched(domain: SendingDomain) -> SendingDomain:
    """*domain* with a default configuration set, made if it has none."""
    if domain.configuration_set is None:
        BounceMonitoring(Stack.of(domain), f"Of{domain.node.id}", domain=domain, watch_account=False)
    return domain


def primary(stack: Stack) -> SendingDomain:
    return watched(VerifiedDomain(stack, "Primary", domain_name="example.com", dns=RecordsToPublish()))


def standby(stack: Stack) -> StandbySender:
    app = stack.node.root
    assert isinstance(app, App)
    other = Stack(app, "Other", env=Environment(account="222233334444", region="eu-central-1"))
    made = StandbySender(
        other, "Standby", domain_name="example.com", dns=RecordsToPublish(), primary_account="111122223333"
    )
    watched(made.domain)
    return made


def with_set(stack: Stack) -> SendingDomain:
    mail = ses.ConfigurationSet.from_configuration_set_name(stack, "MailSet", "mail")
    return VerifiedDomain.from_domain_name(stack, "WithSet", "example.com", configuration_set=mail)


def failover(stack: Stack) -> SenderFailover:
    return SenderFailover(stack, "Failover", primary=primary(stack), standby=standby(stack))


TEMPLATE = {"Resources": {"Set": {"Type": "AWS::SES::ReceiptRuleSet"}}}
# One value for each argument that has to be given, or that a class can stand in for, by the argument's name.
VALUES: Mapping[str, Make] = {
    "action": lambda _: "none",
    "actions": lambda _: [StoreMail()],
    "address": lambda _: "someone@example.net",
    "alarm": lambda stack: (
        ReputationMetrics().metric_sends().create_alarm(stack, "Alarm", threshold=1, evaluation_periods=1)
    ),
    "bounce_critical": lambda _: 0.05,
    "bounce_warning": lambda _: 0.02,
    "bucket": lambda stack: s3.Bucket(stack, "Bucket"),
    "complaint_critical": lambda _: 0.001,
    "complaint_warning": lambda _: 0.0005,
    "configuration_set": lambda stack: ses.ConfigurationSet(stack, "Set", reputation_metrics=True),
    "construct_id": lambda _: "Fresh",
    "dependable": lambda stack: Construct(stack, "Needed"),
    "destination": lambda _: CloudWatchMetrics(),
    "dkim": lambda _: EasyDkim(),
    "dns": lambda _: RecordsToPublish(),
    "domain": domain,
    "domain_name": lambda _: "example.com",
    "domains": lambda stack: [domain(stack)],
    "identity_arn": lambda _: "arn:aws:ses:eu-west-1:111122223333:identity/example.com",
    "function": lambda stack: lambda_.Function.from_function_arn(
        stack, "Function", "arn:aws:lambda:eu-west-1:111122223333:function:f"
    ),
    "grantee": lambda stack: iam.Role(stack, "Role", assumed_by=iam.AccountRootPrincipal()),
    "hosted_zone": lambda stack: route53.HostedZone(stack, "Zone", zone_name="example.com"),
    "hosted_zone_id": lambda _: "Z0123456789ABCDEFGHIJ",
    "key": lambda stack: kms.Key(stack, "Key"),
    "mail_type": lambda _: "marketing",
    "message": lambda _: "gone",
    "metric_name": lambda _: "Reputation.BounceRate",
    "monitoring": monitoring,
    "name": lambda _: "X-Team",
    "of": lambda _: "bucket",
    "organization_arn": lambda _: "arn:aws:workmail:eu-west-1:111122223333:organization/m-1",
    "other": lambda _: SpfPolicy(),
    "primary": primary,
    "primary_account": lambda _: "111122223333",
    "parent_region": lambda _: "eu-central-1",
    "principal": lambda _: "111122223333",
    "private_key": lambda _: SecretValue.secrets_manager("key"),
    "public_key": lambda _: "A" * 392,
    "recipients": lambda _: ["someone@example.com"],
    "region": lambda _: "eu-west-1",
    "regions": lambda _: ["us-east-1"],
    "reports_to": lambda _: ["reports@example.com"],
    "resource": lambda _: "*",
    "argument": lambda _: "bucket",
    "role_arn": lambda _: "arn:aws:iam::111122223333:role/dns",
    "rule_set": inbound,
    "secret": lambda stack: secretsmanager.Secret(stack, "Secret"),
    "selector": lambda _: "mail2026",
    "sender": lambda _: "bounce@example.com",
    "smtp_code": lambda _: "550",
    "standby": standby,
    "statement": lambda _: iam.PolicyStatement(),
    "stack": lambda stack: inbound(stack).node.scope,
    "status_code": lambda _: "5.1.1",
    "stream": lambda stack: firehose.DeliveryStream.from_delivery_stream_arn(
        stack, "Stream", "arn:aws:firehose:eu-west-1:111122223333:deliverystream/s"
    ),
    "template": lambda _: TEMPLATE,
    "text": lambda _: "v=spf1 -all",
    "to": lambda _: ["team@example.net"],
    "topic": lambda stack: sns.Topic(stack, "Topic"),
    "trusted_account": lambda _: "111122223333",
    "type": lambda _: "TXT",
    "use_case": lambda _: "receipts " * 20,
    "value": lambda _: "mail",
    "values": lambda _: ["text"],
    "website": lambda _: "https://www.example.com",
    "zone_name": lambda _: "example.com",
    "vpc": lambda stack: ec2.Vpc(stack, "Network", max_azs=1, nat_gateways=0),
}
# What a call needs beside what it has to be given, or instead of it, so that nothing else is in the way.
BESIDE: Mapping[str, Callable[[Stack], Mapping[str, Any]]] = {
    "InboundRuleSet": lambda stack: {"domain": domain(stack), "activation": LeaveInactive(), "drop_spam": False},
    "GlobalEndpoint": lambda stack: {"domain": with_set(stack)},
    "VerifiedAddress": lambda _: {"address": "someone@example.net"},
    "SmtpCredentials": lambda _: {"rotate_after": Duration.days(30)},
    "DmarcPolicy.parse": lambda _: {"text": "v=DMARC1; p=none"},
    "TlsReporting.parse": lambda _: {"text": "v=TLSRPTv1; rua=mailto:tls@example.com"},
    "DnsRecord": lambda _: {"name": "example.com"},
}
QUIET = ses_constructs.DeliveryThresholds(rejects=None, delays=None)
# Whose methods are called.
OWNERS: Mapping[type, Make] = {
    AccountHealth: lambda stack: AccountHealth(stack, "Health"),
    BounceMonitoring: lambda stack: BounceMonitoring(
        stack, "Monitoring", domain=domain(stack), default_for_domain=False, watch_account=False
    ),
    EventHistory: lambda stack: EventHistory(stack, "History", monitoring=monitoring(stack)),
    EventSource: lambda stack: BounceMonitoring(stack, "Monitoring", destinations=(), delivery_thresholds=QUIET),
    Forwarding: forwarding,
    GlobalEndpoint: lambda stack: GlobalEndpoint(stack, "Endpoint", domain=with_set(stack), regions=["us-east-1"]),
    InboundRule: lambda stack: inbound(stack).add_rule("Rule", actions=[StoreMail()]),
    InboundRuleSet: lambda stack: forwarding(stack).node.scope,
    ReceiptSimulator: lambda _: ReceiptSimulator.from_template(TEMPLATE),
    ReputationMetrics: lambda _: ReputationMetrics(),
    SendingDomain: lambda stack: VerifiedDomain(stack, "Made", domain_name="example.com", dns=RecordsToPublish()),
    SendingMetrics: lambda _: SendingMetrics(),
    SendingRoute: lambda stack: failover(stack).route,
    SmtpSecret: lambda stack: SmtpCredentials(stack, "Smtp", domain=domain(stack)),
    SpfPolicy: lambda _: SpfPolicy(),
    VerifiedAddress: lambda stack: VerifiedAddress(stack, "Team", address="someone@example.net"),
    VerifiedDomain: lambda stack: VerifiedDomain(stack, "Made", domain_name="example.com", dns=RecordsToPublish()),
}


@dataclass(frozen=True)
class Public:
    """A constructor or a method; *bound* is what is called in a stack."""

    name: str
    bound: Make
    parameters: tuple[inspect.Parameter, ...]
    is_construct: bool


class Scene:
    """A stack in which a callable is called, once or as long as it refuses."""

    def __init__(self, public: Public) -> None:
        self._public, self._stack, self._calls = public, new_stack(), 0
        beside = BESIDE[public.name](self._stack) if public.name in BESIDE else {}
        needed = [
            each.name
            for each in public.parameters
            if each.default is each.empty and each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
        ]
        self._given = {name: VALUES[name](self._stack) for name in needed if name not in beside} | dict(beside)
        self._bound = public.bound(self._stack)

    def call(self, argument: inspect.Parameter | None = None, value: object = None) -> None:
        """Call it as it should be called, but with *value* for *argument*."""
        self._calls += 1
        first: list[object] = [self._stack, f"Subject{self._calls}"] if self._public.is_construct else []
        given = dict(self._given)
        if argument and argument.kind is argument.VAR_POSITIONAL:
            first.append(value)
        elif argument:
            given[argument.name] = value
            if self._public.name == "VerifiedAddress" and argument.name == "addresses":
                del given["address"]
        self._bound(*first, **given)


def publics() -> Iterator[Public]:
    for owner in CLASSES:
        if owner in PROTOCOLS or owner.__name__ == "DmarcOptions":
            continue
        if owner not in MADE_BY_THE_LIBRARY:
            yield public(owner.__name__, partial(_itself, owner), owner, issubclass(owner, Construct))
        for name, member in vars(owner).items():
            if name.startswith("_") or {name, f"{owner.__name__}.{name}"} & CALLED_BY_THE_LIBRARY:
                continue
            if isinstance(member, classmethod | staticmethod):
                found = getattr(owner, name)
                yield public(f"{owner.__name__}.{name}", partial(_itself, found), found)
            elif inspect.isfunction(member):
                yield public(f"{owner.__name__}.{name}", partial(_method, owner, name), member)


def _itself(found: object, _: Stack) -> object:
    return found


def _method(owner: type, name: str, stack: Stack) -> object:
    return getattr(OWNERS[owner](stack), name)


def public(name: str, bound: Make, signature_of: Callable[..., Any], is_construct: bool = False) -> Public:
    # The metaclass of a construct takes anything.
    signature = inspect.signature(signature_of.__init__ if is_construct else signature_of)
    parameters = signature.parameters.values()
    has_place = "scope" in signature.parameters
    checked_by_cdk = CHECKED_BY_CDK if has_place else set()
    return Public(
        name, bound, tuple(each for each in parameters if each.name not in {"self", "cls", *checked_by_cdk}), has_place
    )


def tried() -> list[Any]:
    return [pytest.param(each, id=each.name) for each in publics() if each.parameters]


def admits(annotation: object) -> Callable[[str], bool]:
    """Whether a value of a kind is what an annotation asks for; what stands in brackets are elements."""
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    text = re.sub(r"(typing\.)?Literal\['[^\]]*\]", "str", re.sub(r"(typing\.)?Literal\[\d[^\]]*\]", "int", text))
    elements, outer = text, text
    while (shorter := re.sub(r"\[[^\[\]]*\]", "", outer)) != outer:
        outer = shorter
    words = set(re.findall(r"\w+", outer))
    kinds = {
        "text": {"str"},
        "number": {"float"},
        "whole number": {"int", "float"},
        "True": {"bool"},
        "mapping": {"Mapping"},
        "None": {"None", "Optional"},
        "time known at deployment": {"Duration"},
        "time of a fraction": {"Duration"},
        "list of texts": {"Sequence", "Collection"} if "str" in elements else set(),
        "rule set": {"IDependable", "Construct", "InboundRuleSet"},
        "monitoring": {"IDependable", "Construct", "EventSource"},
    }
    return lambda kind: bool(kinds.get(kind, set()) & words) or "object" in words


@cache
def wrong_values(argument_name: str) -> Mapping[str, object]:
    """Of every kind one, made once in an app of their own."""
    return {**wrong_of_all_kinds(), "class": type(VALUES.get(argument_name, domain)(new_stack()))}


@cache
def wrong_of_all_kinds() -> Mapping[str, object]:
    stack = new_stack()
    seconds = CfnParameter(stack, "Seconds", type="Number").value_as_number
    return {
        "text": "nonsense",
        "number": 7.5,
        "no number": math.nan,
        "whole number": 7,
        "True": True,
        "None": None,
        "mapping": {"nonsense": 7},
        "monitoring": monitoring(stack),
        "rule set": inbound(stack),
        "list of texts": ["nonsense"],
        "list of numbers": [7],
        "list of None": [None],
        "list of classes": [EasyDkim],
        "list of constructs": [domain(stack)],
        "time known at deployment": Duration.seconds(seconds),
        "time of a fraction": Duration.millis(1500),
    }


PASSES = "passes"


def fault(call: Callable[[], None], argument: str) -> str | None:
    try:
        call()
    except ValueError as error:
        says = re.search(rf"\b{argument}\b.*; .+", str(error), re.DOTALL)
        return None if says else f"says neither what to do nor where: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0]}"
    return PASSES


@pytest.mark.parametrize("public", tried())
def test_what_is_of_a_wrong_kind_is_refused_by_name_and_all_else_passes(public: Public) -> None:
    Scene(public).call()

    assert faults_of(public) == []


def faults_of(public: Public) -> list[str]:
    faults, scene = [], Scene(public)
    for argument in public.parameters:
        if argument.kind is argument.VAR_KEYWORD:
            continue  # the fields of the class itself
        admitted = admits(argument.annotation)
        for kind, value in wrong_values(argument.name).items():
            if kind == "no number" and "float" not in str(argument.annotation):
                continue  # one that reaches Node ends it
            found = fault(partial(scene.call, argument, value), argument.name)
            if not found:
                continue
            scene = Scene(public)
            may_pass = admitted(kind) or (argument.name, kind) in ACCEPTED
            if found == PASSES and may_pass:
                continue
            # What was refused before may have left something that is in the way.
            found = fault(partial(scene.call, argument, value), argument.name)
            if found and not (found == PASSES and may_pass):
                faults.append(f"{argument.name}={kind} {found}")
            scene = Scene(public)
    return faults


def test_a_construct_in_the_place_of_its_part_is_told_which_part() -> None:
    stack = new_stack()
    watched: Any = monitoring(stack)

    with pytest.raises(ValueError, match=r"configuration_set must be .* a BounceMonitoring; pass monitoring\.config"):
        VerifiedDomain(stack, "Made", domain_name="example.com", dns=RecordsToPublish(), configuration_set=watched)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            lambda rule: rule.depends_on("topic"),
            "dependable must be a construct or a DependencyGroup, got 'topic'",
        ),
        (
            lambda rule: rule.allow_ses("Publish", resource="*"),
            "actions must be actions of IAM, got 'Publish'",
        ),
        (lambda rule: rule.rule_set.add_rule("Two", actions="store"), "actions must be a list of at least one action"),
        (
            lambda rule: rule.rule_set.add_rule("Two", recipients=7, actions=[StoreMail()]),
            "recipients must be a list",
        ),
    ],
)
def test_the_sentences_are_these(wrong: Callable[[InboundRule], object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        wrong(OWNERS[InboundRule](new_stack()))
