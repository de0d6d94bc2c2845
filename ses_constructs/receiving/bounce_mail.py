"""BounceMail: send received mail back to its sender, with a reason."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_email_address, check_kind, check_text, invalid, without_tokens
from ._rule_checks import domain_of
from ._used_resources import check_told
from .inbound_rule import InboundAction, InboundRule

if TYPE_CHECKING:
    from aws_cdk import aws_sns as sns

# RFC 3463 has up to three digits a place; SES takes one, by the rules that cdk-preflight 1.9.1 saw on live AWS.
_ENHANCED_STATUS = re.compile(r"[45]\.[0-9]\.[0-9]")
# SES names no limit; this is the reply line of RFC 5321 section 4.5.3.1.5 without '550 5.1.1 ' and the line's end.
_MAX_MESSAGE = 500


@dataclass(frozen=True, slots=True)
class BounceReply:
    """What the sender of a bounced message is told.

    SES's own templates are attributes of this class, such as ``BounceReply.MAILBOX_FULL``
    (https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-bounce.html).

    Args:
        smtp_code: A failure code of SMTP, such as ``550`` (RFC 5321 section 4.2).
        status_code: An enhanced status of the same class, such as ``5.1.1`` (RFC 3463), of which SES takes those with
            one digit a place.
        message: One printable line for the sender, at most 500 bytes in UTF-8.

    Raises:
        ValueError: Codes that are no failure or do not fit each other, and a message of several lines or too long.
    """

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
        for name in ("smtp_code", "status_code", "message"):
            check_text(name, getattr(self, name))
        if not re.fullmatch(r"[45][0-9][0-9]", self.smtp_code):
            raise invalid("smtp_code", "be a failure code of SMTP (RFC 5321)", self.smtp_code, "take '550'")
        if not _ENHANCED_STATUS.fullmatch(self.status_code) or self.status_code[0] != self.smtp_code[0]:
            # SES's own template for rejected content is 500 with 5.6.1, so only the class must agree.
            raise invalid(
                "status_code",
                "be an enhanced status of the same class as smtp_code, with one digit a place",
                self.status_code,
                f"take '{self.smtp_code[0]}.1.1'",
            )
        if not self.message.strip() or not self.message.isprintable():
            raise invalid("message", "be one printable line", self.message, "say why the message was not taken")
        if len(without_tokens(self.message).encode()) > _MAX_MESSAGE:
            raise invalid("message", f"be at most {_MAX_MESSAGE} bytes", self.message, "shorten it")


BounceReply.MAILBOX_DOES_NOT_EXIST = BounceReply("550", "5.1.1", "Mailbox does not exist")
BounceReply.MESSAGE_TOO_LARGE = BounceReply("552", "5.3.4", "Message too large")
BounceReply.MAILBOX_FULL = BounceReply("552", "5.2.2", "Mailbox full")
BounceReply.CONTENT_REJECTED = BounceReply("500", "5.6.1", "Message content rejected")
BounceReply.UNKNOWN_FAILURE = BounceReply("554", "5.0.0", "Unknown failure")
BounceReply.TEMPORARY_FAILURE = BounceReply("450", "4.0.0", "Temporary failure")


@dataclass(frozen=True, kw_only=True, slots=True)
class BounceMail(InboundAction):
    """Sends each message back to its sender with a reason; add ``StopProcessing`` where no later rule shall see it.

    Args:
        sender: The address that the bounce comes from, of a domain of the rule set.
        reply: One of SES's templates, or your own.
        topic: Told about each message.

    Raises:
        ValueError: A sender that is no e-mail address.
    """

    sender: str
    reply: BounceReply = BounceReply.MAILBOX_DOES_NOT_EXIST
    topic: "sns.ITopic | None" = None

    def __post_init__(self) -> None:
        check_email_address("sender", self.sender)
        check_kind("reply", self.reply, BounceReply, "pass BounceReply.MAILBOX_FULL, or BounceReply(...) of your own")
        check_told(self.topic)

    def bind_to_rule(self, scope: Construct, rule: InboundRule) -> ses.CfnReceiptRule.ActionProperty:
        """Return the action, which needs nothing: SES sends the bounce by itself."""
        domain_of(rule.rule_set.domains, "sender", self.sender)
        return ses.CfnReceiptRule.ActionProperty(
            bounce_action=ses.CfnReceiptRule.BounceActionProperty(
                sender=self.sender,
                smtp_reply_code=self.reply.smtp_code,
                status_code=self.reply.status_code,
                message=self.reply.message,
                topic_arn=rule.allow_ses_publish(self.topic) if self.topic else None,
            )
        )
