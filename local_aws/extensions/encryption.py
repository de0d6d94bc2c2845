"""Which key encrypts a bucket (AWS::S3::Bucket) or a topic (AWS::SNS::Topic): kept, so that SES can be refused.

Under IAM enforcement, whoever publishes to a topic with a key needs permission to use the key.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core.responses import get_region, new_uuid
from ministack.services import s3, sns

from local_aws.extensions.registry import Handler, Properties, Response, after_provision
from local_aws.extensions.service_access import find_key

ALGORITHM, KEY = "x-amz-server-side-encryption", "x-amz-server-side-encryption-aws-kms-key-id"


def bucket_encryption_xml(properties: Properties) -> bytes | None:
    """The body of PutBucketEncryption for a template's bucket."""
    rules = (properties.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration") or []
    if not rules:
        return None
    default = rules[0].get("ServerSideEncryptionByDefault") or {}
    key = default.get("KMSMasterKeyID")
    members = f"<SSEAlgorithm>{default.get('SSEAlgorithm', 'AES256')}</SSEAlgorithm>"
    members += f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else ""
    members = f"<ApplyServerSideEncryptionByDefault>{members}</ApplyServerSideEncryptionByDefault>"
    members += f"<BucketKeyEnabled>{str(rules[0].get('BucketKeyEnabled', False)).lower()}</BucketKeyEnabled>"
    root = "ServerSideEncryptionConfiguration"
    return f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Rule>{members}</Rule></{root}>'.encode()


def _encrypt_bucket(name: str, properties: Properties) -> None:
    body = bucket_encryption_xml(properties)
    if body is None:
        s3._bucket_encryption.pop(name, None)
    else:
        s3._put_bucket_encryption(name, body)


def _encrypt_topic(arn: str, properties: Properties) -> None:
    attributes = sns._topics[arn]["attributes"]
    if key := properties.get("KmsMasterKeyId"):
        attributes["KmsMasterKeyId"] = key
    else:
        attributes.pop("KmsMasterKeyId", None)


def _know_the_key_of_aws() -> None:
    original: Callable[[dict[str, str], str], Any] = s3._resolve_sse_write_headers

    def resolve(headers: dict[str, str], bucket_name: str) -> Any:
        # The CDK CLI writes so to the bootstrap bucket, and ministack knows no key that AWS itself manages.
        if headers.get(ALGORITHM) == "aws:kms" and not headers.get(KEY):
            headers = headers | {KEY: "alias/aws/s3"}
        return original(headers, bucket_name)

    s3._resolve_sse_write_headers = resolve


def _ask_for_the_key_of_a_topic() -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html; services that publish do not come this way."""
    original: Handler = sns.handle_request

    async def handle(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> Response:
        params = query_params | parse_qs(body.decode("utf-8", "replace"))
        topic = sns._topics.get(sns._p(params, "TopicArn")) if app.AUTH else None
        if topic and sns._p(params, "Action") in ("Publish", "PublishBatch"):
            arn = (find_key(topic["attributes"].get("KmsMasterKeyId") or "") or {}).get("Arn", "")
            for action in ("kms:GenerateDataKey", "kms:Decrypt") if arn else ():
                denied: Response | None = app._enforce_data_plane(
                    "sns",
                    action,
                    headers,
                    query_params,
                    new_uuid(),
                    resource_arn=arn,
                    service_context={"kms:ViaService": f"sns.{get_region()}.amazonaws.com"},
                    named_resource=arn,
                )
                if denied:
                    return denied
        return await original(method, path, headers, body, query_params)

    sns.handle_request = handle


def install() -> None:
    _ask_for_the_key_of_a_topic()
    _know_the_key_of_aws()
    after_provision("AWS::S3::Bucket", _encrypt_bucket)
    after_provision("AWS::SNS::Topic", _encrypt_topic)
