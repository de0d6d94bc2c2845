"""The shared wording, and the checks of domain names and e-mail addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.common.arguments import check_domain_name, check_email_address, invalid
from tests.email_records.record_strategies import addresses, assert_names_itself, domains, quick, refuses

TOKEN = "${Token[TOKEN.123]}"


def test_an_error_says_argument_rule_value_and_fix() -> None:
    assert str(invalid("ttl", "be short", 9, "write 1")) == "ttl must be short, got 9; write 1"


def test_an_error_tells_a_class_from_its_objects() -> None:
    class Zone:
        pass

    assert str(invalid("dns", "be one", Zone, "pass one")) == "dns must be one, got the class Zone; pass one"
    assert str(invalid("dns", "be one", Zone(), "pass one")) == "dns must be one, got a Zone; pass one"


@quick
@given(domains)
def test_a_domain_name_is_given_back(domain: str) -> None:
    assert check_domain_name("domain_name", domain) == domain


@pytest.mark.parametrize("name", [TOKEN, f"mail.{TOKEN}", f"{TOKEN}.example.com", f"x-{TOKEN}.example.com"])
def test_a_domain_name_with_a_token_passes(name: str) -> None:
    assert check_domain_name("domain_name", name) == name


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("", "write a name such as 'example.com'"),
        ("example", "write a name such as 'example.com'"),
        ("192.0.2.1", "write a name such as 'example.com'"),
        ("_dmarc.example.com", "write a name such as 'example.com'"),
        ("-a.example.com", "write a name such as 'example.com'"),
        ("example.com.", "leave the dot out"),
        (".example.com", "leave the dot out"),
        ("a@example.com", "leave out everything up to the @"),
        ("https://example.com/", "leave out the scheme and everything behind the host"),
        (f"https://{TOKEN}", "leave out the scheme and everything behind the host"),
        ("bücher.example", "write 'xn--bcher-kva.example'"),
        # Another name by IDNA 2003, which may be somebody else's; no name at all by IDNA 2008.
        ("straße.example", "write the name in its xn-- form"),
        ("βόλος.example", "write the name in its xn-- form"),
        ("☃.example", "write the name in its xn-- form"),
        ("ü" * 300, "write the name in its xn-- form"),
        ("ü..example", "write the name in its xn-- form"),
    ],
)
def test_a_refused_domain_name_comes_with_its_fix(name: str, fix: str) -> None:
    with refuses("domain_name", name) as caught:
        check_domain_name("domain_name", name)
    assert str(caught.value).endswith(fix)


@quick
@given(addresses)
def test_an_email_address_is_given_back(address: str) -> None:
    assert check_email_address("sender", address) == address


@pytest.mark.parametrize("address", [TOKEN, f"a@{TOKEN}", f"{TOKEN}@example.com", TOKEN + TOKEN, f"a.{TOKEN}@{TOKEN}"])
def test_an_email_address_with_a_token_passes(address: str) -> None:
    assert check_email_address("sender", address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@",
        "@example.com",
        "a@b@example.com",
        "A <a@example.com>",
        '"a b"@example.com',
        "a..b@example.com",
        "ä@example.com",
        "a@example.com.",
        "a@[192.0.2.1]",
        "a@example.com\n",
        f"x{TOKEN}",
        f"{'a' * 65}@example.com",
    ],
)
def test_what_is_no_plain_address_is_refused(address: str) -> None:
    with refuses("sender", address):
        check_email_address("sender", address)


def test_an_address_has_254_characters_at_most() -> None:
    domain = ".".join(["a" * 63, "b" * 63, "c" * 63])
    assert check_email_address("sender", f"{'x' * 58}@{domain}.de"[-254:])
    with refuses("sender", f"{'x' * 64}@{domain}"):
        check_email_address("sender", f"{'x' * 64}@{domain}")


@quick
@given(st.one_of(st.text(max_size=40), st.text("ab.@-_/:${}[]T\n", max_size=40)))
def test_any_text_passes_or_names_itself(text: str) -> None:
    assert_names_itself(lambda: check_domain_name("domain_name", text), "domain_name", text)
    assert_names_itself(lambda: check_email_address("sender", text), "sender", text)


@pytest.mark.parametrize("value", [None, 5, b"example.com"])
def test_only_text_is_checked(value: str) -> None:
    with refuses("domain_name", value):
        check_domain_name("domain_name", value)
    with refuses("sender", value):
        check_email_address("sender", value)
