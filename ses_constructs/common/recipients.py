"""Which entry of a receipt rule's recipient list an address answers to; nothing here needs ``aws_cdk``."""

from collections.abc import Iterator, Sequence


def matching_entry(entries: Sequence[str], address: str) -> str | None:
    """Return the first of a rule's *entries* that matches the envelope recipient *address*, or ``None``.

    A rule without entries takes every address, and then the answer is ``""``: compare with ``is not None``.

    >>> matching_entry(["other.example", "sales@example.com"], "sales+spring@example.com")
    'sales@example.com'
    >>> matching_entry(["sales+spring@example.com"], "sales@example.com") is None
    True
    >>> matching_entry([".example.com"], "someone@mail.example.com")
    '.example.com'
    >>> matching_entry([], "someone@example.com")
    ''
    """
    if not entries:
        return ""
    local_part, at, domain = folded(address).rpartition("@")
    if not (local_part and domain and at):
        return None
    return next((entry for entry in entries if _matches(folded(entry), local_part, domain)), None)


def wider_entries(entry: str) -> Iterator[str]:
    """Every entry, in lower case, that takes what *entry* takes and more, the narrowest first.

    They are few, so that the entries of many rules can be looked up instead of compared with each other.

    >>> list(wider_entries("sales+spring@mail.example.com"))
    ['sales@mail.example.com', 'mail.example.com', '.example.com', '.com']
    >>> list(wider_entries(".mail.example.com"))
    ['.example.com', '.com']
    """
    local_part, at, domain = folded(entry).rpartition("@")
    mailbox, label, _ = local_part.partition("+")
    if mailbox and label:
        yield f"{mailbox}@{domain}"
    if at:
        yield domain
    above = domain.removeprefix(".")
    while "." in above:
        above = above.partition(".")[2]
        yield f".{above}"


def _matches(entry: str, local_part: str, domain: str) -> bool:
    wanted_local_part, at, wanted_domain = entry.rpartition("@")
    if not at:
        # Every depth below counts, the apex does not; without the dot it is the other way round.
        return domain.endswith(entry) if entry.startswith(".") else domain == entry
    if domain != wanted_domain:
        return False
    # An entry with a label means that label; one without a label means the mailbox, whatever the label.
    return wanted_local_part == local_part or wanted_local_part == local_part.partition("+")[0] != ""


def folded(text: str) -> str:
    """An entry or address as it is compared."""
    # Domains ignore case (RFC 5321 section 2.4). What SES does with the case of a local part is not documented; we
    # ignore it too, as nearly every mailbox host does.
    return text.lower()
