"""Reports about failed TLS connections to your mail servers (RFC 8460)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from ..common.arguments import check_text, invalid
from ._report_uri import published_uris, report_uris

_FIELD = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9_.-]{0,31})=(?P<value>[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)")


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsReporting:
    """Ask senders for a daily report on TLS connections that failed, in the TXT record ``_smtp._tls.<domain>``.

    Args:
        reports_to: One destination or more: e-mail addresses, or ``mailto:`` and ``https:`` URIs. Stored as URIs in one
            form: scheme and host in lower case; commas, exclamation marks and semicolons escaped.

    Raises:
        ValueError: No destination, a repeated one, or one that is neither an address nor such a URI.

    >>> TlsReporting(reports_to=("tls@example.com", "https://reports.example.com/tls")).to_txt()
    'v=TLSRPTv1; rua=mailto:tls@example.com,https://reports.example.com/tls'
    """

    reports_to: Sequence[str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "reports_to", report_uris("reports_to", self.reports_to))
        if not self.reports_to:
            raise invalid("reports_to", "hold at least one destination", (), "write ('tls-reports@example.com',)")

    def to_txt(self) -> str:
        """Return the text of the TXT record (RFC 8460 section 3)."""
        return f"v=TLSRPTv1; rua={','.join(self.reports_to)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a published record. Unknown fields are ignored, several ``rua`` fields add up (RFC 8460 section 3).

        Args:
            text: The text of the TXT record.

        Raises:
            ValueError: No TLS reporting record, or one that leads to no valid destination.
        """
        version, _, rest = check_text("text", text).partition(";")
        # Version and field names are case-sensitive in RFC 8460, unlike the names of DMARC tags.
        if version.rstrip(" \t") != "v=TLSRPTv1":
            raise invalid("text", "begin with v=TLSRPTv1 and a semicolon", text, "pass a TLS reporting record")
        values: list[str] = []
        for written in filter(None, (part.strip(" \t") for part in rest.split(";"))):
            field = _FIELD.fullmatch(written)
            if field is None:
                raise invalid("text", "consist of name=value fields", text, f"look at {written!r}")
            if field["name"] == "rua":
                values.append(field["value"])
        try:
            return cls(reports_to=published_uris("rua", ",".join(values)) if values else ())
        except ValueError as error:
            raise invalid("text", "be a valid TLS reporting record", text, str(error)) from error
