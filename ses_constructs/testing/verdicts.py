"""What SES finds out about a message, and what a function may answer."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from ..common.arguments import check_choice

Verdict = Literal["PASS", "FAIL", "GRAY", "PROCESSING_FAILED"]
"""One result of scanning or authentication."""

Disposition = Literal["CONTINUE", "STOP_RULE", "STOP_RULE_SET"]
"""What a synchronous function answers."""

Decision = Disposition | Callable[[dict[str, Any]], object]
"""A fixed answer, or a function that is given the SES event and answers as a Lambda would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdicts:
    """What scanning and authentication say about a message; all is well unless given.

    Args:
        spam: Reaches functions only if a rule that matched has ``ScanEnabled``.
        virus: Likewise.
        spf: Whether the sender's server may send for the domain.
        dkim: Whether a signature holds.
        dmarc: Whether the domain in From is confirmed by either.

    Raises:
        ValueError: A verdict that SES does not give.

    >>> Verdicts(spam="FAIL")
    Verdicts(spam='FAIL', virus='PASS', spf='PASS', dkim='PASS', dmarc='PASS')
    """

    spam: Verdict = "PASS"
    virus: Verdict = "PASS"
    spf: Verdict = "PASS"
    dkim: Verdict = "PASS"
    dmarc: Verdict = "PASS"

    def __post_init__(self) -> None:
        for each in fields(self):
            check_choice(each.name, getattr(self, each.name), get_args(Verdict))
