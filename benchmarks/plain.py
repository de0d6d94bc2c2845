"""The same domains with the L2 constructs of aws-cdk-lib alone, as a careful author writes them."""

from collections.abc import Sequence

from aws_cdk import Duration, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct


def add_domains(stack: Stack, zone: route53.IHostedZone, domain_names: Sequence[str]) -> None:
    """One identity and nine record sets for each name."""
    # Asked for once and not for every domain.
    region = stack.region
    ttl = Duration.minutes(5)
    for number, domain_name in enumerate(domain_names, start=1):
        _add_domain(Construct(stack, f"Domain{number}"), zone, domain_name, region=region, ttl=ttl)


def _add_domain(scope: Construct, zone: route53.IHostedZone, domain_name: str, *, region: str, ttl: Duration) -> None:
    mail_from = f"mail.{domain_name}"
    identity = ses.EmailIdentity(
        scope, "Identity", identity=ses.Identity.domain(domain_name), mail_from_domain=mail_from
    )
    keys = (
        (identity.dkim_dns_token_name1, identity.dkim_dns_token_value1),
        (identity.dkim_dns_token_name2, identity.dkim_dns_token_value2),
        (identity.dkim_dns_token_name3, identity.dkim_dns_token_value3),
    )
    for number, (name, target) in enumerate(keys, start=1):
        # The dot keeps CDK from adding the zone's name to a name that it cannot read yet.
        route53.CnameRecord(scope, f"Dkim{number}", zone=zone, record_name=f"{name}.", domain_name=target, ttl=ttl)

    mx_records = (
        ("MailFromMx", mail_from, f"feedback-smtp.{region}.amazonses.com"),
        ("InboundMx", domain_name, f"inbound-smtp.{region}.amazonaws.com"),
    )
    for construct_id, name, host in mx_records:
        value = route53.MxRecordValue(priority=10, host_name=host)
        route53.MxRecord(scope, construct_id, zone=zone, record_name=name, values=[value], ttl=ttl)

    spf = "v=spf1 include:amazonses.com ~all"
    txt_records = (
        ("MailFromSpf", mail_from, [spf]),
        ("Dmarc", f"_dmarc.{domain_name}", [f"v=DMARC1; p=none; rua=mailto:dmarc@{domain_name}"]),
        ("Spf", domain_name, [spf, "site-verification=4711"]),
        ("TlsReports", f"_smtp._tls.{domain_name}", [f"v=TLSRPTv1; rua=mailto:tls@{domain_name}"]),
    )
    for construct_id, name, values in txt_records:
        route53.TxtRecord(scope, construct_id, zone=zone, record_name=name, values=values, ttl=ttl)
