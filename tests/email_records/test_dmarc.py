"""DmarcPolicy: the record it writes, the records it reads, and what it refuses."""

import time
from collections.abc import Callable
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.email_records import DmarcOptions, DmarcPolicy
from tests.email_records.record_strategies import (
    assert_names_itself,
    dmarc_policies,
    domains,
    local_parts,
    quick,
    refuses,
    uris,
)

TOKEN = "${Token[TOKEN.123]}"


def test_every_tag_has_its_place_and_p_follows_v() -> None:
    policy = DmarcPolicy.reject(
        subdomain_action="quarantine",
        nonexistent_subdomain_action="reject",
        testing=True,
        public_suffix="n",
        dkim_alignment="strict",
        spf_alignment="strict",
        reports_to=["a@example.com", "https://example.com/dmarc"],
        failure_reports_to=["b@example.com"],
        failure_options=["1", "d"],
    )
    assert policy.to_txt() == (
        "v=DMARC1; p=reject; sp=quarantine; np=reject; t=y; psd=n; adkim=s; aspf=s; "
        "rua=mailto:a@example.com,https://example.com/dmarc; ruf=mailto:b@example.com; fo=1:d"
    )


@pytest.mark.parametrize(
    ("factory", "action"),
    [(DmarcPolicy.monitor, "none"), (DmarcPolicy.quarantine, "quarantine"), (DmarcPolicy.reject, "reject")],
)
def test_each_factory_stands_for_one_action(factory: Callable[[], DmarcPolicy], action: str) -> None:
    assert factory().to_txt() == f"v=DMARC1; p={action}"


def test_the_factories_take_what_a_policy_can_say_beside_its_action() -> None:
    arguments = get_type_hints(DmarcPolicy)

    assert arguments.pop("action")
    assert get_type_hints(DmarcOptions) == arguments


def test_a_factory_chooses_the_action_and_knows_its_arguments() -> None:
    with pytest.raises(TypeError, match="multiple values for keyword argument 'action'"):
        DmarcPolicy.monitor(action="reject")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'report_to'"):
        DmarcPolicy.reject(report_to=["a@example.com"])  # type: ignore[call-arg]


def test_report_addresses_have_one_canonical_form() -> None:
    policy = DmarcPolicy.monitor(
        reports_to=(
            "Mail.Box@Example.COM",
            "MAILTO:a%23%62@x.com",
            "a!b@x.com",
            "HTTPS://X.com/A,b;c!",
        )
    )
    assert policy.reports_to == (
        "mailto:Mail.Box@example.com",
        "mailto:a%23b@x.com",
        "mailto:a%21b@x.com",
        "https://x.com/A%2Cb%3Bc%21",
    )


def test_a_token_keeps_its_case_in_an_address() -> None:
    policy = DmarcPolicy.monitor(reports_to=(f"Dmarc@Sub.{TOKEN}", TOKEN, f"https://{TOKEN}/A"))
    assert policy.reports_to == (f"mailto:Dmarc@sub.{TOKEN}", f"mailto:{TOKEN}", f"https://{TOKEN}/A")
    assert policy.report_domains() == (f"sub.{TOKEN}",)


def test_report_domains_are_those_of_both_kinds_of_mail_reports() -> None:
    policy = DmarcPolicy.monitor(
        reports_to=("a@One.example", "b@one.example", "https://web.example/"), failure_reports_to=("a@two.example",)
    )
    assert policy.report_domains() == ("one.example", "two.example")


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "example.com",
        "a@b@example.com",
        "a b@example.com",
        ".a@example.com",
        "a@example",
        "a@bücher.example",
        "ü@example.com",
        "mailto:a%40b@example.com",
        "mailto:a@example.com?subject=x",
        "mailto:%24%7BToken%5BX%5D%7D@example.com",
        "a@example.com!10m",
        "http://example.com/",
        "https://user:secret@example.com/",
        "https://example.com:65536/",
        "https://example.com/a b",
        "https://example.com/#part",
        "https://example.com/%4",
        f"https://example.com/%4{TOKEN}",
        "https://192.0.2.1/",
        "https:///path",
        f"{'a' * 65}@example.com",
        f"abcdef@{'.'.join(['b' * 60] * 4)}.example",
    ],
)
def test_what_is_no_report_destination_is_refused(destination: str) -> None:
    with refuses("reports_to", destination):
        DmarcPolicy.monitor(reports_to=(destination,))
    with refuses("failure_reports_to", destination):
        DmarcPolicy.monitor(failure_reports_to=(destination,))


def test_one_destination_in_two_spellings_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^reports_to must hold every entry once, got "):
        DmarcPolicy.monitor(reports_to=("a@example.com", "mailto:a@EXAMPLE.com"))


