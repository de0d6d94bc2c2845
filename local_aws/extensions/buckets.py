"""Tags of AWS::S3::Bucket, without which CDK's auto-delete handler refuses to empty the bucket."""

from ministack.services import s3

from local_aws.extensions.registry import Properties, after_provision


def _tag(name: str, properties: Properties) -> None:
    tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
    if tags:
        s3._bucket_tags[name] = tags
    else:
        s3._bucket_tags.pop(name, None)


def install() -> None:
    after_provision("AWS::S3::Bucket", _tag)
