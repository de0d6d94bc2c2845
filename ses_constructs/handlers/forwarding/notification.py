"""The notifications that SES publishes once a receipt rule has stored a message."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .._text import parse_json
from .errors import NotForwardedError

# SES writes an object of this name when a rule is made.
_SETUP = "AMAZON_SES_SETUP_NOTIFICATION"


@dataclass(frozen=True, slots=True)
class Notification:
    """A message that SES received and stored: where it is, for whom, and what SES thinks of it."""

    message_id: str
    bucket: str
    key: str
    recipients: tuple[str, ...]
    has_return_path: bool
    verdicts: Mapping[str, str]
    dmarc_policy: str

    @classmethod
    def of(cls, mail: Mapping[str, Any], receipt: Mapping[str, Any]) -> Self:
        try:
            verdicts = {name: str(verdict["status"]).upper() for name, verdict in receipt.items() if "Verdict" in name}
            action = receipt["action"]
            recipients = receipt["recipients"]
            found = cls(
                str(mail["messageId"]),
                # The key comes from here alone: how SES puts it together from the prefix is not documented.
                str(action["bucketName"]),
                str(action["objectKey"]),
                tuple(map(str, recipients)),
                str(mail.get("source", "absent")).strip("<> ") != "",
                verdicts,
                str(receipt.get("dmarcPolicy", "")).upper(),
            )
        except (KeyError, TypeError, AttributeError):
            raise NotForwardedError("the notification lacks what SES documents") from None
        if not found.recipients or isinstance(recipients, str):
            raise NotForwardedError("the notification has no recipients")
        return found

    def verdict(self, check: str) -> str:
        """Return what SES found by one of its checks, in capitals; nothing if it did not check."""
        return self.verdicts.get(f"{check}Verdict", "")


def sns_messages(event: Mapping[str, Any]) -> list[str]:
    """Return the messages in an event of SNS; an event of anybody else is an error."""
    try:
        return [str(record["Sns"]["Message"]) for record in event["Records"]]
    except (KeyError, TypeError):
        raise NotForwardedError("the event does not come from SNS") from None


def parse_notification(text: str) -> tuple[Mapping[str, Any], Mapping[str, Any]] | None:
    """Read the ``mail`` and ``receipt`` of a notification; ``None`` if it is not about a stored message."""
    content = parse_json(text)
    mail, receipt = (content.get(name) if isinstance(content, dict) else None for name in ("mail", "receipt"))
    if not isinstance(mail, dict) or not isinstance(receipt, dict):
        return None
    action = receipt.get("action")
    # A topic may also hear of the other actions of a rule.
    if isinstance(action, dict) and (action.get("type") != "S3" or str(action.get("objectKey")).endswith(_SETUP)):
        return None
    return mail, receipt
