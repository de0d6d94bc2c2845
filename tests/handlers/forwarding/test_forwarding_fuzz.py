"""Thousands of broken messages: each is sent with its body untouched and headers that SES takes, or has a reason."""

import random
import re
from collections.abc import Iterator
from email.parser import BytesParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.addresses import Mailbox, mailboxes
from ses_constructs.handlers.forwarding.errors import NotForwardedError, RefusedError

from .corpus import MESSAGES
from .mail_aws import Sent, fault_of
from .mail_world import MARK, MailWorld, notification, policy

POLICY = policy()
MUTATIONS = 12_000
THROUGH_AWS = 300
PIECES = [
    *(
        b"\r",
        b"\n",
        b"\r\n",
        b"\r\n\r\n",
        b":",
        b" ",
        b"\t",
        b"\x00",
        b"\xff",
        b"\xc3\xbc",
        b'"',
        b"\\",
        b"<",
        b">",
        b"(",
    ),
    *(b")", b",", b";", b"@", b"=?utf-8?b?", b"?=", b"=?x?q?=FF?=", b"\r\n ", b"\r\nBcc: victim@elsewhere.example"),
    *(b"\r\nFrom: b@author.example", b"\r\nfrom:", b"\r\n: x", b"\r\nReply-To: ", b"\r\nX-SES-A: b", b"x" * 1200),
    *(b"\r\nDKIM-Signature: a", b"\r\nMessage-ID: <a@b>", b"\r\nReferences: <a@b>\r\n <c@d>", b"\xe2\x80\xa8", b"\x0c"),
]


LINE = re.compile(rb"[^\n]*\n|[^\n]+")
MAILBOX = re.compile(rb">?From [^ ].*[0-9][0-9]:[0-9][0-9]")


def mutated(random_: random.Random, raw: bytes) -> bytes:
    for _ in range(random_.randint(1, 6)):
        at = random_.randint(0, min(len(raw), 400))
        match random_.randrange(4):
            case 0:
                raw = raw[:at] + random_.choice(PIECES) + raw[at:]
            case 1:
                raw = raw[:at] + raw[at + random_.randint(1, 20) :]
            case 2:
                raw = raw[:at] + bytes([random_.randrange(256)]) + raw[at + 1 :]
            case 3:
                other = random_.choice(list(MESSAGES.values())).raw
                raw = raw[:at] + other[random_.randint(0, len(other)) :][:600]
    return raw


def mutations(seed: int, number: int) -> Iterator[bytes]:
    random_ = random.Random(seed)
    originals = [message.raw for message in MESSAGES.values()]
    for _ in range(number):
        yield mutated(random_, random_.choice(originals))


def forwarded(raw: bytes) -> Sent | str:
    """What is sent for *raw*, or the reason why nothing is. Any other error comes through."""
    try:
        return Sent((), b"".join(forward_message._prepared(bytearray(raw), POLICY)))
    except (NotForwardedError, RefusedError) as error:
        return str(error)


def check_body(raw: bytes, body: bytes) -> None:
    """The body is the end of *raw*, from the first blank line or the first line that no header block can have."""
    assert raw.endswith(body)
    block: list[bytes] = []
    began = False
    for line in LINE.findall(raw):
        text = line.rstrip(b"\r\n")
        if not text:
            block.append(line)
            break
        name, colon, _ = text.partition(b":")
        name = name.rstrip(b" \t")
        starts = colon and all(33 <= byte <= 126 for byte in name) and len(name) <= 998 and text[0] not in b" \t"
        if not starts and not (began and text[0] in b" \t") and not MAILBOX.match(text):
            break
        began |= bool(starts)
        block.append(line)
    assert raw[: len(raw) - len(body)] == b"".join(block)


def check(raw: bytes) -> str:
    outcome = forwarded(raw)
    if isinstance(outcome, str):
        assert outcome
        assert "@" not in outcome
        return "refused"
    assert fault_of(outcome.raw) == "", raw
    check_body(raw, outcome.body)
    assert outcome.header("From").endswith("<forwarder@example.com>")
    assert outcome.headers.get_all("X-Forwarded-By", [])[-1] == MARK
    assert "Bcc" not in outcome.headers
    for value in outcome.headers.get_all("Reply-To", []):
        assert str(value).isascii()
    BytesParser().parsebytes(outcome.raw)
    return "sent"


@pytest.mark.parametrize("seed", range(4))
def test_a_mutated_message_is_sent_unharmed_or_refused_with_a_reason(seed: int) -> None:
    outcomes = [check(raw) for raw in mutations(seed, MUTATIONS // 4)]

    assert outcomes.count("sent") > len(outcomes) * 0.9


def test_mutated_messages_go_through_aws_too(mail: MailWorld) -> None:
    for number, raw in enumerate(mutations(99, THROUGH_AWS)):
        key = f"inbound/{number}"
        expected = forwarded(raw)
        mail.store(raw, key)
        before = len(mail.sent)
        mail.invoke(notification(action={"type": "S3", "bucketName": "mail-bucket", "objectKey": key}))

        assert len(mail.sent) - before == (0 if isinstance(expected, str) else 1)
        if isinstance(expected, Sent):
            assert mail.sent[-1].raw == expected.raw


@settings(max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_are_sent_unharmed_or_refused_with_a_reason(raw: bytes) -> None:
    check(raw)


@settings(max_examples=300)
@given(st.text(max_size=200), st.text(max_size=200), st.binary(max_size=100))
def test_any_text_may_stand_in_headers(author: str, subject: str, body: bytes) -> None:
    flat = [" ".join(text.split("\n")).encode("utf-8", "replace") for text in (author, subject)]
    raw = b"From: %s\r\nSubject: %s\r\nReply-To: %s\r\n\r\n" % (flat[0], flat[1], flat[0]) + body

    assert check(raw) == "sent"


names = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="=?"), min_size=1, max_size=60)
addresses = st.from_regex(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}@[a-z0-9]{1,10}\.example", fullmatch=True)


@settings(max_examples=300)
@given(st.lists(st.tuples(names, addresses), min_size=1, max_size=5))
def test_what_we_write_as_mailboxes_we_read_as_the_same(pairs: list[tuple[str, str]]) -> None:
    boxes = [Mailbox(name, address) for name, address in pairs]

    assert mailboxes(", ".join(map(str, boxes))) == boxes


@pytest.mark.parametrize(
    "piece", ['"', "\\", '\\"', "(", "((a", "<", "<a", "@", "=?", "=?a?q?", ",", ":", "a@", "é", "é ", " "]
)
def test_no_header_takes_long_to_read(piece: str) -> None:
    value = (piece * 120_000)[:120_000].encode()[:200_000].decode(errors="ignore")
    raw = f"From: {value}\r\n".encode()[:120_000] + f"\r\nSubject: {value}".encode()[:120_000] + b"\r\n\r\nbody"

    assert check(raw) == "sent"
