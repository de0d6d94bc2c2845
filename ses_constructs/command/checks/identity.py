"""What SES itself says about the domain in its region."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..findings import Finding
from ..name_servers import answered
from .checked_domain import CheckedDomain

_PAGE = "SES API, GetEmailIdentity"


def check_identity(domain: CheckedDomain) -> Iterator[Finding]:
    """Whether SES knows the domain, signs for it, and sends with its MAIL FROM domain."""
    if not domain.account:
        return
    yield _verified(domain, domain.account)
    dkim = domain.account.get("DkimAttributes", {})
    status = dkim.get("Status", "NOT_STARTED")
    if not dkim.get("SigningEnabled"):
        says, fix = "SES does not sign: DKIM is switched off", "switch DKIM signing on in SES"
    elif status == "SUCCESS":
        says, fix = "SES signs with this domain", ""
    else:
        says = "SES still looks for the keys in DNS" if status == "PENDING" else f"SES does not sign: it says {status}"
        fix = "publish the records below, and wait"
    found = f"{'on' if dkim.get('SigningEnabled') else 'off'}, {status}"
    yield Finding(
        id="identity.dkim",
        outcome="wrong" if fix else "right",
        says=says,
        wanted="on, SUCCESS",
        found=found,
        source=_PAGE,
        fix=fix,
    )
    yield _mail_from(domain.account)


def unknown_identity(domain: str, region: str) -> Finding:
    """SES does not know the domain there."""
    return Finding(
        id="identity.verified",
        outcome="wrong",
        says=f"SES in {region} does not know {domain}: an identity is known in its own region only",
        wanted=f"an identity {domain} in {region}",
        found="none",
        source=_PAGE,
        fix="say the --region where it is, or create it there",
    )


def _verified(domain: CheckedDomain, account: Mapping[str, Any]) -> Finding:
    if account.get("VerifiedForSendingStatus"):
        return Finding(id="identity.verified", outcome="right", says="SES lets this domain send")
    details = account.get("VerificationInfo") or {}
    status = account.get("VerificationStatus", "PENDING")
    seen = str((details.get("SOARecord") or {}).get("PrimaryNameServer", "")).lower().rstrip(".")
    primaries = {
        value.split(" ")[0]
        for reply in answered(domain.dns.at_every_server(domain.name, "SOA"))
        for value in reply.values
    }
    says = f"SES does not let this domain send yet: {status}"
    if seen and primaries and seen not in primaries:
        says += f"; SES saw the zone of {seen}, and the one that is served now is of {', '.join(sorted(primaries))}"
    return Finding(
        id="identity.verified",
        outcome="wrong",
        says=says,
        wanted="SUCCESS",
        found=" ".join(filter(None, (str(status), str(details.get("ErrorType", ""))))),
        source=_PAGE,
        fix="mend the DKIM records; SES looks again by itself for 72 hours",
    )


def _mail_from(account: Mapping[str, Any]) -> Finding:
    mail_from = account.get("MailFromAttributes") or {}
    name, status = mail_from.get("MailFromDomain", ""), mail_from.get("MailFromDomainStatus", "")
    if name and status == "SUCCESS":
        return Finding(id="identity.mail-from", outcome="right", says=f"SES sends with the envelope of {name}")
    if not name:
        return Finding(
            id="identity.mail-from",
            outcome="advice",
            says="SES sends with an envelope of amazonses.com, so that SPF passes and does not align",
            wanted="a MAIL FROM domain below this one",
            found="none",
            source='SES Developer Guide, "Using a custom MAIL FROM domain"',
            fix="set a MAIL FROM domain in SES, and publish its MX and TXT record",
        )
    meanwhile = "is refused" if mail_from.get("BehaviorOnMxFailure") == "REJECT_MESSAGE" else "uses amazonses.com"
    return Finding(
        id="identity.mail-from",
        outcome="wrong",
        says=f"SES does not use the MAIL FROM domain {name}: {status}; meanwhile mail {meanwhile}",
        wanted="SUCCESS",
        found=str(status),
        source=_PAGE,
        fix=f"mend the MX record of {name}; after 72 hours in vain, set the MAIL FROM domain in SES again",
    )
