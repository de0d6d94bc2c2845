"""DnsRecord: names, values of each type, and the two ways of writing them."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ses_constructs.common.arguments import contains_token
from ses_constructs.email_records import DnsRecord, RecordType
from tests.email_records.record_strategies import assert_names_itself, decoded, quick, refuses, tokens

TOKEN = "${Token[TOKEN.123]}"


def txt(*values: str) -> DnsRecord:
    return DnsRecord(name="x.example.com", type="TXT", values=values)


def record(type_: RecordType, *values: str) -> DnsRecord:
    return DnsRecord(name="x.example.com", type=type_, values=values)


def test_a_trailing_dot_of_the_name_is_taken_off_and_case_is_kept() -> None:
    assert DnsRecord(name="_DMARC.Example.com.", type="TXT", values=("x",)).name == "_DMARC.Example.com"


@pytest.mark.parametrize("name", ["*.example.com", "a._domainkey.example.com", f"{TOKEN}.example.com", TOKEN])
def test_wildcards_underscores_and_tokens_may_stand_in_a_name(name: str) -> None:
    assert DnsRecord(name=name, type="TXT", values=("x",)).name == name


@pytest.mark.parametrize(
    "name", ["", ".", "_dmarc", "a..example.com", "example.com..", "a b.example.com", "a.*.example.com", "bücher.com"]
)
def test_a_name_that_dns_cannot_hold_is_refused(name: str) -> None:
    with refuses("name", name):
        DnsRecord(name=name, type="TXT", values=("x",))


def test_labels_have_up_to_63_characters_and_names_up_to_253() -> None:
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert DnsRecord(name=longest, type="TXT", values=("x",)).name == longest
    for name in (f"{'a' * 64}.example.com", f"{longest}d", f"*.{longest[2:]}dd"):
        with refuses("name", name):
            DnsRecord(name=name, type="TXT", values=("x",))


def test_values_of_any_sequence_are_stored_as_a_tuple() -> None:
    stored = DnsRecord(name="example.com", type="TXT", values=["a", "b"])
    assert stored.values == ("a", "b")
    assert hash(stored)


def test_one_text_is_not_taken_for_a_sequence_of_letters() -> None:
    with pytest.raises(ValueError, match=r"^values must be a sequence of str, not one str, got 'ab'; write \('ab',\)$"):
        DnsRecord(name="example.com", type="TXT", values="ab")


@pytest.mark.parametrize("values", [{"a"}, None, 5])
def test_values_without_an_order_are_refused(values: object) -> None:
    with refuses("values", values):
        DnsRecord(name="example.com", type="TXT", values=values)  # type: ignore[arg-type]


def test_a_value_that_is_no_text_is_refused() -> None:
    with refuses("values", 1):
        DnsRecord(name="example.com", type="TXT", values=(1,))  # type: ignore[arg-type]


def test_a_record_has_at_least_one_value() -> None:
    with refuses("values", ()):
        txt()


def test_repeated_values_are_refused() -> None:
    with refuses("values", ("a", "a")):
        txt("a", "a")


def test_a_cname_has_one_target() -> None:
    with refuses("values", ("a.example.com", "b.example.com")):
        record("CNAME", "a.example.com", "b.example.com")


def test_an_unknown_type_is_refused() -> None:
    with refuses("type", "SPF"):
        record("SPF", "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("ttl", [-1, 2**31, True, 300.0, "300"])
def test_a_ttl_is_whole_seconds_in_31_bits(ttl: int) -> None:
    with refuses("ttl", ttl):
        DnsRecord(name="example.com", type="TXT", values=("x",), ttl=ttl)


@pytest.mark.parametrize("purpose", ["two\nlines", 7])
def test_a_purpose_is_one_line(purpose: str) -> None:
    with refuses("purpose", purpose):
        DnsRecord(name="example.com", type="TXT", values=("x",), purpose=purpose)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("A", "192.0.2.1"),
        ("AAAA", "2001:db8::1"),
        ("CAA", '0 issue "amazon.com"'),
        ("CAA", f'128 iodef "mailto:{TOKEN}"'),
        ("CNAME", "a.dkim.amazonses.com."),
        ("CNAME", TOKEN),
        ("MX", "10 feedback-smtp.eu-west-1.amazonses.com"),
        ("MX", f"10 inbound-smtp.{TOKEN}.amazonaws.com"),
        ("MX", "0 ."),
        ("NS", "ns-1.awsdns-1.co.uk"),
    ],
)
def test_values_that_fit_their_type_are_kept_as_written(type_: RecordType, value: str) -> None:
    assert record(type_, value).route53_values() == [value]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("A", "2001:db8::1"),
        ("A", "192.0.2.256"),
        ("AAAA", "192.0.2.1"),
        ("AAAA", "fe80::1%eth0"),
        ("CAA", "0 issue amazon.com"),
        ("CAA", '256 issue "amazon.com"'),
        ("CAA", '0 issue "a"b"'),
        ("CNAME", "a.example.com\nb"),
        ("CNAME", "localhost"),
        ("MX", "mail.example.com"),
        ("MX", "10  mail.example.com"),
        ("MX", "65536 mail.example.com"),
        ("MX", "10 192.0.2.1"),
        ("MX", "10 ."),
        ("NS", ""),
    ],
)
def test_values_that_do_not_fit_their_type_are_refused(type_: RecordType, value: str) -> None:
    with refuses("values", value):
        record(type_, value)


def test_an_empty_txt_value_is_refused() -> None:
    with refuses("values", ""):
        txt("")


@pytest.mark.parametrize("text", ["a\nb", "a\0", "a\tb", "\x7f", "\x85"])
def test_control_characters_are_refused(text: str) -> None:
    with refuses("values", text):
        txt(text)


def test_half_a_surrogate_pair_is_refused() -> None:
    with refuses("values", "\ud800"):
        txt("\ud800")


def test_a_text_too_long_for_any_record_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^values must fit into the 65535 bytes of a record"):
        txt("a" * 65300)


def test_route53_escapes_are_octal_and_zone_file_escapes_decimal() -> None:
    umlaut = txt('ä"\\')
    assert umlaut.route53_values() == [r'"\303\244\"\\"']
    assert umlaut.zone_file_lines() == [r'x.example.com. 300 IN TXT "\195\164\"\\"']


def test_zone_file_lines_hold_only_absolute_names() -> None:
    assert record("CNAME", "a.example.net").zone_file_lines() == ["x.example.com. 300 IN CNAME a.example.net."]
    assert record("NS", "a.example.net.").zone_file_lines() == ["x.example.com. 300 IN NS a.example.net."]
    assert record("MX", "0 .").zone_file_lines() == ["x.example.com. 300 IN MX 0 ."]
    assert record("A", "192.0.2.1", "192.0.2.2").zone_file_lines() == [
        "x.example.com. 300 IN A 192.0.2.1",
        "x.example.com. 300 IN A 192.0.2.2",
    ]


def test_255_bytes_are_one_string_and_256_are_two() -> None:
    assert txt("a" * 255).route53_values() == ['"' + "a" * 255 + '"']
    assert txt("a" * 256).route53_values() == ['"' + "a" * 255 + '" "a"']


def test_a_short_text_with_a_token_stays_one_string() -> None:
    assert txt(f"v=DMARC1; p=none; rua=mailto:{TOKEN}").route53_values() == [
        f'"v=DMARC1; p=none; rua=mailto:{TOKEN}"',
    ]


def test_in_a_long_text_a_token_has_a_string_to_itself() -> None:
    assert txt("a" * 300 + TOKEN + "b").route53_values() == [f'"{"a" * 255}" "{"a" * 45}" "{TOKEN}" "b"']


def test_route53_takes_4000_characters_at_most() -> None:
    # 16 strings: 3953 characters, 32 quotes and 15 spaces.
    assert len(txt("a" * 3953).route53_values()[0]) == 4000
    too_long = txt("a" * 3954)
    assert too_long.zone_file_lines()
    with refuses("values", "a" * 3954):
        too_long.route53_values()


texts = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)


@quick
@given(texts)
@example('"' * 256)
@example("\\" * 300)
@example("€" * 100)
def test_both_notations_decode_to_the_same_bytes_in_strings_of_255(text: str) -> None:
    route53 = decoded(txt(text).route53_values()[0], 8)
    assert route53 == decoded(_zone_data(text), 10)
    assert b"".join(route53) == text.encode()
    assert max(len(string) for string in route53) <= 255


def _zone_data(text: str) -> str:
    return txt(text).zone_file_lines()[0].removeprefix("x.example.com. 300 IN TXT ")


@quick
@given(st.lists(st.one_of(tokens, st.text('ab"\\ ä', min_size=1, max_size=150)), min_size=1, max_size=6))
def test_a_token_is_never_cut_or_escaped(pieces: list[str]) -> None:
    written = _zone_data("".join(pieces))
    expected = [piece for piece in pieces if contains_token(piece)]
    assert re.findall(r"\$\{Token\[[^\]]*\]\}", written) == expected
    strings = [string.decode() for string in decoded(written, 10)]
    assert "".join(strings) == "".join(pieces)
    assert all(len(string.encode()) <= 255 for string in strings)
    if len(strings) > 1:
        assert [string for string in strings if contains_token(string)] == expected


anything = st.one_of(st.text(max_size=30), st.text("ab.-_*@:/ 01${}[]Token", max_size=30))


@quick
@given(anything)
def test_any_name_makes_a_record_or_names_itself(text: str) -> None:
    assert_names_itself(lambda: DnsRecord(name=text, type="TXT", values=("x",)), "name", text)


@quick
@given(st.sampled_from(["A", "AAAA", "CAA", "CNAME", "MX", "NS", "TXT"]), anything, anything)
def test_any_values_make_a_writable_record_or_name_themselves(type_: RecordType, one: str, two: str) -> None:
    def build() -> None:
        made = DnsRecord(name="example.com", type=type_, values=(one, two))
        assert len(made.route53_values()) == len(made.zone_file_lines()) == 2
        assert not any("\n" in line for line in made.zone_file_lines())

    assert_names_itself(build, "values", one, two, (one, two))


@quick
@given(anything, anything)
def test_any_type_and_purpose_make_a_record_or_name_themselves(type_: RecordType, purpose: str) -> None:
    assert_names_itself(lambda: DnsRecord(name="example.com", type=type_, values=(TOKEN,)), "type", type_)
    assert_names_itself(
        lambda: DnsRecord(name="example.com", type="TXT", values=("x",), purpose=purpose), "purpose", purpose
    )


@pytest.mark.parametrize("text", ["${Token[AWS.Region.4]}", f"a{TOKEN}b"])
def test_a_token_is_found_anywhere_in_a_text(text: str) -> None:
    assert contains_token(text)


@pytest.mark.parametrize("text", ["", "${Token[]}", "${Token[a b]}", "${AWS::Region}", "$Token[a]"])
def test_what_cdk_would_not_resolve_is_no_token(text: str) -> None:
    assert not contains_token(text)
