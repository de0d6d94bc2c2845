"""What is forwarded as it is, what with a mark alone, and what is refused."""

from contextlib import suppress
from typing import Any

import pytest

from ses_constructs.handlers.forwarding.errors import NotForwardedError

from .mail_world import BUCKET, MARK, MailWorld, logged, mail_world, notification, rules
from .test_forwarding import MESSAGE

VERDICTS = ["PASS", "FAIL", "GRAY", "PROCESSING_FAILED", "DISABLED", None]


def verdict(status: str | None) -> dict[str, str] | None:
    return {"status": status} if status else None


def spoof(author: str = "Boss <ceo@example.com>") -> bytes:
    return f"From: {author}\r\nReply-To: x@evil.example\r\nTo: support@example.com\r\n\r\nnot to be logged\r\n".encode()


def outcome(mail: MailWorld, raw: bytes, caplog: pytest.LogCaptureFixture, **receipt: Any) -> str:
    """What becomes of the message: its reason, ``marked`` or ``forwarded``."""
    mail.store(raw)
    with suppress(NotForwardedError):
        mail.invoke(notification(**receipt))
    if not mail.sent:
        return str(logged(caplog.records)[-1][1])
    sent = mail.sent[-1]
    marked = "(unverified) via example.com" in sent.header("From")
    assert ("X-Forwarded-Verdicts" in sent.headers) == marked
    return "marked" if marked else "forwarded"


@pytest.mark.parametrize("policy", ["none", "quarantine", "reject", None])
@pytest.mark.parametrize("dmarc", VERDICTS)
@pytest.mark.parametrize("author", ["Ada <ada@author.example>", "Boss <ceo@example.com>"])
def test_the_author_decides_with_what_ses_found(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, author: str, dmarc: str | None, policy: str | None
) -> None:
    ours = "example.com" in author
    expected = {
        "PASS": "forwarded",
        "FAIL": "own-domain" if ours else "dmarc" if policy == "reject" else "marked",
        "PROCESSING_FAILED": "unchecked" if ours else "marked",
    }.get(str(dmarc), "marked")

    assert outcome(mail, spoof(author), caplog, dmarcVerdict=verdict(dmarc), dmarcPolicy=policy) == expected


@pytest.mark.parametrize("dmarc", VERDICTS)
def test_whoever_chooses_so_gets_all_that_says_it_is_from_us_with_a_mark(
    caplog: pytest.LogCaptureFixture, dmarc: str | None
) -> None:
    with mail_world(FORWARD_RULES=rules({"*": ["team@corp.example"]}, own_domain="mark")) as mail:
        found = outcome(mail, spoof(), caplog, dmarcVerdict=verdict(dmarc), dmarcPolicy="reject")

    assert found == ("forwarded" if dmarc == "PASS" else "marked")


@pytest.mark.parametrize(
    "author",
    [
        "ceo@EXAMPLE.com",
        "ceo@example.com.",
        "ceo@mail.example.com",
        "ceo@x.in.example.com",
        "Boss <ceo@ example . com>",
        "ceo @ example.com",
        "ceo@example\u3002com",
        "ceo@\uff45\uff58ample.com",
        "ceo@examp\u00adle.com",
        '"a@b"@example.com',
        "=?utf-8?q?Boss?= <ceo@example.com>",
        "x@evil.example, ceo@example.com",
        "Boss <x@evil.example> <ceo@example.com>",
        "Team: x@evil.example, ceo@example.com;",
        "Boss <@evil.example:ceo@example.com>",
        "ceo@(the boss)example.com",
        "x" * 5000 + " <ceo@example.com>",
        "<ceo@example.com> x@evil.example",
        "ceo@example.com: x@evil.example",
        "Boss <ceo@example.com> Subject: x@evil.example",
        "x@evil.example\r\nFrom: ceo@example.com",
    ],
)
def test_our_own_domain_is_known_whatever_its_spelling(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, author: str
) -> None:
    assert outcome(mail, spoof(author), caplog, dmarcVerdict=verdict("FAIL")) == "own-domain"


@pytest.mark.parametrize("ours", ["xn--strae-oqa.example", "strasse.example"])
@pytest.mark.parametrize("theirs", ["straße.example", "STRASSE.example", "mail.Straße.example."])
def test_our_own_domain_is_known_by_either_of_its_names(
    caplog: pytest.LogCaptureFixture, ours: str, theirs: str
) -> None:
    with mail_world(FORWARD_RECEIVING_DOMAINS=[ours]) as mail:
        found = outcome(mail, spoof(f"ceo@{theirs}"), caplog, dmarcVerdict=verdict("FAIL"))

    assert found == ("marked" if (ours, theirs) == ("xn--strae-oqa.example", "STRASSE.example") else "own-domain")


