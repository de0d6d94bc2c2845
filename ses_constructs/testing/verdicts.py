"""What SES finds out about a message, and what a function may answer."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from ..common.arguments import check_choice

Verdict = Literal["PASS", "FAIL", "GRAY", "PROCESSING_FAILED", "DISABLED"]
"""One result of scanning or authentication; ``DISABLED`` is that of a check that SES did not make."""

PublishedPolicy = Literal["none", "quarantine", "reject"]
"""What a domain asks for where DMARC fails."""

Disposition = Literal["CONTINUE", "STOP_RULE", "STOP_RULE_SET"]
"""What a synchronous function answers."""

Decision = Disposition | Callable[[dict[str, Any]], object]
"""A fixed answer, or a function that is given the SES event and answers as a Lambda would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdicts:
    """What scanning and authentication say about a message; all is well unless given.

    Args:
        spam: Reaches functions only if a rule that matched has ``ScanEnabled``; they find ``DISABLED`` otherwise.
        virus: Likewise.
        spf: Whether the sender's server may send for the domain.
        dkim: Whether a signature holds.
        dmarc: Whether the domain in From is confirmed by either.
        dmarc_policy: What that domain asks for where it is not; functions find it only if *dmarc* is ``FAIL``.

    Raises:
        ValueError: A verdict or a policy that SES does not give.

    >>> Verdicts(spam="FAIL")
    Verdicts(spam='FAIL', virus='PASS', spf='PASS', dkim='PASS', dmarc='PASS', dmarc_policy='none')
    """

    spam: Verdict = "PASS"
    virus: Verdict = "PASS"
    spf: Verdict = "PASS"
    dkim: Verdict = "PASS"
    dmarc: Verdict = "PASS"
    dmarc_policy: PublishedPolicy = "none"

    def __post_init__(self) -> None:
        for each in fields(self):
            choices = get_args(PublishedPolicy if each.name == "dmarc_policy" else Verdict)
            check_choice(each.name, getattr(self, each.name), choices)
