"""Decides which messages must not be forwarded, and rewrites the headers of the others.

SES sends only from verified addresses, so the message gets a From of ours; its author moves to the display name, to
Reply-To and to X-Original-From. That breaks the signatures, so they are removed. Everything else stays as it is.
"""

import re
from collections.abc import Iterable

from .._text import printable
from .addresses import Mailbox, join_addresses, mailboxes
from .errors import DroppedError
from .headers import USUAL_LINE, Header
from .settings import Settings

LOOP_HEADER = "X-Forwarded-By"
MOST_HOPS = 25
_MOST_REFERENCES = 30


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_REMOVED = _names(
    "return-path sender message-id dkim-signature domainkey-signature feedback-id delivered-to bcc resent-bcc "
    "disposition-notification-to disposition-notification-options return-receipt-to x-confirm-reading-to "
    "from reply-to references x-original-from x-original-message-id "
    # ARC stays: it is there to outlive a forwarder.
    "x-google-dkim-signature"
)
# Nobody but the account's own programs may steer SES, and these headers do.
_REMOVED_PREFIX = "x-ses-"

# SES refuses a message in which one of these stands twice.
_SINGLE = _names(
    "accept-language acceptlanguage archived-at auto-submitted bounces-to comments content-alternative content-base "
    "content-class content-description content-disposition content-duration content-id content-language "
    "content-length content-location content-md5 content-transfer-encoding content-type date delivered-to "
    "disposition-notification-options disposition-notification-to dkim-signature domainkey-signature errors-to from "
    "importance in-reply-to keywords list-archive list-help list-id list-owner list-post list-subscribe "
    "list-unsubscribe message-context message-id mime-version organization original-from original-message-id "
    "original-recipient original-subject precedence priority references reply-to return-path return-receipt-to "
    "sender solicitation sensitivity subject thread-index thread-topic user-agent vbr-info"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,500}>")


def check_loops(headers: list[Header], mark: str) -> None:
    """Drop what we have forwarded before, and what a program sent as an answer."""
    names = [header.name.lower() for header in headers]
    if _first(headers, "Return-Path").replace(" ", "") == "<>":
        raise DroppedError("loop: null return path")
    answers = (one.unfolded.partition(";")[0].partition("(")[0] for one in _all(headers, "Auto-Submitted"))
    if any(answer.strip().lower() not in ("", "no") for answer in answers):
        raise DroppedError("loop: submitted by a program")
    if any(one.unfolded == mark for one in _all(headers, LOOP_HEADER)):
        raise DroppedError("loop: forwarded by us before")
    if names.count("received") > MOST_HOPS:
        raise DroppedError(f"loop: more than {MOST_HOPS} hops")


def rewrite_headers(headers: list[Header], settings: Settings) -> list[Header]:
    """Make the headers of the message that we send from those of the one that we received."""
    authors = mailboxes(_first(headers, "From"))
    made = {
        "From": _ours(authors, settings),
        "Reply-To": join_addresses(mailboxes(_first(headers, "Reply-To"))) or join_addresses(authors),
        "X-Original-From": _first(headers, "From"),
        "X-Original-Message-ID": _first(headers, "Message-ID"),
        "References": _references(headers),
        LOOP_HEADER: settings.mark,
    }
    return [*_kept(headers), *(Header(name, value, width=USUAL_LINE) for name, value in made.items() if value)]


def _kept(headers: Iterable[Header]) -> Iterable[Header]:
    seen = set()
    for header in headers:
        name = header.name.lower()
        if name in _REMOVED or name.startswith(_REMOVED_PREFIX) or name in seen:
            continue
        if name in _SINGLE:
            seen.add(name)
        yield header


def _ours(authors: list[Mailbox], settings: Settings) -> str:
    # An address in a display name looks like a forgery to filters, and like the address to answer to people.
    author = next(iter(authors), Mailbox("", ""))
    name = author.name or author.address.rpartition("@")[0].strip('"') or "unknown sender"
    return str(Mailbox(printable(f"{name.replace('@', ' at ')} via {settings.domain}"), settings.sender))


def _references(headers: list[Header]) -> str:
    """List the message and those it answers, so that an answer to the forwarded one joins the same conversation."""
    before = _first(headers, "References") or _first(headers, "In-Reply-To")
    ids = list(dict.fromkeys(_MESSAGE_ID.findall(f"{before} {_first(headers, 'Message-ID')}")))
    # The first one names the conversation, the last ones where in it we are.
    return " ".join(ids if len(ids) <= _MOST_REFERENCES else [ids[0], *ids[1 - _MOST_REFERENCES :]])


def _all(headers: Iterable[Header], name: str) -> list[Header]:
    return [header for header in headers if header.name.lower() == name.lower()]


def _first(headers: Iterable[Header], name: str) -> str:
    return next((header.unfolded for header in _all(headers, name)), "")
