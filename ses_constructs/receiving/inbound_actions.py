"""What a receipt rule may do with mail; any action of aws_ses_actions stands beside these."""

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from aws_cdk import Names, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_choice, check_flag, check_text, contains_token, invalid
from ..common.checks import check_resource, warn
from ..common.grants import granted
from ..common.key_use import grant_key_use
from ..common.policy_text import check_key_prefix
from ._used_resources import (
    check_bucket,
    check_told,
    check_topic,
    check_trusts_ses,
    is_function_of_this_account,
    warn_about_bucket,
)
from .inbound_rule import InboundAction, InboundRule
from .rule_limits import HEADER_NAME, MAX_HEADER_VALUE, is_header_value

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreMail(InboundAction):
    """Stores each message, as it came, as one object in a bucket.

    SES stores at most 40 MB, and writes a test object ``AMAZON_SES_SETUP_NOTIFICATION`` when the rule is made
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html).

    Args:
        bucket: Where messages are stored, in any region; the rule set's mailbox unless given. A bucket from elsewhere
            keeps its policy, so a warning prints what that policy needs.
        prefix: The start of each key, such as ``support/``; the rest is SES's message id.
        topic: Told about each message, with its headers and the key of the object.
        role: Whom SES acts as, instead of being let in by the bucket, its key and the topic. Needed for a bucket in a
            region where SES does not receive. It has to trust ``ses.amazonaws.com``, gets the permissions from here,
            and should be older than the rule, because SES refuses a role that is seconds old
            (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-permissions.html).

    Raises:
        ValueError: A prefix with ``*``, ``?`` or ``${``, which policies read as patterns, with control characters, or
            too long for a key; and where a rule gets the action, a bucket with a default retention of Object Lock,
            which SES does not support.
    """

    bucket: "s3.IBucket | None" = None
    prefix: str = ""
    topic: "sns.ITopic | None" = None
    role: "iam.IRole | None" = None

    def __post_init__(self) -> None:
        if self.bucket is not None:
            check_resource("bucket", self.bucket, "S3 bucket")
        check_key_prefix("prefix", self.prefix)
        check_told(self.topic)
        if self.role is not None:
            check_resource("role", self.role, "IAM role")

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES, or the role, store below the prefix, and encrypt with the bucket's key."""
        bucket = self.bucket or rule.rule_set.use_mailbox()
        if self.role:
            self._allow_role(self.role, rule, bucket)
        else:
            rule.allow_ses_store(bucket, prefix=self.prefix)
            if self.topic:
                rule.allow_ses_publish(self.topic)
            warn_about_bucket(rule, bucket)
        return ses.CfnReceiptRule.ActionProperty(
            s3_action=ses.CfnReceiptRule.S3ActionProperty(
                bucket_name=bucket.bucket_name,
                object_key_prefix=self.prefix or None,
                topic_arn=self.topic.topic_arn if self.topic else None,
                iam_role_arn=self.role.role_arn if self.role else None,
            )
        )

    def _allow_role(self, role: "iam.IRole", rule: InboundRule, bucket: "s3.IBucket") -> None:
        """SES uses the role for all three, and nothing but the role."""
        check_bucket(rule, bucket)
        check_trusts_ses(role)
        on_keys = {"s3": bucket.encryption_key, "sns": check_topic(rule, self.topic) if self.topic else None}
        grants = [
            grant_key_use(rule, role, key, service, actions=("kms:Decrypt", "kms:GenerateDataKey*"))
            for service, key in on_keys.items()
            if key
        ]
        allowed = {"s3:PutObject": bucket.arn_for_objects(f"{self.prefix}*")}
        if self.topic:
            allowed["sns:Publish"] = self.topic.topic_arn
        grants += [
            granted(
                rule,
                role,
                partial(iam.Grant.add_to_principal, actions=[action], resource_arns=[arn]),
                otherwise="import the role by Role.from_role_arn without mutable=False, or leave it out",
            )
            for action, arn in allowed.items()
        ]
        for grant in grants:
            grant.apply_before(rule.resource)


