"""What SES checks when a receipt rule is made or changed: it must already reach the bucket, topic and function.

It tries a write to the bucket, which leaves an object behind; functions that read the bucket have to skip it.
"""

from collections.abc import Iterator
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3, ses

from local_aws.extensions.registry import Response
from local_aws.extensions.service_access import (
    SES,
    may_assume,
    may_invoke,
    may_publish,
    may_use_key,
    role_may,
    service_may,
)

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
            yield "InvalidS3Configuration", f"No such bucket: {bucket}", bucket in s3._buckets
            reachable = _role_may_write(fields, rule_arn) if "IamRoleArn" in fields else _may_write(fields, rule_arn)
            yield "InvalidS3Configuration", f"Could not write to bucket: {bucket}", reachable
        if kind == "LambdaAction":
            function = fields["FunctionArn"]
            reachable = may_invoke(SES, function, source_arn=rule_arn)
            yield "InvalidLambdaFunction", f"Could not invoke Lambda function: {function}", reachable
        if topic := fields.get("TopicArn"):
            role = fields.get("IamRoleArn")
            reachable = role_may(role, "sns:Publish", topic) if role else may_publish(SES, topic, source_arn=rule_arn)
            yield "InvalidSnsTopic", f"Could not publish to SNS topic: {topic}", reachable


def _role_may_write(fields: dict[str, str], rule_arn: str) -> bool:
    role, resource = fields["IamRoleArn"], _test_object(fields)
    return may_assume(SES, role, source_arn=rule_arn) and role_may(role, "s3:PutObject", resource)


def _test_object(fields: dict[str, str]) -> str:
    return f"arn:aws:s3:::{fields['BucketName']}/{fields.get('ObjectKeyPrefix', '')}{TEST_OBJECT}"


def _may_write(fields: dict[str, str], rule_arn: str) -> bool:
    bucket = fields["BucketName"]
    key_of_bucket = s3._bucket_default_sse_headers(bucket).get("x-amz-server-side-encryption-aws-kms-key-id")
    keys = [key for key in (key_of_bucket, fields.get("KmsKeyArn")) if key]
    allowed = service_may(
        SES, "s3:PutObject", _test_object(fields), s3._bucket_policies.get(bucket), source_arn=rule_arn
    )
    return allowed and all(may_use_key(SES, key, source_arn=rule_arn) for key in keys)
