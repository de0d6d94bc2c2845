"""Letting an AWS service publish to a topic, and use the key that encrypts it."""

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from .email_records._text import invalid

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns
    from constructs import Construct

_Conditions = dict[str, dict[str, str]]


def let_service_publish(topic: "sns.ITopic", service: str, *, source_arn: str, scope: "Construct") -> None:
    """Let *service* publish on behalf of what *source_arn* names, in the account of *scope*, and use the topic's key.

    Raises ``ValueError`` as :func:`let_service_encrypt` does.
    """
    conditions = _only_for(source_arn, scope)
    _let_publish(topic, service, conditions)
    _let_encrypt(topic, service, conditions)


def let_rule_publish(topic: "sns.ITopic", *, rule_arn: str, scope: "Construct") -> None:
    """Let the EventBridge rule publish, and let EventBridge use the topic's key.

    Raises ``ValueError`` as :func:`let_service_encrypt` does.
    """
    service = "events.amazonaws.com"
    _let_publish(topic, service, _only_for(rule_arn, scope))
    # EventBridge names no source to KMS, so a condition would lose every message in silence; the topic's policy has it.
    # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    _let_encrypt(topic, service, None)


def let_service_encrypt(topic: "sns.ITopic", service: str, *, source_arn: str, scope: "Construct") -> None:
    """Let *service* use the topic's key, if it has one of its own, on behalf of what *source_arn* names.

    Raises ``ValueError`` for a key from outside the app: its policy cannot be changed from here, and without a word in
    it every message to the topic is lost in silence.
    """
    _let_encrypt(topic, service, _only_for(source_arn, scope))


def _only_for(source_arn: str, scope: "Construct") -> _Conditions:
    return {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}, "ArnLike": {"aws:SourceArn": source_arn}}


def _let_publish(topic: "sns.ITopic", service: str, conditions: _Conditions) -> None:
    # A topic that enforces TLS has a policy, and with it loses the default one that lets services in.
    topic.add_to_resource_policy(_statement(service, ["sns:Publish"], topic.topic_arn, conditions))


def _let_encrypt(topic: "sns.ITopic", service: str, conditions: _Conditions | None) -> None:
    key = topic.master_key
    if key is None:
        return
    actions = ["kms:Decrypt", "kms:GenerateDataKey*"]
    if not key.add_to_resource_policy(_statement(service, actions, "*", conditions)).statement_added:
        raise invalid(
            "topic",
            f"be encrypted by a key made in the app, so that {service} can be let in",
            topic.node.path,
            f"make the key in the app, or allow {service} {' and '.join(actions)} in its policy and refer to the topic "
            "by Topic.from_topic_arn, without its key",
        )


def _statement(service: str, actions: list[str], resource: str, conditions: _Conditions | None) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=actions, principals=[iam.ServicePrincipal(service)], resources=[resource], conditions=conditions
    )
