"""The test suite of RFC 7208, judged by pyspf, with every record read and written again by ``SpfPolicy``.

Both come from the source distribution of pyspf. What we refuse is replaced by a record that is void for everybody; so a
record that we refuse and should not, accept and should not, or change the meaning of, changes a result.
"""

import importlib
import sys
import tarfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ses_constructs.email_records import SpfPolicy
from ses_constructs.email_records.spf import is_spf
from tests.witnesses.downloads import PYSPF, there

VOID = "v=spf1 void"

REFUSED_ON_PURPOSE = {
    # "all" and "+all" let the whole Internet send.
    "all-double",
    "include-softfail",
    "multispf2",
    "require-valid-helo",
    # The grammar allows a host named "foo:bar/baz", which can only be a slip.
    "a-colon-domain",
    "a-colon-domain-ip4mapped",
    "mx-colon-domain",
    "mx-colon-domain-ip4mapped",
}
# Repeated terms go, and with them the look-ups that are too many only together with those of the including record.
BETTER_THAN_WRITTEN = {"include-over-limit"}
# Permanent errors that a receiver meets in the answers of DNS, and the text does not have.
SEEN_IN_DNS_ALONE = {
    "include-loop",
    "include-none",
    "include-over-limit",
    "include-permerror",
    "invalid-domain-long-via-macro",
    "mx-limit",
    "redirect-loop",
    "redirect-none",
    "void-over-limit",
}
Rewrite = Callable[[str], str]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The module that runs the suite, of pyspf."""
    folder = tmp_path_factory.mktemp("pyspf")
    with tarfile.open(there(PYSPF)) as archive:
        archive.extractall(folder, filter="data")
    (root,) = folder.iterdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        patch.syspath_prepend(str(root / "test"))
        with warnings.catch_warnings(action="ignore"):  # of escapes in strings, from a time when Python let them pass
            module = importlib.import_module("testspf")
        yield module
        for name in ("spf", "testspf"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def cases(suite: Any) -> dict[str, Any]:
    cases: dict[str, Any] = suite.loadYAML(Path(suite.__file__).with_name("rfc7208-tests.yml"))
    assert len(cases) > 200
    return cases


def written_by_us(text: str) -> str:
    try:
        return SpfPolicy.parse(text).to_txt()
    except ValueError:
        return VOID


def rewritten(zone: dict[str, list[Any]], rewrite: Rewrite) -> dict[str, list[Any]]:
    def record(entry: Any) -> Any:
        if isinstance(entry, str) or entry[0] not in ("TXT", "SPF") or entry[1] == "TIMEOUT":
            return entry
        text = "".join(entry[1])
        return (entry[0], (rewrite(text),), entry[2]) if is_spf(text) else entry

    return {name: [record(entry) for entry in entries] for name, entries in zone.items()}


def wrong(suite: Any, cases: dict[str, Any], rewrite: Rewrite) -> set[str]:
    """The cases that no longer end as the suite says."""
    found = set()
    for name, case in cases.items():
        suite.zonedata = rewritten(case.scenario.zonedata, rewrite)
        query = suite.spf.query(i=case.host, s=case.mailfrom, h=case.helo, strict=case.strict)
        query.set_default_explanation("DEFAULT")
        result, _, explanation = query.check()
        results = [case.result] if isinstance(case.result, str) else case.result
        if result not in results or (case.explanation or explanation) != explanation:
            found.add(name)
    return found


def test_every_case_of_the_suite_ends_as_it_says(suite: Any, cases: dict[str, Any]) -> None:
    assert wrong(suite, cases, lambda text: text) == set()
    assert wrong(suite, cases, written_by_us) == REFUSED_ON_PURPOSE | BETTER_THAN_WRITTEN


def test_what_the_text_shows_to_be_void_is_refused(cases: dict[str, Any]) -> None:
    """The other direction: a flaw must not merely be written again."""
    accepted = set()
    for name, case in cases.items():
        domain = (case.mailfrom or case.helo).rpartition("@")[2].lower()
        entries = case.scenario.zonedata.get(domain, [])
        texts = ["".join(entry[1]) for entry in entries if not isinstance(entry, str) and entry[0] == "TXT"]
        records = [text for text in texts if is_spf(text)]
        if "permerror" in case.result and len(records) == 1 and written_by_us(records[0]) != VOID:
            accepted.add(name)

    assert accepted == SEEN_IN_DNS_ALONE


@pytest.mark.parametrize(
    ("fault", "finds"),
    [
        (lambda text: text.partition("all")[0] + "all" if "all" in text else text, "detect-errors-anywhere"),
        (lambda text: text.replace("-all", "~all"), "two-spaces"),
        (lambda text: text.replace("redirect=", "x="), "redirect-cancels-exp"),
        (lambda text: text.replace(" ip4:", " -ip4:"), "cidr4-32"),
        (lambda text: VOID if "%{" in text else text, "upper-macro"),
    ],
    ids=["what stands behind all", "softer", "no redirect", "an address refused", "no macros"],
)
def test_the_suite_finds_a_fault(suite: Any, cases: dict[str, Any], fault: Rewrite, finds: str) -> None:
    assert finds in wrong(suite, cases, fault)
