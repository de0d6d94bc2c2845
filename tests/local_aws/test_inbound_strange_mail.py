"""Mail of strangers: whatever its headers are, it is described, scanned and bounced; nothing here needs a server."""

import json
import random
from datetime import UTC, datetime
from email import message_from_bytes

import pytest

from local_aws.inbound.bounces import bounce_message
from local_aws.inbound.message import NOTIFIED_HEADERS, ReceivedMessage
from local_aws.inbound.verdicts import scan_verdicts

NAMES = (
    *(b"From", b"To", b"Cc", b"Bcc", b"Reply-To", b"Sender", b"Subject", b"Message-ID", b"Date", b"References"),
    *(b"Content-Type", b"Content-Transfer-Encoding", b"MIME-Version", b"X-\xff", b""),
)
PIECES = (
    *(b"<", b">", b'"', b"@", b",", b";", b":", b"(", b")", b"[", b"\\", b"=?", b"?=", b" ", b"\r\n ", b"\r", b"\n"),
    *(b"=?utf-8?q?=0Aa?=", b"=?utf-8?b?!!!?=", b"=?x-no?q?a?=", b"=?utf-8?q?=FF?=", b"\xff\xe9", b"\xc3\xbc", b"\x00"),
    *(b"a@b.example", b"group:", b"multipart/mixed; boundary=", b"boundary*0*=\x00''a", b'charset="\x00"', b"base64"),
    *(b"x-uuencode", b"quoted-printable", b"message/rfc822", b"name*1*=", b"Mon, 99 Foo 99999 99:99 +9999"),
)


def received(raw: bytes) -> ReceivedMessage:
    to, now = ("support@example.com",), datetime.now(UTC)
    return ReceivedMessage(message_id="id1", mail_from="a@b.example", recipients=to, received=now, raw=raw)


def bounced(raw: bytes, text: str = "no such mailbox") -> bytes:
    return bounce_message(
        sender="bounces@example.com",
        to="a@b.example",
        recipients=["support@example.com"],
        raw=raw,
        host="host",
        reply="550",
        status="5.1.1",
        text=text,
    )


def test_no_message_is_too_strange() -> None:
    chance = random.Random(1)
    for _ in range(500):
        fields = (
            chance.choice(NAMES) + b":" + b"".join(chance.choices(PIECES, k=chance.randint(0, 8))) for _ in range(5)
        )
        raw = b"\r\n".join(fields) + b"\r\n\r\n" + b"".join(chance.choices(PIECES, k=5))
        json.dumps(received(raw).mail(most_headers=NOTIFIED_HEADERS))
        scan_verdicts(raw)
        message_from_bytes(bounced(raw)).as_bytes()


@pytest.mark.parametrize("text", ["Straße gesperrt", "two\nlines"])
def test_a_bounce_gives_the_headers_back_byte_for_byte_and_its_text_in_one_line(text: str) -> None:
    head = "From: a@b.example\r\nSubject: Grüße".encode() + b" \xff\r\nMessage-ID: <odd id> <1@b.example>"
    bounce = bounced(head + b"\r\n\r\nbody", text)

    assert head in bounce
    assert message_from_bytes(bounce)["References"] == "<1@b.example>"
    assert f"5.1.1 {text}".replace("ß", "?").replace("\n", " ").encode() in bounce


def test_common_headers_are_shown_as_far_as_they_can_be_read() -> None:
    to, others = b'To: "=?us-ascii?q?J=2E_Doe?=" <j@b.example>, nobody:;', b"Sender: <s@b.example>\r\nBcc:\r\n\r\n"
    mail = received(to + b"\r\nSUBJECT: =?x-no?q?a?=\r\n" + others).mail(most_headers=NOTIFIED_HEADERS)

    assert mail["destination"] == ["j@b.example"]
    assert mail["commonHeaders"] == {
        "returnPath": "a@b.example",
        "to": ['"J. Doe" <j@b.example>'],
        "bcc": [],
        "sender": "s@b.example",
        "subject": "=?x-no?q?a?=",
    }
