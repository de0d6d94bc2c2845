"""TlsReporting: the record it writes and the records it reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.email_records import TlsReporting
from tests.email_records.record_strategies import assert_names_itself, quick, refuses, tls_reportings


def test_the_record_lists_canonical_uris() -> None:
    reporting = TlsReporting(reports_to=("Tls@Example.com", "https://reports.example.com/a,b"))
    assert reporting.to_txt() == "v=TLSRPTv1; rua=mailto:Tls@example.com,https://reports.example.com/a%2Cb"


def test_somebody_has_to_get_the_reports() -> None:
    with refuses("reports_to", ()):
        TlsReporting(reports_to=())


def test_one_text_is_not_taken_for_a_sequence_of_letters() -> None:
    with refuses("reports_to", "a@example.com"):
        TlsReporting(reports_to="a@example.com")


def test_what_is_no_report_destination_is_refused() -> None:
    with refuses("reports_to", "ftp://example.com/"):
        TlsReporting(reports_to=("ftp://example.com/",))


@quick
@given(tls_reportings())
def test_a_written_record_reads_back_the_same(reporting: TlsReporting) -> None:
    assert TlsReporting.parse(reporting.to_txt()) == reporting


@pytest.mark.parametrize(
    "text",
    [
        "v=TLSRPTv1;rua=mailto:a@x.com,mailto:b@x.com",
        "v=TLSRPTv1 ; rua=mailto:a@x.com , mailto:b@x.com ;",
        "v=TLSRPTv1; rua=mailto:a@x.com; new=1; rua=mailto:b@x.com",
    ],
)
def test_published_records_are_read_as_senders_read_them(text: str) -> None:
    assert TlsReporting.parse(text) == TlsReporting(reports_to=("a@x.com", "b@x.com"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=TLSRPTv1",
        "v=tlsrptv1; rua=mailto:a@x.com",
        "v=TLSRPTv1; RUA=mailto:a@x.com",
        "v=TLSRPTv1; rua=",
        "v=TLSRPTv1; rua",
        "v=TLSRPTv1; rua=a@x.com",
        "v=TLSRPTv1; rua=mailto:a@x.com; rua=b@x.com",
        "v=TLSRPTv1; rua=mailto:a@x",
        "v=TLSRPTv1; rua=mailto:a@x.com!10m",
        "v=TLSRPTv1; rua=mailto:a@x.com\n",
    ],
)
def test_what_is_no_tls_reporting_record_is_refused(text: str) -> None:
    with refuses("text", text):
        TlsReporting.parse(text)


@quick
@given(st.sampled_from(["", "v=TLSRPTv1; rua=", "v=TLSRPTv1; "]), st.text(max_size=30))
def test_any_text_reads_as_a_record_or_names_itself(head: str, text: str) -> None:
    assert_names_itself(lambda: TlsReporting.parse(head + text), "text", head + text)
    assert_names_itself(lambda: TlsReporting(reports_to=(text,)), "reports_to", text)
