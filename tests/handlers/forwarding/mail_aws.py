"""S3 and SES for the forwarder: S3 keeps objects, SES takes only what it takes in truth, and both can fail."""

import base64
import copy
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

from ..in_memory_aws import AwsError, Call, InMemoryAws, Trouble

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


@dataclass
class Ses:
    """Sends, if it likes the message; *refusals* are answered instead, one for each call."""

    sent: list[Sent] = field(default_factory=list)
    refusals: list[AwsError] = field(default_factory=list)

    def send_email(
        self,
        *,
        FromEmailAddress: str,  # noqa: N803
        Destination: dict[str, list[str]],  # noqa: N803
        Content: dict[str, Any],  # noqa: N803
        ConfigurationSetName: str = "",  # noqa: N803
    ) -> dict[str, str]:
        if self.refusals:
            raise self.refusals.pop(0)
        assert FromEmailAddress == SENDER
        assert list(Destination) == ["ToAddresses"]
        raw = base64.b64decode(Content["Raw"]["Data"], validate=True)
        if not 1 <= len(Destination["ToAddresses"]) <= 50:
            raise AwsError("BadRequestException", "Recipient count exceeds 50.")
        if fault := fault_of(raw):
            raise AwsError("MessageRejected", fault)
        self.sent.append(Sent(tuple(Destination["ToAddresses"]), raw, ConfigurationSetName))
        return {"MessageId": f"ses-{len(self.sent)}"}


@dataclass
class MailAws(InMemoryAws):
    """Adds the part of S3 that is needed, and bodies that are streams. *cut* loses the end of every object read."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    cut: int = 0

    def receive(self, **hook: Any) -> Any:
        request = hook["request"]
        _, endpoint, name = hook["event_name"].split(".")
        if endpoint != "s3":
            if hasattr(request.body, "read"):
                # The stream itself stays, as botocore rewinds it before it tries again.
                seen = copy.copy(request)
                seen.body = request.body.read()
                assert len(seen.body) == int(request.headers["Content-Length"])
                hook["request"] = seen
            return super().receive(**hook)
        url = urlsplit(request.url)
        place = (url.netloc.partition(".s3.")[0], unquote(url.path[1:]))
        call = Call(f"s3.{name}", {"Key": place[1]})
        self.calls.append(call)
        trouble = next((fault.trouble for fault in self.faults if fault.strikes(call.operation)), None)
        try:
            status, headers, body = self._serve(name, place, request.body, trouble, request.url)
        except AwsError as error:
            text = f"<Error><Code>{error.code}</Code><Message>{error} {place[1]}</Message></Error>"
            status, headers, body = error.status, {"content-type": "application/xml"}, text.encode()
        if trouble is Trouble.TIMED_OUT_AFTER:
            raise ReadTimeoutError(endpoint_url=request.url)
        raw: Any = Raw(body[: len(body) - self.cut] if status == 200 else body)
        return AWSResponse(request.url, status, HTTPHeaders.from_pairs(headers.items()), raw)

    def _serve(
        self, name: str, place: tuple[str, str], body: Any, trouble: Trouble | None, url: str
    ) -> tuple[int, dict[str, str], bytes]:
        match trouble:
            case Trouble.THROTTLED:
                raise AwsError("SlowDown", "Please reduce your request rate.", 503)
            case Trouble.DENIED:
                raise AwsError("AccessDenied", "User is not authorized to perform this on someone@example.com", 403)
            case Trouble.BROKEN:
                raise AwsError("InternalError", "We encountered an internal error.", 500)
            case Trouble.TIMED_OUT:
                raise ReadTimeoutError(endpoint_url=url)
        if name == "PutObject":
            # Two lines around the content, and a checksum behind it: what botocore makes of a small body.
            size, _, chunk = body.read().partition(b"\r\n")
            self.objects[place] = chunk[: int(size, 16)]
            return 200, {}, b""
        assert name == "GetObject"
        if place not in self.objects:
            raise AwsError("NoSuchKey", "The specified key does not exist.", 404)
        found = self.objects[place]
        metadata = {f"x-amz-meta-{key}": value for key, value in self.metadata.items()}
        return 200, {"content-length": str(len(found)), **metadata}, found

    def note(self, key: str) -> dict[str, str]:
        """What the forwarder has written beside a message."""
        note: dict[str, str] = json.loads(self.objects["mail-bucket", f"{key}.forwarded"])["sent"]
        return note


class Raw:
    """The part of urllib3's response that botocore reads."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def stream(self, *_: object, **__: object) -> Any:
        yield self.read()

    def read(self, amount: int | None = None) -> bytes:
        end = len(self._body) if amount is None else self._at + amount
        read, self._at = self._body[self._at : end], min(end, len(self._body))
        return read

    def close(self) -> None:
        """Nothing is open."""
