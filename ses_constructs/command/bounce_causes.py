"""What a bounce means and what to do about it: SES's types, and what receivers write into their replies.

The types: SES Developer Guide, "Amazon SNS notification contents", bounce types. The texts of receivers change, so that
only their codes are matched.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class BounceCause:
    """A cause, and its cure.

    Args:
        means: What happened.
        fix: What to do.
    """

    means: str
    fix: str


_OWN_LIST = BounceCause(
    means="the address is on your suppression list, so SES did not try",
    fix="mend the cause, then: aws sesv2 delete-suppressed-destination --email-address ADDRESS",
)
_BY_TYPE = {
    ("permanent", "suppressed"): BounceCause(
        means="the address is on SES's global suppression list, for it bounced for others lately",
        fix="wait, or write to AWS; nobody can read that list",
    ),
    ("permanent", "onaccountsuppressionlist"): _OWN_LIST,
    ("permanent", "ontenantsuppressionlist"): _OWN_LIST,
    ("permanent", "emailvalidationsuppressed"): BounceCause(
        means="SES's validation of addresses holds it for undeliverable", fix="ask the person for the right address"
    ),
    ("permanent", "unsubscribedrecipient"): BounceCause(
        means="the person has unsubscribed", fix="do not mail them on that topic"
    ),
    ("transient", "mailboxfull"): BounceCause(means="the mailbox is full", fix="try again in some days"),
    ("transient", "messagetoolarge"): BounceCause(means="the message is too large", fix="send a link, not the file"),
    ("transient", "contentrejected"): BounceCause(
        means="the receiver does not like the content", fix="look at links and at the wording"
    ),
    ("transient", "attachmentrejected"): BounceCause(
        means="the receiver does not take this attachment", fix="send a link, not the file"
    ),
    ("transient", "customtimeoutexceeded"): BounceCause(
        means="max_delivery_time of the configuration set ran out",
        fix="allow more time: BounceMonitoring(max_delivery_time=...)",
    ),
}
_ADDRESS_GONE = BounceCause(means="there is no such mailbox", fix="do not mail this address again")
# The first that matches the reply counts; a number in a longer one is no match.
_BY_REPLY: tuple[tuple[str, BounceCause], ...] = (
    (
        r"dmarc policy",
        BounceCause(
            means="your own DMARC policy had unaligned mail refused",
            fix="align DKIM or SPF: ses-constructs check YOUR-DOMAIN",
        ),
    ),
    (
        r"5\.7\.(26|27|30|32|40|515)|_517(?![0-9])|_401(?![0-9])|failing both spf and dkim",
        BounceCause(
            means="the receiver found no SPF, DKIM or DMARC that holds",
            fix="ses-constructs check YOUR-DOMAIN --bulk-sender",
        ),
    ),
    (
        r"[45]\.7\.28|TSS?0[34]|RP-00[123]|_104(?![0-9])",
        BounceCause(means="too much mail at once", fix="send more slowly"),
    ),
    (
        r"S31[45]0|(?<![A-Z])(OU|SC|DY)-00[1-4]|_102(?![0-9])",
        BounceCause(
            means="the receiver blocks the server that SES sent from, or does not trust the sender",
            fix="wait, or write to AWS; with much mail, a dedicated IP pool",
        ),
    ),
    (r"5\.1\.(1|10)(?![0-9])|_416(?![0-9])|5\.4\.1(?![0-9])", _ADDRESS_GONE),
    (r"[45]\.2\.2(?![0-9])|_417(?![0-9])|over quota", _BY_TYPE["transient", "mailboxfull"]),
    (r"5\.2\.1(?![0-9])", BounceCause(means="the mailbox is switched off", fix="do not mail this address again")),
    (
        r"5\.7\.1(?![0-9])",
        BounceCause(
            means="the receiver refuses by its own policy: reputation, links or headers",
            fix="read its reply; ses-constructs check YOUR-DOMAIN",
        ),
    ),
)


def cause_of_bounce(bounce_type: str, sub_type: str, reply: str) -> BounceCause:
    """The cause, by the type that SES names, by the receiver's reply, or in general.

    >>> cause_of_bounce("PERMANENT", "General", "smtp; 550-5.1.1 The email account does not exist").means
    'there is no such mailbox'
    """
    known = _BY_TYPE.get((bounce_type.lower(), sub_type.replace("_", "").lower()))
    if known:
        return known
    for pattern, cause in _BY_REPLY:
        if re.search(rf"(?<![0-9.]){pattern}" if pattern[0] in "45[" else pattern, reply, re.IGNORECASE):
            return cause
    if bounce_type.lower() == "permanent":
        return BounceCause(means="the receiver refuses the address for good", fix="do not mail this address again")
    return BounceCause(means="the receiver did not take it this time", fix="read its reply; SES does not try again")
