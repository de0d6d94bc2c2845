"""Rewrites the headers of a message that is forwarded.

SES sends only from verified addresses, so the message gets a From of ours; its author moves to the display name, to
Reply-To and to X-Original-From. That breaks the signatures, so they are removed. Everything else stays as it is.
"""

import re
from collections.abc import Iterable

from .._text import printable
from .addresses import Mailbox, join_addresses, mailboxes
from .encoded_words import read_words
from .headers import USUAL_LINE, Header, Headers
from .policy import LOOP_HEADER

_MOST_REFERENCES = 30


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_REMOVED = _names(
    "return-path sender message-id dkim-signature domainkey-signature feedback-id delivered-to bcc resent-bcc "
    "disposition-notification-to disposition-notification-options return-receipt-to x-confirm-reading-to "
    "from reply-to references x-original-from x-original-message-id x-original-date x-forwarded-verdicts "
    # These sign From among others.
    "x-google-dkim-signature arc-seal arc-message-signature arc-authentication-results"
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
    "list-unsubscribe list-unsubscribe-post message-context message-id mime-version organization original-from "
    "original-message-id original-recipient original-subject precedence priority references reply-to return-path "
    "return-receipt-to sender solicitation sensitivity subject thread-index thread-topic user-agent vbr-info"
)
# In every width.
_AT = re.compile("[@\ufe6b\uff20]")
_ENCODED = re.compile(r"=\?\S*")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,500}>")


def rewrite_headers(headers: Headers, *, sender: str, loop_mark: str, verdicts: str) -> list[Header]:
    """Make the headers of the message that we send from those of the one that we received.

    Args:
        headers: Those that we received.
        sender: The address that we send from.
        loop_mark: By which we know the message when it comes back.
        verdicts: What SES found about the author, if that is not good.
    """
    authors = mailboxes(headers.first("From"))
    made = {
        "From": _ours(authors, sender, is_marked=bool(verdicts)),
        "Reply-To": join_addresses(mailboxes(headers.first("Reply-To"))) or join_addresses(authors),
        "X-Original-From": headers.first("From"),
        "X-Original-Message-ID": headers.first("Message-ID"),
        # SES writes a Date of its own.
        "X-Original-Date": headers.first("Date"),
        "References": _references(headers),
        "X-Forwarded-Verdicts": verdicts,
        LOOP_HEADER: loop_mark,
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


def _ours(authors: list[Mailbox], sender: str, *, is_marked: bool) -> str:
    author = next(iter(authors), Mailbox("", ""))
    name = _shown(author.name) or _shown(author.address.rpartition("@")[0].strip('"')) or "unknown sender"
    mark = " (unverified)" if is_marked else ""
    return str(Mailbox(f"{name}{mark} via {sender.rpartition('@')[2]}", sender))


def _shown(name: str) -> str:
    # An address in a display name looks like a forgery to filters, and like the address to answer to people. Some
    # readers decode what they find, wherever it stands.
    return printable(_AT.sub(" at ", _ENCODED.sub("", read_words(name))))


def _references(headers: Headers) -> str:
    """List the message and those it answers, so that an answer to the forwarded one joins the same conversation."""
    before = headers.first("References") or headers.first("In-Reply-To")
    ids = list(dict.fromkeys(_MESSAGE_ID.findall(f"{before} {headers.first('Message-ID')}")))
    # The first one names the conversation, the last ones where in it we are.
    return " ".join(ids if len(ids) <= _MOST_REFERENCES else [ids[0], *ids[1 - _MOST_REFERENCES :]])
