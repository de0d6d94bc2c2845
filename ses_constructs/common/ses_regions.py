"""Where Amazon SES works, and the names and ports of its mail servers.

The lists are a snapshot. SES comes to new regions without notice, so absence from a list is a reason to warn and
never a reason to fail.
"""

import re

from .arguments import check_text, invalid, without_tokens

_REGION = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

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
"""Regions that receive e-mail: AWS General Reference, "Amazon SES endpoints and quotas", e-mail receiving.

CloudFormation's schema of ``AWS::SES::ReceiptRule`` names ``eusc-de-east-1`` and isolated regions as well; no other
source confirms those, so they are left out.
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
"""Regions with the SES API: botocore's endpoint list and CloudFormation's schema of ``AWS::SES::EmailIdentity``.

Isolated partitions are left out.
"""

SMTP_REGIONS: frozenset[str] = SENDING_REGIONS - {"af-south-1", "eusc-de-east-1", "me-south-1"}
"""Regions with an SMTP endpoint; AWS or other people say that those left out have none."""

SMTP_IMPLICIT_TLS_PORTS: tuple[int, ...] = (465, 2465)
"""Ports that speak TLS from the first byte (SES Developer Guide, "Connecting to an Amazon SES SMTP endpoint")."""

SMTP_STARTTLS_PORTS: tuple[int, ...] = (25, 587, 2587)
"""Ports that begin in the clear and take STARTTLS (same page). EC2 throttles port 25 unless asked not to."""


def inbound_host(region: str) -> str:
    """Return the host for the MX record of a domain that receives (General Reference, e-mail receiving endpoints).

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region. The name is that of the
    commercial partition.

    >>> inbound_host("eu-west-1")
    'inbound-smtp.eu-west-1.amazonaws.com'
    """
    return f"inbound-smtp.{_checked(region)}.amazonaws.com"


def feedback_host(region: str) -> str:
    """Return the host for the MX record of a custom MAIL FROM domain (SES Developer Guide, "Using a custom MAIL FROM").

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region.

    >>> feedback_host("eu-west-1")
    'feedback-smtp.eu-west-1.amazonses.com'
    """
    # The one host of the three under amazonses.com. With amazonaws.com the MAIL FROM set-up fails after 72 hours.
    return f"feedback-smtp.{_checked(region)}.amazonses.com"


def smtp_host(region: str) -> str:
    """Return the SMTP endpoint for sending (General Reference, SMTP endpoints); not every sending region has one.

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region. The name is that of the
    commercial and GovCloud partitions.

    >>> smtp_host("eu-west-1")
    'email-smtp.eu-west-1.amazonaws.com'
    """
    return f"email-smtp.{_checked(region)}.amazonaws.com"


def tracking_host(region: str) -> str:
    """Return the target for the CNAME record of a domain that tracks opens and clicks.

    *region* may be a CDK token. Raises ``ValueError`` for text that cannot be a region. Source: SES Developer Guide,
    "Configuring custom domains to handle open and click tracking".

    >>> tracking_host("eu-west-1")
    'r.eu-west-1.awstrack.me'
    """
    return f"r.{_checked(region)}.awstrack.me"


def _checked(region: str) -> str:
    if _REGION.fullmatch(without_tokens(check_text("region", region))) is None:
        raise invalid("region", "be the code of an AWS region", region, "write a code such as 'eu-west-1'")
    return region
