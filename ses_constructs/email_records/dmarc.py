"""What receivers should do with mail that is not really from your domain (DMARC, RFC 9989)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, TypedDict, Unpack, cast, get_args

from ..common.arguments import check_choice, check_distinct, check_flag, check_text, invalid, text_tuple
from ._report_uri import mail_host, report_uris, split_dmarc_uris

DmarcAction = Literal["none", "quarantine", "reject"]
"""What to do with a failing message: deliver and report, treat as suspicious, or refuse."""

DmarcAlignment = Literal["relaxed", "strict"]
"""Whether the authenticated domain may be a relative of the From domain, or has to be the same."""

PublicSuffix = Literal["y", "n", "u"]
"""Whether others register names below the domain: yes, no, or unsaid."""

_ACTIONS: tuple[DmarcAction, ...] = get_args(DmarcAction)
_ALIGNMENTS: tuple[DmarcAlignment, ...] = get_args(DmarcAlignment)
_FAILURE_OPTIONS = ("0", "1", "d", "s")
_KNOWN_TAGS = ("v", "p", "sp", "np", "t", "psd", "adkim", "aspf", "rua", "ruf", "fo", "pct", "rf", "ri")
# The name of the version tag may be in either case, its value may not (RFC 9989 section 4.8).
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*")
_TAG = re.compile(r"(?P<name>[A-Za-z]+)[ \t]*=[ \t]*(?P<value>(?:[!-~][ -~\t]*)?)")


class DmarcOptions(TypedDict, total=False):
    """What a ``DmarcPolicy`` can say beside its action, all of it optional; described there."""

    subdomain_action: DmarcAction | None
    nonexistent_subdomain_action: DmarcAction | None
    testing: bool
    public_suffix: PublicSuffix | None
    dkim_alignment: DmarcAlignment
    spf_alignment: DmarcAlignment
    reports_to: Sequence[str]
    failure_reports_to: Sequence[str]
    failure_options: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class DmarcPolicy:
    """The policy in the TXT record ``_dmarc.<domain>``, with the tags of RFC 9989 section 4.7 and no retired ones.

    ``monitor``, ``quarantine`` and ``reject`` choose the action, and take every other argument.

    Args:
        action: What receivers do with failing mail of the domain itself: ``none``, ``quarantine`` or ``reject``.
        subdomain_action: The same for its subdomains; *action* unless given.
        nonexistent_subdomain_action: The same for names that do not exist; *subdomain_action* unless given.
        testing: Asks receivers to apply one level less than they are told.
        public_suffix: For registries, under whose names others register: ``y``, ``n`` or ``u``.
        dkim_alignment: How closely the signing domain has to match the From domain: ``relaxed`` or ``strict``.
        spf_alignment: The same for the domain of the envelope sender.
        reports_to: Who gets aggregate reports: e-mail addresses, or ``mailto:`` and ``https:`` URIs, of which receivers
            only have to support the former. Stored as URIs in one form: scheme and host in lower case; commas,
            exclamation marks and semicolons escaped.
        failure_reports_to: Who gets a report on each failing message, in the same forms.
        failure_options: Which failures to report there, from ``0`` ``1`` ``d`` ``s``; not ``0`` and ``1`` together.

    Raises:
        ValueError: Values that the record cannot hold, and *failure_options* without *failure_reports_to*.
    """

    action: DmarcAction
    subdomain_action: DmarcAction | None = None
    nonexistent_subdomain_action: DmarcAction | None = None
    testing: bool = False
    public_suffix: PublicSuffix | None = None
    dkim_alignment: DmarcAlignment = "relaxed"
    spf_alignment: DmarcAlignment = "relaxed"
    reports_to: Sequence[str] = ()
    failure_reports_to: Sequence[str] = ()
    failure_options: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_choice("action", self.action, _ACTIONS)
        check_choice("subdomain_action", self.subdomain_action, (*_ACTIONS, None))
        check_choice("nonexistent_subdomain_action", self.nonexistent_subdomain_action, (*_ACTIONS, None))
        check_flag("testing", self.testing)
        check_choice("public_suffix", self.public_suffix, (*get_args(PublicSuffix), None))
        check_choice("dkim_alignment", self.dkim_alignment, _ALIGNMENTS)
        check_choice("spf_alignment", self.spf_alignment, _ALIGNMENTS)
        object.__setattr__(self, "reports_to", report_uris("reports_to", self.reports_to))
        object.__setattr__(self, "failure_reports_to", report_uris("failure_reports_to", self.failure_reports_to))
        object.__setattr__(self, "failure_options", text_tuple("failure_options", self.failure_options))
        _check_failure_options(self.failure_options)
        if self.failure_options and not self.failure_reports_to:
            rule = "be empty without failure_reports_to, where the reports would go"
            raise invalid("failure_options", rule, self.failure_options, "pass failure_reports_to as well")

    @classmethod
    def monitor(cls, **options: Unpack[DmarcOptions]) -> Self:
        """Collect reports and change nothing, where every rollout starts.

        Args:
            options: Every argument of ``DmarcPolicy`` but its action, by name.

        >>> DmarcPolicy.monitor(reports_to=("dmarc@example.com",)).to_txt()
        'v=DMARC1; p=none; rua=mailto:dmarc@example.com'
        """
        return cls(action="none", **options)

    @classmethod
    def quarantine(cls, **options: Unpack[DmarcOptions]) -> Self:
        """Have failing mail treated as suspicious: most receivers put it into the spam folder.

        Args:
            options: As in ``monitor``.

        >>> DmarcPolicy.quarantine(nonexistent_subdomain_action="reject").to_txt()
        'v=DMARC1; p=quarantine; np=reject'
        """
        return cls(action="quarantine", **options)

    @classmethod
    def reject(cls, **options: Unpack[DmarcOptions]) -> Self:
        """Have failing mail refused, once the reports are clean.

        Args:
            options: As in ``monitor``.

        >>> DmarcPolicy.reject(testing=True).to_txt()
        'v=DMARC1; p=reject; t=y'
        """
        return cls(action="reject", **options)

    def to_txt(self) -> str:
        """Return the text of the TXT record, without the tags that say what receivers assume anyway."""
        # Some receivers that follow the older RFC 7489 expect p directly behind v.
        tags = {
            "v": "DMARC1",
            "p": self.action,
            "sp": self.subdomain_action,
            "np": self.nonexistent_subdomain_action,
            "t": "y" if self.testing else None,
            "psd": self.public_suffix,
            "adkim": "s" if self.dkim_alignment == "strict" else None,
            "aspf": "s" if self.spf_alignment == "strict" else None,
            "rua": ",".join(self.reports_to),
            "ruf": ",".join(self.failure_reports_to),
            "fo": ":".join(self.failure_options),
        }
        return "; ".join(f"{name}={value}" for name, value in tags.items() if value)

    def report_domains(self) -> tuple[str, ...]:
        """Return the domains that get reports by mail, in lower case and each once.

        A domain that is not yours has to agree, in a record of its own (RFC 9990 section 4). A CDK token in a domain
        stays as it is; an address that is nothing but a token has no known domain and is left out.

        >>> DmarcPolicy.monitor(reports_to=["a@Example.com", "b@reports.example.net"]).report_domains()
        ('example.com', 'reports.example.net')
        """
        hosts = (mail_host(uri) for uri in (*self.reports_to, *self.failure_reports_to))
        return tuple(dict.fromkeys(host for host in hosts if host))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a published record (RFC 9989 sections 4.7 and 4.8).

        Unknown tags and the retired ``rf``, ``ri`` and ``pct`` are ignored. Size limits on report URIs are dropped, and
        so is ``fo`` without ``ruf``. ``pct=0`` without ``t`` is read as testing, which is what it was used for. A
        missing ``p`` is ``none``.

        Args:
            text: The text of the TXT record.

        Raises:
            ValueError: No DMARC record, or a malformed value. A receiver would fall back to a default there, but the
                owner of the record surely meant something.

        >>> DmarcPolicy.parse("v=DMARC1; p=reject; pct=0; rua=mailto:dmarc@example.com!10m").to_txt()
        'v=DMARC1; p=reject; t=y; rua=mailto:dmarc@example.com'
        """
        tags = _tags(text)
        # Values are case-insensitive, except for the URIs.
        lowered = {name: value.lower() for name, value in tags.items()}
        options = tuple(option.strip(" \t") for option in lowered["fo"].split(":")) if "fo" in tags else ()
        alignments = {"r": "relaxed", "s": "strict"}
        try:
            failure_reports_to = split_dmarc_uris("ruf", tags["ruf"]) if "ruf" in tags else ()
            check_choice("t", lowered.get("t", "n"), ("y", "n"))
            check_choice("adkim", lowered.get("adkim", "r"), ("r", "s"))
            check_choice("aspf", lowered.get("aspf", "r"), ("r", "s"))
            # Before they are dropped where nobody gets the reports.
            _check_failure_options(options)
            return cls(
                action=cast(DmarcAction, lowered.get("p", "none")),
                subdomain_action=cast(DmarcAction | None, lowered.get("sp")),
                nonexistent_subdomain_action=cast(DmarcAction | None, lowered.get("np")),
                testing=lowered.get("t", "y" if lowered.get("pct") == "0" else "n") == "y",
                public_suffix=cast(PublicSuffix | None, lowered.get("psd")),
                dkim_alignment=cast(DmarcAlignment, alignments[lowered.get("adkim", "r")]),
                spf_alignment=cast(DmarcAlignment, alignments[lowered.get("aspf", "r")]),
                reports_to=split_dmarc_uris("rua", tags["rua"]) if "rua" in tags else (),
                failure_reports_to=failure_reports_to,
                failure_options=options if failure_reports_to else (),
            )
        except ValueError as error:
            raise invalid("text", "be a valid DMARC record", text, str(error)) from error


def _check_failure_options(options: Sequence[str]) -> None:
    for option in options:
        check_choice("failure_options", option, _FAILURE_OPTIONS)
    check_distinct("failure_options", options)
    if "0" in options and "1" in options:
        raise invalid("failure_options", "not hold '0' and '1' together", options, "keep '1' for more reports")


def _tags(text: str) -> dict[str, str]:
    version, *rest = check_text("text", text).split(";")
    if _VERSION.fullmatch(version) is None:
        raise invalid("text", "begin with the tag v=DMARC1", text, "pass the record found at _dmarc.<domain>")
    tags = {"v": "DMARC1"}
    for written in (part.strip(" \t") for part in rest):
        if not written:
            continue
        tag = _TAG.fullmatch(written)
        if tag is None:
            raise invalid("text", "consist of name=value tags", text, f"look at {written!r}")
        name = tag["name"].lower()
        if name in tags:
            raise invalid("text", "hold every tag once", text, f"keep one {name}")
        if name in _KNOWN_TAGS:
            tags[name] = tag["value"]
    return tags
