"""The bucket that keeps people's data: received mail, events."""

from collections.abc import Sequence

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


def private_bucket(
    scope: Construct,
    construct_id: str,
    *,
    key: kms.IKey | None,
    keep_for: Duration | None,
    writers: str,
    lifecycle_rules: Sequence[s3.LifecycleRule] = (),
) -> s3.Bucket:
    """An encrypted bucket without public access, over TLS only, that outlives its stack because it holds data.

    Objects go after *keep_for*; *lifecycle_rules* are further ones. *writers* says who writes here, for the reason why
    there is no access log.
    """
    bucket = s3.Bucket(
        scope,
        construct_id,
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        # One call to the key for many objects, instead of one for each.
        bucket_key_enabled=True if key else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1), expiration=keep_for),
            *lifecycle_rules,
        ],
    )
    Validations.of(bucket).acknowledge(
        Acknowledgment(
            id="AwsSolutions-S1",
            reason=f"only {writers} here; who reads is for CloudTrail, and an access log needs a bucket of its own",
        )
    )
    return bucket
