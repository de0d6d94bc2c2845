"""Actions of aws_ses_actions get what CDK leaves open: SES let in to topics and keys, and a look at the place."""

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_ses_actions as ses_actions
from aws_cdk import aws_sns as sns

from ses_constructs import InboundRuleSet, VerifiedDomain
from tests.constructs.templates import only, warnings

ELSEWHERE = "999988887777"


def add(stack: Stack, action: Any) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    InboundRuleSet(stack, "Inbound", domain=domain, drop_spam=False).add_rule("Rule", actions=[action])


def topic(stack: Stack, arn: str) -> sns.ITopic:
    return sns.Topic.from_topic_arn(stack, "Topic", arn)


def function(stack: Stack, arn: str) -> lambda_.IFunction:
    return lambda_.Function.from_function_arn(stack, "Function", arn)


def key(stack: Stack, arn: str) -> kms.IKey:
    return kms.Key.from_key_arn(stack, "Key", arn)


REFUSED: dict[str, tuple[Callable[[Stack], Any], str]] = {
    "a function of another region": (
        lambda stack: ses_actions.Lambda(
            function=function(stack, "arn:aws:lambda:us-east-1:111122223333:function:decide")
        ),
        "function must be in the region of the stack, eu-west-1, got 'us-east-1'",
    ),
    "a topic of another region": (
        lambda stack: ses_actions.Sns(topic=topic(stack, "arn:aws:sns:us-east-1:111122223333:mail")),
        "topic must be in the region of the stack, eu-west-1, got 'us-east-1'",
    ),
    "a topic of another region beside a stop": (
        lambda stack: ses_actions.Stop(topic=topic(stack, "arn:aws:sns:us-east-1:111122223333:mail")),
        "topic must be in the region of the stack, eu-west-1, got 'us-east-1'",
    ),
    "a FIFO topic": (
        lambda stack: ses_actions.Sns(topic=sns.Topic(stack, "Topic", fifo=True)),
        "topic must be a standard topic",
    ),
    "the key of AWS": (
        lambda stack: ses_actions.Sns(
            topic=sns.Topic(stack, "Topic", master_key=kms.Alias.from_alias_name(stack, "Alias", "alias/aws/sns"))
        ),
        "topic must not be encrypted by AWS's own key",
    ),
    "a locked bucket": (
        lambda stack: ses_actions.S3(
            bucket=s3.Bucket(
                stack,
                "Bucket",
                object_lock_enabled=True,
                object_lock_default_retention=s3.ObjectLockRetention.governance(Duration.days(1)),
            )
        ),
        "bucket must have no default retention",
    ),
    "a key of another region": (
        lambda stack: ses_actions.S3(
            bucket=s3.Bucket(stack, "Bucket"), kms_key=key(stack, "arn:aws:kms:us-east-1:111122223333:key/k")
        ),
        "key must be in the region of the stack, eu-west-1, got 'us-east-1'",
    ),
}


@pytest.mark.parametrize(("make", "rule"), REFUSED.values(), ids=REFUSED)
def test_what_ses_cannot_use_is_refused(stack: Stack, make: Callable[[Stack], Any], rule: str) -> None:
    with pytest.raises(ValueError, match=f"{rule}.*; "):
        add(stack, make(stack))


WARNED: dict[str, tuple[Callable[[Stack], Any], str]] = {
    "function": (
        lambda stack: ses_actions.Lambda(
            function=function(stack, f"arn:aws:lambda:eu-west-1:{ELSEWHERE}:function:decide")
        ),
        f"aws lambda add-permission --function-name arn:aws:lambda:eu-west-1:{ELSEWHERE}:function:decide",
    ),
    "topic": (
        lambda stack: ses_actions.Sns(topic=topic(stack, f"arn:aws:sns:eu-west-1:{ELSEWHERE}:mail")),
        f'"Resource": "arn:aws:sns:eu-west-1:{ELSEWHERE}:mail"',
    ),
    "bucket": (
        lambda stack: ses_actions.S3(
            bucket=s3.Bucket.from_bucket_name(stack, "Bucket", "their-mail"), object_key_prefix="in/"
        ),
        '"Resource": "arn:aws:s3:::their-mail/in/*"',
    ),
    "key": (
        lambda stack: ses_actions.S3(
            bucket=s3.Bucket(stack, "Bucket"), kms_key=key(stack, f"arn:aws:kms:eu-west-1:{ELSEWHERE}:key/k")
        ),
        '"Action": ["kms:Encrypt", "kms:GenerateDataKey*"]',
    ),
}


@pytest.mark.parametrize(("make", "words"), WARNED.values(), ids=WARNED)
def test_the_owner_of_what_is_elsewhere_is_told_what_to_add(
    stack: Stack, make: Callable[[Stack], Any], words: str
) -> None:
    add(stack, make(stack))

    (warning,) = [each for each in warnings(stack) if "policy-not-added" in each]
    assert words in warning
    assert "111122223333" in warning
    assert "<AWS::" not in warning


def test_a_topic_that_enforces_tls_lets_ses_in(stack: Stack) -> None:
    encrypted = sns.Topic(stack, "Topic", enforce_ssl=True, master_key=kms.Key(stack, "Key"))

    add(stack, ses_actions.Sns(topic=encrypted))

    statements = only(stack, "AWS::SNS::TopicPolicy")["Properties"]["PolicyDocument"]["Statement"]
    assert {"Service": "ses.amazonaws.com"} in [each["Principal"] for each in statements]
    on_key = only(stack, "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
    assert {"Service": "ses.amazonaws.com"} in [each["Principal"] for each in on_key]


def test_the_key_of_a_bucket_lets_ses_in(stack: Stack) -> None:
    add(stack, ses_actions.S3(bucket=s3.Bucket(stack, "Bucket", encryption_key=kms.Key(stack, "Key"))))

    on_key = only(stack, "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
    assert [each["Action"] for each in on_key if each["Principal"] == {"Service": "ses.amazonaws.com"}] == [
        ["kms:Decrypt", "kms:GenerateDataKey*"]
    ]


def store_under_alias(stack: Stack, *, made_in: Stack) -> None:
    alias = kms.Alias(made_in, "Alias", alias_name="alias/mail", target_key=kms.Key(made_in, "Key"))
    add(stack, ses_actions.S3(bucket=s3.Bucket(stack, "Bucket"), kms_key=alias))


def test_the_key_of_an_alias_of_another_region_is_refused(app: App, stack: Stack) -> None:
    there = Stack(app, "There", env=Environment(account="111122223333", region="us-east-1"))

    with pytest.raises(ValueError, match="key must be in the region of the stack, eu-west-1, got 'us-east-1'"):
        store_under_alias(stack, made_in=there)


def test_the_key_of_an_alias_of_the_app_is_opened_by_cdk(stack: Stack) -> None:
    store_under_alias(stack, made_in=stack)

    on_key = only(stack, "AWS::KMS::Key")["Properties"]["KeyPolicy"]["Statement"]
    assert {"Service": "ses.amazonaws.com"} in [each["Principal"] for each in on_key]
    assert not any("policy-not-added" in each for each in warnings(stack))
