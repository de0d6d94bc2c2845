"""Fully equipped domains, written with this library; plain.py publishes the same records."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_route53 as route53

from ses_constructs import DmarcPolicy, Route53Zone, SpfPolicy, TlsReporting, VerifiedDomain


def add_domains(
    stack: Stack, zone: route53.IHostedZone, domain_names: Sequence[str], *, legacy_verification_token: bool = False
) -> None:
    """One ``VerifiedDomain`` for each name."""
    dns = Route53Zone(zone)
    for number, domain_name in enumerate(domain_names, start=1):
        VerifiedDomain(
            stack,
            f"Domain{number}",
            domain_name=domain_name,
            dns=dns,
            dmarc=DmarcPolicy.monitor(reports_to=[f"dmarc@{domain_name}"]),
            spf=SpfPolicy.amazon_ses(),
            existing_txt_values=["site-verification=4711"],
            receives_mail=True,
            tls_reporting=TlsReporting(reports_to=(f"tls@{domain_name}",)),
            legacy_verification_token=legacy_verification_token,
        )