@pytest.mark.parametrize("argument", ["reports_to", "failure_reports_to", "failure_options"])
def test_one_text_is_not_taken_for_a_sequence_of_letters(argument: str) -> None:
    factories: list[Callable[..., DmarcPolicy]] = [DmarcPolicy.monitor, DmarcPolicy.quarantine, DmarcPolicy.reject]
    for factory in factories:
        with refuses(argument, "a@example.com"):
            factory(**{argument: "a@example.com"})
    build: Callable[..., DmarcPolicy] = DmarcPolicy
    with refuses(argument, "a@example.com"):
        build(action="none", **{argument: "a@example.com"})


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("action", "None"),
        ("action", None),
        ("subdomain_action", "block"),
        ("nonexistent_subdomain_action", ""),
        ("testing", "y"),
        ("testing", 1),
        ("public_suffix", "x"),
        ("dkim_alignment", "r"),
        ("spf_alignment", "s"),
    ],
)
def test_a_choice_that_the_rfc_does_not_know_is_refused(argument: str, value: object) -> None:
    build: Callable[..., DmarcPolicy] = DmarcPolicy
    with refuses(argument, value):
        build(**({"action": "none"} | {argument: value}))


@pytest.mark.parametrize("options", [("x",), ("1:d",)])
def test_unknown_failure_options_are_refused(options: tuple[str, ...]) -> None:
    with refuses("failure_options", options[0]):
        DmarcPolicy.monitor(failure_reports_to=("a@example.com",), failure_options=options)


@pytest.mark.parametrize("options", [("0", "1"), ("1", "d", "0"), ("d", "d")])
def test_failure_options_that_contradict_or_repeat_are_refused(options: tuple[str, ...]) -> None:
    with refuses("failure_options", options):
        DmarcPolicy.monitor(failure_reports_to=("a@example.com",), failure_options=options)


def test_failure_options_need_somebody_to_report_to() -> None:
    with pytest.raises(ValueError, match=r"^failure_options must be empty without failure_reports_to.*got \('1',\)"):
        DmarcPolicy.monitor(failure_options=("1",))


@quick
@given(dmarc_policies())
def test_a_written_policy_reads_back_the_same(policy: DmarcPolicy) -> None:
    assert DmarcPolicy.parse(policy.to_txt()) == policy


@quick
@given(dmarc_policies())
def test_retired_tags_and_size_limits_are_never_written(policy: DmarcPolicy) -> None:
    written = policy.to_txt()
    assert not {"pct", "rf", "ri"} & {tag.split("=")[0] for tag in written.split("; ")}
    assert "!" not in written


@quick
@given(uris)
def test_the_canonical_form_of_a_destination_is_its_own_canonical_form(uri: str) -> None:
    canonical = DmarcPolicy.monitor(reports_to=(uri,)).reports_to
    assert DmarcPolicy.monitor(reports_to=canonical).reports_to == canonical


@quick
@given(local_parts, domains)
def test_an_address_and_its_mailto_uri_are_the_same_destination(local_part: str, domain: str) -> None:
    plain = DmarcPolicy.monitor(reports_to=(f"{local_part}@{domain}",))
    assert DmarcPolicy.monitor(reports_to=plain.reports_to) == plain
    assert plain.report_domains() == (domain,)


def test_a_policy_with_tokens_reads_back_the_same() -> None:
    policy = DmarcPolicy.monitor(reports_to=(f"a@{TOKEN}", f"{TOKEN}@example.com", f"https://{TOKEN}:443/a?b={TOKEN}"))
    assert DmarcPolicy.parse(policy.to_txt()) == policy


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1", DmarcPolicy.monitor()),
        ("V = DMARC1 ;", DmarcPolicy.monitor()),
        ("v=DMARC1;p=Reject;SP=none;", DmarcPolicy.reject(subdomain_action="none")),
        ("v=DMARC1; rua=mailto:a@x.com; p=quarantine", DmarcPolicy.quarantine(reports_to=["a@x.com"])),
        ('v=DMARC1; p=none; new="thing"; new=2', DmarcPolicy.monitor()),
        ("v=DMARC1; p=none; rf=afrf; ri=86400; pct=50", DmarcPolicy.monitor()),
        (
            "v=DMARC1; p=none; rua=mailto:a@x.com!10m , mailto:b@x.com",
            DmarcPolicy.monitor(reports_to=["a@x.com", "b@x.com"]),
        ),
        ("v=DMARC1; p=none; fo=1", DmarcPolicy.monitor()),
        (
            "v=DMARC1; p=none; ruf=mailto:a@x.com; fo=1 : d",
            DmarcPolicy.monitor(failure_reports_to=["a@x.com"], failure_options=["1", "d"]),
        ),
        ("v=DMARC1; p=reject; adkim=r; aspf=S", DmarcPolicy.reject(spf_alignment="strict")),
    ],
)
def test_published_records_are_read_as_receivers_read_them(text: str, policy: DmarcPolicy) -> None:
    assert DmarcPolicy.parse(text) == policy


