"""A message on its way in, and the event that a function gets about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from ..common.arguments import check_text, invalid, name_flaw, text_tuple
from ._headers import Fields, added_by_ses, common_headers, destination, with_usual
from ._rules import Action
from .verdicts import Verdicts

_TIMESTAMP = "2020-01-01T00:00:00.000Z"
_MESSAGE_ID = "simulated0000000000000000000000000000000"


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """What the sender's server hands over."""

    sender: str
    recipients: tuple[str, ...]
    source_ip: IPv4Address | IPv6Address
    tls: bool
    verdicts: Verdicts
    headers: Fields

    @classmethod
    def checked(
        cls,
        *,
        sender: str,
        recipients: Sequence[str],
        source_ip: str,
        tls: bool,
        verdicts: Verdicts,
        headers: Mapping[str, str],
    ) -> "Message":
        """Raise ``ValueError`` for what no SMTP conversation could bring."""
        listed = text_tuple("recipients", recipients)
        if not listed:
            raise invalid("recipients", "hold at least one address", recipients, "write ['someone@example.com']")
        for address in listed:
            _check_address("recipients", "be bare e-mail addresses", address)
        if check_text("sender", sender):  # bounces come from nobody
            _check_address("sender", "be a bare e-mail address", sender)
        try:
            address_of_sender = ip_address(check_text("source_ip", source_ip))
        except ValueError as error:
            raise invalid("source_ip", "be an IP address", source_ip, "write one such as '192.0.2.1'") from error
        return cls(
            sender=sender,
            recipients=listed,
            source_ip=address_of_sender,
            tls=tls,
            verdicts=verdicts,
            headers=with_usual(headers, sender=sender, recipients=listed),
        )


def ses_event(
    message: Message,
    action: Action,
    *,
    recipients: Sequence[str],
    added_headers: Fields,
    scanned: bool,
) -> dict[str, Any]:
    """The event of a Lambda action, which has no body; *added_headers* are those of earlier actions, the newest first.

    https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html
    """
    verdicts = message.verdicts
    found = {
        "spam": verdicts.spam if scanned else "DISABLED",
        "virus": verdicts.virus if scanned else "DISABLED",
        "spf": verdicts.spf,
        "dkim": verdicts.dkim,
        "dmarc": verdicts.dmarc,
    }
    headers = (*added_headers, *added_by_ses(message.sender, verdicts, scanned=scanned), *message.headers)
    mail = {
        "timestamp": _TIMESTAMP,
        "source": message.sender,
        "messageId": _MESSAGE_ID,
        "destination": destination(message.headers),
        "headersTruncated": False,
        "headers": [{"name": name, "value": value} for name, value in headers],
        "commonHeaders": common_headers(message.headers, sender=message.sender),
    }
    receipt: dict[str, Any] = {
        "timestamp": _TIMESTAMP,
        "processingTimeMillis": 0,
        "recipients": list(recipients),
        **{f"{name}Verdict": {"status": status} for name, status in found.items()},
        "action": {
            "type": "Lambda",
            "functionArn": action.fields.get("FunctionArn", ""),
            "invocationType": action.fields.get("InvocationType", "Event"),
        },
    }
    if verdicts.dmarc == "FAIL":
        receipt["dmarcPolicy"] = verdicts.dmarc_policy
    return {
        "Records": [{"eventSource": "aws:ses", "eventVersion": "1.0", "ses": {"mail": mail, "receipt": receipt}}],
    }


def _check_address(argument: str, rule: str, address: str) -> None:
    local_part, _, domain = address.rpartition("@")
    # A local part in quotes may hold anything (RFC 5321 section 4.1.2); one without quotes cannot be "Name <address".
    quoted = len(local_part) > 2 and local_part.startswith('"') and local_part.endswith('"')
    odd = not quoted and (any(each.isspace() for each in local_part) or "<" in local_part or ">" in local_part)
    if not local_part or odd or name_flaw(domain, partial=True) is not None:
        raise invalid(argument, rule, address, "write 'someone@example.com', without a name")
