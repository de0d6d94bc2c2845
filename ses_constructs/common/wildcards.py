"""The one place that tells cdk-nag why a permission has a wildcard."""

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

from .rendered import rendered


def acknowledge_wildcard(owner: IConstruct, resource: str, *, reason: str) -> None:
    """Acknowledge the wildcard of *resource*, an ARN or ``*`` itself, in the policies of *owner*, and no other."""
    written = rendered(Stack.of(owner).resolve(resource))
    try:
        Validations.of(owner).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{written}]", reason=reason))
    except RuntimeError as error:
        # Older releases of CDK take no second '::' in an id, such as that of <AWS::Partition>.
        if "InvalidValidationId" not in str(error):
            raise