@dataclass(frozen=True, slots=True)
class PublishToTopic(InboundAction):
    """Publishes each message, whole, to a topic of the same region.

    SES bounces messages of more than 150 KB, so this is for short mail; ``StoreMail(topic=...)`` has no such limit
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-sns.html).

    Args:
        topic: A standard topic of the stack's region.
        encoding: ``UTF-8``, or ``Base64``, which keeps bytes that are not UTF-8.

    Raises:
        ValueError: Another encoding.
    """

    topic: "sns.ITopic"
    _: KW_ONLY
    encoding: Literal["UTF-8", "Base64"] = "UTF-8"

    def __post_init__(self) -> None:
        check_resource("topic", self.topic, "SNS topic")
        check_choice("encoding", self.encoding, ("UTF-8", "Base64"))

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES publish to the topic."""
        return ses.CfnReceiptRule.ActionProperty(
            sns_action=ses.CfnReceiptRule.SNSActionProperty(
                topic_arn=rule.allow_ses_publish(self.topic), encoding=self.encoding
            )
        )


@dataclass(frozen=True, slots=True)
class InvokeFunction(InboundAction):
    """Invokes a Lambda function of the same region with the headers and verdicts of each message, without its body.

    Args:
        function: The function. One of another account keeps its policy, so a warning prints what that one needs.
        waits_for_decision: Whether SES waits, at most 30 seconds, for the function to decide by returning
            ``{"disposition": "CONTINUE" | "STOP_RULE" | "STOP_RULE_SET"}``; otherwise the rule goes on at once
            (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html).
        topic: Told about each message.

    Raises:
        ValueError: What is no function, and wrong kinds of arguments.
    """

    function: "lambda_.IFunction"
    _: KW_ONLY
    waits_for_decision: bool = False
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        check_resource("function", self.function, "Lambda function")
        check_flag("waits_for_decision", self.waits_for_decision)
        check_told(self.topic)

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES invoke the function."""
        # Here, because it loads aws_lambda, which not every app needs.
        from ..functions.handler_function import allow_service_invoke

        if is_function_of_this_account(rule, self.function, source_arn=rule.rule_arn):
            # Beside the rule and not on the function: rules share none.
            construct_id = f"Permission{Names.node_unique_id(self.function.node)}"
            permission = rule.node.try_find_child(construct_id) or allow_service_invoke(
                rule, construct_id, self.function.function_arn, "ses.amazonaws.com", source_arn=rule.rule_arn
            )
            rule.depends_on(permission)
        return ses.CfnReceiptRule.ActionProperty(
            lambda_action=ses.CfnReceiptRule.LambdaActionProperty(
                function_arn=self.function.function_arn,
                invocation_type="RequestResponse" if self.waits_for_decision else "Event",
                topic_arn=rule.allow_ses_publish(self.topic) if self.topic else None,
            )
        )


@dataclass(frozen=True, slots=True)
class AddHeader(InboundAction):
    """Adds a header to each message, for the actions that follow.

    Args:
        name: The header's name, 1 to 50 letters, digits and hyphens.
        value: One printable line of at most 2048 characters.

    Raises:
        ValueError: A name or a value that SES refuses
            (https://docs.aws.amazon.com/ses/latest/APIReference/API_AddHeaderAction.html).
    """

    name: str
    value: str

    def __post_init__(self) -> None:
        if not contains_token(check_text("name", self.name)) and not HEADER_NAME.fullmatch(self.name):
            raise invalid("name", "be 1-50 letters, digits and hyphens", self.name, "take a name such as 'X-Team'")
        if not Token.is_unresolved(check_text("value", self.value)) and not is_header_value(self.value):
            raise invalid(
                "value", f"be one printable line of 1-{MAX_HEADER_VALUE} characters", self.value, "shorten it"
            )

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Return the action, which needs nothing."""
        return ses.CfnReceiptRule.ActionProperty(
            add_header_action=ses.CfnReceiptRule.AddHeaderActionProperty(header_name=self.name, header_value=self.value)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StopProcessing(InboundAction):
    """Ends the rule set for each message: no further rule sees it. It is the last action of its rule.

    Args:
        topic: Told about each message.

    Raises:
        ValueError: What is no topic.
    """

    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        check_told(self.topic)

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Return the action, which needs nothing."""
        return ses.CfnReceiptRule.ActionProperty(
            stop_action=ses.CfnReceiptRule.StopActionProperty(
                scope="RuleSet", topic_arn=rule.allow_ses_publish(self.topic) if self.topic else None
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliverToWorkMail(InboundAction):
    """Delivers each message to an Amazon WorkMail organization of the same region; warns, for WorkMail ends.

    AWS ends the service on 31 March 2027 (https://docs.aws.amazon.com/workmail/latest/adminguide/workmail-end-of-support.html).

    Args:
        organization_arn: Such as ``arn:aws:workmail:eu-west-1:111122223333:organization/m-...``.
        topic: Told about each message.

    Raises:
        ValueError: Anything else than the ARN of a WorkMail organization.
    """

    organization_arn: str
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        check_told(self.topic)
        check_text("organization_arn", self.organization_arn)
        if not Token.is_unresolved(self.organization_arn) and ":workmail:" not in self.organization_arn:
            raise invalid(
                "organization_arn",
                "be the ARN of a WorkMail organization",
                self.organization_arn,
                "write 'arn:aws:workmail:<region>:<account>:organization/<id>'",
            )

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Return the action, which needs nothing."""
        warn(
            rule,
            "workmail-ends",
            "Amazon WorkMail ends on 31 March 2027, and mail for it has nowhere to go from then on; move the "
            "mailboxes, and store or forward the mail instead",
        )
        if not Token.is_unresolved(self.organization_arn):
            rule.check_same_region("organization_arn", self.organization_arn.split(":")[3])
        return ses.CfnReceiptRule.ActionProperty(
            workmail_action=ses.CfnReceiptRule.WorkmailActionProperty(
                organization_arn=self.organization_arn,
                topic_arn=rule.allow_ses_publish(self.topic) if self.topic else None,
            )
        )
