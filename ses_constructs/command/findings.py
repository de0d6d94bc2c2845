"""What a check found, as data: the same for the screen and for ``--json``."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FindingOutcome = Literal["right", "advice", "unknown", "wrong"]
"""All is well; it works and could be better; it could not be looked at; mail suffers."""

SCHEMA = 1
_SEVERITY: dict[FindingOutcome, int] = {"right": 0, "advice": 1, "unknown": 2, "wrong": 3}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check.

    Args:
        id: What was checked; stable, such as ``dmarc.record``.
        outcome: How it stands.
        says: The sentence for people.
        wanted: What should be there.
        found: What is there.
        source: Who says so: an RFC or a page.
        fix: The line for a zone file that mends it, or a sentence where no line does.
    """

    id: str
    outcome: FindingOutcome
    says: str
    wanted: str = ""
    found: str = ""
    source: str = ""
    fix: str = ""

    @property
    def severity(self) -> int:
        """Higher is worse."""
        return _SEVERITY[self.outcome]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckReport:
    """All findings about a domain.

    Args:
        domain: The domain.
        region: The region of SES; ``""`` where none is known.
        findings: In the order of reading.
        notes: What was not looked at, and why.
    """

    domain: str
    region: str
    findings: Sequence[Finding]
    notes: Sequence[str] = field(default=())

    @property
    def exit_code(self) -> int:
        """0 if nothing is wrong, 1 if something is, 2 if nothing is wrong that could be looked at."""
        worst = max((finding.severity for finding in self.findings), default=0)
        return {_SEVERITY["wrong"]: 1, _SEVERITY["unknown"]: 2}.get(worst, 0)

    def as_data(self) -> dict[str, Any]:
        """What ``--json`` prints; *schema* grows when a field goes or changes its meaning."""
        return {
            "schema": f"ses-constructs.check/{SCHEMA}",
            "domain": self.domain,
            "region": self.region,
            "exit_code": self.exit_code,
            "findings": [asdict(finding) for finding in self.findings],
            "notes": [*self.notes],
        }
