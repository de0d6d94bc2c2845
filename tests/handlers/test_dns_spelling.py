"""How records are spelled, and two SPF policies as one: the same as what the library says of them at synth."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ses_constructs import DnsRecord, SpfPolicy
from ses_constructs.handlers.dns.spelling import kind_of, meaning, stored_name, text_of
from ses_constructs.handlers.dns.spf import SpfError, merged

printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=600)


@given(printable)
def test_a_text_is_read_as_the_library_writes_it(text: str) -> None:
    record = DnsRecord(name="example.com", type="TXT", values=[text])
    (written,) = record.route53_values()

    assert text_of(written) == text


@pytest.mark.parametrize(
    ("written", "text"),
    [("bare", "bare"), ('"a" "b"', "ab"), (r'"\134\042"', '\\"'), (r'"\303"', "\udcc3"), ('""', "")],
)
def test_a_text_is_read_however_it_was_written(written: str, text: str) -> None:
    assert text_of(written) == text


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("*.Example.com.", r"\052.example.com"),
        (r"\052.example.com", r"\052.example.com"),
        (r"\101\137b.example.com", "a_b.example.com"),
        # A dot within a label is none between two, and a backslash begins an escape.
        (r"a\056b.example.com", r"a\056b.example.com"),
        (r"a\134b.example.com", r"a\134b.example.com"),
        ("grün.example.com", r"gr\303\274n.example.com"),
    ],
)
def test_names_are_compared_as_route_53_stores_them(name: str, stored: str) -> None:
    assert stored_name(name) == stored == stored_name(stored)


@pytest.mark.parametrize(
    ("record_type", "one", "other"),
    [
        ("CNAME", "Target.Example.NET.", "target.example.net"),
        ("MX", "010  Mail.example.net.", "10 mail.example.net"),
        ("AAAA", "2001:DB8:0::1", "2001:db8::1"),
        ("A", "no address", "no address"),
        ("CAA", '0  issue "x"', '0 issue "x"'),
    ],
)
def test_values_that_say_the_same_are_the_same(record_type: str, one: str, other: str) -> None:
    assert meaning(record_type, one) == meaning(record_type, other)


def test_a_text_is_told_by_its_first_tag() -> None:
    texts = ("v=spf1 -all", "V=DMARC1;p=none", "v=TLSRPTv1; rua=x", "v=spf10", "")
    assert [kind_of("example.com", text) for text in texts] == ["SPF", "DMARC", "TLS-RPT", "", ""]


terms = st.sampled_from(
    [
        *("include:amazonses.com", "mx", "a", "ip4:192.0.2.1", "-mx:example.net", "ip6:2001:db8::/32", "exp=e.example"),
        *("exists:%{i}.example.net", "redirect=x.example", "redirect=y.example", "ptr", "a:x.example/24"),
        *(f"include:{number}.example" for number in range(8)),
    ]
)


@st.composite
def policies(draw: st.DrawFn) -> SpfPolicy:
    mechanisms = draw(st.lists(terms, unique=True, max_size=8))
    redirects = any(term.startswith("redirect=") for term in mechanisms)
    try:
        return SpfPolicy(
            mechanisms=mechanisms, all=None if redirects else draw(st.sampled_from(["-all", "~all", "?all"]))
        )
    except ValueError:
        assume(False)
        raise


@given(policies(), policies())
def test_two_policies_are_joined_as_the_library_joins_them(one: SpfPolicy, other: SpfPolicy) -> None:
    try:
        expected = one.merge(other).to_txt()
    except ValueError:
        with pytest.raises(SpfError, match=r"both have a|together they need \d+ DNS look-ups"):
            merged(one.to_txt(), other.to_txt())
        return

    assert merged(one.to_txt(), other.to_txt()) == expected


@given(policies(), st.lists(terms | st.sampled_from(["+A", "MX", "all", "-all", "x=y", "", "?all"]), max_size=9))
def test_a_policy_that_stands_is_read_as_the_library_reads_it(ours: SpfPolicy, words: list[str]) -> None:
    standing = " ".join(["v=spf1", *words])
    try:
        expected = SpfPolicy.parse(standing).merge(ours)
    except ValueError:
        return

    joined = merged(standing, ours.to_txt())

    assert SpfPolicy.parse(joined) == expected
    assert merged(joined, ours.to_txt()) == joined


@pytest.mark.parametrize(
    ("standing", "why"), [("v=spf1 all", "lets everybody send"), ("v=spf10 -all", "is no SPF policy")]
)
def test_what_cannot_be_joined_says_why(standing: str, why: str) -> None:
    with pytest.raises(SpfError, match=why):
        merged(standing, "v=spf1 include:amazonses.com ~all")
