"""What the run has seen, as text for an issue: each line names a line of `docs/not-verified.md`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from importlib.metadata import version

PAGE = "docs/not-verified.md"


class Line(StrEnum):
    """The lines of the page that a run can see; a test holds that they are there."""

    VERIFICATION_TIME = "verification-time"
    WAIT_LOOP = "wait-loop"
    RULE_SOURCE = "rule-source"
    RESOURCE_IN_PROGRESS = "resource-in-progress"
    POLICY_DELAY = "policy-delay"
    PYTHON_ON_ARM = "python-on-arm"
    EMBEDDED_METRICS = "embedded-metrics"
    REPUTATION_METRICS = "reputation-metrics"
    PAUSE_TIME = "pause-time"
    FILLED_ZEROS = "filled-zeros"
    ACCOUNT_ANSWER = "account-answer"
    KEY_TIME = "key-time"
    SMTP_REGIONS = "smtp-regions"
    FROM_ADDRESS = "from-address"
    EXISTING_RECORD = "existing-record"


@dataclass(kw_only=True, slots=True)
class Report:
    """What was seen, and what was not as it should be; it names neither the account nor the domain."""

    region: str
    sandbox: bool
    secrets: dict[str, str]  # what is not told -> what stands there instead
    seen: dict[Line, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def see(self, line: Line, what: str) -> None:
        self.seen[line] = what

    def text(self) -> str:
        """Markdown."""
        versions = " · ".join(f"{name} {version(name)}" for name in ("ses-constructs", "aws-cdk-lib"))
        lines = [
            f"`make live` on {datetime.now(UTC):%Y-%m-%d} in {self.region},"
            f" {'in the sandbox' if self.sandbox else 'in production'} · {versions}",
            "",
            f"Lines of {PAGE} that were seen:",
            "",
            *(f"- `{line}`: {what}" for line, what in self.seen.items()),
            *(() if self.seen else ["- none"]),
        ]
        if self.problems:
            lines += ["", "Not as it should be:", "", *(f"- {each}" for each in self.problems)]
        told = "\n".join(lines)
        for secret, instead in self.secrets.items():
            told = told.replace(secret, instead)
        return told
