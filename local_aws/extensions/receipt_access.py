"""What SES checks when a receipt rule is made or changed: it must already reach the bucket, topic and function.

It tries a write to the bucket, which leaves an object behind; functions that read the bucket have to skip it.
"""

import json
from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, lambda_svc, s3, ses, sns

from local_aws.extensions.registry import Response
from local_aws.extensions.service_access import service_may

SES = "ses.amazonaws.com"
TEST_OBJECT = "AMAZON_SES_SETUP_NOTIFICATION"
TEST_MAIL = (
    b"From: Amazon Web Services <no-reply-aws@amazon.com>\r\n"
    b"Subject: Amazon SES Setup Notification\r\n"
    b"\r\n"
    b"Amazon SES has written this to see whether it may deliver mail to this bucket.\r\n"
)

Rule = dict[str, Any]


def refusal(rule_set: str, rule: Rule) -> Response | None:
    """SES's error about the first action that it could not run, or None."""
    arn = f"arn:aws:ses:{get_region()}:{get_account_id()}:receipt-rule-set/{rule_set}:receipt-rule/{rule['Name']}"
    for code, message, reachable in _attempts(rule, arn):
        if not reachable:
            response: Response = ses._receipt_error(code, message)
            return response
    return None


def write_test_objects(rule: Rule) -> None:
    """Leave in each bucket of the rule what SES leaves there."""
    for action in rule["Actions"]:
        if "S3Action" in action:
            fields = action["S3Action"]
            s3._put_object(fields["BucketName"], fields.get("ObjectKeyPrefix", "") + TEST_OBJECT, TEST_MAIL, {})


def _attempts(rule: Rule, rule_arn: str) -> Iterator[tuple[str, str, bool]]:
    """For each target the error, its message, and whether SES gets there."""
    for action in rule["Actions"]:
        ((kind, fields),) = action.items()
        if kind == "S3Action":
            bucket = fields["BucketName"]
            # With a role SES acts as that role, whose policies nobody evaluates here.
            reachable = bucket in s3._buckets if fields.get("IamRoleArn") else _may_write(fields, rule_arn)
            yield "InvalidS3Configuration", f"Could not write to bucket: {bucket}", reachable
        if kind == "LambdaAction":
            function = fields["FunctionArn"]
            reachable = _may_invoke(function, rule_arn)
            yield "InvalidLambdaFunction", f"Could not invoke Lambda function: {function}", reachable
        if topic := fields.get("TopicArn"):
            yield "InvalidSnsTopic", f"Could not publish to SNS topic: {topic}", _may_publish(topic, rule_arn)


def _may_write(fields: dict[str, str], rule_arn: str) -> bool:
    bucket = fields["BucketName"]
    if bucket not in s3._buckets:
        return False
    key_of_bucket = s3._bucket_default_sse_headers(bucket).get("x-amz-server-side-encryption-aws-kms-key-id")
    keys = [key for key in (key_of_bucket, fields.get("KmsKeyArn")) if key]
    resource = f"arn:aws:s3:::{bucket}/{fields.get('ObjectKeyPrefix', '')}{TEST_OBJECT}"
    allowed = service_may(SES, "s3:PutObject", resource, s3._bucket_policies.get(bucket), source_arn=rule_arn)
    return allowed and all(_may_use_key(key, rule_arn) for key in keys)


def _is_here(arn: str) -> bool:
    """Whether the resource is in SES's own region, as topics and functions have to be."""
    return arn.split(":")[3:4] == [get_region()]


def _may_invoke(function: str, rule_arn: str) -> bool:
    found = lambda_svc.function_policy_for_arn(function) if _is_here(function) else None
    return found is not None and service_may(SES, "lambda:InvokeFunction", function, found[0], source_arn=rule_arn)


def _may_publish(topic_arn: str, rule_arn: str) -> bool:
    topic = sns._topic_by_arn_any_scope(topic_arn) if _is_here(topic_arn) else None
    if topic is None or topic_arn.endswith(".fifo"):  # SES knows no FIFO topics
        return False
    attributes = topic["attributes"]
    if (key := attributes.get("KmsMasterKeyId")) and not _may_use_key(key, rule_arn):
        return False
    # ministack keeps no policy where AWS puts the default one back, which lets the account's own services in.
    policy = attributes.get("Policy")
    return not policy or service_may(SES, "sns:Publish", topic_arn, policy, source_arn=rule_arn)


def _may_use_key(key_id: str, rule_arn: str) -> bool:
    # AWS's own keys (aws/s3, aws/sns, aws/ses) are not there: their policies let no other service in either.
    key = _find_key(key_id)
    if key is None or not key.get("Enabled", True):
        return False
    policy = json.loads(key.get("Policy") or "{}")
    return all(
        service_may(SES, action, key["Arn"], policy, source_arn=rule_arn)
        for action in ("kms:GenerateDataKey", "kms:Decrypt")
    )


def _find_key(key_id: str) -> dict[str, Any] | None:
    """A key by its ARN, which may be in the other region that the bucket is in, or by its id or alias."""
    key: dict[str, Any] | None
    if key_id.startswith("arn:") and ":key/" in key_id:
        key = kms._keys.get_scoped(get_account_id(), key_id.split(":")[3], key_id.rpartition("/")[2])
    else:
        key = kms._resolve_key(key_id)
    return key
