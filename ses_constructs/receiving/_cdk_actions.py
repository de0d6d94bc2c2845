"""Actions of any kind in a rule: their ids, and those of aws_ses_actions as CloudFormation's resource takes them."""

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from aws_cdk import Reference, Tokenization
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import offers
from ..common.checks import check_same_region
from ._resources_elsewhere import is_function_of_this_account, warn_about_bucket

if TYPE_CHECKING:
    from .inbound_rule import InboundRule

_T = TypeVar("_T")


def construct_ids(actions: Sequence[object]) -> list[str]:
    """The kind of each action, with a number from the second of a kind on."""
    kinds = [type(each).__name__ for each in actions]
    numbers = [kinds[:place].count(kind) + 1 for place, kind in enumerate(kinds)]
    return [f"{kind}{number}" if number > 1 else kind for kind, number in zip(kinds, numbers, strict=True)]


def is_cdk_action(action: object) -> bool:
    """Tell whether *action* is one for a receipt rule; what alarms and event rules take has a ``bind`` too."""
    return offers(action, "bind") and len(inspect.signature(action.bind).parameters) == 1  # type: ignore[attr-defined]


def converted(config: ses.ReceiptRuleActionConfig) -> ses.CfnReceiptRule.ActionProperty:
    """What an action asks for, as CloudFormation's resource takes it."""
    rule = ses.CfnReceiptRule
    return rule.ActionProperty(
        add_header_action=_copied(rule.AddHeaderActionProperty, config.add_header_action),
        bounce_action=_copied(rule.BounceActionProperty, config.bounce_action),
        lambda_action=_copied(rule.LambdaActionProperty, config.lambda_action),
        s3_action=_copied(rule.S3ActionProperty, config.s3_action),
        sns_action=_copied(rule.SNSActionProperty, config.sns_action),
        stop_action=_copied(rule.StopActionProperty, config.stop_action),
        workmail_action=_copied(rule.WorkmailActionProperty, config.workmail_action),
    )


def let_ses_in(scope: Construct, rule: "InboundRule", made: ses.CfnReceiptRule.ActionProperty) -> None:
    """Let SES in where CDK does not, or warn or refuse as for our own actions: it looks at no place, topic or key."""
    for kind in ("bounce", "lambda", "s3", "sns", "stop", "workmail"):
        action = getattr(made, f"{kind}_action")
        if topic_arn := getattr(action, "topic_arn", None):
            rule.allow_ses_publish(_maker(topic_arn, "topic_arn") or _imported_topic(scope, topic_arn))
    if made.lambda_action:
        _check_function(scope, rule, made.lambda_action)
    if made.s3_action:
        _let_store(scope, rule, made.s3_action)


def _imported_topic(scope: Construct, arn: str) -> Any:
    from aws_cdk import aws_sns as sns

    return sns.Topic.from_topic_arn(scope, "Topic", arn)


def _check_function(scope: Construct, rule: "InboundRule", action: Any) -> None:
    from aws_cdk import aws_lambda as lambda_

    arn = action.function_arn
    function = _maker(arn, "function_arn") or lambda_.Function.from_function_arn(scope, "Function", arn)
    is_function_of_this_account(rule, function, source_arn=rule.rule_arn)


def _let_store(scope: Construct, rule: "InboundRule", action: Any) -> None:
    from aws_cdk import aws_kms as kms
    from aws_cdk import aws_s3 as s3

    name, key_arn = action.bucket_name, action.kms_key_arn
    bucket = _maker(name, "bucket_arn") or s3.Bucket.from_bucket_name(scope, "Bucket", name)
    rule.allow_ses_store(bucket, prefix=action.object_key_prefix or "")
    warn_about_bucket(rule, bucket)
    # SES encrypts with it before it stores, and CDK lets it do so by a key that it makes
    # (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html).
    if key_arn and not _maker(key_arn, "key_arn") and not key_arn.endswith(":alias/aws/ses"):
        check_same_region("key", kms.Key.from_key_arn(scope, "Key", key_arn).env.region, user=rule)
        rule.warn_about_policy("key", rule.allow_ses("kms:Encrypt", "kms:GenerateDataKey*", resource="*"))


def _maker(name: str, attribute: str) -> Any | None:
    """The construct of the app that *name*, its name or ARN, refers to."""
    for reference in Tokenization.reverse_string(name).tokens:
        if isinstance(reference, Reference):
            made = reference.target.node.scope
            if made is not None and offers(made, attribute):
                return made
    return None


def _copied(kind: type[_T], config: object) -> _T | None:
    """The fields of *config* as a *kind*: both have the names of the API of SES."""
    if config is None:
        return None
    names = inspect.signature(kind).parameters
    return kind(**{name: getattr(config, name) for name in names if hasattr(config, name)})
