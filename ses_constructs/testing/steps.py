"""The steps of a trace, in the words of the receipt rules; each prints as one line."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_REFERENCE = re.compile(r"\$\{([A-Za-z0-9]+)(?:\.[A-Za-z0-9.]+)?\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterPassed:
    """The connection got past the IP filters: an Allow filter names it, or no Block filter does.

    Args:
        source_ip: The address of the sender's server.
        filter_name: The Allow filter; None if no filter names the address.
    """

    source_ip: str
    filter_name: str | None

    def __str__(self) -> str:
        because = "no filter blocks it" if self.filter_name is None else f"filter {self.filter_name!r} allows it"
        return f"{self.source_ip} passed: {because}"


@dataclass(frozen=True, kw_only=True, slots=True)
class FilterBlocked:
    """A Block filter names the connection and no Allow filter does; no rule is looked at.

    Args:
        source_ip: The address of the sender's server.
        filter_name: The Block filter.
    """

    source_ip: str
    filter_name: str

    def __str__(self) -> str:
        return f"{self.source_ip} blocked: filter {self.filter_name!r} blocks it and none allows it"


@dataclass(frozen=True, kw_only=True, slots=True)
class RecipientUnmatched:
    """No enabled rule takes this recipient; the message is accepted for another one, and nothing happens for this.

    Args:
        recipient: The address.
    """

    recipient: str

    def __str__(self) -> str:
        return f"no enabled rule takes {self.recipient}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleMatched:
    """A rule takes some of the recipients.

    Args:
        rule: The name of the rule.
        recipients: The recipients that it takes.
        because: For each of them the entry that matched it; ``""`` if the rule has no entries and takes everything.
    """

    rule: str
    recipients: tuple[str, ...]
    because: tuple[str, ...]

    def __str__(self) -> str:
        pairs = zip(self.recipients, self.because, strict=True)
        found = ", ".join(f"{recipient} ({entry or 'takes everything'})" for recipient, entry in pairs)
        return f"rule {self.rule!r} matched {found}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleSkipped:
    """A rule did nothing.

    Args:
        rule: The name of the rule.
        reason: Why.
    """

    rule: str
    reason: str

    def __str__(self) -> str:
        return f"rule {self.rule!r} skipped: {self.reason}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionRun:
    """SES started an action; whether the bucket, topic or function lets SES in is not part of it.

    A reference to a resource reads ``${LogicalId}`` or ``${LogicalId.Attribute}``.

    Args:
        rule: The name of the rule.
        kind: CloudFormation's name without ``Action``: S3, SNS, Lambda, Bounce, Stop, AddHeader, Workmail, Connect.
        target: What the action is about: bucket, topic, function, the sender who gets the bounce, header name, scope.
        details: The other fields of the template, and for a synchronous Lambda its ``disposition``.
    """

    rule: str
    kind: str
    target: str
    details: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def logical_id(self) -> str | None:
        """The resource of the template that *target* refers to, or ``None``."""
        found = _REFERENCE.fullmatch(self.target)
        return found and found[1]

    def __str__(self) -> str:
        return " ".join((self.kind, self.target, *(f"{name}={value}" for name, value in self.details.items()))).rstrip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stopped:
    """An action ended its rule, or the whole rule set.

    Args:
        rule: The name of the rule.
        scope: What ended, ``"Rule"`` or ``"RuleSet"``.
        by: What ended it, in words.
    """

    rule: str
    scope: str
    by: str

    def __str__(self) -> str:
        return f"{self.by} ended the {'rule set' if self.scope == 'RuleSet' else 'rule'}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rejected:
    """SES does not take the message.

    Args:
        reply: What the sender's server sees.
        reason: Why, in words.
    """

    reply: str
    reason: str

    def __str__(self) -> str:
        return f"rejected: {self.reason}"


Step = FilterPassed | FilterBlocked | RecipientUnmatched | RuleMatched | RuleSkipped | ActionRun | Stopped | Rejected
"""Any step of a trace."""
