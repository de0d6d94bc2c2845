"""What a check found, as data: the same for the screen and for ``--json``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
class FindingReport:
    """All findings of a subcommand.

    Args:
        command: The subcommand, which names the schema.
        title: What it is about, for people.
        about: The same as fields.
        findings: In the order of reading.
        notes: What was not looked at, and why.
    """

    command: str
    title: str
    about: Mapping[str, str]
    findings: Sequence[Finding]
    notes: Sequence[str] = ()

    @property
    def exit_code(self) -> int:
        """1 if something is wrong, 2 if nothing is and something could not be looked at, 0 otherwise."""
        worst = max((finding.severity for finding in self.findings), default=0)
        return {_SEVERITY["wrong"]: 1, _SEVERITY["unknown"]: 2}.get(worst, 0)

    def as_data(self) -> dict[str, Any]:
        """What ``--json`` prints; *SCHEMA* grows when a field goes or changes its meaning."""
        return {
            "schema": f"ses-constructs.{self.command}/{SCHEMA}",
            **self.about,
            "exit_code": self.exit_code,
            "findings": [asdict(finding) for finding in self.findings],
            "notes": [*self.notes],
        }


def could_not_look(check: str, *problems: str) -> Finding:
    """Nobody answered, which says nothing about what was asked."""
    why = "; ".join(dict.fromkeys(filter(None, problems))) or "no server could be asked"
    return Finding(id=check, outcome="unknown", says=f"could not look: {why}")
