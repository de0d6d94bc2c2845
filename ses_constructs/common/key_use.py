"""Using a KMS key for what a service keeps encrypted, and not to decrypt with it by hand."""

from functools import partial
from typing import TYPE_CHECKING

from aws_cdk import aws_iam as iam
from constructs import Construct

from .grants import granted

if TYPE_CHECKING:
    from aws_cdk import aws_kms as kms

ENCRYPT_AND_DECRYPT = ("kms:Decrypt", "kms:GenerateDataKey")


def through(region: str, *services: str) -> dict[str, dict[str, str | list[str]]]:
    """The condition that holds the use of a key to calls that *services* make, such as ``s3``.

    Source: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service.
    """
    names = [f"{service}.{region}.amazonaws.com" for service in services]
    return {"StringEquals": {"kms:ViaService": names[0] if len(names) == 1 else names}}


def grant_key_use(
    scope: Construct,
    grantee: iam.IGrantable,
    key: "kms.IKey",
    *services: str,
    actions: tuple[str, ...] = ENCRYPT_AND_DECRYPT,
) -> iam.Grant:
    """Let *grantee* use *key* through *services* of the key's region; *scope* is what uses the key.

    Raises ``ValueError`` where neither a policy of the grantee nor that of the key can be changed here.
    """
    conditions = through(key.env.region, *services)
    return granted(
        scope,
        grantee,
        partial(
            iam.Grant.add_to_principal_or_resource,
            actions=list(actions),
            resource_arns=[key.key_arn],
            resource_self_arns=["*"],
            conditions=conditions,
            resource=key,
        ),
        resource=key,
        conditions=conditions,
        otherwise="make the key in the app, or have its owner let the grantee in",
    )
