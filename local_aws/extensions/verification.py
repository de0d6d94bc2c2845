"""When SES counts a domain as verified, judged by the records in the zones: pure, tested without a server."""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from local_aws.extensions.record_changes import txt_strings

# (lower-case name without the final dot, type) -> values
Records = Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedRecord:
    """A record that SES looks for; the value of an MX is a regular expression."""

    name: str
    type: str
    value: str

    def problem(self, records: Records) -> str | None:
        """SES's `ErrorType` for this record, or None when it is as it must be."""
        found = records.get((self.name.lower(), self.type))
        if found is not None:
            return None if self._matches(found) else "INVALID_VALUE"
        other_types = any(name == self.name.lower() for name, _ in records)
        return "TYPE_NOT_FOUND" if other_types else "HOST_NOT_FOUND"

    def _matches(self, found: Sequence[str]) -> bool:
        if self.type == "CNAME":
            return [value.rstrip(".").lower() for value in found] == [self.value.lower()]
        if self.type == "MX":  # another exchanger beside it makes SES refuse the MAIL FROM domain
            return len(found) == 1 and re.fullmatch(self.value, found[0].rstrip(".").lower()) is not None
        return any(self.value in "".join(txt_strings(value)) for value in found)


def first_problem(expected: Sequence[ExpectedRecord], records: Records) -> str | None:
    """The `ErrorType` of the first record that is missing or wrong, or None when all are there."""
    return next((problem for record in expected if (problem := record.problem(records))), None)


def easy_dkim_records(domain: str, tokens: Sequence[str]) -> list[ExpectedRecord]:
    return [
        ExpectedRecord(name=f"{token}._domainkey.{domain}", type="CNAME", value=f"{token}.dkim.amazonses.com")
        for token in tokens
    ]


def own_dkim_records(domain: str, selector: str) -> list[ExpectedRecord]:
    """The key itself is not compared with the private one."""
    return [ExpectedRecord(name=f"{selector}._domainkey.{domain}", type="TXT", value="p=")]


def mail_from_records(mail_from_domain: str) -> list[ExpectedRecord]:
    """The MX may name any region: SES sends bounces on to the one that they belong to."""
    return [
        ExpectedRecord(name=mail_from_domain, type="MX", value=r"10 feedback-smtp\.[a-z0-9-]+\.amazonses\.com"),
        ExpectedRecord(name=mail_from_domain, type="TXT", value="include:amazonses.com"),
    ]


def token_records(domain: str) -> list[ExpectedRecord]:
    return [ExpectedRecord(name=f"_amazonses.{domain}", type="TXT", value=verification_token(domain))]


def verification_token(domain: str) -> str:
    """The value of the `_amazonses` TXT record: 44 characters, always the same for a domain."""
    return base64.b64encode(hashlib.sha256(domain.lower().encode()).digest()).decode()
