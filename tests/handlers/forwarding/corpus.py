"""Hard messages, written for these tests: what mail servers let through and forwarders stumble over."""

import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

# Hard messages that somebody else wrote, where Python comes with its own tests.
PYTHON_MESSAGES = {
    f"{path.stem} {end!r}": path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", end)
    for path in sorted((Path(sysconfig.get_path("stdlib")) / "test/test_email/data").glob("msg_*.txt"))
    for end in (b"\n", b"\r\n")
}
BINARY = bytes(range(256)) * 3
BOUNDARY = b"--=_outer"


@dataclass(frozen=True)
class HardMessage:
    """A message in two parts, and what some headers of the forwarded one must say."""

    head: bytes
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def raw(self) -> bytes:
        return self.head + self.body


AUTHOR = b"From: John Doe <john@author.example>\r\n"
FROM = {"From": '"John Doe via example.com" <forwarder@example.com>', "Reply-To": '"John Doe" <john@author.example>'}

NESTED = b"\r\n".join(
    (
        b"This is a message in MIME format.",
        b"",
        BOUNDARY,
        b'Content-Type: multipart/alternative; boundary="=_inner"',
        b"",
        b"--=_inner",
        b"Content-Type: text/plain; charset=iso-8859-1",
        b"Content-Transfer-Encoding: 8bit",
        b"",
        b"Gr\xfc\xdfe. From: not a header",
        b"--=_inner",
        b"Content-Type: message/rfc822",
        b"",
        b"DKIM-Signature: of an inner message, not to be touched",
        b"From: <inner@author.example>",
        b"",
        b"inner",
        b"--=_inner--",
        BOUNDARY + b"--",
        b"epilogue without a line end",
    )
)

