"""Ends the processing of mail that SES takes for spam or a virus; SES itself only marks it.

For a Lambda action with ``InvocationType: RequestResponse``, for SES ignores the answer to an asynchronous one. It must
be the first action of the first rule, because what stands before it has already happened.

Mail goes on unless SES says ``FAIL``: a verdict that is missing, undecided (``GRAY``) or was not reached
(``PROCESSING_FAILED``) loses no mail, nor does an event that cannot be read. Each dropped mail is one log record with
the message ``mail dropped``, and counts in the metric ``DroppedSpam`` of ``SesConstructs``. Addresses and subjects are
not logged.

Environment: ``DROP_RULE_SET``, what the rule set is called in the dimension of the metric.

Permissions: none.
"""

# SES waits for the answer, and mail waits for SES, so that nothing slow is imported; boto3 is slow.
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from ._metrics import count_one

log = logging.getLogger(__name__)

METRIC = "DroppedSpam"


def on_event(event: Mapping[str, Any], context: object) -> dict[str, str]:
    """Answer SES about one mail."""
    try:
        mail = JudgedMail.of(event)
    except (LookupError, TypeError) as error:
        # By type only: the text of the error may quote the event.
        log.warning("mail not judged", extra={"error": type(error).__name__})
        return {"disposition": "CONTINUE"}
    if not mail.is_unwanted:
        return {"disposition": "CONTINUE"}
    # A warning, because no usual log level hides it.
    log.warning("mail dropped", extra={"messageId": mail.message_id, "spam": mail.spam, "virus": mail.virus})
    count_one(METRIC, {"RuleSet": os.environ.get("DROP_RULE_SET", "")})
    return {"disposition": "STOP_RULE_SET"}


@dataclass(frozen=True, slots=True)
class JudgedMail:
    """What SES found out about a mail. Empty is what it does not say."""

    message_id: str
    spam: str
    virus: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        notice = event["Records"][0]["ses"]
        receipt = notice["receipt"]
        if not isinstance(receipt, Mapping):
            raise TypeError("a receipt must be an object")
        return cls(
            _text(notice.get("mail"), "messageId"),
            _text(receipt.get("spamVerdict"), "status"),
            _text(receipt.get("virusVerdict"), "status"),
        )

    @property
    def is_unwanted(self) -> bool:
        return "FAIL" in (self.spam, self.virus)


def _text(holder: object, name: str) -> str:
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value if isinstance(value, str) else ""
