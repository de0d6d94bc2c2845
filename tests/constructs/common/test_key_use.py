"""Whoever gets a key to use may use it through the service that encrypts, and decrypts nothing by hand."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns

from ses_constructs import (
    BounceMonitoring,
    EventHistory,
    ForwardMail,
    InboundRuleSet,
    NotifyTopic,
    PauseSending,
    SmtpCredentials,
    StoreMail,
    VerifiedDomain,
)
from tests.constructs.templates import role_statements, written


def reader(stack: Stack) -> iam.Role:
    return iam.Role(stack, "Reader", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))


def receive(stack: Stack, key: kms.Key) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, mailbox_key=key)
    topic = sns.Topic(stack, "Topic", master_key=key)
    role = iam.Role(stack, "Ses", assumed_by=iam.ServicePrincipal("ses.amazonaws.com"))
    archive = s3.Bucket(stack, "Archive", encryption_key=key)
    inbound.add_rule("Team", actions=[ForwardMail(to=["team@example.net"])])
    inbound.add_rule("Rest", actions=[StoreMail(bucket=archive, topic=topic, role=role)])
    inbound.grant_read(reader(stack))


def watch(stack: Stack, key: kms.Key) -> None:
    topic = sns.Topic(stack, "Topic", master_key=key)
    BounceMonitoring(stack, "Bounces", reactions=[NotifyTopic(topic), PauseSending()])


def keep(stack: Stack, key: kms.Key) -> None:
    monitoring = BounceMonitoring(stack, "Bounces")
    history = EventHistory(stack, "History", monitoring=monitoring, keep_for=Duration.days(30), encryption_key=key)
    history.grant_query(reader(stack))


def log_in(stack: Stack, key: kms.Key) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    credentials = SmtpCredentials(stack, "Smtp", domain=domain, encryption_key=key, rotate_after=Duration.days(90))
    credentials.grant_read(reader(stack))


@pytest.mark.parametrize(
    ("build", "services"),
    [
        (receive, {"s3", "sqs", "sns"}),
        (watch, {"sns"}),
        (keep, {"s3"}),
        (log_in, {"secretsmanager"}),
    ],
)
def test_a_key_is_used_through_its_service_only(
    stack: Stack, build: Callable[[Stack, kms.Key], None], services: set[str]
) -> None:
    build(stack, kms.Key(stack, "Key"))

    found: set[str] = set()
    for statement in role_statements(stack, of=""):
        if "kms:" in str(statement["Action"]):
            via: Any = statement["Condition"]["StringEquals"]["kms:ViaService"]
            found.update(written(each) for each in (via if isinstance(via, list) else [via]))
    assert found == {f"{service}.eu-west-1.amazonaws.com" for service in services}
