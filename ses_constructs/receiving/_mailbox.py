"""Who may read the mail that SES has stored."""

from functools import partial
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from constructs import Construct

from ..common.grants import granted
from ..common.key_use import grant_key_use

if TYPE_CHECKING:
    from aws_cdk import aws_s3 as s3


def grant_read(scope: Construct, mailbox: "s3.IBucket", grantee: iam.IGrantable, *, prefix: str) -> iam.Grant:
    """Let *grantee* read the objects of *mailbox* below *prefix*, and decrypt them."""
    if mailbox.encryption_key:
        grant_key_use(scope, grantee, mailbox.encryption_key, "s3", actions=("kms:Decrypt",))
    give = partial(
        iam.Grant.add_to_principal_or_resource,
        actions=["s3:GetObject"],
        resource_arns=[mailbox.arn_for_objects(f"{prefix}*")],
        resource=mailbox,
    )
    return granted(scope, grantee, give, resource=mailbox, otherwise="have the owner of the bucket let the grantee in")
