"""Tags of AWS::S3::Bucket, without which CDK's auto-delete handler refuses to empty the bucket."""

from collections.abc import Callable

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import Properties, Provisioned


def _tagging(provision: Callable[..., Provisioned], *, properties_at: int) -> Callable[..., Provisioned]:
    def run(*args: str | Properties | None) -> Provisioned:
        name, attributes = provision(*args)
        properties = args[properties_at]
        assert isinstance(properties, dict)
        tags = {tag["Key"]: tag["Value"] for tag in properties.get("Tags") or []}
        if tags:
            s3._bucket_tags[name] = tags
        else:
            s3._bucket_tags.pop(name, None)
        return name, attributes

    return run


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    handlers["create"] = _tagging(handlers["create"], properties_at=1)
    handlers["update"] = _tagging(handlers["update"], properties_at=2)
