"""What the large receivers ask of those who send much, and what they do about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..findings import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class BulkRule:
    """One rule of one receiver.

    Args:
        id: Of the finding.
        asks: What it asks.
        does: What it does with mail that does not comply.
        needs: The beginnings of the findings that decide.
        source: Its page.
    """

    id: str
    asks: str
    does: str
    needs: tuple[str, ...]
    source: str


_GMAIL = 'Gmail, "Email sender guidelines"'
_YAHOO = 'Yahoo Sender Hub, "Sender Best Practices"'
_OUTLOOK = 'Microsoft, "Outlook\'s new requirements for high-volume senders"'
BULK_RULES = (
    BulkRule(
        id="bulk.gmail.spf",
        asks="SPF passes",
        does="defers or refuses with 4.7.27 or 5.7.27",
        needs=("mail-from.spf",),
        source=_GMAIL,
    ),
    BulkRule(
        id="bulk.gmail.dkim",
        asks="DKIM passes and aligns",
        does="defers or refuses with 4.7.30, 5.7.30 or 5.7.32",
        needs=("dkim.",),
        source=_GMAIL,
    ),
    BulkRule(
        id="bulk.gmail.dmarc",
        asks="there is a DMARC record, at least p=none",
        does="defers or refuses with 4.7.40 or 5.7.40, and its support does not help",
        needs=("dmarc.record",),
        source=_GMAIL,
    ),
    BulkRule(
        id="bulk.yahoo.authentication",
        asks="SPF, DKIM and DMARC pass",
        does="refuses with 553 or 554, or puts the mail into the spam folder",
        needs=("mail-from.spf", "dkim.", "dmarc.record"),
        source=_YAHOO,
    ),
    BulkRule(
        id="bulk.outlook.authentication",
        asks="SPF and DKIM pass, DMARC is at least p=none and aligns with one",
        does="refuses with 550 5.7.515",
        needs=("mail-from.spf", "dkim.", "dmarc.record"),
        source=_OUTLOOK,
    ),
)
BULK_NOTE = (
    "DNS does not show the rest of what bulk senders need: one-click unsubscribe (RFC 8058) in marketing mail, fewer "
    "than 0.3 % complaints, TLS. The servers that send, and their PTR records, are those of SES."
)


def check_bulk_senders(findings: Sequence[Finding]) -> Iterator[Finding]:
    """Each rule, decided by what was found already."""
    for rule in BULK_RULES:
        decisive = [each for each in findings if each.id.startswith(rule.needs)]
        missing = [need for need in rule.needs if not any(each.id.startswith(need) for each in decisive)]
        outcomes = {each.outcome for each in decisive}
        if "wrong" in outcomes:
            wrong = ", ".join(each.id for each in decisive if each.outcome == "wrong")
            yield Finding(
                id=rule.id,
                outcome="wrong",
                says=f"{rule.asks}: no. The receiver {rule.does}",
                wanted=rule.asks,
                found=f"wrong: {wrong}",
                source=rule.source,
                fix=f"mend {wrong}",
            )
        elif missing or "unknown" in outcomes:
            unknown = [*missing, *(each.id for each in decisive if each.outcome == "unknown")]
            yield Finding(id=rule.id, outcome="unknown", says=f"could not look at {', '.join(unknown)}")
        else:
            yield Finding(id=rule.id, outcome="right", says=rule.asks)
