"""ARNs of SES, in the account and region of a stack, and how long they get."""

from aws_cdk import ArnFormat, Stack
from constructs import Construct

from .arguments import contains_token

# RFC 1035, section 2.3.4: 255 octets with the length of each label and of the root.
_LONGEST_DOMAIN_NAME = 253


def ses_arn(scope: Construct, resource: str, name: str, *, region: str | None = None) -> str:
    """Such as ``arn:aws:ses:eu-west-1:111122223333:identity/example.com``; in the region of *scope* unless given."""
    return Stack.of(scope).format_arn(
        service="ses", region=region, resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )


def longest_name(domain_name: str) -> int:
    """How many characters a domain may take in an ARN, also one that only CloudFormation knows."""
    return _LONGEST_DOMAIN_NAME if contains_token(domain_name) else len(domain_name)