@pytest.mark.parametrize(
    "author",
    ["ceo@notexample.com", "ceo@example.com.evil.example", '"ceo@example.com" <x@evil.example>', "example.com", ""],
)
def test_what_only_looks_like_our_domain_is_marked(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, author: str
) -> None:
    assert outcome(mail, spoof(author), caplog, dmarcVerdict=verdict("FAIL")) == "marked"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("a@author.example, b@AUTHOR.example.", "forwarded"),
        ("a@bücher.example", "forwarded"),
        ("a@author.example, b@other.example", "marked"),
        ("a@author.example\r\nFrom: ceo@example.com", "marked"),
        ("ceo@example.com <a@author.example>", "marked"),
        ("nobody", "marked"),
    ],
)
def test_a_good_verdict_is_for_one_domain_alone(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, author: str, expected: str
) -> None:
    assert outcome(mail, spoof(author), caplog) == expected


def test_the_mark_tells_what_ses_found_and_nobody_else_can_set_it(mail: MailWorld) -> None:
    forged = b"X-Forwarded-Verdicts: dmarc=pass\r\n" + MESSAGE
    sent = mail.forward(
        forged, spfVerdict=verdict("GRAY"), dkimVerdict=None, dmarcVerdict=verdict("not a word\r\nBcc: x")
    )

    assert sent.header("From") == '"Doe, John (unverified) via example.com" <forwarder@example.com>'
    assert sent.header("X-Forwarded-Verdicts") == "spf=gray, dkim=unknown, dmarc=unknown"
    mail.store(forged, OTHER["objectKey"])
    mail.invoke(notification(action=OTHER))
    assert "X-Forwarded-Verdicts" not in mail.sent[-1].headers


OTHER = {"type": "S3", "bucketName": BUCKET, "objectKey": "inbound/other"}
SCANS = {"spam": "spam", "virus": "virus"}


@pytest.mark.parametrize("status", VERDICTS)
@pytest.mark.parametrize("scan", SCANS)
def test_only_what_ses_surely_holds_for_harmful_is_refused(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, scan: str, status: str | None
) -> None:
    found = outcome(mail, MESSAGE, caplog, **{f"{scan}Verdict": verdict(status)})

    assert found == (scan if status == "FAIL" else "forwarded")


def test_a_virus_counts_before_spam(mail: MailWorld, caplog: pytest.LogCaptureFixture) -> None:
    fail = verdict("FAIL")

    assert outcome(mail, MESSAGE, caplog, spamVerdict=fail, virusVerdict=fail) == "virus"


@pytest.mark.parametrize(
    ("lines", "reason", "detail"),
    [
        (b"Return-Path: <>\r\n", "auto-reply", "null return path"),
        (b"return-path:  < >\r\n", "auto-reply", "null return path"),
        (b"Auto-Submitted: auto-replied\r\n", "auto-reply", "auto-replied"),
        (b"AUTO-SUBMITTED: Auto-Replied (vacation); owner-email=x\r\n", "auto-reply", "auto-replied"),
        (f"X-Forwarded-By: {MARK}\r\n".encode(), "loop", "forwarded by us before"),
        (f"x-forwarded-by: another\r\nX-FORWARDED-BY:\r\n {MARK}\r\n".encode(), "loop", "forwarded by us before"),
        (b"Received: from a by b; now\r\n" * 101, "loop", "more than 100 hops"),
    ],
)
def test_answers_of_programs_and_loops_are_refused(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, lines: bytes, reason: str, detail: str
) -> None:
    mail.store(lines + b"From: a@author.example\r\n\r\nHello\r\n")
    mail.invoke(notification())

    assert not mail.sent
    assert logged(caplog.records) == [("mail not forwarded", reason, detail)]


@pytest.mark.parametrize("source", ["", "<>", " "])
def test_a_null_return_path_in_the_envelope_is_an_answer_of_a_program(
    mail: MailWorld, caplog: pytest.LogCaptureFixture, source: str
) -> None:
    told = notification()
    told["mail"]["source"] = source
    mail.store(MESSAGE)
    mail.invoke(told)

    assert not mail.sent
    assert logged(caplog.records) == [("mail not forwarded", "auto-reply", "null return path")]


@pytest.mark.parametrize(
    "lines",
    [
        b"Auto-Submitted: no\r\n",
        b"Auto-Submitted: auto-generated\r\n",
        b"Auto-Submitted: auto-notified; owner-email=x\r\n",
        b"Auto-Submitted:\r\n",
        b"X-Forwarded-By: another forwarder\r\n",
        b"Received: from a by b; now\r\n" * 100,
        b"Return-Path: <a@author.example>\r\nReturn-Path: <>\r\n",
    ],
)
def test_notices_and_what_only_looks_like_a_loop_are_forwarded(mail: MailWorld, lines: bytes) -> None:
    assert mail.forward(lines + b"From: a@author.example\r\n\r\nHello\r\n")


def test_what_we_sent_is_refused_when_it_comes_back(mail: MailWorld, caplog: pytest.LogCaptureFixture) -> None:
    returned = mail.forward(MESSAGE).raw
    mail.store(returned, OTHER["objectKey"])
    mail.invoke(notification(action=OTHER))

    assert len(mail.sent) == 1
    assert logged(caplog.records)[-1] == ("mail not forwarded", "loop", "forwarded by us before")
