"""Whatever the address, the simulator answers as a reader of the table would, or says that it is no address."""

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.testing import ReceiptSimulator, Rejected, matching_entry
from tests.testing.rule_templates import chain, rule

LOCAL_PARTS = st.sampled_from(["a", "b", "A", "a+x", "a+y", "a+x+y", "ab"])
DOMAINS = st.sampled_from(["example.com", "EXAMPLE.com", "sub.example.com", "deep.sub.example.com", "ample.com"])
ADDRESSES = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS)
ENTRIES = st.one_of(ADDRESSES, DOMAINS, st.builds(".{}".format, DOMAINS))
RULES = st.lists(st.tuples(st.lists(ENTRIES, max_size=4), st.booleans()), min_size=1, max_size=5)


def naively_takes(entry: str, address: str) -> bool:
    """The table of the Developer Guide, read line by line."""
    entry, (mailbox, domain) = entry.lower(), address.lower().split("@")
    if "@" not in entry:
        return domain == entry or (entry[0] == "." and domain[-len(entry) :] == entry)
    if "+" in entry:
        return f"{mailbox}@{domain}" == entry
    return f"{mailbox.split('+')[0]}@{domain}" == entry


@given(rules=RULES, recipients=st.lists(ADDRESSES, min_size=1, max_size=4))
def test_a_message_is_accepted_exactly_if_an_enabled_rule_takes_a_recipient(
    rules: list[tuple[list[str], bool]], recipients: list[str]
) -> None:
    taking = [
        f"Rule{number}"
        for number, (entries, enabled) in enumerate(rules)
        if enabled and any(not entries or any(naively_takes(e, r) for e in entries) for r in recipients)
    ]
    simulator = ReceiptSimulator.from_template(chain(*(rule(*entries, Enabled=on) for entries, on in rules)))

    receipt = simulator.deliver(recipients=recipients)

    assert receipt.accepted is bool(taking), receipt
    assert list(receipt.rules) == taking
    assert isinstance(receipt.steps[-1], Rejected) is not receipt.accepted


@given(entries=st.lists(st.text(max_size=20), max_size=3), address=st.text(max_size=40))
def test_matching_answers_for_any_text(entries: list[str], address: str) -> None:
    assert matching_entry(entries, address) in (None, "", *entries)


SIMULATOR = ReceiptSimulator.from_template(chain(rule("example.com"), rule()))


@given(
    recipient=st.one_of(st.text(max_size=40), st.emails()),
    sender=st.text(max_size=20),
    source_ip=st.one_of(st.text(max_size=20), st.ip_addresses().map(str)),
)
def test_delivery_refuses_what_is_no_address_and_nothing_else(recipient: str, sender: str, source_ip: str) -> None:
    with contextlib.suppress(ValueError):
        assert SIMULATOR.deliver(recipients=[recipient]).accepted
    for arguments in ({"sender": sender}, {"source_ip": source_ip}):
        with contextlib.suppress(ValueError):
            assert SIMULATOR.deliver(recipients=["a@example.com"], **arguments).accepted  # type: ignore[arg-type]
