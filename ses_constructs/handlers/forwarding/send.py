"""Sends a message through SES with one copy of it in memory.

botocore makes several copies of a raw message on its way to JSON, which is too much for 40 MB. So botocore writes the
request around a stand-in; just before it signs and sends, the body is exchanged for one that is encoded while it is
read. Endpoint, signature, retries and errors stay those of botocore.
"""

import io
from binascii import b2a_base64
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from .errors import calling

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef

# If the answer to a send is lost, a retry sends the message twice; so the answer gets time.
RETRY_SEND = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=60)

MOST_RECIPIENTS = 50
# SES counts the message as it is, not as the API carries it.
MOST_BYTES = 40 * 1024 * 1024

_STAND_IN = b"the message is put here when it is sent!"
_CHUNK = 3 * 16 * 1024

Parts = Sequence[bytes | memoryview]


class Sender:
    """Sends messages one after the other, each in *parts*."""

    def __init__(self, client: "SESV2Client") -> None:
        self._client = client
        self._parts: Parts = ()
        client.meta.events.register("before-call.sesv2.SendEmail", self._exchange_body)

    def send(self, parts: Parts, *, sender: str, recipients: Sequence[str], configuration_set: str) -> str:
        """Send to *recipients*, whatever To and Cc in the message say, and return the id that SES gives."""
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": sender,
            "Destination": {"ToAddresses": recipients},
            "Content": {"Raw": {"Data": _STAND_IN}},
            "ConfigurationSetName": configuration_set,
        }
        self._parts = parts
        try:
            with calling("ses:SendEmail"):
                return self._client.send_email(**request).get("MessageId", "")
        finally:
            # The function stays warm, and the message need not.
            self._parts = ()

    def _exchange_body(self, *, params: dict[str, Any], **_: object) -> None:
        before, found, after = params["body"].partition(b2a_base64(_STAND_IN, newline=False))
        if not found:
            raise RuntimeError("botocore no longer writes the request as base64 in JSON")
        params["body"] = Base64Body(before, self._parts, after)


class Base64Body(io.RawIOBase):
    """A request body: *parts* in base64 between two texts. botocore reads it to sign, and again to send."""

    def __init__(self, before: bytes, parts: Parts, after: bytes) -> None:
        super().__init__()
        self._before, self._parts, self._after = before, parts, after
        self._chunks = self._start()
        self._rest = memoryview(b"")
        self._at = 0

    def __len__(self) -> int:
        return len(self._before) + (sum(map(len, self._parts)) + 2) // 3 * 4 + len(self._after)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if (offset, whence) != (0, io.SEEK_SET):
            raise io.UnsupportedOperation("only the start can be returned to")
        self._chunks, self._rest, self._at = self._start(), memoryview(b""), 0
        return 0

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        target = memoryview(buffer).cast("B")
        # Nothing read means the end, so an empty chunk must not be passed on.
        while not self._rest and (chunk := next(self._chunks, None)) is not None:
            self._rest = memoryview(chunk)
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        self._at += size
        return size

    def _start(self) -> Iterator[bytes]:
        yield self._before
        left = b""
        for part in self._parts:
            for start in range(0, len(part), _CHUNK):
                piece = left + bytes(part[start : start + _CHUNK])
                # Base64 goes by three bytes, which may lie in two parts.
                whole = len(piece) // 3 * 3
                left = piece[whole:]
                if whole:
                    yield b2a_base64(piece[:whole], newline=False)
        if left:
            yield b2a_base64(left, newline=False)
        yield self._after
