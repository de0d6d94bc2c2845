"""ARNs of SES, in the account and region of a stack."""

from aws_cdk import ArnFormat, Stack
from constructs import Construct


def ses_arn(scope: Construct, resource: str, name: str) -> str:
    """Such as ``arn:aws:ses:eu-west-1:111122223333:identity/example.com``."""
    return Stack.of(scope).format_arn(
        service="ses", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
    )
