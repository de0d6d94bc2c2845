"""What is checked about the buckets, topics, functions and roles that actions use, and said about those elsewhere."""

import json
from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from ..common.arguments import invalid
from ..common.checks import as_text, check_resource, check_same_region, regions_differ, warn
from ..common.reach import check_reach
from ..common.ses_regions import LISTS_READ_ON, RECEIVING_REGIONS
from ..common.topic_access import check_standard, checked_key

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns


def check_bucket(rule: Construct, bucket: "s3.IBucket") -> None:
    """A bucket that *rule* can name, without a default retention, which SES does not support for received mail.

    Source: https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html.
    """
    check_reach("bucket", bucket, bucket.bucket_arn, user=rule)
    lock = getattr(bucket.node.default_child, "object_lock_configuration", None)
    if getattr(lock, "rule", None):
        raise invalid(
            "bucket",
            "have no default retention of Object Lock, with which SES stores nothing",
            bucket.node.path,
            "pass another bucket, or lock the objects after they came",
        )


def check_told(topic: object) -> None:
    """What an action tells about each message is a topic, or nothing."""
    if topic is not None:
        check_resource("topic", topic, "SNS topic")


def check_topic(rule: Construct, topic: "sns.ITopic") -> "kms.IKey | None":
    """A topic that SES can publish to for *rule*; returns its key, None without one."""
    check_standard(topic)
    check_same_region("topic", topic.env.region, user=rule)
    check_reach("topic", topic, topic.topic_arn, user=rule)
    key = checked_key(topic)
    if key:
        check_same_region("key", key.env.region, user=rule)
    return key


def is_function_of_this_account(scope: Construct, function: "lambda_.IFunction", *, source_arn: str) -> bool:
    """Whether SES can be let in from here; warns about a function of another account, where its owner has to.

    Raises ``ValueError`` for one of another region, and one that cannot be named here.
    """
    check_same_region("function", function.env.region, user=scope)
    check_reach("function", function, function.function_arn, user=scope)
    if not regions_differ(function.env.account, Stack.of(scope).account):
        return True
    arn, source = as_text(scope, function.function_arn), as_text(scope, source_arn)
    warn(
        scope,
        "function-policy-not-added",
        "the function is of another account, so its owner must let SES in before this rule is deployed: aws lambda "
        f"add-permission --function-name {arn} --statement-id ses --action lambda:InvokeFunction "
        f"--principal ses.amazonaws.com --source-account {as_text(scope, Stack.of(scope).account)} "
        f"--source-arn {source}",
    )
    return False


def check_trusts_ses(role: "iam.IRole") -> None:
    """Raise ``ValueError`` for a role of the app that SES may not assume; what trusts whom elsewhere is not known."""
    policy = getattr(role, "assume_role_policy", None)
    if policy is not None and "ses.amazonaws.com" not in json.dumps(Stack.of(role).resolve(policy)):
        fix = "make it with assumed_by=iam.ServicePrincipal('ses.amazonaws.com')"
        raise invalid("role", "trust ses.amazonaws.com, which stores mail as this role", role.node.path, fix)


def warn_about_bucket(scope: Construct, bucket: "s3.IBucket") -> None:
    """A bucket in another region where SES is not known to receive."""
    region = bucket.env.region
    if region not in RECEIVING_REGIONS and regions_differ(region, Stack.of(scope).region):
        warn(
            scope,
            "bucket-needs-role",
            f"SES is not known to receive mail in {region} as of {LISTS_READ_ON}, and writes to a bucket in such a "
            "region only as a role; pass role to StoreMail, or a bucket of another region",
        )
