"""TrackingDistribution: what answers with https for a tracking domain."""

from aws_cdk import Acknowledgment, RemovalPolicy, Stack, Validations
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from constructs import Construct

from ..common.arguments import contains_token, invalid
from ..common.checks import check_same_account, regions_differ, warn_unless_retained
from ..common.ses_regions import partition, tracking_host

# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cnames-and-https-requirements.html
_CERTIFICATE_REGION = "us-east-1"
_NOT_NEEDED = {
    "AwsSolutions-CFR1": "whoever got mail may follow its links, from any country",
    "AwsSolutions-CFR2": "SES answers nothing but the links that it has made itself",
    "AwsSolutions-CFR3": "SES counts the opens and clicks",
}


class TrackingDistribution(Construct):
    """A distribution in front of SES's tracking host of the region: nothing is cached, all is passed on.

    Source: https://docs.aws.amazon.com/ses/latest/dg/configure-custom-open-click-domains.html, the HTTPS domain.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        tracking_domain: str,
        certificate: acm.ICertificate,
        sending_domain: str,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        _check_partition(Stack.of(self).region)
        _check_certificate(self, certificate, tracking_domain)
        distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment="Opens and clicks of mail",
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.HttpOrigin(
                    tracking_host(Stack.of(self).region), protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY
                ),
                cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
                # SES knows by the Host header whose link it is, and answers 403 without it.
                origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
                # Links of mail from before the certificate begin with http.
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
            ),
            domain_names=[tracking_domain],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
        )
        for rule, reason in _NOT_NEEDED.items():
            Validations.of(distribution).acknowledge(Acknowledgment(id=rule, reason=reason))
        if removal_policy is not RemovalPolicy.DESTROY:
            distribution.apply_removal_policy(removal_policy)
            warn_unless_retained(scope, certificate, domain_name=sending_domain)
        self.host = distribution.distribution_domain_name


def _check_partition(region: str) -> None:
    """https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-differences.html."""
    if not contains_token(region) and partition(region) != "aws":
        raise invalid(
            "certificate",
            "be left out where there is no CloudFront that could use it",
            region,
            "let links be http alone, or have a web server of your own answer for the name, and pass a "
            "configuration_set that has it",
        )


def _check_certificate(scope: Construct, certificate: acm.ICertificate, name: str) -> None:
    """CloudFront takes one of its own account, in one region, that has the name; as far as these are known."""
    arn, resource = certificate.certificate_arn, certificate.node.default_child
    if not contains_token(arn):
        if arn.count(":") < 5:
            raise invalid("certificate", "have an ARN", arn, "import it by the whole of its ARN")
        region, account = arn.split(":")[3:5]
    elif isinstance(resource, acm.CfnCertificate):
        region, account = Stack.of(resource).region, Stack.of(resource).account
    else:
        return
    if regions_differ(region, _CERTIFICATE_REGION):
        raise invalid(
            "certificate",
            f"be in {_CERTIFICATE_REGION}, where CloudFront looks for certificates",
            region,
            f"make it in a stack of {_CERTIFICATE_REGION}, and pass cross_region_references=True to both stacks",
        )
    check_same_account("certificate", account, user=scope, fix="make one in this account")
    if isinstance(resource, acm.CfnCertificate):
        names = [resource.domain_name, *(resource.subject_alternative_names or [])]
        if not any(map(contains_token, (name, *names))) and not any(_covers(each, name) for each in names):
            raise invalid(
                "certificate",
                f"be for {name}, or CloudFront refuses the name",
                ", ".join(names),
                f"make it with domain_name={name!r}",
            )


def _covers(of_certificate: str, name: str) -> bool:
    """A star stands for one label (RFC 6125, section 6.4.3)."""
    pattern = of_certificate.lower()
    return pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])
