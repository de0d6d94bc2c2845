"""SpfPolicy: the record it writes, the records it reads, merging, and the ten look-ups."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.email_records import SpfPolicy, is_spf
from tests.email_records.record_strategies import assert_names_itself, quick, refuses, spf_policies

TOKEN = "${Token[TOKEN.123]}"


def test_amazon_ses_may_send_and_others_fail_as_chosen() -> None:
    assert SpfPolicy.amazon_ses().to_txt() == "v=spf1 include:amazonses.com ~all"
    assert SpfPolicy.amazon_ses(fail="hard").to_txt() == "v=spf1 include:amazonses.com -all"
    assert SpfPolicy.amazon_ses(also=["mx"]).to_txt() == "v=spf1 include:amazonses.com mx ~all"


def test_a_domain_that_never_sends_has_no_mechanisms() -> None:
    assert SpfPolicy(all="-all").to_txt() == "v=spf1 -all"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("+A", "a"),
        ("MX:Mail.Example.com/24//64", "mx:mail.example.com/24//64"),
        ("a/24", "a/24"),
        ("a//64", "a//64"),
        ("-include:_spf.Example.com.", "-include:_spf.example.com"),
        ("exists:%{i}.%{D2}._spf.Example.com", "exists:%{i}.%{D2}._spf.Example.com"),
        ("exists:%{ir}.%{l1r-}.%{d}", "exists:%{ir}.%{l1r-}.%{d}"),
        ("a:%{d/}/24", "a:%{d/}/24"),
        ("~IP4:192.0.2.0/24", "~ip4:192.0.2.0/24"),
        ("ip6:2001:DB8::/32", "ip6:2001:db8::/32"),
        ("ip6:::1", "ip6:::1"),
        (f"ip4:{TOKEN}/32", f"ip4:{TOKEN}/32"),
        (f"include:Spf.{TOKEN}", f"include:Spf.{TOKEN}"),
        ("ptr", "ptr"),
        ("ptr:Example.com", "ptr:example.com"),
        ("EXP=Explain.%{d}", "exp=Explain.%{d}"),
    ],
)
def test_a_term_has_one_canonical_spelling(written: str, stored: str) -> None:
    assert SpfPolicy(mechanisms=(written,)).mechanisms == (stored,)


@pytest.mark.parametrize(
    "term",
    [
        "",
        "include",
        "include:",
        "include:localhost",
        "include:a b.example.com",
        "include:example.com/24",
        "include:bücher.example",
        "exists:%{x}.example.com",
        "exists:%{d0}.example.com",
        "exists:%d.example.com",
        "exists:%{c}.example.com",
        "ip4",
        "ip4:2001:db8::1",
        "ip4:192.0.2.0/33",
        "ip4:192.0.2.0/024",
        "ip4:192.0.2.0/255.255.255.0",
        "ip4:%{i}",
        f"ip4:192.0.{TOKEN}.1",
        "ip6:192.0.2.1",
        "ip6:2001:db8::/129",
        "ip6:fe80::1%eth0",
        "a/33",
        "a//129",
        "a/",
        "a:",
        "mx=example.com",
        "ptr/24",
        "-redirect=example.com",
        "redirect=",
        "rr=all",
        "foo",
        "foo:example.com",
        TOKEN,
        "include:example.com\n",
    ],
)
def test_a_malformed_term_is_refused(term: str) -> None:
    with refuses("mechanisms", term):
        SpfPolicy(mechanisms=(term,))
    with refuses("also", term):
        SpfPolicy.amazon_ses(also=(term,))


@pytest.mark.parametrize("term", ["all", "-all", "+ALL", "~all:example.com"])
def test_the_all_term_has_an_argument_of_its_own(term: str) -> None:
    with pytest.raises(ValueError, match=r"^mechanisms must leave the term for everybody else to the argument all"):
        SpfPolicy(mechanisms=(term,))


def test_everybody_may_never_send() -> None:
    with refuses("all", "+all"):
        SpfPolicy(all="+all")  # type: ignore[arg-type]
    with refuses("text", "v=spf1 mx all"):
        SpfPolicy.parse("v=spf1 mx all")


def test_a_term_in_two_spellings_is_refused() -> None:
    with refuses("mechanisms", ("mx", "mx")):
        SpfPolicy(mechanisms=("mx", "+MX"))
    with refuses("also", ("include:amazonses.com", "include:amazonses.com")):
        SpfPolicy.amazon_ses(also=("include:AmazonSES.com",))


@pytest.mark.parametrize("modifier", ["redirect", "exp"])
def test_a_modifier_stands_once(modifier: str) -> None:
    terms = (f"{modifier}=a.example", f"{modifier}=b.example")
    with refuses("mechanisms", terms):
        SpfPolicy(mechanisms=terms, all=None)


def test_modifiers_move_behind_everything_else() -> None:
    assert SpfPolicy(mechanisms=("exp=x.example", "mx")).to_txt() == "v=spf1 mx ~all exp=x.example"
    assert SpfPolicy(mechanisms=("redirect=x.example", "mx"), all=None).to_txt() == "v=spf1 mx redirect=x.example"


def test_either_all_or_redirect_decides_about_the_rest() -> None:
    with refuses("all", "~all"):
        SpfPolicy(mechanisms=("redirect=x.example",))
    with refuses("all", None):
        SpfPolicy(mechanisms=("mx",), all=None)
    with refuses("also", ("redirect=x.example",)):
        SpfPolicy.amazon_ses(also=("redirect=x.example",))


@pytest.mark.parametrize("argument", ["mechanisms", "also"])
def test_one_text_is_not_taken_for_a_sequence_of_letters(argument: str) -> None:
    build: Callable[..., SpfPolicy] = SpfPolicy if argument == "mechanisms" else SpfPolicy.amazon_ses
    with refuses(argument, "mx"):
        build(**{argument: "mx"})


def test_the_kind_of_failure_is_soft_or_hard() -> None:
    with refuses("fail", "-all"):
        SpfPolicy.amazon_ses(fail="-all")  # type: ignore[arg-type]


def test_only_terms_that_query_dns_count_as_lookups() -> None:
    asking = ("include:a.example", "-a/24", "mx:b.example", "ptr", "exists:c.example", "redirect=d.example")
    silent = ("ip4:192.0.2.1", "ip6:2001:db8::1", "exp=e.example")
    assert SpfPolicy(mechanisms=(*asking, *silent), all=None).lookups == len(asking)


def test_ten_lookups_are_the_most() -> None:
    ten = tuple(f"include:{number}.example.com" for number in range(10))
    assert SpfPolicy(mechanisms=ten).lookups == 10
    with refuses("mechanisms", (*ten, "mx")):
        SpfPolicy(mechanisms=(*ten, "mx"))
    with refuses("also", ("include:amazonses.com", *ten)):
        SpfPolicy.amazon_ses(also=ten)
    with refuses("other", (*ten, "include:amazonses.com")):
        SpfPolicy(mechanisms=ten).merge(SpfPolicy.amazon_ses())


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=spf1", SpfPolicy(all="?all")),
        ("V=SPF1  MX   ~ALL ", SpfPolicy(mechanisms=("mx",))),
        ("v=spf1 a mx", SpfPolicy(mechanisms=("a", "mx"), all="?all")),
        ("v=spf1 a a +a ~all", SpfPolicy(mechanisms=("a",))),
        ("v=spf1 a -all mx ~all", SpfPolicy(mechanisms=("a",), all="-all")),
        ("v=spf1 a -all exp=x.example", SpfPolicy(mechanisms=("a", "exp=x.example"), all="-all")),
        ("v=spf1 redirect=x.example ~all", SpfPolicy()),
        ("v=spf1 redirect=x.example mx", SpfPolicy(mechanisms=("mx", "redirect=x.example"), all=None)),
        ("v=spf1 ra=postmaster rr=all x=%{c} -all", SpfPolicy(all="-all")),
    ],
)
def test_published_records_are_read_as_receivers_read_them(text: str, policy: SpfPolicy) -> None:
    assert SpfPolicy.parse(text) == policy


@pytest.mark.parametrize(
    "text",
    [
        "v=spf1 -all moo",
        "v=spf1 -all ip6",
        "v=spf1 -all all:example.com",
        "v=spf1 redirect=-all ?all",
        "v=spf1 ?all redirect=",
        "v=spf1 redirect=a.example -all redirect=a.example",
        "v=spf1 -all foo=%abc",
        # Eleven look-ups, though some are for the same.
        "v=spf1 a mx a mx a mx a mx a mx a -all",
    ],
)
def test_a_flaw_voids_a_record_wherever_it_stands(text: str) -> None:
    """RFC 7208 section 4.6."""
    with refuses("text", text):
        SpfPolicy.parse(text)


@pytest.mark.parametrize(
    "text", ["", "v=spf10 -all", "v=spf1\t-all", " v=spf1", "v=DMARC1", "v=spf1 foo", "v=spf1 a,mx"]
)
def test_what_is_no_spf_record_is_refused(text: str) -> None:
    with refuses("text", text):
        SpfPolicy.parse(text)


def test_two_records_merge_into_the_stricter_one() -> None:
    merged = SpfPolicy.parse("v=spf1 mx ip4:192.0.2.1 ?all").merge(SpfPolicy.amazon_ses(also=("mx",)))
    assert merged.to_txt() == "v=spf1 mx ip4:192.0.2.1 include:amazonses.com ~all"
    assert SpfPolicy.amazon_ses(fail="hard").merge(SpfPolicy()).all == "-all"


def test_a_redirect_goes_on_deciding_about_the_rest() -> None:
    merged = SpfPolicy.parse("v=spf1 redirect=_spf.example.com").merge(SpfPolicy.amazon_ses())
    assert merged.to_txt() == "v=spf1 include:amazonses.com redirect=_spf.example.com"


def test_two_redirects_do_not_merge() -> None:
    one, two = (SpfPolicy(mechanisms=(f"redirect={name}.example",), all=None) for name in ("a", "b"))
    with refuses("other", ("redirect=a.example", "redirect=b.example")):
        one.merge(two)


def test_only_a_policy_can_be_merged() -> None:
    with refuses("other", "v=spf1 -all"):
        SpfPolicy().merge("v=spf1 -all")  # type: ignore[arg-type]


@quick
@given(spf_policies())
def test_a_written_policy_reads_back_the_same(policy: SpfPolicy) -> None:
    assert SpfPolicy.parse(policy.to_txt()) == policy
    assert is_spf(policy.to_txt())


@quick
@given(spf_policies(), spf_policies())
def test_merging_loses_no_sender(one: SpfPolicy, two: SpfPolicy) -> None:
    def build() -> None:
        merged = one.merge(two)
        assert set(merged.mechanisms) == {*one.mechanisms, *two.mechanisms}
        assert merged.merge(two) == merged

    together = tuple(dict.fromkeys((*one.mechanisms, *two.mechanisms)))
    assert_names_itself(build, "other", together)


def test_a_policy_with_tokens_reads_back_the_same() -> None:
    policy = SpfPolicy(mechanisms=(f"ip4:{TOKEN}", f"include:{TOKEN}", f"a:mail.{TOKEN}/24"))
    assert SpfPolicy.parse(policy.to_txt()) == policy


@pytest.mark.parametrize(
    ("text", "answer"),
    [("v=spf1", True), ("V=spf1 -all", True), ("v=spf1-all", False), ("x v=spf1", False), ("", False)],
)
def test_spf_records_are_told_by_their_version(text: str, answer: bool) -> None:
    assert is_spf(text) is answer


def test_only_text_can_be_an_spf_record() -> None:
    with refuses("text", None):
        is_spf(None)  # type: ignore[arg-type]


anything = st.one_of(st.text(max_size=30), st.text("ab.:/=%{}id-+~? 0129${}[]T", max_size=30))
heads = st.sampled_from(["", "ip4:", "ip6:", "a:", "mx/", "include:", "exists:%{", "redirect=", "exp="])


@quick
@given(heads, anything)
def test_any_term_makes_a_policy_or_names_itself(head: str, text: str) -> None:
    term = head + text

    def build() -> None:
        policy = SpfPolicy(mechanisms=(term,), all=None if head == "redirect=" else "~all")
        assert SpfPolicy.parse(policy.to_txt()) == policy

    assert_names_itself(build, "mechanisms", term)
    assert_names_itself(lambda: SpfPolicy.amazon_ses(also=(term,)), "also", term, (term,))


@quick
@given(anything)
def test_any_all_makes_a_policy_or_names_itself(text: str) -> None:
    assert_names_itself(lambda: SpfPolicy(all=text), "all", text)  # type: ignore[arg-type]


@quick
@given(st.sampled_from(["", "v=spf1 "]), heads, anything)
def test_any_text_reads_as_a_policy_or_names_itself(version: str, head: str, text: str) -> None:
    record = version + head + text
    assert_names_itself(lambda: SpfPolicy.parse(record), "text", record)
