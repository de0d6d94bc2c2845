"""What became of each message: which rules took it, what their actions did, and what went wrong."""

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """Who seems to connect, since everyone here comes from loopback: the address, and what SES finds out about it."""

    ip: str = "198.51.100.25"
    spf: str = "PASS"
    dkim: str = "PASS"
    dmarc: str = "PASS"
    dmarc_policy: str = "none"  # only told when DMARC fails


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A recipient that was refused during SMTP, so that no rule has seen the message."""

    recipient: str
    answer: str


@dataclass(kw_only=True, slots=True)
class ActionRun:
    """One action of a rule, and where it went."""

    kind: str  # as in the event: S3, SNS, Lambda, Bounce, Stop, AddHeader, WorkMail
    target: str  # such as s3://bucket/key, an ARN, or the address that gets the bounce
    answer: str = ""  # what a function decided
    problem: str = ""

    def __str__(self) -> str:
        return " ".join(
            [
                f"{self.kind} {self.target}",
                *([f"-> {self.answer}"] if self.answer else []),
                *([f"FAILED: {self.problem}"] if self.problem else []),
            ]
        )


@dataclass(kw_only=True, slots=True)
class RuleRun:
    """A rule that matched, with those recipients that it matched."""

    name: str
    recipients: tuple[str, ...]
    actions: list[ActionRun] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Delivery:
    """One accepted message."""

    message_id: str
    mail_from: str
    recipients: tuple[str, ...]
    source_ip: str
    tls: bool
    raw: bytes  # as it came, without the headers that SES puts on top
    rules: list[RuleRun] = field(default_factory=list)

    def actions(self, kind: str = "") -> list[ActionRun]:
        """The actions that ran, in order; only those of one *kind* if it is given."""
        return [run for rule in self.rules for run in rule.actions if kind in ("", run.kind)]

    @property
    def problems(self) -> list[str]:
        return [f"{rule.name}: {run}" for rule in self.rules for run in rule.actions if run.problem]

    @property
    def stored(self) -> list[tuple[str, str]]:
        """Bucket and key of each object that was written."""
        written = (run.target for run in self.actions("S3") if not run.problem)
        return [(bucket, key) for bucket, _, key in (target[len("s3://") :].partition("/") for target in written)]

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        transport = "TLS" if self.tls else "plain text"
        yield f"{self.message_id} from <{self.mail_from}> at {self.source_ip} over {transport}"
        for rule in self.rules:
            yield f"  rule {rule.name} for {', '.join(rule.recipients)}"
            for run in rule.actions:
                yield f"    {run}"
