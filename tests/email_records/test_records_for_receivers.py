"""What we write, read by checkdmarc, a parser by others.

Only syntax is checked, nothing is looked up: every DNS answer that checkdmarc would wait for is replaced by a fixed
one, and a real query fails the test. For DMARC that is the record and its tags with their values (checkdmarc knows
RFC 9989), for SPF the terms and their count of look-ups, for TLS reporting the record and its URIs.
"""

from collections.abc import Iterator
from typing import NoReturn

import checkdmarc.dmarc  # type: ignore[import-untyped]
import checkdmarc.smtp_tls_reporting  # type: ignore[import-untyped]
import checkdmarc.spf  # type: ignore[import-untyped]
import dns.resolver
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ses_constructs.email_records import DmarcPolicy, SpfPolicy, TlsReporting
from tests.email_records.record_strategies import dmarc_policies, quick, spf_policies, tls_reportings


@pytest.fixture(autouse=True, scope="module")
def answers() -> Iterator[None]:
    def no_query(*args: object, **kwargs: object) -> NoReturn:
        pytest.fail("a DNS query left the test")

    hosts = [{"hostname": "mail.example.com", "preference": 10}]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dns.resolver.Resolver, "resolve", no_query)
        patch.setattr(checkdmarc.dmarc, "verify_dmarc_report_destination", lambda *args, **kwargs: None)
        patch.setattr(checkdmarc.dmarc, "get_mx_records", lambda *args, **kwargs: hosts)
        patch.setattr(checkdmarc.spf, "get_mx_records", lambda *args, **kwargs: hosts)
        patch.setattr(checkdmarc.spf, "get_a_records", lambda *args, **kwargs: ["192.0.2.1"])
        patch.setattr(checkdmarc.spf, "get_txt_records", lambda *args, **kwargs: ["Not from here."])
        included = {"record": "v=spf1 ip4:192.0.2.1 -all", "warnings": []}
        patch.setattr(checkdmarc.spf, "query_spf_record", lambda *args, **kwargs: included)
        yield


@quick
@given(dmarc_policies())
def test_checkdmarc_reads_every_dmarc_policy_with_the_same_meaning(policy: DmarcPolicy) -> None:
    tags = checkdmarc.dmarc.parse_dmarc_record(policy.to_txt(), "policy.test")["tags"]
    subdomain_action = policy.subdomain_action or policy.action
    assert tags["p"]["value"] == policy.action
    assert tags["sp"]["value"] == subdomain_action
    assert tags["np"]["value"] == (policy.nonexistent_subdomain_action or subdomain_action)
    assert tags["t"]["value"] == ("y" if policy.testing else "n")
    assert tags["psd"]["value"] == (policy.public_suffix or "u")
    assert tags["adkim"]["value"] == policy.dkim_alignment[0]
    assert tags["aspf"]["value"] == policy.spf_alignment[0]
    assert tags["fo"]["value"] == (":".join(policy.failure_options) or "0")
    for tag, uris in (("rua", policy.reports_to), ("ruf", policy.failure_reports_to)):
        read = [entry["address"] for entry in tags[tag]["value"]] if tag in tags else []
        assert read == [uri.removeprefix("mailto:") for uri in uris]


@quick
@given(dmarc_policies(destinations=st.just(("dmarc@policy.test",))))
def test_checkdmarc_only_comments_on_the_choice_of_actions(policy: DmarcPolicy) -> None:
    warnings = checkdmarc.dmarc.parse_dmarc_record(policy.to_txt(), "policy.test")["warnings"]
    assert [warning for warning in warnings if "tag value of none" not in warning] == []


@quick
@given(spf_policies())
def test_checkdmarc_reads_every_spf_policy_with_the_same_look_ups(policy: SpfPolicy) -> None:
    results = checkdmarc.spf.parse_spf_record(policy.to_txt(), "policy.test")
    assert results["dns_lookups"] == policy.lookups
    names = {"-all": "fail", "~all": "softfail", "?all": "neutral"}
    # The fixed answer for the target of a redirect ends in -all.
    assert results["parsed"]["all"] == names[policy.all or "-all"]
    modifiers = sum(term.startswith(("redirect=", "exp=")) for term in policy.mechanisms)
    assert len(results["parsed"]["mechanisms"]) == len(policy.mechanisms) - modifiers


@quick
@given(tls_reportings())
def test_checkdmarc_reads_every_tls_reporting_record(reporting: TlsReporting) -> None:
    results = checkdmarc.smtp_tls_reporting.parse_smtp_tls_reporting_record(reporting.to_txt())
    assert tuple(results["tags"]["rua"]["value"]) == reporting.reports_to
    assert results["warnings"] == []
