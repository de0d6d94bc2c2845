"""What a receipt rule may do with mail; any action of aws_ses_actions stands beside these."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from aws_cdk import Names, Token
from aws_cdk import aws_ses as ses

from ..common.arguments import check_email_address, contains_token, invalid
from .inbound_rule import InboundAction, InboundRule

if TYPE_CHECKING:
    from aws_cdk import aws_lambda as lambda_
    from aws_cdk import aws_s3 as s3
    from aws_cdk import aws_sns as sns

_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,50}")
_MAX_HEADER_VALUE = 2048
_ENHANCED_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreMail(InboundAction):
    """Store each message, as it came, as one object in a bucket.

    *bucket*: the rule set's mailbox unless given; it may be in another region. A bucket from elsewhere keeps its
    policy, so a warning prints what that policy needs.
    *prefix*: the start of each key, such as ``support/``; the rest is SES's message id.
    *topic*: told about each message, with its headers and the key of the object.

    SES stores at most 40 MB, and writes a test object ``AMAZON_SES_SETUP_NOTIFICATION`` when the rule is made
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-s3.html).
    """

    bucket: "s3.IBucket | None" = None
    prefix: str = ""
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        if set(self.prefix) & set("*?"):
            raise invalid(
                "prefix", "have no '*' or '?', which policies take for any text", self.prefix, "leave them out"
            )

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES write below the prefix, and encrypt with the bucket's key."""
        rule.rule_set.count_stored_prefix()
        bucket = self.bucket or rule.rule_set.mailbox
        statement = rule.allow_ses("s3:PutObject", resource=bucket.arn_for_objects(f"{self.prefix}*"))
        result = bucket.add_to_resource_policy(statement)
        if result.statement_added and result.policy_dependable:
            rule.depends_on(result.policy_dependable)
        else:
            rule.warn_about_policy("bucket", statement)
        if bucket.encryption_key:
            rule.allow_ses_encrypt(bucket.encryption_key)
        return ses.CfnReceiptRule.ActionProperty(
            s3_action=ses.CfnReceiptRule.S3ActionProperty(
                bucket_name=bucket.bucket_name,
                object_key_prefix=self.prefix or None,
                topic_arn=_topic_arn(rule, self.topic),
            )
        )


@dataclass(frozen=True, slots=True)
class PublishToTopic(InboundAction):
    """Publish each message, whole, to a topic of the same region.

    SES bounces messages of more than 150 KB, so this is for short mail; ``StoreMail(topic=...)`` has no such limit.
    *encoding*: ``Base64`` keeps bytes that are not UTF-8.
    """

    topic: "sns.ITopic"
    encoding: Literal["UTF-8", "Base64"] = "UTF-8"

    def __post_init__(self) -> None:
        if self.encoding not in ("UTF-8", "Base64"):
            raise invalid("encoding", "be 'UTF-8' or 'Base64'", self.encoding, "take 'Base64' for mail of any kind")

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES publish to the topic."""
        return ses.CfnReceiptRule.ActionProperty(
            sns_action=ses.CfnReceiptRule.SNSActionProperty(
                topic_arn=rule.allow_ses_publish(self.topic), encoding=self.encoding
            )
        )


@dataclass(frozen=True, slots=True)
class InvokeFunction(InboundAction):
    """Invoke a Lambda function of the same region with the headers and verdicts of each message, without its body.

    *waits_for_decision*: SES waits, at most 30 seconds, and the function decides by returning
    ``{"disposition": "CONTINUE" | "STOP_RULE" | "STOP_RULE_SET"}``; it is told and forgotten otherwise
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-lambda.html).
    """

    function: "lambda_.IFunction"
    waits_for_decision: bool = False
    topic: "sns.ITopic | None" = None

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Let SES invoke the function."""
        from ..functions.handler_function import allow_service_invoke  # loads aws_lambda, which few apps need

        rule.check_same_region("function", self.function.env.region)
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
                topic_arn=_topic_arn(rule, self.topic),
            )
        )


@dataclass(frozen=True, slots=True)
class BounceReply:
    """What the sender of a bounced message is told: an SMTP code, an enhanced status (RFC 3463) and a sentence."""

    smtp_code: str
    status_code: str
    message: str

    MAILBOX_DOES_NOT_EXIST: ClassVar["BounceReply"]
    MESSAGE_TOO_LARGE: ClassVar["BounceReply"]
    MAILBOX_FULL: ClassVar["BounceReply"]
    CONTENT_REJECTED: ClassVar["BounceReply"]
    UNKNOWN_FAILURE: ClassVar["BounceReply"]
    TEMPORARY_FAILURE: ClassVar["BounceReply"]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[45]\d\d", self.smtp_code):
            raise invalid("smtp_code", "be a failure code of SMTP (RFC 5321)", self.smtp_code, "take '550'")
        if not _ENHANCED_STATUS.fullmatch(self.status_code) or self.status_code[0] != self.smtp_code[0]:
            # SES's own template for rejected content is 500 with 5.6.1, so only the class must agree.
            raise invalid(
                "status_code", "be an enhanced status of the same class as smtp_code", self.status_code, "take '5.1.1'"
            )
        if not self.message.strip() or not self.message.isprintable():
            raise invalid("message", "be one printable line", self.message, "say why the message was not taken")


