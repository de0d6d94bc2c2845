"""What became of one message."""

from dataclasses import dataclass

from .steps import ActionRun, Rejected, RuleMatched, Step, Stopped


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """The trace of one message, and the questions a test asks of it.

    ``str(receipt)`` is the trace, one step to a line, so ``assert receipt.accepted, receipt`` explains its failure.

    Args:
        sender: That of the envelope.
        recipients: Those of the envelope.
        steps: What happened, in order.
        scanned: Whether SES looked for spam and viruses: some rule that matched has ``ScanEnabled``.
    """

    sender: str
    recipients: tuple[str, ...]
    steps: tuple[Step, ...]
    scanned: bool

    @property
    def accepted(self) -> bool:
        """Whether SES took the message; a bounce action sends its bounce afterwards, and does not change this."""
        return self._rejection is None

    @property
    def smtp_reply(self) -> str:
        """The answer that the sender's server sees; only the class of the code, 2 or 5, is documented by AWS."""
        return "250 OK" if self._rejection is None else self._rejection.reply

    @property
    def rules(self) -> tuple[str, ...]:
        """The names of the rules that matched and were reached, in order."""
        return tuple(step.rule for step in self.steps if isinstance(step, RuleMatched))

    @property
    def actions(self) -> tuple[ActionRun, ...]:
        """The actions that ran, in order."""
        return tuple(step for step in self.steps if isinstance(step, ActionRun))

    @property
    def stopped_by(self) -> str | None:
        """The rule that ended the rule set, or ``None``."""
        return next((step.rule for step in self.steps if isinstance(step, Stopped) and step.scope == "RuleSet"), None)

    def ran(self, kind: str, target: str | None = None) -> bool:
        """Tell whether an action ran.

        Args:
            kind: The kind of the action, such as ``S3``. Its case does not matter, because a wrong one would make every
                "did not run" true.
            target: The action's target or its logical id; any unless given.
        """
        return any(
            action.kind.lower() == kind.lower() and (target is None or target in (action.target, action.logical_id))
            for action in self.actions
        )

    def __str__(self) -> str:
        verdict = "accepted" if self.accepted else "rejected"
        lines = [f"{verdict}, {self.smtp_reply}: {self.sender or '<>'} -> {', '.join(self.recipients)}"]
        if self.accepted:
            lines.append(f"  {'scanned' if self.scanned else 'not scanned'} for spam and viruses")
        lines += [f"{_indent(step)}{step}" for step in self.steps]
        return "\n".join(lines)

    @property
    def _rejection(self) -> Rejected | None:
        last = self.steps[-1] if self.steps else None
        return last if isinstance(last, Rejected) else None


def _indent(step: Step) -> str:
    return "    " if isinstance(step, ActionRun | Stopped) else "  "
