"""Looking entries up gives what comparing them gives."""

from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.common.recipients import folded, matching_entry, wider_entries

DOMAINS = st.sampled_from(["example.com", "a.example.com", "b.a.example.com", "Example.org"])
LOCAL_PARTS = st.sampled_from(["x", "y", "x+1", "X", "+1", "x+1+2"])
ADDRESSES = st.builds("{}@{}".format, LOCAL_PARTS, DOMAINS)
ENTRIES = st.one_of(ADDRESSES, DOMAINS, DOMAINS.map(".{}".format))


@given(ENTRIES, ADDRESSES)
def test_an_address_answers_to_itself_and_its_wider_entries(entry: str, address: str) -> None:
    looked_up = folded(entry) in (folded(address), *wider_entries(address))

    assert looked_up == (matching_entry([entry], address) is not None)


@given(ENTRIES, ENTRIES, ADDRESSES)
def test_a_wider_entry_takes_all_that_a_narrower_one_takes(wide: str, narrow: str, address: str) -> None:
    if folded(wide) in wider_entries(narrow) and matching_entry([narrow], address) is not None:
        assert matching_entry([wide], address) is not None
