"""One message on its way out, whichever call of SES v1 or v2 brought it."""

import base64
import re
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses
from typing import Any

from ministack.services import ses, ses_v2

from local_aws.extensions.event_documents import OutgoingMail
from local_aws.extensions.permissions import sending_identity
from local_aws.extensions.registry import Params

NO_FROM = "Missing required header 'From'."  # what SES says about a raw message without one
_SET_HEADER, _TAGS_HEADER = "X-SES-CONFIGURATION-SET", "X-SES-MESSAGE-TAGS"


def mail_of_query(action: str, params: Params) -> OutgoingMail:
    """The message of a call of SES v1."""
    raw = base64.b64decode(ses._p(params, "RawMessage.Data") or "")
    parsed = message_from_bytes(raw)
    lists = {kind: ses._collect_list(params, f"Destination.{kind}Addresses.member") for kind in ("To", "Cc", "Bcc")}
    listed = ses._collect_list(params, "Destinations.member") or [each for group in lists.values() for each in group]
    tags, number = {}, 1
    while name := ses._p(params, f"Tags.member.{number}.Name"):
        tags[name] = ses._p(params, f"Tags.member.{number}.Value")
        number += 1
    return _mail(
        operation=action,
        source=ses._p(params, "Source") or str(parsed.get("From", "")),
        listed=listed,
        shown=lists,
        subject=ses._p(params, "Message.Subject.Data"),
        raw=raw,
        body=ses._p(params, "Message.Body.Text.Data"),
        tags=tags,
        configuration_set=ses._p(params, "ConfigurationSetName"),
    )


def mail_of_rest(data: dict[str, Any]) -> OutgoingMail:
    """The message of SES v2's SendEmail."""
    content = data.get("Content") or {}
    raw = base64.b64decode((content.get("Raw") or {}).get("Data", ""))
    simple, destination = content.get("Simple") or {}, data.get("Destination") or {}
    lists = {kind: destination.get(f"{kind}Addresses") or [] for kind in ("To", "Cc", "Bcc")}
    return _mail(
        operation="SendEmail",
        source=str(data.get("FromEmailAddress") or message_from_bytes(raw).get("From", "")),
        listed=[each for group in lists.values() for each in group],
        shown=lists,
        subject=(simple.get("Subject") or {}).get("Data", ""),
        raw=raw,
        body=((simple.get("Body") or {}).get("Text") or {}).get("Data", ""),
        tags={tag["Name"]: tag["Value"] for tag in data.get("EmailTags") or []},
        configuration_set=data.get("ConfigurationSetName") or "",
    )


def _mail(
    *,
    operation: str,
    source: str,
    listed: list[str],
    shown: dict[str, list[str]],
    subject: str,
    raw: bytes,
    body: str,
    tags: dict[str, str],
    configuration_set: str,
) -> OutgoingMail:
    parsed = message_from_bytes(raw)
    named_set = configuration_set or str(parsed.get(_SET_HEADER, "")).strip()
    headers = [(name, str(value)) for name, value in parsed.items()]
    if not raw:
        headers = [("From", source), *((kind, ", ".join(shown[kind])) for kind in ("To", "Cc") if shown[kind])]
        headers.append(("Subject", subject))
    return OutgoingMail(
        operation=operation,
        source=source,
        identity=sending_identity(source),
        recipients=tuple(listed or _recipients(parsed)),
        headers=tuple(header for header in headers if header[0].upper() not in (_SET_HEADER, _TAGS_HEADER, "BCC")),
        tags=_tags_of_header(str(parsed.get(_TAGS_HEADER, ""))) | tags,
        configuration_set=named_set or _default_set(source),
        by_default=not named_set,
        content=raw or body.encode(),
    )


def _recipients(parsed: Message) -> list[str]:
    fields = [str(value) for name in ("To", "Cc", "Bcc") for value in parsed.get_all(name, [])]
    return [address for _, address in getaddresses(fields) if address]


def _tags_of_header(value: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in re.split(r"[,;]", value) if "=" in part)
    return {name.strip(): tag.strip() for name, _, tag in pairs}


def _default_set(source: str) -> str:
    identity = ses_v2._identities.get(sending_identity(source)) or {}
    return str(identity.get("ConfigurationSetName") or "")
