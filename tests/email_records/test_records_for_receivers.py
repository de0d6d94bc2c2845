"""What we write, and what others publish, read by checkdmarc, a parser by others.

Only syntax is checked, nothing is looked up: every DNS answer that checkdmarc would wait for is replaced by a fixed
one, and a real query fails the test. For DMARC that is the record and its tags with their values (checkdmarc knows
RFC 9989), for SPF the terms and their count of look-ups, for TLS reporting the record and its URIs.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
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


def differences(policy: DmarcPolicy, text: str) -> dict[str, tuple[object, object]]:
    """Tags of *text* that mean one thing to *policy*, and another to checkdmarc."""
    tags = checkdmarc.dmarc.parse_dmarc_record(text, "policy.test")["tags"]
    subdomain_action = policy.subdomain_action or policy.action
    ours: dict[str, object] = {
        "p": policy.action,
        "sp": subdomain_action,
        "np": policy.nonexistent_subdomain_action or subdomain_action,
        "t": "y" if policy.testing else "n",
        "psd": policy.public_suffix or "u",
        "adkim": policy.dkim_alignment[0],
        "aspf": policy.spf_alignment[0],
        "fo": ":".join(policy.failure_options) or "0",
        "rua": [uri.removeprefix("mailto:") for uri in policy.reports_to],
        "ruf": [uri.removeprefix("mailto:") for uri in policy.failure_reports_to],
    }
    theirs = {tag: tags[tag]["value"] if tag in tags else [] for tag in ours}
    for tag in ("rua", "ruf"):
        theirs[tag] = [entry["address"] for entry in theirs[tag]]
    return {tag: (ours[tag], theirs[tag]) for tag in ours if ours[tag] != theirs[tag]}


@quick
@given(dmarc_policies())
def test_checkdmarc_reads_every_dmarc_policy_with_the_same_meaning(policy: DmarcPolicy) -> None:
    assert differences(policy, policy.to_txt()) == {}


# As found in zone files and Terraform of public repositories, with other names in the addresses.
PUBLISHED = [
    "v=DMARC1;p=none;",
    "v=DMARC1;p=quarantine",
    "v=DMARC1;p=quarantine;pct=100;fo=1",
    "v=DMARC1; p=none; rua=mailto:a@policy.test;",
    "v=DMARC1; p=none; rua=mailto:a@policy.test; fo=1",
    "v=DMARC1; p=none; sp=quarantine; rua=mailto:a@policy.test",
    "v=DMARC1;p=reject;sp=reject;adkim=s;aspf=s",
    "v=DMARC1;p=reject;sp=reject;rua=mailto:a@policy.test;",
    "v=DMARC1; p=quarantine; rua=mailto:a@policy.test; ruf=mailto:b@policy.test; fo=1; adkim=s; aspf=s",
    "v=DMARC1; p=quarantine; rua=mailto:0ba6694f5bc7409c@reports.test",
    "v=DMARC1; p = reject",
    "v=DMARC1;p=Quarantine; pct=100",
    "v=DMARC1; pct=100; sp=reject",
    "v=DMARC1; p=aaaa",
    "v=DMARC1; rf=afrf,toto",
    "v=DMARC1 p=none",
]
VALUES = {
    "p": ["none", "quarantine", "reject", "Reject", "block", ""],
    "sp": ["none", "reject", "bad"],
    "np": ["reject", "none"],
    "adkim": ["r", "s", "R", "x"],
    "aspf": ["r", "s", "strict"],
    "pct": ["100", "50", "5%"],
    "rua": [
        "mailto:a@x.example",
        "mailto:a@x.example, mailto:b@y.example",
        "mailto:a@x.example!10m",
        "a@x.example",
        "mailto:",
    ],
    "ruf": ["mailto:a@x.example", "MAILTO:a@x.example", "https://x.example/dmarc"],
    "fo": ["0", "1", "d", "1:d:s", "0:1", "x"],
    "t": ["y", "n", "z"],
    "psd": ["y", "n", "u"],
    "ri": ["3600"],
    "x": ["1"],
}
tag_lists = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(lambda tag: st.tuples(st.just(tag), st.sampled_from(VALUES[tag]))),
    max_size=6,
)


@st.composite
def published(draw: st.DrawFn) -> str:
    """A record as somebody might write it: tags in any order, sloppy, old, wrong."""
    equals = draw(st.sampled_from(["=", " = ", "= "]))
    separator = draw(st.sampled_from(["; ", ";", " ; "]))
    tags = [f"{tag}{equals}{value}" for tag, value in draw(tag_lists)]
    version = draw(st.sampled_from(["v=DMARC1"] * 4 + ["V=DMARC1", "v=dmarc1", "v = DMARC1"]))
    return separator.join([version, *tags]) + draw(st.sampled_from(["", ";", "; "]))


def refused_on_purpose(text: str) -> bool:
    """Receivers fall back to a default where the owner surely meant something."""
    flat = text.replace(" ", "")
    return any(flaw in flat for flaw in ("adkim=x", "aspf=strict", "fo=0:1"))


def disagreement(text: str, parse: Callable[[str], DmarcPolicy] = DmarcPolicy.parse) -> object:
    """What checkdmarc sees differently; nothing if both refuse *text*."""
    try:
        policy = parse(text)
    except ValueError:
        try:
            checkdmarc.dmarc.parse_dmarc_record(text, "policy.test")
        except checkdmarc.dmarc.DMARCError:
            return None
        return None if refused_on_purpose(text) else "refused"
    try:
        found = differences(policy, text)
    except checkdmarc.dmarc.DMARCError as error:
        return str(error)
    if not policy.failure_reports_to:
        found.pop("fo", None)  # nobody gets such a report
    return found or None


@pytest.mark.parametrize("text", PUBLISHED)
def test_checkdmarc_reads_a_published_record_as_we_do(text: str) -> None:
    assert disagreement(text) is None


@quick
@given(published())
def test_checkdmarc_reads_whatever_may_be_published_as_we_do(text: str) -> None:
    assert disagreement(text) is None


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        (lambda text: replace(DmarcPolicy.parse(text), dkim_alignment="strict"), {"adkim": ("s", "r")}),
        (lambda text: replace(DmarcPolicy.parse(text), reports_to=()), {"rua": ([], ["a@x.example"])}),
        (lambda text: DmarcPolicy.parse(f"x{text}"), "refused"),
    ],
    ids=["stricter", "no reports", "refused"],
)
def test_checkdmarc_finds_a_fault(fault: Callable[[str], DmarcPolicy], found: object) -> None:
    text = "v=DMARC1; p=reject; rua=mailto:a@x.example"
    assert disagreement(text) is None
    assert disagreement(text, fault) == found


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
