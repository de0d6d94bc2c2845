"""A hosted zone of another account: how records get into it, and the role that lets them in."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from constructs import Construct, IDependable

from ..common.arguments import (
    check_account_id,
    check_domain_name,
    check_flag,
    check_text,
    contains_token,
    invalid,
    is_within,
    text_tuple,
    with_lower_case_domain,
)
from ..common.checks import check_resource
from ..common.wildcards import acknowledge_wildcard
from ..email_records import DnsRecord
from .zones import DnsZone, check_in_zone

_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/\S+")
_TYPES = ("CNAME", "MX", "TXT")


@dataclass(frozen=True, kw_only=True)
class CrossAccountZone(DnsZone):
    """A public Route 53 hosted zone of another account, in which a role there lets us write.

    A function of the stack assumes the role and writes the records; it looks first, as with
    ``Route53Zone(zone, adopts_existing=True)`` (``docs/step-in.md``).

    Args:
        hosted_zone_id: The zone's id, such as ``Z0123456789ABCDEFGHIJ``.
        zone_name: Its name; it holds the domain or is a parent of it.
        role_arn: A role of the zone's account that trusts this one, best a ``DnsDelegationRole``.
        adopts_existing: Whether records of the domain may stand there already.

    Raises:
        ValueError: What is no id, name or ARN.
    """

    hosted_zone_id: str
    zone_name: str
    role_arn: str
    adopts_existing: bool = False

    def __post_init__(self) -> None:
        check_text("hosted_zone_id", self.hosted_zone_id)
        object.__setattr__(self, "zone_name", _domain("zone_name", self.zone_name))
        role_arn = check_text("role_arn", self.role_arn)
        if not contains_token(role_arn) and not _ROLE_ARN.fullmatch(role_arn):
            example = "arn:aws:iam::111122223333:role/dns-of-example-com"
            raise invalid("role_arn", "be the ARN of a role", role_arn, f"pass one such as {example!r}")
        check_flag("adopts_existing", self.adopts_existing)

    def publish(
        self, scope: Construct, *, domain_name: str, records: Sequence[DnsRecord], removal_policy: RemovalPolicy
    ) -> IDependable:
        """A ``RecordWriter`` under *scope*; see ``DnsZone``.

        Raises:
            ValueError: A zone that does not hold the domain.
        """
        from .record_writer import RecordWriter  # loads aws_lambda, which few apps need

        check_in_zone(domain_name, self.zone_name)
        return RecordWriter(
            scope,
            "RecordWriter",
            hosted_zone_id=self.hosted_zone_id,
            domain_name=domain_name,
            records=records,
            removal_policy=removal_policy,
            adopts_existing=self.adopts_existing,
            role_arn=self.role_arn,
        )


class DnsDelegationRole(Construct):
    """In the account of a hosted zone: lets another account publish the records of one domain, and no others.

    It may create and delete CNAME, MX and TXT records at the names that a ``VerifiedDomain`` publishes. IAM can compare
    names, types and actions, and no values; and whoever may read a zone reads all of it
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html).

    Args:
        hosted_zone: The zone, of this account.
        domain_name: The domain of the ``VerifiedDomain``; the zone itself or a subdomain of it.
        trusted_account: The id of the account that sends. Whoever may assume roles there can use this one.
        mail_from: As for the ``VerifiedDomain``. When that changes, add the new one here first.
        further_domains: Further domains whose own name and DKIM keys may be published, such as a tracking domain.
        role_name: A name, so that the other stack can know the ARN before; CloudFormation makes one up unless given.

    Raises:
        ValueError: What is no zone, domain or account.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        hosted_zone: route53.IHostedZone,
        domain_name: str,
        trusted_account: str,
        mail_from: Sequence[str] | str | None = "mail",
        further_domains: Sequence[str] = (),
        role_name: str | None = None,
    ) -> None:
        from .record_writer import zone_statements  # loads aws_lambda, which few apps need

        super().__init__(scope, construct_id)
        check_resource("hosted_zone", hosted_zone, "hosted zone")
        if role_name is not None:
            check_text("role_name", role_name)
        check_account_id("trusted_account", trusted_account)
        domain = _domain("domain_name", domain_name)
        others = [_domain("further_domains", each) for each in text_tuple("further_domains", further_domains)]
        if mail_from is None:
            mail_from = ()
        labels = [mail_from] if isinstance(mail_from, str) else text_tuple("mail_from", mail_from)
        senders = [_domain("mail_from", each if is_within(each, domain) else f"{each}.{domain}") for each in labels]
        names = [
            *(f"{prefix}{domain}" for prefix in ("", "_amazonses.", "_dmarc.", "_smtp._tls.")),
            *senders,
            *others,
            *(f"*._domainkey.{each}" for each in (domain, *others)),
        ]
        changes = f"arn:{Aws.PARTITION}:route53:::change/*"
        self.role = iam.Role(
            self,
            "Role",
            role_name=role_name,
            description=f"Publishes the records of {domain} from account {trusted_account}",
            assumed_by=iam.AccountPrincipal(trusted_account),
            inline_policies={
                "Records": iam.PolicyDocument(
                    statements=[
                        *zone_statements(hosted_zone.hosted_zone_id, names=sorted(set(names)), types=_TYPES),
                        iam.PolicyStatement(actions=["route53:GetChange"], resources=[changes]),
                    ]
                )
            },
        )
        """The role; its ``role_arn`` is what ``CrossAccountZone`` takes."""
        acknowledge_wildcard(self.role, changes, reason="Route 53 gives a change its id when it makes it")


def _domain(argument: str, value: str) -> str:
    return with_lower_case_domain(check_domain_name(argument, check_text(argument, value).removesuffix(".")))