# SES's own templates (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-bounce.html).
BounceReply.MAILBOX_DOES_NOT_EXIST = BounceReply("550", "5.1.1", "Mailbox does not exist")
BounceReply.MESSAGE_TOO_LARGE = BounceReply("552", "5.3.4", "Message too large")
BounceReply.MAILBOX_FULL = BounceReply("552", "5.2.2", "Mailbox full")
BounceReply.CONTENT_REJECTED = BounceReply("500", "5.6.1", "Message content rejected")
BounceReply.UNKNOWN_FAILURE = BounceReply("554", "5.0.0", "Unknown failure")
BounceReply.TEMPORARY_FAILURE = BounceReply("450", "4.0.0", "Temporary failure")


@dataclass(frozen=True, kw_only=True, slots=True)
class BounceMail(InboundAction):
    """Send each message back to its sender with a reason; add ``StopProcessing`` where no later rule shall see it.

    *sender*: the address that the bounce comes from, of a domain of the rule set.
    *reply*: one of SES's templates, or your own.
    """

    sender: str
    reply: BounceReply = BounceReply.MAILBOX_DOES_NOT_EXIST
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        check_email_address("sender", self.sender)

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Nothing but the action: SES sends the bounce by itself."""
        rule.rule_set.check_own_address("sender", self.sender)
        return ses.CfnReceiptRule.ActionProperty(
            bounce_action=ses.CfnReceiptRule.BounceActionProperty(
                sender=self.sender,
                smtp_reply_code=self.reply.smtp_code,
                status_code=self.reply.status_code,
                message=self.reply.message,
                topic_arn=_topic_arn(rule, self.topic),
            )
        )


@dataclass(frozen=True, slots=True)
class AddHeader(InboundAction):
    """Add a header to each message, for the actions that follow."""

    name: str
    value: str

    def __post_init__(self) -> None:
        if not contains_token(self.name) and not _HEADER_NAME.fullmatch(self.name):
            raise invalid("name", "be 1-50 letters, digits and hyphens", self.name, "take a name such as 'X-Team'")
        if not Token.is_unresolved(self.value) and (
            not 0 < len(self.value) <= _MAX_HEADER_VALUE or not self.value.isprintable()
        ):
            raise invalid(
                "value", f"be one printable line of 1-{_MAX_HEADER_VALUE} characters", self.value, "shorten it"
            )

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Nothing but the action."""
        return ses.CfnReceiptRule.ActionProperty(
            add_header_action=ses.CfnReceiptRule.AddHeaderActionProperty(header_name=self.name, header_value=self.value)
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class StopProcessing(InboundAction):
    """End the rule set for each message: no further action and no further rule sees it."""

    topic: "sns.ITopic | None" = None

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Nothing but the action."""
        return ses.CfnReceiptRule.ActionProperty(
            stop_action=ses.CfnReceiptRule.StopActionProperty(scope="RuleSet", topic_arn=_topic_arn(rule, self.topic))
        )


@dataclass(frozen=True, slots=True)
class DeliverToWorkMail(InboundAction):
    """Deliver each message to an Amazon WorkMail organization of the same region."""

    organization_arn: str
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        if not Token.is_unresolved(self.organization_arn) and ":workmail:" not in self.organization_arn:
            raise invalid(
                "organization_arn",
                "be the ARN of a WorkMail organization",
                self.organization_arn,
                "write 'arn:aws:workmail:<region>:<account>:organization/<id>'",
            )

    def add_to(self, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Nothing but the action."""
        if not Token.is_unresolved(self.organization_arn):
            rule.check_same_region("organization_arn", self.organization_arn.split(":")[3])
        return ses.CfnReceiptRule.ActionProperty(
            workmail_action=ses.CfnReceiptRule.WorkmailActionProperty(
                organization_arn=self.organization_arn, topic_arn=_topic_arn(rule, self.topic)
            )
        )


def _topic_arn(rule: InboundRule, topic: "sns.ITopic | None") -> str | None:
    return rule.allow_ses_publish(topic) if topic else None
