"""Every hard message is forwarded: a body that is the same to the byte, headers that SES takes."""

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses

import pytest

from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.errors import NotForwardedError, Reason
from ses_constructs.handlers.forwarding.headers import parse_headers

from .corpus import MESSAGES, PYTHON_MESSAGES, HardMessage
from .mail_aws import Sent
from .mail_world import MARK, MailWorld, policy

REMOVED = (
    *("ARC-Message-Signature", "ARC-Authentication-Results", "ARC-Seal", "DKIM-Signature", "DomainKey-Signature"),
    *("Return-Path", "Sender", "Message-ID", "Feedback-ID", "Bcc"),
)
every_message = pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES.keys())


def read(sent: Sent, name: str) -> str:
    return str(make_header(decode_header(sent.header(name))))


@every_message
def test_the_body_is_untouched_and_the_headers_say_what_they_must(mail: MailWorld, message: HardMessage) -> None:
    sent = mail.forward(message.raw)

    assert sent.body == message.body
    assert {name: sent.header(name) for name in message.headers} == message.headers
    assert sent.header("X-Forwarded-By") == MARK
    for name in REMOVED:
        assert name not in sent.headers


every_python_message = pytest.mark.parametrize("raw", PYTHON_MESSAGES.values(), ids=PYTHON_MESSAGES.keys())


def parts(raw: bytes) -> list[tuple[str, object]]:
    return [
        (part.get_content_type(), part.get_boundary() if part.is_multipart() else part.get_payload())
        for part in message_from_bytes(raw).walk()
    ]


def values(raw: bytes, name: str) -> list[str]:
    found = message_from_bytes(raw).get_all(name, [])
    return ["".join(str(value).splitlines()).strip() for value in found]


def addresses(found: list[str]) -> set[str]:
    return {address for _, address in getaddresses(found) if "@" in address}


@every_python_message
def test_a_header_block_ends_where_python_ends_it(raw: bytes) -> None:
    headers, at = parse_headers(raw)
    theirs = BytesHeaderParser().parsebytes(raw)

    assert [header.name for header in headers] == list(theirs)
    assert raw[at:] == str(theirs.get_payload()).encode("ascii", "surrogateescape")


@every_python_message
def test_python_reads_the_same_message_before_and_after(raw: bytes) -> None:
    wanted = replace(policy(), waived=Reason.AUTO_REPLY)
    sent = Sent((), b"".join(forward_message._prepared(bytearray(raw), wanted)))

    assert parts(sent.raw) == parts(raw)
    for name in ("Received", "To", "Cc", "X-Mailer"):
        assert values(sent.raw, name) == values(raw, name)
    for name in ("Subject", "Date", "MIME-Version", "Content-Type", "Content-Transfer-Encoding", "List-Id"):
        assert values(sent.raw, name) == values(raw, name)[:1]
    answered = values(raw, "Reply-To")[:1] or values(raw, "From")[:1]
    assert addresses(values(sent.raw, "Reply-To")) == addresses(answered)
    assert values(sent.raw, "X-Original-Date") == values(raw, "Date")[:1]


def test_text_that_is_not_ascii_arrives(mail: MailWorld) -> None:
    sent = mail.forward(MESSAGES["UTF-8 in headers"].raw)

    assert read(sent, "From") == "Jörg Müller via example.com <forwarder@example.com>"
    assert read(sent, "Reply-To") == "Jörg Müller <joerg@author.example>"
    assert read(sent, "X-Original-From") == "Jörg Müller <joerg@author.example>"
    assert read(sent, "Subject") == 'Grüße (aus Köln), die "besten"'
    assert read(sent, "To") == "Ämter, alle <a@example.com>, Bürger <b@example.com>"
    assert max(map(len, sent.head.split(b"\r\n"))) <= 76


def test_a_file_name_that_is_not_ascii_stays_a_parameter(mail: MailWorld) -> None:
    headers = mail.forward(MESSAGES["file name in UTF-8"].raw).headers

    assert headers.get_param("size", header="Content-Disposition") == "5"
    name = str(headers.get_param("filename", header="Content-Disposition"))
    assert str(make_header(decode_header(name))) == "Übersicht für alle.pdf"


def test_an_address_that_ascii_cannot_write_is_no_reply_to(mail: MailWorld) -> None:
    sent = mail.forward(MESSAGES["SMTPUTF8"].raw)

    assert "Reply-To" not in sent.headers
    assert sent.header("References") == "<0@author.example>"
    assert read(sent, "X-Original-Message-ID") == "<ü@bücher.example>"


def test_a_long_conversation_keeps_its_first_and_its_last_messages(mail: MailWorld) -> None:
    ids = [f"<{number}@author.example>" for number in range(100)]
    head = f"From: a@author.example\r\nReferences: {' '.join(ids)}\r\nMessage-ID: <last@author.example>\r\n\r\n"

    kept = mail.forward(head.encode()).header("References").split()

    assert kept == [ids[0], *ids[72:], "<last@author.example>"]
    assert len(kept) == 30


def test_a_header_block_that_is_far_too_large_fails_with_a_reason(mail: MailWorld) -> None:
    with pytest.raises(NotForwardedError, match=r"^the header is larger than 262144 bytes$"):
        mail.forward(b"From: a@author.example\r\n" + b"a: b\r\n" * 50_000)


