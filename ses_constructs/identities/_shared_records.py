"""The records that a domain has once, whatever the number of regions it sends from; its DKIM keys come on top.

Pure: names and regions may be CDK tokens, but nothing here makes a resource. A record's purpose is the role that
output ids are made from, so changing one changes logical ids.
"""

from collections.abc import Sequence

from ..common.ses_regions import feedback_host
from ..email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting

_MAIL_FROM_SPF = SpfPolicy.amazon_ses().to_txt()


def shared_records(
    domain_name: str,
    *,
    region: str,
    ttl: int,
    mail_from_domain: str | None,
    dmarc: DmarcPolicy | None,
    spf: SpfPolicy | None,
    existing_txt_values: Sequence[str],
    mail_exchangers: Sequence[str],
    tls_reporting: TlsReporting | None,
    legacy_token: str | None,
) -> list[DnsRecord]:
    """The records for what is switched on; *ttl* in seconds, *mail_exchangers* as values of an MX record."""
    records = []
    if mail_from_domain:
        # Exactly one MX (https://docs.aws.amazon.com/ses/latest/dg/mail-from.html): with a second one SES calls the
        # set-up failed, and it sends bounces on to the region that they belong to.
        bounces = f"10 {feedback_host(region)}"
        records.append(_mx(mail_from_domain, bounces, ttl=ttl, purpose="MAIL FROM bounces"))
        records.append(_txt(mail_from_domain, _MAIL_FROM_SPF, ttl=ttl, purpose="MAIL FROM SPF"))
    if dmarc:
        records.append(_txt(f"_dmarc.{domain_name}", dmarc.to_txt(), ttl=ttl, purpose="DMARC policy"))
    if spf:
        records.append(_txt(domain_name, spf.to_txt(), *existing_txt_values, ttl=ttl, purpose="SPF policy"))
    if mail_exchangers:
        records.append(_mx(domain_name, *mail_exchangers, ttl=ttl, purpose="Inbound mail"))
    if tls_reporting:
        records.append(_txt(f"_smtp._tls.{domain_name}", tls_reporting.to_txt(), ttl=ttl, purpose="TLS reports"))
    if legacy_token:
        records.append(_txt(f"_amazonses.{domain_name}", legacy_token, ttl=ttl, purpose="Legacy verification"))
    return records


def _txt(name: str, *values: str, ttl: int, purpose: str) -> DnsRecord:
    return DnsRecord(name=name, type="TXT", values=values, ttl=ttl, purpose=purpose)


def _mx(name: str, *values: str, ttl: int, purpose: str) -> DnsRecord:
    return DnsRecord(name=name, type="MX", values=values, ttl=ttl, purpose=purpose)
