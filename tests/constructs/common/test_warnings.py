"""Every warning names the construct that it is about, also where only its text is shown."""

import ast
from pathlib import Path

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from constructs import Construct

import ses_constructs
from ses_constructs import BounceMonitoring, InboundRuleSet, NotifyTopic, StoreMail, VerifiedDomain
from ses_constructs.common.checks import warn
from tests.constructs.templates import warnings

MODULES = [
    each
    for each in sorted(Path(ses_constructs.__file__).parent.rglob("*.py"))
    if "add_warning" in each.read_text(encoding="utf-8")
]


def test_there_is_one_way_to_warn() -> None:
    assert [each.name for each in MODULES] == ["checks.py"]
    calls = [
        node.name
        for node in ast.walk(ast.parse(MODULES[0].read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and "add_warning" in ast.unparse(node)
    ]
    assert calls == ["warn"]


@pytest.mark.parametrize("message", ["something is amiss", "Mail/Part is amiss"])
def test_it_names_the_construct_once(stack: Stack, message: str) -> None:
    warn(Construct(stack, "Part"), "amiss", message)

    (warning,) = warnings(stack)
    assert warning.count("Mail/Part") == 1
    assert message in warning


def test_what_comes_from_elsewhere_is_named_too(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:eu-west-1:999988887777:key/k")
    mailbox = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="mail", encryption_key=key)
    topic = sns.Topic.from_topic_arn(stack, "Topic", "arn:aws:sns:eu-west-1:999988887777:alarms")
    InboundRuleSet(stack, "Inbound", domain=domain, mailbox=mailbox).add_rule("Rule", actions=[StoreMail()])
    BounceMonitoring(stack, "Bounces", reactions=[NotifyTopic(topic)])

    found = warnings(stack)
    for words in ("the bucket Mail/Bucket comes", "the key Mail/Key comes", "the topic Mail/Topic comes"):
        assert any(words in each for each in found)


def test_a_name_that_is_not_known_yet_is_said_to_be_one(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    mailbox = s3.Bucket.from_bucket_attributes(stack, "Bucket", bucket_name="mail", account="999988887777")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, mailbox=mailbox, drop_spam=False)
    inbound.grant_read(iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")))

    (warning,) = [each for each in warnings(stack) if "let Mail/Role in" in each]
    assert "; what stands in <> is known after the deployment" in warning
