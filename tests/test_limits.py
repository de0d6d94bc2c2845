"""The limits, in one table: what the code refuses, what the local AWS refuses and what the pages say is one number."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "ses_constructs").rglob("*.py"))]
WORDS = {"ten": 10, "thirty": 30}


@dataclass(frozen=True)
class Limit:
    """One number: where it is in the code as ``file:NAME``, and how pages write it, with the number in a group."""

    what: str
    number: int
    constants: tuple[str, ...] = ()
    written: str = ""


LIMITS = (
    # https://docs.aws.amazon.com/ses/latest/dg/quotas.html
    Limit(
        "rules of a set",
        200,
        ("ses_constructs/receiving/rule_limits.py:MAX_RULES", "local_aws/extensions/receipt_checks.py:MOST_RULES"),
        r"allows (\S+) rules in a set",
    ),
    Limit(
        "actions of a rule",
        10,
        (
            "ses_constructs/receiving/rule_limits.py:MAX_ACTIONS",
            "local_aws/extensions/receipt_checks.py:MOST_ACTIONS",
        ),
        r"(?:(\d+) actions and|One to (\w+)(?: actions|, in this order)|in this order: one to (\w+))",
    ),
    Limit(
        "recipients of a rule",
        500,
        ("ses_constructs/receiving/rule_limits.py:MAX_RECIPIENTS",),
        r"(?:(\S+) recipients in a rule|together they may be (\d+))",
    ),
    Limit(
        "IP filters",
        100,
        (
            "ses_constructs/receiving/_ip_filters.py:_MAX_FILTERS",
            "local_aws/extensions/receipt_filters.py:MOST_FILTERS",
        ),
        r"and (\d+) IP filters",
    ),
    Limit(
        "event destinations of a set",
        10,
        (
            "ses_constructs/events/event_source.py:_MAX_DESTINATIONS",
            "local_aws/extensions/event_destinations.py:MOST_DESTINATIONS",
        ),
        r"SES takes (\w+) destinations",
    ),
    Limit(
        "MB of a message", 40, (), r"(?:stores at most|A message of|message over|above|enough for|much for) (\d+) MB\b"
    ),
    # https://docs.aws.amazon.com/ses/latest/dg/receiving-email-action-sns.html
    Limit("KB of a published message", 150, (), r"(?:published, up to|messages of more than|message above) (\d+) KB"),
    # https://docs.aws.amazon.com/ses/latest/APIReference/API_AddHeaderAction.html
    Limit(
        "characters of an added header",
        2048,
        ("ses_constructs/receiving/rule_limits.py:MAX_HEADER_VALUE",),
        r"printable line of at most (\d+) characters",
    ),
    # https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-policies.html
    Limit(
        "characters of an identity's policy",
        4000,
        ("ses_constructs/identities/_sender_policy.py:_MAX_POLICY_LENGTH",),
        r"(\d,?\d+) characters of a policy",
    ),
    # https://docs.aws.amazon.com/ses/latest/dg/request-production-access.html
    Limit("messages a day in the sandbox", 200, (), r"(\d+) messages (?:a day|in 24 hours)"),
    Limit(
        "minutes that a deployment waits",
        55,
        ("ses_constructs/identities/_verification.py:_MAX_WAIT_MINUTES",),
        r"(?:1 to\s+|allows up to |wait of |deadline of at most )(\d+)\s+minutes",
    ),
    Limit(
        "days of a history",
        3650,
        ("ses_constructs/events/event_history.py:_MAX_DAYS",),
        r"whole days(?: from 1 to|, up to) (\d+)",
    ),
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    Limit(
        "resources of a stack",
        500,
        ("ses_constructs/monitoring/_many_domains.py:_MAX_RESOURCES",),
        r"(?:a stack takes|check for) (\d+)\b",
    ),
    Limit(
        "outputs of a stack",
        200,
        ("ses_constructs/dns/other_owners.py:MAX_OUTPUTS",),
        r"CloudFormation takes (\d+) outputs",
    ),
    # Six records each, of three DKIM keys, MAIL FROM (two) and DMARC.
    Limit(
        "domains whose records are outputs of a stack",
        30,
        (),
        r"(?:outputs of |outputs for a stack(?:, so that|:) )(?:some |about )(\w+) domains",
    ),
    Limit(
        "times that a bucket takes mail",
        50,
        ("ses_constructs/receiving/_rule_checks.py:MAX_STORING_STATEMENTS",),
        r"A bucket takes mail at most (\d+) times",
    ),
)
ALL = pytest.mark.parametrize("limit", LIMITS, ids=[each.what for each in LIMITS])


def stated(limit: Limit) -> Iterator[tuple[str, int]]:
    """Where a page has the number, and which."""
    for page in PAGES if limit.written else ():
        for found in re.finditer(limit.written, page.read_text(encoding="utf-8")):
            text = next(each for each in found.groups() if each).replace(",", "")
            assert text in WORDS or text.isdigit(), f"{page}: {found[0]}"
            yield f"{page.relative_to(ROOT)}: {found[0]}", WORDS.get(text) or int(text)


@ALL
def test_the_code_has_the_limit(limit: Limit) -> None:
    for constant in limit.constants:
        # Read and not imported: the local AWS has an environment of its own.
        path, _, name = constant.partition(":")
        found = re.search(rf"^{name} = ([\d_]+)", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE)
        assert found, constant
        assert int(found[1]) == limit.number, constant


@ALL
def test_every_page_says_the_limit(limit: Limit) -> None:
    found = list(stated(limit))

    assert found
    assert [each for each in found if each[1] != limit.number] == []
