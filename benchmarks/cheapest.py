"""The same domains as briefly as plain aws-cdk-lib can: CDK makes the records of DKIM and MAIL FROM itself.

``Identity.public_hosted_zone`` verifies the name of a zone and no other, so that each domain has a zone of its own, and
CDK decides how long resolvers keep those records.
"""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct


def add_domains(stack: Stack, zone: route53.IHostedZone, domain_names: Sequence[str]) -> None:
    """One identity and four further record sets for each name; *zone* has the id of every domain's zone."""
    region, zone_id = stack.region, zone.hosted_zone_id
    ttl = Duration.minutes(5)
    for number, domain_name in enumerate(domain_names, start=1):
        _add_domain(Construct(stack, f"Domain{number}"), zone_id, domain_name, region=region, ttl=ttl)


def _add_domain(scope: Construct, zone_id: str, domain_name: str, *, region: str, ttl: Duration) -> None:
    zone = route53.PublicHostedZone.from_public_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id=zone_id, zone_name=domain_name
    )
    ses.EmailIdentity(
        scope, "Identity", identity=ses.Identity.public_hosted_zone(zone), mail_from_domain=f"mail.{domain_name}"
    )
    inbound = route53.MxRecordValue(priority=10, host_name=f"inbound-smtp.{region}.amazonaws.com")
    route53.MxRecord(scope, "InboundMx", zone=zone, values=[inbound], ttl=ttl)
    txt_records = (
        ("Dmarc", "_dmarc", [f"v=DMARC1; p=none; rua=mailto:dmarc@{domain_name}"]),
        ("Spf", None, ["v=spf1 include:amazonses.com ~all", "site-verification=4711"]),
        ("TlsReports", "_smtp._tls", [f"v=TLSRPTv1; rua=mailto:tls@{domain_name}"]),
    )
    for construct_id, name, values in txt_records:
        route53.TxtRecord(scope, construct_id, zone=zone, record_name=name, values=values, ttl=ttl)
