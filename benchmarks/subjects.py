"""What is measured: the domains of one stack, or the watched configuration sets of one stack."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Something that both sides make, so many times in a stack.

    *unit*: what is counted. *imports*: what each side has to import for it. *rivals*: further sides, which are built
    only.
    """

    name: str
    unit: str
    counts: tuple[int, ...]
    quick_counts: tuple[int, ...]
    imports: Mapping[str, str]
    rivals: tuple[str, ...] = ()


DOMAINS = Subject(
    name="domains",
    unit="domains",
    counts=(1, 10, 40, 160),
    quick_counts=(1, 2),
    imports={
        "ours": "from ses_constructs import VerifiedDomain",
        "plain": "import aws_cdk; from aws_cdk import aws_ses, aws_route53",
    },
    rivals=("cheapest",),
)
MONITORING = Subject(
    name="monitoring",
    unit="sets",
    counts=(1, 5, 20),
    quick_counts=(1, 2),
    # With everything that either side loads by the end of its build.
    imports={
        "ours": "import benchmarks.monitoring_ours, ses_constructs.alarms._sending_alarms",
        "plain": "import benchmarks.monitoring_plain",
    },
)
SUBJECTS = {subject.name: subject for subject in (DOMAINS, MONITORING)}