@pytest.mark.parametrize(
    ("author", "name", "reply_to"),
    [
        ("john@author.example", "john", "john@author.example"),
        ("<john@author.example>", "john", "john@author.example"),
        ("John <john@author.example>", "John", '"John" <john@author.example>'),
        ("John Q. Doe <john@author.example>", "John Q. Doe", '"John Q. Doe" <john@author.example>'),
        ('"Doe, John" <john@author.example>', "Doe, John", '"Doe, John" <john@author.example>'),
        (r'"a \"b\" \\ c" <j@author.example>', r'a "b" \ c', r'"a \"b\" \\ c" <j@author.example>'),
        ('"John"<john@author.example>', "John", '"John" <john@author.example>'),
        ("john@author.example (John Doe)", "John Doe", '"John Doe" <john@author.example>'),
        ("john@author.example (John (Jack) Doe)", "John (Jack) Doe", '"John (Jack) Doe" <john@author.example>'),
        ("john @ author.example", "john", "john@author.example"),
        ("John <@relay.example,@b.example:john@author.example>", "John", '"John" <john@author.example>'),
        ("John <mailto:john@author.example>", "John", '"John" <john@author.example>'),
        ("John <john@author.example", "John", '"John" <john@author.example>'),
        ('"John <john@author.example>', "John", '"John" <john@author.example>'),
        ("John john@author.example", "John", '"John" <john@author.example>'),
        ("John <john@author.example> <second@author.example>", "John", '"John" <john@author.example>'),
        ("a@author.example, b@author.example", "a", "a@author.example, b@author.example"),
        ("a@author.example, A@author.example, a@author.example", "a", "a@author.example, A@author.example"),
        ("Team: A <a@author.example>, b@author.example;", "A", '"A" <a@author.example>, b@author.example'),
        ("undisclosed-recipients:;", "unknown sender", None),
        ("<@author.example>", "unknown sender", None),
        ("John <@author.example>", "John", None),
        ("<>", "unknown sender", None),
        ("", "unknown sender", None),
        (",,;,", "unknown sender", None),
        ("John", "John", None),
        ("john@", "john at", None),
        ("boss@example.com <john@author.example>", "boss at example.com", '"boss@example.com" <john@author.example>'),
        ('"john doe"@author.example', "john doe", '"john doe"@author.example'),
        ('"john".doe@author.example', "john.doe", "john.doe@author.example"),
        ('"john"doe@author.example', "johndoe", "johndoe@author.example"),
        ('<"john doe"."(x)"@author.example>', "john doe.(x)", '"john doe.(x)"@author.example'),
        ("John <john@author.example> Subject: hello", "John Subject", '"John Subject" <john@author.example>'),
        ("john.@author.example", "john.", '"john."@author.example'),
        ("jo..hn@author.example", "jo..hn", '"jo..hn"@author.example'),
        ("john@[192.0.2.1]", "john", "john@[192.0.2.1]"),
        ("john@author.example.", "john", "john@author.example"),
        ("john@a_b.example", "john", "john@a_b.example"),
        ("john@exa mple", "john at exa mple", None),
        ("John <john@author.example\x00>", "John", '"John" <john@author.example>'),
        ("Jo\x01hn\x7f\t Doe <john@author.example>", "Jo hn Doe", '"Jo hn Doe" <john@author.example>'),
        ("=?utf-8?q?J=C3=B6rg?= <j@author.example>", "Jörg", "Jörg <j@author.example>"),
        ('"=?utf-8?B?SsO2cmc=?=" <j@author.example>', "Jörg", "Jörg <j@author.example>"),
        ("=?utf-8?q?J=C3?= =?iso-8859-1?Q?=F6rg?= <j@author.example>", "J\ufffdörg", "J\ufffdörg <j@author.example>"),
        ("=?utf-8?b?!!!?= <j@author.example>", "j", "j@author.example"),
        ("=?utf-8?b?Sm9obg?= <j@author.example>", "John", '"John" <j@author.example>'),
        (
            "=?utf-8?q?a=0D=0ABcc:_x@y.example?= <j@author.example>",
            "a Bcc: x at y.example",
            '"a Bcc: x@y.example" <j@author.example>',
        ),
        ("=?utf-8?q?=E2=80=AEnhoJ=E2=80=8B?= <j@author.example>", "nhoJ", '"nhoJ" <j@author.example>'),
        ("j@" + "\u00fc" * 300 + ".example", "j at " + "\u00fc" * 118, None),
        ("j@\u00fc..example", "j at \u00fc..example", None),
        ("j@b\u00fccher.example", "j", "j@xn--bcher-kva.example"),
        ("((((John <j@author.example>", "John", '"John" <j@author.example>'),
        ('\\"John\\ <j@author.example>', "\\ John\\", '"\\\\ John\\\\" <j@author.example>'),
        ("N" * 5000 + " <j@author.example>", "unknown sender", None),
        ("N" * 300 + " <j@author.example>", "N" * 120, '"' + "N" * 120 + '" <j@author.example>'),
    ],
)
def test_whatever_stands_in_from_the_author_is_shown_and_can_be_answered(
    mail: MailWorld, author: str, name: str, reply_to: str | None
) -> None:
    sent = mail.forward(f"From: {author}\r\nTo: x@example.com\r\n\r\n".encode())

    plain = sent.header("From").removesuffix(" <forwarder@example.com>")
    shown = str(make_header(decode_header(plain))) if not plain.startswith('"') else plain[1:-1]
    shown = shown.replace('\\"', '"').replace("\\\\", "\\").replace(" (unverified) via", " via")
    assert shown == f"{name} via example.com"
    if reply_to is None:
        assert "Reply-To" not in sent.headers
    else:
        assert str(make_header(decode_header(sent.header("Reply-To")))) in (reply_to, sent.header("Reply-To"))
        assert sent.header("Reply-To") == reply_to or not reply_to.isascii()


def test_an_encoded_word_that_nobody_can_read_stays_as_it_is(mail: MailWorld) -> None:
    sent = mail.forward(b"From: =?x-unknown?q?John?= <j@author.example>\r\n\r\n")

    assert sent.header("Reply-To") == '"=?x-unknown?q?John?=" <j@author.example>'
