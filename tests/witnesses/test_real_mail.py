"""Real mail of the SpamAssassin corpus comes through the forwarder as three parsers of others read it.

``make test`` takes 300 of its 6046 messages, and ``make corpus`` all.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ses_constructs.handlers import forward_message
from ses_constructs.handlers.forwarding.errors import Reason
from tests.handlers.forwarding.mail_world import policy
from tests.witnesses.downloads import SPAM_ASSASSIN, there
from tests.witnesses.mail_readers import Forwarded, read_by_mailparser

SHARES = 6
EVERY = 1 if os.environ.get("CORPUS") == "all" else 20
# Programs write much of this mail, and answer much of it.
POLICY = replace(policy(), waived=Reason.AUTO_REPLY)
BY_SES = (
    b"Return-Path: <author@author.example>\r\nReceived: from author.example by inbound-smtp.eu-west-1.amazonaws.com\r\n"
)


def messages() -> list[Path]:
    return sorted(there(SPAM_ASSASSIN).glob("*/*.txt"))


def as_stored(kept: bytes) -> bytes:
    """The message as SES puts it into the bucket: the line of a mailbox file is gone, lines end as they did in SMTP."""
    return BY_SES + re.sub(rb"\r?\n", b"\r\n", re.sub(rb"\AFrom .*\n", b"", kept))


def forward(raw: bytes) -> bytes:
    return b"".join(forward_message._prepared(bytearray(raw), POLICY))


def forwarded(paths: list[Path], fault: Callable[[bytes], bytes] = bytes) -> list[Forwarded]:
    raw = [as_stored(path.read_bytes()) for path in paths]
    sent = [fault(forward(each)) for each in raw]
    read = read_by_mailparser([*raw, *sent])
    names = [f"{path.parent.name}/{path.name}" for path in paths]
    return list(map(Forwarded, names, raw, sent, read[: len(raw)], read[len(raw) :]))


def test_the_corpus_is_whole() -> None:
    assert len(messages()) == 6046


@pytest.mark.parametrize("share", range(SHARES))
def test_real_mail_comes_through(share: int) -> None:
    found = {each.name: list(each.faults()) for each in forwarded(messages()[::EVERY][share::SHARES])}

    assert len(found) >= 50
    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("pattern", "planted", "found"),
    [
        (rb"\Z", b" ", "the body differs"),
        (rb"\r\n(?=\r\n)", b"\r\nX-Long: " + b"x" * 1000 + b"\r\n", "a header line is too long"),
        (rb"\r\nFrom: .*<.*>", b"\r\nFrom: <author@author.example>", "mailparser: From is ['author@author.example']"),
        (rb"\r\nFrom: ", b"\r\nFrom: author@author.example\r\nFrom: ", "compat32: From is ['author@author.example', "),
        (rb"\r\nReply-To: ", b"\r\nX-Reply-To: ", "mailparser: answers went to "),
        (rb"\r\nSubject: ", b"\r\nSubject: [forwarded] ", "default: subject was "),
        (rb"\r\nReceived: ", b"\r\nX-Received: ", "compat32: received was "),
        (rb"(?i)\r\nContent-Type: ", b"\r\nX-Content-Type: ", "default: the structure differs"),
    ],
    ids=["body", "long line", "strange From", "second From", "no Reply-To", "subject", "a header less", "structure"],
)
def test_a_planted_fault_is_found(pattern: bytes, planted: bytes, found: str) -> None:
    multipart = [path for path in messages()[::EVERY] if b"multipart/" in path.read_bytes()][:3]
    assert len(multipart) == 3

    for each in forwarded(multipart, lambda sent: re.sub(pattern, planted, sent, count=1)):
        assert any(fault.startswith(found) for fault in each.faults())