def test_pct_0_was_the_old_way_to_test_a_policy() -> None:
    assert DmarcPolicy.parse("v=DMARC1; p=reject; pct=0") == DmarcPolicy.reject(testing=True)
    assert DmarcPolicy.parse("v=DMARC1; p=reject; pct=0; t=n") == DmarcPolicy.reject()


@pytest.mark.parametrize(
    "text",
    [
        "",
        " v=DMARC1; p=none",
        "v=dmarc1; p=none",
        "v=DMARC12; p=none",
        "p=none; v=DMARC1",
        "v=DMARC1; p",
        "v=DMARC1; p=none; p=none",
        "v=DMARC1; v=DMARC1",
        "v=DMARC1; p=no",
        "v=DMARC1; t=x",
        "v=DMARC1; psd=x",
        "v=DMARC1; adkim=x",
        "v=DMARC1; aspf=relaxed",
        "v=DMARC1; rua=",
        "v=DMARC1; rua=a@x.com",
        "v=DMARC1; rua=mailto:a@x.com,b@x.com",
        "v=DMARC1; ruf=a@x.com",
        "v=DMARC1; rua=mailto:a@x.com,",
        "v=DMARC1; rua=mailto:a@x",
        "v=DMARC1; ruf=mailto:a@x.com; fo=0:1",
        "v=DMARC1; fo=0:1",
        "v=DMARC1; fo=x",
        "v=DMARC1; ri=1; ri=2",
        "v=DMARC1; x=\n",
        "v=DMARC1; x=ä",
    ],
)
def test_what_is_no_dmarc_record_is_refused(text: str) -> None:
    with refuses("text", text):
        DmarcPolicy.parse(text)


@pytest.mark.parametrize(
    "read",
    [
        lambda: DmarcPolicy.parse("v=DMARC1; p=none; rua=" + "\t" * 300_000 + "\0"),
        lambda: DmarcPolicy.parse("v=DMARC1; rua=mailto:" + "!1k" * 100_000),
        lambda: DmarcPolicy.parse("v=DMARC1; rua=https://" + "${Token[a]}" * 10_000 + "/\n"),
        lambda: DmarcPolicy.monitor(reports_to=["https://" + "${Token[a]}" * 10_000 + "/\n"]),
        lambda: DmarcPolicy.monitor(reports_to=["https://" + "${Token[a" * 30_000]),
    ],
)
def test_a_hostile_text_is_refused_in_a_time_that_grows_with_its_length(read: Callable[[], object]) -> None:
    before = time.process_time()
    with pytest.raises(ValueError, match="must"):
        read()
    assert time.process_time() - before < 5  # the first takes minutes and the third for ever where it is tried again


def test_only_text_can_be_read() -> None:
    with refuses("text", None):
        DmarcPolicy.parse(None)  # type: ignore[arg-type]


anything = st.one_of(st.text(max_size=30), st.text("ab.@:/%,!;? mailtohps${}[]T", max_size=30))


@quick
@given(st.sampled_from(["", "mailto:", "https://", "a@"]), anything)
def test_any_destination_makes_a_policy_or_names_itself(head: str, text: str) -> None:
    value = head + text
    assert_names_itself(lambda: DmarcPolicy.monitor(reports_to=(value,)), "reports_to", value)

    def read_back() -> None:
        policy = DmarcPolicy.reject(failure_reports_to=(value,))
        assert DmarcPolicy.parse(policy.to_txt()) == policy

    assert_names_itself(read_back, "failure_reports_to", value)


@quick
@given(
    st.sampled_from(["action", "subdomain_action", "nonexistent_subdomain_action", "testing", "public_suffix"])
    | st.sampled_from(["dkim_alignment", "spf_alignment", "failure_options"]),
    anything,
)
def test_any_other_argument_makes_a_policy_or_names_itself(argument: str, text: str) -> None:
    build: Callable[..., DmarcPolicy] = DmarcPolicy
    assert_names_itself(lambda: build(**({"action": "none"} | {argument: text})), argument, text)


@quick
@given(st.sampled_from(["", "v=DMARC1", "v=DMARC1; p=none; rua=", "v=DMARC1; "]), anything)
def test_any_text_reads_as_a_policy_or_names_itself(head: str, text: str) -> None:
    assert_names_itself(lambda: DmarcPolicy.parse(head + text), "text", head + text)
