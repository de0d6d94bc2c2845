"""S3 and SES for the forwarder: S3 keeps objects, and SES takes only what it takes in truth."""

# ruff: noqa: N803 - parameters have the names of AWS

import base64
import re
from collections import Counter
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import TYPE_CHECKING, Any

from ..wire import AwsError

if TYPE_CHECKING:
    from ..in_memory_services import SesState

SENDER = "forwarder@example.com"
LONGEST_LINE = 998
# From the developer guide of SES, "header fields"; a few that mail programs really repeat.
ONCE = (
    *("auto-submitted", "bcc", "comments", "content-language", "content-type", "content-transfer-encoding", "date"),
    "delivered-to",
    *("dkim-signature", "domainkey-signature", "from", "importance", "in-reply-to", "list-id", "list-unsubscribe"),
    "list-unsubscribe-post",
    *("message-id", "mime-version", "precedence", "references", "reply-to", "return-path", "sender", "subject"),
)
HEADER_LINE = re.compile(rb"[!-9;-~]+:(?: [\t -~]*)?|[ \t]+[!-~][\t -~]*")


@dataclass(frozen=True)
class Sent:
    """One message as SES takes it."""

    recipients: tuple[str, ...]
    raw: bytes
    configuration_set: str = ""

    @property
    def head(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def headers(self) -> Message:
        return BytesHeaderParser().parsebytes(self.raw)

    def header(self, name: str) -> str:
        """The only header of this name, unfolded."""
        (value,) = self.headers.get_all(name, [])
        return re.sub(r"\r?\n", "", str(value)).strip()


def fault_of(raw: bytes) -> str:
    """Say what in the headers SES would not take, or nothing."""
    head, blank, _ = raw.partition(b"\r\n\r\n")
    if not blank:
        return "no blank line"
    for line in head.split(b"\r\n"):
        if len(line) > LONGEST_LINE or not HEADER_LINE.fullmatch(line):
            return f"bad header line {line[:200]!r}"
    headers = BytesHeaderParser().parsebytes(raw)
    if headers.defects:
        return f"defects {headers.defects}"
    names = Counter(name.lower() for name in headers)
    if twice := [name for name in ONCE if names[name] > 1]:
        return f"Duplicate header {twice}"
    if parseaddr(re.sub(r"\r?\n", "", str(headers["From"])))[1] != SENDER:
        return "Email address is not verified: someone@elsewhere.example"
    if any(name.startswith("x-ses-") for name in names):
        return "a header that steers SES"
    return ""


class SendEmail:
    """The call that sends, for an SES that likes the message."""

    state: "SesState"

    def send_email(
        self,
        *,
        FromEmailAddress: str,
        Destination: dict[str, list[str]],
        Content: dict[str, Any],
        ConfigurationSetName: str = "",
    ) -> dict[str, str]:
        assert FromEmailAddress == SENDER
        assert list(Destination) == ["ToAddresses"]
        raw = base64.b64decode(Content["Raw"]["Data"], validate=True)
        if not 1 <= len(Destination["ToAddresses"]) <= 50:
            raise AwsError("BadRequestException", "Recipient count exceeds 50.")
        if fault := fault_of(raw):
            raise AwsError("MessageRejected", fault)
        self.state.sent.append(Sent(tuple(Destination["ToAddresses"]), raw, ConfigurationSetName))
        return {"MessageId": f"ses-{len(self.state.sent)}"}


@dataclass
class S3:
    """Objects by their buckets and keys."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> dict[str, Any]:
        self.objects[Bucket, Key] = Body
        return {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        if (Bucket, Key) not in self.objects:
            raise AwsError("NoSuchKey", f"The specified key does not exist. {Key}", 404)
        return {"Body": self.objects[Bucket, Key], "Metadata": self.metadata}
