"""What people read in headers: every character set, names that hide an address, domains that are not ASCII."""

import base64
import time
import unicodedata
from contextlib import suppress
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import idna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ses_constructs.handlers.forwarding.domains import to_ascii
from ses_constructs.handlers.forwarding.encoded_words import decode_words
from ses_constructs.handlers.forwarding.headers import Header, serialize_headers

from .mail_world import MailWorld


def read(value: str) -> str:
    return str(make_header(decode_header(value)))


RAW = [
    ("Привет", "koi8-r"),
    ("Привет", "windows-1251"),
    ("你好", "gb2312"),
    ("你好", "big5"),
    ("こんにちは", "shift_jis"),
    ("こんにちは", "euc-jp"),
    ("こんにちは", "iso-2022-jp"),
    ("안녕하세요", "euc-kr"),
    ("“smart” €5", "windows-1252"),
    ("Größe", "iso-8859-1"),
    ("สวัสดี", "windows-874"),
    ("Größe", "utf-8"),
]


@pytest.mark.parametrize(("text", "charset"), RAW)
def test_a_raw_header_is_read_in_the_character_set_of_the_message(mail: MailWorld, text: str, charset: str) -> None:
    raw = text.encode({"windows-874": "cp874"}.get(charset, charset))
    sent = mail.forward(
        b'From: %s <a@b.example>\r\nSubject: x\r\n %s\r\nContent-Type: text/plain;\r\n charset="%s"\r\n\r\nb'
        % (raw, raw, charset.encode())
    )

    assert read(sent.header("Subject")) == f"x {text}"
    assert read(sent.header("From")) == f"{text} via example.com <forwarder@example.com>"


@pytest.mark.parametrize(
    "content_type",
    [b"", b"Content-Type: multipart/mixed; boundary=x\r\n", b"Content-Type: text/plain; charset=nobody-knows\r\n"]
    + [b"Content-Type: text/plain; charset=" + name + b"\r\n" for name in (b"us-ascii", b"utf-8", b"utf-16", b"utf-7")]
    + [b"Content-Type: text/plain; charset=" + name + b"\r\n" for name in (b"base64", b"idna", b"undefined", b"cp037")],
)
def test_a_raw_header_in_no_usable_character_set_is_taken_for_windows_1252(
    mail: MailWorld, content_type: bytes
) -> None:
    sent = mail.forward(b"From: a@b.example\r\nSubject: +AG- \x93Gr\xf6\xdfe\x94 \x81\r\n" + content_type + b"\r\nb")

    assert read(sent.header("Subject")) == "+AG- “Größe” \ufffd"


@pytest.mark.parametrize("content_type", [b"", b"Content-Type: text/plain; charset=utf-8\r\n"])
def test_japanese_in_seven_bits_is_read_without_being_declared(mail: MailWorld, content_type: bytes) -> None:
    subject = "こんにちは".encode("iso-2022-jp")
    sent = mail.forward(
        b"From: a@b.example\r\nSubject: " + subject + b" x\r\nX-A: a\x1bb\r\n" + content_type + b"\r\nb"
    )

    assert read(sent.header("Subject")) == "こんにちは x"
    assert sent.header("X-A") == "a b"


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("windows-874", "cp874"),
        ("cp-850", "cp850"),
        ("x-cp1252", "cp1252"),
        ("ibm-437", "cp437"),
        ("iso-8859-8-i", "iso8859-8"),
        ("ISO-8859-8-E", "iso8859-8"),
        ("x-sjis", "cp932"),
        ("x-euc-jp", "euc_jp"),
        ("x-gbk", "gbk"),
        ("x-mac-roman", "mac_roman"),
        ("KOI8-R", "koi8_r"),
    ],
)
def test_character_sets_are_known_by_the_names_of_mail_programs(charset: str, codec: str) -> None:
    text = bytes(range(0xB1, 0xB7)).decode(codec)
    word = base64.b64encode(text.encode(codec)).decode()

    assert decode_words(f"=?{charset}?b?{word}?=") == text


@pytest.mark.parametrize("charset", ["base64", "rot13", "undefined", "nobody-knows", "hex", "windows-"])
def test_a_word_in_no_character_set_stays_as_it_is(charset: str) -> None:
    assert decode_words(f"=?{charset}?q?abc?=") == f"=?{charset}?q?abc?="


def q(text: str) -> str:
    # All but letters, so that what is encoded is found by nobody who does not decode.
    return "=?utf-8?q?{}?=".format("".join(c if c.isalnum() and c.isascii() else _hex(c) for c in text))


def _hex(character: str) -> str:
    return "".join(f"={byte:02X}" for byte in character.encode())