MESSAGES: dict[str, HardMessage] = {
    "binary body": HardMessage(AUTHOR + b"Content-Transfer-Encoding: binary\r\n\r\n", BINARY, FROM),
    "8-bit body in two encodings": HardMessage(AUTHOR + b"\r\n", "Grüße ".encode() + "Grüße".encode("latin-1")),
    "nulls in the body": HardMessage(AUTHOR + b"\r\n", bytes(1000)),
    "nulls in a header": HardMessage(AUTHOR + b"Subject: a\x00b\r\n\r\n", b"x", {"Subject": "a b"}),
    "nested multipart": HardMessage(
        AUTHOR + b'Content-Type: multipart/mixed;\r\n\tboundary="=_outer"\r\n\r\n',
        NESTED,
        {"Content-Type": 'multipart/mixed;\tboundary="=_outer"'},
    ),
    "signed twice": HardMessage(
        b"DKIM-Signature: v=1; d=a.example;\r\n b=abc\r\ndkim-signature: v=1; d=b.example; b=def\r\n"
        b"DomainKey-Signature: a=rsa-sha1\r\nARC-Seal: i=1; a=rsa-sha256\r\nARC-Message-Signature: i=1; h=from\r\n"
        b"ARC-Authentication-Results: i=1; x\r\n" + AUTHOR + b"\r\n",
        b"signed\r\n",
        FROM,
    ),
    "LF line ends": HardMessage(
        b"From: John Doe\n <john@author.example>\nSubject: x\n\n", b"a\nb\r\nc\n", {"Subject": "x"} | FROM
    ),
    "mixed line ends": HardMessage(b"Subject: x\n" + AUTHOR + b"X-A: y\n\r\n", b"\n\nbody", {"Subject": "x"} | FROM),
    "doubled CRs": HardMessage(b"Subject: x\r\r\nFrom: a@author.example\r\r\n\r\r\n", b"b\r\r\n", {"Subject": "x"}),
    "bare CR in a header": HardMessage(
        b"Subject: a\rBcc: victim@elsewhere.example\r\n" + AUTHOR + b"\r\n",
        b"b",
        {"Subject": "a Bcc: victim@elsewhere.example"} | FROM,
    ),
    "bare CR in the body": HardMessage(AUTHOR + b"\r\n", b"a\rb\r\rc\r\n"),
    "no blank line": HardMessage(AUTHOR + b"Subject: x\r\n", b"Dear reader,\r\nSubject: y\r\n", {"Subject": "x"}),
    "no blank line and an address first": HardMessage(AUTHOR, b"http//x is not\r\n\r\nmore", FROM),
    "no body": HardMessage(AUTHOR + b"Subject: x\r\n\r\n", b"", {"Subject": "x"} | FROM),
    "no body and no blank line": HardMessage(AUTHOR + b"Subject: x\r\n", b"", {"Subject": "x"} | FROM),
    "no line end at all": HardMessage(b"From: <a@author.example>", b"", {"Reply-To": "a@author.example"}),
    "only a body": HardMessage(
        b"",
        b"Hello,\r\n\r\nFrom: me\r\n",
        {"From": '"unknown sender (unverified) via example.com" <forwarder@example.com>'},
    ),
    "a body that begins with spaces": HardMessage(b"", b"  Hello: you\r\nSubject: no\r\n"),
    "a body that begins with a space and a colon": HardMessage(b"", b"  :Hello\r\nSubject: no\r\n"),
    "only a blank line": HardMessage(b"\r\n", b"From: body <a@author.example>\r\n"),
    "nothing": HardMessage(b"", b""),
    "empty names": HardMessage(
        b": no name\r\n and more\r\n : more\r\n" + AUTHOR + b":\r\nSubject: x\r\n :y\r\n\r\n",
        b"b",
        {"Subject": "x :y"} | FROM,
    ),
    "spaces before the colon": HardMessage(
        AUTHOR + b"Subject \t: x\r\nTo:y\r\n\r\n", b"b", {"Subject": "x", "To": "y"}
    ),
    "odd case and duplicates": HardMessage(
        b"SUBJECT: first\r\nsubject: second\r\nfrom: A <a@author.example>\r\nFROM: B <b@author.example>\r\n"
        b"Delivered-To: x\r\nDELIVERED-TO: y\r\nMime-Version: 1.0\r\nMIME-version: 1.0\r\nTo: x\r\nto: y\r\n"
        b"reply-to: r@author.example\r\nReply-TO: s@author.example\r\nFeedback-ID: 1\r\nfeedback-id: 2\r\n\r\n",
        b"b",
        {
            "Subject": "first",
            "From": '"A via example.com" <forwarder@example.com>',
            "Reply-To": "r@author.example",
            "X-Original-From": "A <a@author.example>",
            "Mime-Version": "1.0",
        },
    ),
    "folds": HardMessage(
        b"From:\r\n John Doe\r\n\t<john@author.example>\r\nSubject:\r\n a\r\n \r\n\t \r\n  b\r\n\r\n",
        b"b",
        {"Subject": "a \t   b"} | FROM,
    ),
    "998 characters": HardMessage(
        AUTHOR + b"Subject: " + b"x" * 989 + b"\r\n\r\n", b"y" * 5000, {"Subject": "x" * 989}
    ),
    "999 characters": HardMessage(AUTHOR + b"Subject: " + b"x" * 990 + b"\r\n\r\n", b"b", {"Subject": "x" * 990}),
    "a long line with spaces": HardMessage(
        AUTHOR + b"Subject: " + b"word " * 1000 + b"\r\n\r\n", b"b", {"Subject": ("word " * 1000).strip()}
    ),
    "a long line without": HardMessage(AUTHOR + b"X-Trace: " + b"t" * 5000 + b"\r\n\r\n", b"b"),
    "a long line of spaces": HardMessage(
        AUTHOR + b"Subject: a" + b" " * 3000 + b"b\r\n" + b" " * 2000 + b"c\r\n\r\n", b"b"
    ),
    "a long name": HardMessage(AUTHOR + b"X" * 199 + b": y\r\n\r\n", b"b", FROM),
    "a name too long": HardMessage(AUTHOR + b"X" * 300 + b": y\r\nSubject: x\r\n\r\n", b"b", {"Subject": "x"} | FROM),
    "a line of a mailbox file": HardMessage(
        b"From john@author.example Sat Nov 28 12:00:00 2026\r\n" + AUTHOR + b">From x Sat Nov 28 12:00:00 2026\r\n"
        b"Subject: x\r\n\r\n",
        b"b",
        {"Subject": "x"} | FROM,
    ),
    "no blank line and a sentence that begins with From": HardMessage(
        AUTHOR, b"From Monday on we are closed.\r\nSubject: no\r\n\r\nmore"
    ),
    "white space that counts": HardMessage(
        AUTHOR
        + b'Content-Type: multipart/mixed; boundary="a \r\n\tb  \r\n \t \r\n c"; x="'
        + b"y" * 950
        + b'  z"\r\n\r\n',
        b"b",
        {"Content-Type": 'multipart/mixed; boundary="a \tb   \t  c"; x="' + "y" * 950 + '  z"'},
    ),
    "written twice": HardMessage(
        AUTHOR + b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" * 2 + b"\r\n",
        b"b",
        {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
    ),
    "a date": HardMessage(
        AUTHOR + b"Date: Mon, 1 Jan 2024 00:00:00 +0000\r\nX-Original-Date: forged\r\n\r\n",
        b"b",
        {"X-Original-Date": "Mon, 1 Jan 2024 00:00:00 +0000"},
    ),
    "UTF-8 in headers": HardMessage(
        'From: Jörg Müller <joerg@author.example>\r\nSubject: Grüße (aus Köln), die "besten"\r\n'
        'To: "Ämter, alle" <a@example.com>, Bürger\r\n <b@example.com>\r\n\r\n'.encode(),
        b"b",
    ),
    "file name in UTF-8": HardMessage(
        AUTHOR + 'Content-Disposition: attachment; filename="Übersicht für alle.pdf"; size=5\r\n\r\n'.encode(), b"%PDF"
    ),
    "SMTPUTF8": HardMessage(
        'From: jörg@bücher.example\r\nTo: "Jörg"@example.com, 用户@例子.example\r\nMessage-ID: <ü@bücher.example>\r\n'
        "In-Reply-To: <0@author.example>\r\n\r\n".encode(),
        b"b",
        {
            "From": "=?utf-8?b?asO2cmcgYXQgYsO8Y2hlci5leGFtcGxlIHZpYSBleGFtcGxlLmNv?= =?utf-8?b?bQ==?= "
            "<forwarder@example.com>"
        },
    ),
    "headers that steer SES": HardMessage(
        b"X-SES-CONFIGURATION-SET: theirs\r\nx-ses-message-tags: a=b\r\nX-SES-SOURCE-ARN: arn:aws:ses\r\n"
        b"Return-Path: <a@author.example>\r\nSender: s@author.example\r\nBcc: victim@elsewhere.example\r\n"
        b"Disposition-Notification-To: a@author.example\r\nReturn-Receipt-To: a@author.example\r\n" + AUTHOR + b"\r\n",
        b"b",
        FROM,
    ),
    "a conversation": HardMessage(
        AUTHOR
        + b"Message-ID: <3@author.example>\r\nReferences: <1@example.com>\r\n <2@example.com> junk <> <2@example.com>"
        b"\r\n"
        b"In-Reply-To: <2@example.com>\r\n\r\n",
        b"b",
        {
            "References": "<1@example.com> <2@example.com> <3@author.example>",
            "In-Reply-To": "<2@example.com>",
            "X-Original-Message-ID": "<3@author.example>",
        },
    ),
    "an answer without references": HardMessage(
        AUTHOR + b"Message-ID: <3@author.example>\r\nIn-Reply-To: <2@example.com>\r\n\r\n",
        b"b",
        {"References": "<2@example.com> <3@author.example>"},
    ),
    "a message id that is none": HardMessage(AUTHOR + b"Message-ID: 3\r\n\r\n", b"b", {"X-Original-Message-ID": "3"}),
    "our own headers, forged": HardMessage(
        AUTHOR + b"X-Original-From: boss@example.com\r\nX-Original-Message-ID: <forged@example.com>\r\n\r\n",
        b"b",
        {"X-Original-From": "John Doe <john@author.example>"},
    ),
    "no From": HardMessage(b"Subject: x\r\nReply-To: r@author.example\r\n\r\n", b"b", {"Reply-To": "r@author.example"}),
    "a Reply-To that is none": HardMessage(AUTHOR + b"Reply-To: nobody\r\n\r\n", b"b", FROM),
    "several authors": HardMessage(
        b"From: A <a@author.example>, B <b@author.example>\r\nSender: a@author.example\r\n\r\n",
        b"b",
        {"Reply-To": '"A" <a@author.example>, "B" <b@author.example>'},
    ),
}
