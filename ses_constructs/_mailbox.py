"""The bucket that received mail is stored in."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct


def make_mailbox(scope: Construct, *, key: kms.IKey | None, keep_mail_for: Duration | None) -> s3.Bucket:
    """An encrypted bucket without public access, over TLS only, that outlives its stack because mail is data."""
    bucket = s3.Bucket(
        scope,
        "Mailbox",
        encryption=s3.BucketEncryption.KMS if key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=key,
        # One call to the key for many messages, instead of one for each.
        bucket_key_enabled=True if key else None,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        enforce_ssl=True,
        lifecycle_rules=[
            s3.LifecycleRule(abort_incomplete_multipart_upload_after=Duration.days(1), expiration=keep_mail_for)
        ],
    )
    Validations.of(bucket).acknowledge(
        Acknowledgment(
            id="AwsSolutions-S1",
            reason="only SES writes here; who reads is for CloudTrail, and an access log needs a bucket of its own",
        )
    )
    return bucket
