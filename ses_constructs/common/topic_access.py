"""Letting an AWS service, or a function of ours, publish to a topic and use the key that encrypts it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from .arguments import invalid
from .checks import warn_about_policy
from .key_use import ENCRYPT_AND_DECRYPT, through
from .reach import check_reach

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_sns as sns
    from constructs import Construct

_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey*")
_MANAGED_KEY = "alias/aws/sns"


def allow_service_publish(topic: "sns.ITopic", service: str, *, source_arn: str, scope: "Construct") -> None:
    """Let *service* publish on behalf of what *source_arn* names, in the account of *scope*, and use the topic's key.

    Warns about a topic from elsewhere, whose policy cannot be changed from here. Raises ``ValueError`` as
    ``allow_service_encrypt`` does, and for a topic that cannot be named here.
    """
    check_reach("topic", topic, topic.topic_arn, user=scope)
    # A topic that enforces TLS has a policy, and with it loses the default one that lets services in.
    statement = _statement(service, topic.topic_arn, source_arn, scope)
    if not topic.add_to_resource_policy(statement).statement_added:
        _warn(scope, topic, statement, service)
    allow_service_encrypt(topic, service)


def warn_about_foreign_topic(topic: "sns.ITopic", service: str, *, source_arn: str, scope: "Construct") -> None:
    """Warn about a topic from elsewhere, as ``allow_service_publish`` does, where CDK writes the policies."""
    if not is_made_in_app(topic):
        _warn(scope, topic, _statement(service, topic.topic_arn, source_arn, scope), service)


def check_standard(topic: "sns.ITopic") -> None:
    """Raise ``ValueError`` for a topic to which SES cannot publish."""
    if topic.fifo:
        raise invalid("topic", "be a standard topic, because SES takes no FIFO topics", topic.node.path, "pass another")


def is_made_in_app(topic: "sns.ITopic") -> bool:
    """Whether CDK makes *topic*; one that is only referred to keeps its policy."""
    return topic.node.default_child is not None


def allow_service_encrypt(topic: "sns.ITopic", service: str) -> None:
    """Let *service* use the topic's key, if it has one of its own.

    Raises ``ValueError`` for a key from outside the app: its policy cannot be changed from here, and without a word in
    it every message to the topic is lost in silence. So it does for the key that AWS manages.
    """
    key = checked_key(topic)
    if key is None:
        return
    statement = key_statement(service)
    if not key.add_to_resource_policy(statement).statement_added:
        raise invalid(
            "topic",
            f"be encrypted by a key made in the app, so that {service} can be let in",
            topic.node.path,
            f"make the key in the app, or allow {service} {' and '.join(_KEY_ACTIONS)} in its policy and refer to the "
            "topic by Topic.from_topic_arn, without its key",
        )


def key_statement(service: str) -> iam.PolicyStatement:
    """What the key of a topic needs in its policy, so that *service* can publish.

    Without a source: AWS documents no condition for SES
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html#receiving-email-permissions-sns) and
    none for alarms (https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns).
    """
    return iam.PolicyStatement(actions=list(_KEY_ACTIONS), principals=[iam.ServicePrincipal(service)], resources=["*"])


def checked_key(topic: "sns.ITopic") -> "kms.IKey | None":
    """The key of *topic*, None without one; raises ``ValueError`` for the key that AWS manages.

    Its policy lets no service in, and nobody can change it
    (https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services).
    """
    key = topic.master_key
    if key is not None and key.key_arn.endswith(_MANAGED_KEY):
        raise invalid(
            "topic",
            f"not be encrypted by AWS's own key {_MANAGED_KEY}, which lets neither SES nor alarms publish",
            topic.node.path,
            "pass master_key=kms.Key(...) to the topic, or leave the key out",
        )
    return key


def publishing(topics: "Sequence[sns.ITopic]") -> Iterator[iam.PolicyStatement]:
    """What lets a function publish to *topics*, and use their keys."""
    for topic in topics:
        yield iam.PolicyStatement(actions=["sns:Publish"], resources=[topic.topic_arn])
        if key := topic.master_key:
            yield iam.PolicyStatement(
                actions=list(ENCRYPT_AND_DECRYPT), resources=[key.key_arn], conditions=through(key.env.region, "sns")
            )


def _warn(scope: "Construct", topic: "sns.ITopic", statement: iam.PolicyStatement, service: str) -> None:
    warn_about_policy(scope, "topic", statement, who=service, before="anything is published", resource=topic)


def _statement(service: str, topic_arn: str, source_arn: str, scope: "Construct") -> iam.PolicyStatement:
    return iam.PolicyStatement(
        actions=["sns:Publish"],
        principals=[iam.ServicePrincipal(service)],
        resources=[topic_arn],
        conditions={
            "StringEquals": {"aws:SourceAccount": Stack.of(scope).account},
            "ArnLike": {"aws:SourceArn": source_arn},
        },
    )
