"""For your own tests: what SES would do with a message, told from a synthesized template."""

from ..common.recipients import matching_entry
from .receipt import Receipt
from .simulator import ReceiptSimulator
from .steps import (
    ActionRun,
    FilterBlocked,
    FilterPassed,
    RecipientUnmatched,
    Rejected,
    RuleMatched,
    RuleSkipped,
    Step,
    Stopped,
)
from .verdicts import Decision, Disposition, PublishedPolicy, Verdict, Verdicts

__all__ = [
    "ActionRun",
    "Decision",
    "Disposition",
    "FilterBlocked",
    "FilterPassed",
    "PublishedPolicy",
    "Receipt",
    "ReceiptSimulator",
    "RecipientUnmatched",
    "Rejected",
    "RuleMatched",
    "RuleSkipped",
    "Step",
    "Stopped",
    "Verdict",
    "Verdicts",
    "matching_entry",
]
