"""The message that SES stored in a bucket, and a note beside it that says what became of it.

The note is the object ``<key of the message>.forwarded``, JSON: ``{"sent": {<SHA-256>: <message id of SES>}, "refused":
[<reason>]}``, with one entry in ``sent`` for each destination that was sent to. The hash is over the key and the
address, so that the note does not show the addresses.
"""

import hashlib
import json
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from .._aws import error_code
from .errors import NotForwardedError, calling
from .send import MOST_BYTES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHUNK = 256 * 1024
# Headers come and go, so a message that is a little too large may still fit.
_ROOM = 1024 * 1024
# What a rule with a KMS key leaves: the message in the format of the S3 encryption client.
_ENCRYPTED = frozenset({"x-amz-key", "x-amz-key-v2", "x-amz-iv"})


class StoredMessage:
    """One message in its bucket."""

    def __init__(self, client: "S3Client", bucket: str, key: str) -> None:
        self._client, self._bucket, self._key = client, bucket, key
        self._note_key = f"{key}.forwarded"

    def unsent(self, destinations: Iterable[str]) -> list[str]:
        """Return those of *destinations* that have not got the message yet."""
        return [one for one in destinations if self._hash(one) not in self._sent]

    def note_sent(self, destinations: Iterable[str], sent_as: str) -> None:
        """Write down that *destinations* have got it."""
        self._sent.update({self._hash(one): sent_as for one in destinations})
        self._write()

    def is_refused(self, reason: str) -> bool:
        """Tell whether the message was refused for *reason* before."""
        return reason in self._refused

    def note_refused(self, reason: str) -> None:
        """Write down that the message was refused."""
        self._refused.append(reason)
        self._write()

    def _write(self) -> None:
        with calling("s3:PutObject"):
            self._client.put_object(
                Bucket=self._bucket,
                Key=self._note_key,
                Body=json.dumps({"sent": self._sent, "refused": self._refused}).encode(),
                ContentType="application/json",
            )

    def read(self) -> bytearray:
        """Read the whole message into memory, once."""
        with calling("s3:GetObject"):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key)
            with answer["Body"] as _:
                if _ENCRYPTED & answer.get("Metadata", {}).keys():
                    raise NotForwardedError("the rule encrypted the message; encrypt the bucket instead")
                if answer["ContentLength"] > MOST_BYTES + _ROOM:
                    raise NotForwardedError("the message is too large")
                message = bytearray()
                for chunk in answer["Body"].iter_chunks(_CHUNK):
                    message += chunk
                return message

    @property
    def _sent(self) -> dict[str, str]:
        sent: dict[str, str] = self._note["sent"]
        return sent

    @property
    def _refused(self) -> list[str]:
        refused: list[str] = self._note["refused"]
        return refused

    @cached_property
    def _note(self) -> dict[str, Any]:
        with calling("s3:GetObject"):
            try:
                text = self._client.get_object(Bucket=self._bucket, Key=self._note_key)["Body"].read()
            except ClientError as error:
                if error_code(error) != "NoSuchKey":
                    raise
                text = b""
        try:
            note = json.loads(text)
        except (ValueError, RecursionError):
            note = None
        match note:
            case {"sent": dict() as sent}:
                refused = note.get("refused")
                return {"sent": sent, "refused": refused if isinstance(refused, list) else []}
        # Not a note of ours: rather twice than never.
        return {"sent": {}, "refused": []}

    def _hash(self, destination: str) -> str:
        return hashlib.sha256(f"{self._key}\n{destination.lower()}".encode()).hexdigest()
