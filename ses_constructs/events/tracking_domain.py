"""TrackingDomain: the name under which recipients see links whose clicks are counted."""

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from aws_cdk import Annotations, Duration, RemovalPolicy, Stack
from constructs import Construct, IDependable

from ..common.arguments import check_domain_name, check_flag, contains_token, invalid, is_within
from ..common.checks import check_resource, warn
from ..common.once import earlier_owner
from ..common.rendered import rendered
from ..common.ses_regions import tracking_host
from ..dns.register import register_records
from ..email_records import DnsRecord
from ..identities import _domain_checks as checks
from ..identities.sending_domain import SendingDomain
from ..identities.verified_domain import VerifiedDomain

if TYPE_CHECKING:
    from aws_cdk import aws_certificatemanager as acm

_WAIT_MINUTES = 30


@dataclass(frozen=True, slots=True)
class TrackingDomain:
    """A subdomain through which opens and clicks are counted.

    It gets an identity of its own, because SES takes no subdomain without one, with its records beside those of the
    domain, and a CNAME record that leads to SES
    (https://docs.aws.amazon.com/ses/latest/dg/configure-custom-open-click-domains.html).

    Args:
        domain_name: Such as ``click.example.com``. Stored in lower case.
        certificate: Of this account in us-east-1, for that name. A CloudFront distribution then answers for it, and all
            links and images of mail go out with https. Without one, recipients of links to https see a warning of
            their browser, for SES has no certificate for the name.
        wait: Hold the deployment for up to 30 minutes until SES has verified the name. False makes everything but does
            not use the name yet: for records that a person publishes, who takes it out again once they are there.

    Raises:
        ValueError: What is no domain name or no certificate.
    """

    domain_name: str
    _: KW_ONLY
    certificate: "acm.ICertificate | None" = None
    wait: bool = True

    def __post_init__(self) -> None:
        # In lower case like its identity.
        object.__setattr__(self, "domain_name", _in_lower_case(check_domain_name("domain_name", self.domain_name)))
        if self.certificate is not None:
            check_resource("certificate", self.certificate, "certificate")
        check_flag("wait", self.wait)


def _in_lower_case(name: str) -> str:
    """*name*, unless there is a token in it."""
    return name if contains_token(name) else name.lower()


def make_tracking(
    scope: Construct, tracking: TrackingDomain, domain: SendingDomain | None, removal_policy: RemovalPolicy
) -> list[IDependable]:
    """The identity of *tracking*, its records, and what answers for it; SES refuses it in a set until it is verified.

    Returns what the set has to wait for.
    """
    if not isinstance(domain, VerifiedDomain):
        raise invalid(
            "tracking_domain",
            "come with a VerifiedDomain, where its DNS records are published too",
            tracking.domain_name,
            "pass domain=, or a configuration set that has the tracking domain",
        )
    name, stack = tracking.domain_name, Stack.of(scope)
    known = not contains_token(name) and not contains_token(domain.domain_name)
    if name == domain.domain_name or (known and not is_within(name, domain.domain_name)):
        raise invalid(
            "tracking_domain",
            f"be a subdomain of {domain.domain_name}, where a CNAME is the only record",
            name,
            f"take a name such as 'click.{domain.domain_name}'",
        )
    earlier = earlier_owner(stack, ("tracking domain", name), scope)
    if earlier is not None:
        raise invalid(
            "tracking_domain",
            f"be made once, and {earlier.node.path!r} makes it",
            name,
            "take another name, or pass a configuration_set that names this one as its custom_tracking_redirect_domain",
        )
    if tracking.wait:
        checks.check_delegated(scope, domain.dns, "tracking_domain")
    # An identity of its own and not the domain's: that one waits for the set, whose default it becomes.
    identity = VerifiedDomain(
        scope,
        "TrackingDomain",
        domain_name=name,
        dns=domain.dns,
        mail_from=None,
        dmarc=None,
        wait_until_verified=Duration.minutes(_WAIT_MINUTES) if tracking.wait else None,
        removal_policy=removal_policy,
    )
    # No mail comes from it, and the links in old mail lead nowhere after a change, retained or not; the wait is ours.
    for warning_id in (checks.old_records_go(identity.domain_name), "waits-for-people"):
        Annotations.of(identity).acknowledge_warning(f"ses-constructs:{warning_id}")
    record = DnsRecord(
        name=name,
        type="CNAME",
        values=(_target(scope, tracking, domain, removal_policy),),
        ttl=300,
        purpose="Open and click tracking",
    )
    register_records(identity, stack, domain.dns, [record])
    published = domain.dns.publish(
        Construct(scope, "Tracking"), domain_name=name, records=[record], removal_policy=removal_policy
    )
    _warn(scope, tracking, is_published=published is not None)
    return [identity.verified, *([published] if published else [])]


def _target(scope: Construct, tracking: TrackingDomain, domain: SendingDomain, removal_policy: RemovalPolicy) -> str:
    if tracking.certificate is None:
        return tracking_host(Stack.of(scope).region)
    from ._tracking_distribution import TrackingDistribution  # loads aws_cloudfront, which few apps need

    distribution = TrackingDistribution(
        scope,
        "TrackingHttps",
        tracking_domain=tracking.domain_name,
        certificate=tracking.certificate,
        sending_domain=domain.domain_name,
        removal_policy=removal_policy,
    )
    # A CNAME in a zone of Route 53 too: every zone takes it, and with the certificate its value changes, not its type.
    return distribution.host


def _warn(scope: Construct, tracking: TrackingDomain, *, is_published: bool) -> None:
    name = rendered(Stack.of(scope).resolve(tracking.domain_name))
    if tracking.certificate is None:
        warn(
            scope,
            "tracking-without-https",
            f"links to https go out as https://{name}/..., for which SES has no certificate, so that browsers warn "
            f"recipients who follow them; pass tracking_domain=TrackingDomain({name!r}, certificate=...), or let mail "
            "hold http links alone and acknowledge this",
        )  # https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_TrackingOptions.html, HttpsPolicy
    if not tracking.wait:
        warn(
            scope,
            "tracking-not-used",
            f"{name} counts no opens and clicks yet; once its records are published and SES has verified it, leave out "
            "wait=False and deploy again",
        )
    elif not is_published:
        warn(
            scope,
            "waits-for-people",
            f"the deployment is held until somebody has published the records of {name}, whose DKIM names are known "
            f"only after its identity is made; deploy with tracking_domain=TrackingDomain({name!r}, wait=False) first",
        )
