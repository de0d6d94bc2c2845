"""What actions of aws_ses_actions leave open: CDK looks at no account, region, topic policy or key of a bucket.

The rule is an ``InboundRule``; no type says so, because its file imports this one.
"""

from typing import Any

from aws_cdk import ArnFormat, Reference, Stack, Tokenization
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import is_token, offers
from ..common.checks import check_same_region
from ._used_resources import check_bucket, is_function_of_this_account


def let_ses_in(
    scope: Construct, rule: Any, made: ses.CfnReceiptRule.ActionProperty
) -> ses.CfnReceiptRule.ActionProperty:
    """Let SES in for what *made* names, an action of *rule*, or warn or refuse as our own actions do."""
    for kind in ("bounce", "lambda", "s3", "sns", "stop", "workmail"):
        action = getattr(made, f"{kind}_action")
        if topic_arn := getattr(action, "topic_arn", None):
            rule.allow_ses_publish(_maker(topic_arn, "topic_arn") or _imported_topic(scope, topic_arn))
    if made.lambda_action:
        _check_function(scope, rule, made.lambda_action)
    if made.s3_action:
        _let_store(scope, rule, made.s3_action)
    return made


def _imported_topic(scope: Construct, arn: str) -> Any:
    from aws_cdk import aws_sns as sns

    return sns.Topic.from_topic_arn(scope, "Topic", arn)


def _check_function(scope: Construct, rule: Any, action: Any) -> None:
    from aws_cdk import aws_lambda as lambda_

    arn = action.function_arn
    function = _maker(arn, "function_arn") or lambda_.Function.from_function_arn(scope, "Function", arn)
    is_function_of_this_account(rule, function, source_arn=rule.rule_arn)


def _let_store(scope: Construct, rule: Any, action: Any) -> None:
    from aws_cdk import aws_s3 as s3

    name, key_arn = action.bucket_name, action.kms_key_arn
    bucket = _maker(name, "bucket_arn")
    if bucket is None:
        rule.allow_ses_store(s3.Bucket.from_bucket_name(scope, "Bucket", name), prefix=action.object_key_prefix or "")
    else:
        check_bucket(rule, bucket)
        if bucket.encryption_key:
            rule.allow_ses_encrypt(bucket.encryption_key)
    # SES encrypts with it before it stores, and CDK lets it do so by a key that it makes
    # (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html).
    if key_arn and not _maker(key_arn, "key_arn") and not key_arn.endswith(":alias/aws/ses"):
        parts = Stack.of(rule).split_arn(key_arn, ArnFormat.NO_RESOURCE_NAME)
        check_same_region("key", parts.region or "", user=rule)
        if is_token(parts.resource) and not is_token(key_arn):
            return  # an alias of the app, whose key CDK has opened
        rule.warn_about_policy("key", rule.allow_ses("kms:Encrypt", "kms:GenerateDataKey*", resource="*"))


def _maker(name: str, attribute: str) -> Any | None:
    """The construct of the app that *name*, its name or ARN, refers to."""
    for reference in Tokenization.reverse_string(name).tokens:
        if isinstance(reference, Reference):
            made = reference.target.node.scope
            if made is not None and offers(made, attribute):
                return made
    return None
