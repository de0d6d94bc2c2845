"""The message that a bounce sends back, a delivery status notification after RFC 3464."""

import re
from collections.abc import Sequence
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP

from local_aws.inbound.header_fields import fields_of

_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")


def bounce_message(
    *, sender: str, to: str, recipients: Sequence[str], raw: bytes, host: str, reply: str, status: str, text: str
) -> bytes:
    """Tell *to* why *recipients* did not get the message *raw*, of which only the headers go back."""
    report = MIMEMultipart("report")
    report.set_param("report-type", "delivery-status")
    report["From"] = sender
    report["To"] = to
    report["Subject"] = "Delivery Status Notification (Failure)"
    report["Auto-Submitted"] = "auto-replied"
    named = next((value for name, value in fields_of(raw) if name.lower() == "message-id"), "")
    if found := _MESSAGE_ID.search(named):
        report["In-Reply-To"] = report["References"] = found.group()
    failed = "\n".join(recipients)
    one_line = " ".join(text.encode("ascii", "replace").decode().split())
    report.attach(MIMEText(f"{text}\n\n{failed}\n"))

    # A list of header blocks is how the email package writes this type: one for the message, one per recipient.
    status_part = Message()
    status_part["Content-Type"] = "message/delivery-status"
    blocks: list[Message | str] = [_block(("Reporting-MTA", f"dns; {host}"))]
    for recipient in recipients:
        blocks.append(
            _block(
                ("Final-Recipient", f"rfc822; {recipient}"),
                ("Action", "failed"),
                ("Status", status),
                ("Diagnostic-Code", f"smtp; {reply} {status} {one_line}"),
            )
        )
    status_part.set_payload(blocks)
    report.attach(status_part)

    headers = Message()
    headers["Content-Type"] = "text/rfc822-headers"
    head = raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    headers["Content-Transfer-Encoding"] = "8bit"
    headers.set_payload(head.decode("ascii", "surrogateescape") + "\n")
    report.attach(headers)
    return report.as_bytes(policy=SMTP)


def _block(*fields: tuple[str, str]) -> Message:
    block = Message()
    for name, value in fields:
        block[name] = value
    return block