def b(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


ADDRESS = "ceo@bank.example"
TRICKS = [
    ADDRESS,
    q(ADDRESS),
    b(ADDRESS),
    q(b(ADDRESS)),
    b(q(b(ADDRESS))),
    q(q(q(q(q(q(q(ADDRESS))))))),
    b("a") + " " + q(b(ADDRESS)),
    f'"{q(ADDRESS)}x"',
    q("a\r\nBcc: " + ADDRESS),
    q("=?utf-8?q?a=0D=0Ab?="),
    '"ceo\uff20bank.example"',
    '"ceo\ufe6bbank.example"',
    q("ceo\uff20bank.example"),
    q("=\u200b?utf-8?q?ceo=40bank.example?="),
    q("=") + "?utf-8?q?ceo=40bank.example?=",
    "x" * 100 + q(ADDRESS),
    "=?x-unknown?q?ceo=40bank.example?=",
    "=?utf-8?q?ceo=40bank.example",
    "=?utf-8?q?ceo=40bank.example? =",
    '"=?utf-8?q?=3D?=?utf-8?q?ceo=40bank.example?="',
]


def seen(value: str) -> str:
    """The display name as the most eager readers show it: they decode inside quotes, and again what they decoded."""
    shown = message_from_bytes(f"From: {value}\r\n\r\n".encode(), policy=default)["From"].addresses[0].display_name
    for _ in range(9):
        shown = decode_words(str(make_header(decode_header(shown))))
    return unicodedata.normalize("NFKC", shown)


@pytest.mark.parametrize("name", TRICKS)
@pytest.mark.parametrize(
    "form", ["{} <x@evil.example>", "x@evil.example ({})", "{}", '"{}"@evil.example', "{}@evil.example"]
)
def test_no_reader_finds_an_address_in_the_name_that_we_show(mail: MailWorld, name: str, form: str) -> None:
    sent = mail.forward(f"From: {form.format(name)}\r\nTo: x@example.com\r\n\r\nb".encode())
    shown = seen(sent.header("From"))

    assert "@" not in shown
    assert "=?" not in shown
    assert shown.isprintable()
    assert shown.endswith(" via example.com")


@pytest.mark.parametrize("name", ["Jörg Müller", "Ада = Ада?", "a ?= b", "50% =off", 'the "best" \\o/'])
def test_names_that_are_honest_are_shown_whole(mail: MailWorld, name: str) -> None:
    sent = mail.forward(f"From: {b(name)} <x@author.example>\r\n\r\nb".encode())

    shown = message_from_bytes(sent.raw, policy=default)["From"].addresses[0].display_name
    assert shown == f"{name} via example.com"


DOMAINS = [
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("mail.bu\u0308cher.example", "mail.xn--bcher-kva.example"),
    ("例子.测试", "xn--fsqu00a.xn--0zwm56d"),
    ("پاکستان.example", "xn--mgbai9azgqp6j.example"),
    ("straße.example", ""),
    ("STRAẞE.example", ""),
    ("βόλος.example", ""),
    ("ΒΌΛΟΣ.example", ""),
    ("नी\u200c.example", ""),
    ("न\u200dी.example", ""),
    ("☃.example", ""),
    ("\uff45x\u00e4mple.example", ""),
    ("bücher\u3002example", ""),
    ("ﬁsch.example", ""),
    ("\u0308a.example", ""),
    ("bü-.example", ""),
    ("ü" * 70 + ".example", ""),
    ("bü..example", ""),
    ("ü\u0000.example", ""),
]


@pytest.mark.parametrize(("domain", "ascii_"), DOMAINS)
def test_answers_go_to_a_domain_that_all_standards_write_alike_or_nowhere(
    mail: MailWorld, domain: str, ascii_: str
) -> None:
    sent = mail.forward(f"From: Info <info@{domain}>\r\n\r\nb".encode())

    assert sent.headers.get("Reply-To", "") == (f'"Info" <info@{ascii_}>' if ascii_ else "")


letters = st.characters(categories=["L", "M", "Nd"], include_characters="-ß\u200d")


@settings(max_examples=500)
@given(st.text(letters, min_size=1, max_size=6))
def test_no_answer_goes_to_a_domain_that_idna_2008_writes_otherwise(label: str) -> None:
    written = to_ascii(label)
    if written and not label.isascii():
        with suppress(idna.IDNAError):  # a name that nobody can have
            assert written == idna.alabel(unicodedata.normalize("NFC", label.lower())).decode()


def test_headers_take_twice_the_time_for_twice_the_length() -> None:
    def seconds(value: str) -> float:
        start = time.process_time()
        for name in ("Subject", "To", "Content-Type"):
            serialize_headers([Header(name, value, 76)])
        return time.process_time() - start

    for text in ("é ", "é", "é,", '"é', "aé b ", " ", "é.", "\n é", "word ", "x"):
        times = [min(seconds(text * (12_000 // len(text)) * size + "é") for _ in range(2)) for size in (1, 4)]
        assert times[1] < 8 * times[0] + 0.02, text
