"""What is decided about a domain's mail: what the program says, and a sentence for each thing that it does not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...common.arguments import contains_token
from ...email_records import DmarcPolicy, SpfPolicy, TlsReporting
from .found_mail import FoundMail, FoundZone


@dataclass(frozen=True, kw_only=True, slots=True)
class Unexpressed:
    """Something that is not in the program.

    Args:
        what: The thing.
        why: What keeps it out.
        do: What becomes of it, and what to do.
    """

    what: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {self.do}."


@dataclass(kw_only=True, slots=True)
class Adoption:
    """What the program says of *found*.

    Args:
        found: What there is.
        owns_identity: Whether the stack gets the identity, and not only refers to it.
        owns_set: The same for the default configuration set.
        owns_rules: Whether the stack gets the active rule set with its rules.
        zone: Where the stack adopts the records; None where it prints them.
        dmarc: The policy that is published; so are the next three.
        spf: At the domain itself.
        tls_reporting: For TLS-RPT.
        receives_mail: Whether the MX record is that of SES.
        destinations: Those of the set that the stack gets.
        left: What is not in the program.
    """

    found: FoundMail
    owns_identity: bool = True
    owns_set: bool = False
    owns_rules: bool = False
    zone: FoundZone | None = None
    dmarc: DmarcPolicy | None = None
    spf: SpfPolicy | None = None
    tls_reporting: TlsReporting | None = None
    receives_mail: bool = False
    destinations: list[Mapping[str, Any]] = field(default_factory=list)
    left: list[Unexpressed] = field(default_factory=list)

    def leave(self, what: str, why: str, do: str) -> None:
        """Keep something out of the program."""
        self.left.append(Unexpressed(what=what, why=why, do=do))

    def notes(self) -> list[str]:
        """What is beside the domain's own things, and what CDK will say of the program."""
        found, notes = self.found, []
        if self.owns_identity and self.zone is None:
            notes.append("The records are not changed; the outputs of the stack show what must stand in DNS.")
        if self.owns_rules:
            notes.append(
                "CDK warns that policies of buckets and topics must let SES in; where mail comes in they do already."
            )
        if found.configuration_set and not found.configuration_set.get("ReputationOptions", {}).get(
            "ReputationMetricsEnabled"
        ):
            notes.append("The configuration set has no reputation metrics, which BounceMonitoring needs.")
        if found.filters:
            notes.append(f"The {found.filters} IP filters are for the whole account and stay as they are.")
        if found.smtp_users:
            users = ", ".join(found.smtp_users)
            notes.append(
                f"These users log in by SMTP and keep their keys; SmtpCredentials(user=...) adds one: {users}."
            )
        return notes


def flaw_in(value: object) -> str:
    """What CDK or CloudFormation would read as something else than text; whoever owns a TXT record may have put it."""
    if isinstance(value, str):
        if contains_token(value) or "{Token[" in value:
            return "it holds what CDK takes for a token"
        return "it holds what CloudFormation would look up" if "{{resolve:" in value else ""
    inner: Sequence[object] = ()
    if isinstance(value, Mapping):
        inner = (*value, *value.values())
    elif isinstance(value, Sequence):
        inner = value
    return next(filter(None, map(flaw_in, inner)), "")


def passes(check: Callable[[str, str], object], text: str) -> bool:
    """Whether *check*, one of the constructs' own, takes *text*."""
    try:
        check("text", text)
    except ValueError:
        return False
    return True
