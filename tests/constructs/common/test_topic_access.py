"""Services that publish to topics: on whose behalf, and with which key."""

import json

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns

from ses_constructs.common.topic_access import allow_service_encrypt, allow_service_publish, publishing
from tests.constructs.templates import (
    Resource,
    conditions,
    identified,
    resources,
    role_statements,
    service_statements,
    template,
    warnings,
    written,
)

SOURCE = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:one"
TOPIC = "arn:aws:sns:eu-west-1:111122223333:operations"
KEY = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
FOR_THE_SOURCE = {"aws:SourceAccount": "111122223333", "aws:SourceArn": SOURCE}


def encrypted(stack: Stack) -> sns.Topic:
    return sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))


def statements(stack: Stack, service: str) -> dict[str, Resource]:
    """What the topic's policy and the key's say about *service*."""
    types = {"TopicPolicy": "topic", "Key": "key"}
    return {
        next(name for start, name in types.items() if logical_id.startswith(start)): statement
        for logical_id, statement in service_statements(stack, service)
    }


def test_a_service_publishes_for_one_source_of_the_account(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic")
    allow_service_publish(topic, "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)

    (topic_id,) = identified(stack, "AWS::SNS::Topic")
    ((_, statement),) = service_statements(stack, "cloudwatch.amazonaws.com")
    assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
    assert statement["Resource"] == {"Ref": topic_id}
    assert conditions(statement) == FOR_THE_SOURCE


def test_it_may_use_the_key_of_the_topic_for_any_source_because_aws_documents_none(stack: Stack) -> None:
    allow_service_publish(encrypted(stack), "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)

    found = statements(stack, "cloudwatch.amazonaws.com")
    assert found["key"]["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert "Condition" not in found["key"]
    assert conditions(found["topic"]) == FOR_THE_SOURCE


def test_encryption_alone_leaves_the_topics_policy_to_others(stack: Stack) -> None:
    allow_service_encrypt(encrypted(stack), "ses.amazonaws.com")

    assert set(statements(stack, "ses.amazonaws.com")) == {"key"}
    assert resources(stack, "AWS::SNS::TopicPolicy") == []


def test_a_topic_without_a_key_of_its_own_needs_none(stack: Stack) -> None:
    allow_service_encrypt(sns.Topic(stack, "Topic"), "ses.amazonaws.com")

    assert service_statements(stack, "ses.amazonaws.com") == []


def test_a_role_may_publish_to_each_topic_and_use_its_key_and_no_other(stack: Stack) -> None:
    role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    for statement in publishing([encrypted(stack), sns.Topic.from_topic_arn(stack, "Other", TOPIC)]):
        role.add_to_policy(statement)

    (topic_id,), (key_id,) = identified(stack, "AWS::SNS::Topic"), identified(stack, "AWS::KMS::Key")
    assert [(each["Action"], written(each["Resource"])) for each in role_statements(stack, of="Role")] == [
        ("sns:Publish", f"<{topic_id}>"),
        (["kms:Decrypt", "kms:GenerateDataKey"], f"<{key_id}.Arn>"),
        ("sns:Publish", TOPIC),
    ]


def test_a_key_from_elsewhere_is_refused_with_the_permissions_that_it_needs(stack: Stack) -> None:
    topic = sns.Topic(stack, "Topic", master_key=kms.Key.from_key_arn(stack, "Key", KEY))

    with pytest.raises(
        ValueError,
        match=r"topic must be encrypted by a key made in the app, so that ses\.amazonaws\.com can be let in, got "
        r"'Mail/Topic'; make the key in the app, or allow ses\.amazonaws\.com kms:Decrypt and kms:GenerateDataKey\* in",
    ):
        allow_service_encrypt(topic, "ses.amazonaws.com")


@pytest.mark.parametrize("referred", ["alias", "arn"])
def test_the_key_that_aws_manages_is_refused_because_it_lets_nobody_in(stack: Stack, referred: str) -> None:
    key: kms.IKey = kms.Alias.from_alias_name(stack, "Key", "alias/aws/sns")
    if referred == "arn":
        key = kms.Key.from_key_arn(stack, "ByArn", "arn:aws:kms:eu-west-1:111122223333:alias/aws/sns")
    topic = sns.Topic(stack, "Topic", master_key=key)

    with pytest.raises(
        ValueError,
        match=r"topic must not be encrypted by AWS's own key alias/aws/sns, which lets neither SES nor alarms publish, "
        r"got 'Mail/Topic'; pass master_key=kms\.Key\(\.\.\.\) to the topic, or leave the key out",
    ):
        allow_service_publish(topic, "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)


def test_a_topic_that_is_referred_to_without_its_key_is_taken(stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Topic", TOPIC)
    allow_service_publish(topic, "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)

    assert "Resources" not in template(stack)


def test_the_owner_of_a_topic_from_elsewhere_is_told_the_statement_to_add(stack: Stack) -> None:
    topic = sns.Topic.from_topic_arn(stack, "Topic", TOPIC)
    allow_service_publish(topic, "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)

    (warning,) = warnings(stack)
    assert warning.endswith("[ack: ses-constructs:topic-policy-not-added]")
    text, _, rest = warning.partition(": ")
    assert text.endswith("so its policy must let cloudwatch.amazonaws.com in before anything is published")
    assert json.loads(rest.removesuffix(" [ack: ses-constructs:topic-policy-not-added]")) == {
        "Action": "sns:Publish",
        "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}, "ArnLike": {"aws:SourceArn": SOURCE}},
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Resource": TOPIC,
    }


def test_a_topic_of_the_app_is_no_warning(stack: Stack) -> None:
    allow_service_publish(encrypted(stack), "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=stack)

    assert warnings(stack) == []


def test_the_account_may_be_known_at_deployment_only(agnostic_stack: Stack) -> None:
    allow_service_publish(
        sns.Topic(agnostic_stack, "Topic"), "cloudwatch.amazonaws.com", source_arn=SOURCE, scope=agnostic_stack
    )

    ((_, statement),) = service_statements(agnostic_stack, "cloudwatch.amazonaws.com")
    assert conditions(statement)["aws:SourceAccount"] == "<AWS::AccountId>"
