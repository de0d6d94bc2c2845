"""Where Amazon SES works, and the names and ports of its mail servers.

Each list says where it comes from, and all were read on the day below. SES comes to new regions without notice, so
absence from a list is a reason to warn and never a reason to fail.
"""

import re

from .arguments import check_text, contains_token, invalid, without_tokens

LISTS_READ_ON = "2026-11-28"

_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
# By the first part of a region's code, for partitions other than those of amazonaws.com (botocore's partitions.json).
_DNS_SUFFIXES = {"cn": "amazonaws.com.cn", "eusc": "amazonaws.eu"}
_PARTITIONS = {"cn-": "aws-cn", "eusc-": "aws-eusc", "us-gov-": "aws-us-gov"}

RECEIVING_REGIONS: frozenset[str] = frozenset(
    {
        "af-south-1",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ca-central-1",
        "eu-central-1",
        "eu-north-1",
        "eu-south-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-south-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
    }
)
"""Regions that receive e-mail: AWS General Reference, "Amazon SES endpoints and quotas", e-mail receiving
(https://docs.aws.amazon.com/general/latest/gr/ses.html), as others quote it, and CloudFormation's list of regions with
``AWS::SES::ReceiptRule``. That list has ``eusc-de-east-1`` and isolated regions as well, which no other source
confirms, so they are left out.
"""

SENDING_REGIONS: frozenset[str] = RECEIVING_REGIONS | frozenset(
    {
        "ap-south-2",
        "ap-southeast-5",
        "ca-west-1",
        "eu-central-2",
        "eusc-de-east-1",
        "me-central-1",
        "us-gov-east-1",
        "us-gov-west-1",
    }
)
"""Regions with the SES API, ``Session().get_available_regions("sesv2")`` of botocore 1.44.8 in every partition, where
CloudFormation has ``AWS::SES::EmailIdentity`` too, as cfn-lint 1.58 lists its types.

``ap-east-2``, ``ap-southeast-4``, ``-6`` and ``-7``, ``eu-south-2`` and ``mx-central-1`` have the API alone.
"""

SMTP_REGIONS: frozenset[str] = SENDING_REGIONS - {"af-south-1", "eusc-de-east-1", "me-south-1"}
"""Regions with an SMTP endpoint: all that send, without those of which AWS or other people say that they have none.

For ``af-south-1`` the General Reference, as others quote it; for ``me-south-1`` the SES Developer Guide of 2023; for
``eusc-de-east-1`` no source names one.
"""

SMTP_IMPLICIT_TLS_PORTS: tuple[int, ...] = (465, 2465)
"""Ports that speak TLS from the first byte (SES Developer Guide, "Connecting to an Amazon SES SMTP endpoint")."""

SMTP_STARTTLS_PORTS: tuple[int, ...] = (25, 587, 2587)
"""Ports that begin in the clear and take STARTTLS (same page). EC2 throttles port 25 unless asked not to."""


def inbound_host(region: str, dns_suffix: str | None = None) -> str:
    """Return the host for the MX record of a domain that receives (General Reference, e-mail receiving endpoints).

    *region* may be a CDK token, and then needs *dns_suffix*, which is that of its partition otherwise. Raises
    ``ValueError`` for text that cannot be a region.

    >>> inbound_host("eu-west-1")
    'inbound-smtp.eu-west-1.amazonaws.com'
    """
    return f"inbound-smtp.{check_region('region', region)}.{_suffix(region, dns_suffix)}"


def feedback_host(region: str) -> str:
    """Return the host for the MX record of a custom MAIL FROM domain (SES Developer Guide, "Using a custom MAIL FROM").

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region.

    >>> feedback_host("eu-west-1")
    'feedback-smtp.eu-west-1.amazonses.com'
    """
    # The one host of the three under amazonses.com. With amazonaws.com the MAIL FROM set-up fails after 72 hours.
    return f"feedback-smtp.{check_region('region', region)}.amazonses.com"


def smtp_host(region: str, dns_suffix: str | None = None) -> str:
    """Return the SMTP endpoint for sending (General Reference, SMTP endpoints); not every sending region has one.

    *region* may be a CDK token, and then needs *dns_suffix*, which is that of its partition otherwise. Raises
    ``ValueError`` for text that cannot be a region.

    >>> smtp_host("eu-west-1")
    'email-smtp.eu-west-1.amazonaws.com'
    """
    return f"email-smtp.{check_region('region', region)}.{_suffix(region, dns_suffix)}"


def tracking_host(region: str) -> str:
    """Return the target for the CNAME record of a domain that tracks opens and clicks.

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region. Source: SES Developer Guide,
    "Configuring custom domains to handle open and click tracking".

    >>> tracking_host("eu-west-1")
    'r.eu-west-1.awstrack.me'
    """
    return f"r.{check_region('region', region)}.awstrack.me"


def partition(region: str) -> str:
    """Return what the ARNs of a region begin with, behind ``arn:``.

    >>> partition("us-gov-west-1"), partition("eu-west-1")
    ('aws-us-gov', 'aws')
    """
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def _suffix(region: str, dns_suffix: str | None) -> str:
    known = _DNS_SUFFIXES.get(region.partition("-")[0], "amazonaws.com")
    return dns_suffix if dns_suffix and contains_token(region) else known


def check_region(argument: str, region: str) -> str:
    """Return *region* if it can be one; raise ``ValueError`` otherwise."""
    if _REGION.fullmatch(without_tokens(check_text(argument, region))) is None:
        raise invalid(argument, "be the code of an AWS region", region, "write a code such as 'eu-west-1'")
    return region
