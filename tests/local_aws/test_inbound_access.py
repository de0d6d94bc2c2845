"""SES refuses a rule whose bucket, topic or function does not let it in yet."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")

ACCOUNT = "000000000000"
RULE_SET, RULE = "access", "only"
RULE_ARN = f"arn:aws:ses:us-east-1:{ACCOUNT}:receipt-rule-set/{RULE_SET}:receipt-rule/{RULE}"
ANY_RULE = RULE_ARN.removesuffix(RULE) + "*"
BUCKET = "access-bucket"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:access-topic"
S3_ACTION = {"S3Action": {"BucketName": BUCKET, "ObjectKeyPrefix": "mail/"}}
SNS_ACTION = {"SNSAction": {"TopicArn": TOPIC}}
NOT_INTO_BUCKET = f"Could not write to bucket: {BUCKET}"
NOT_INTO_TOPIC = f"Could not publish to SNS topic: {TOPIC}"

Statement = dict[str, Any]


def statement(action: str, resource: str, *, condition: Any = None, **changes: Any) -> Statement:
    made = {"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": action, "Resource": resource}
    return made | ({"Condition": condition} if condition else {}) | changes


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def write(condition: Any = None, **changes: Any) -> Statement:
    return statement("s3:PutObject", f"arn:aws:s3:::{BUCKET}/*", condition=condition, **changes)


def refused(aws: LocalAws, *actions: Any) -> str:
    """Make the rule, take it away again, and give SES's code and message if it refused."""
    client = aws.client("ses")
    try:
        client.create_receipt_rule(RuleSetName=RULE_SET, Rule={"Name": RULE, "Enabled": True, "Actions": actions})
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    client.delete_receipt_rule(RuleSetName=RULE_SET, RuleName=RULE)
    return ""


@pytest.fixture(autouse=True)
def _rule_set(aws: LocalAws) -> Iterator[None]:
    aws.client("ses").create_receipt_rule_set(RuleSetName=RULE_SET)
    yield
    aws.client("ses").delete_receipt_rule_set(RuleSetName=RULE_SET)


@pytest.fixture
def bucket(aws: LocalAws) -> Iterator[str]:
    client = aws.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield BUCKET
    client.delete_object(Bucket=BUCKET, Key="mail/AMAZON_SES_SETUP_NOTIFICATION")
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def topic(aws: LocalAws) -> Iterator[str]:
    arn: str = aws.client("sns").create_topic(Name="access-topic")["TopicArn"]
    yield arn
    aws.client("sns").delete_topic(TopicArn=arn)


def test_what_does_not_exist_is_refused(aws: LocalAws) -> None:
    function = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none"
    assert refused(aws, S3_ACTION) == f"InvalidS3Configuration: No such bucket: {BUCKET}"
    assert refused(aws, SNS_ACTION) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    assert refused(aws, {"LambdaAction": {"FunctionArn": function}}) == (
        f"InvalidLambdaFunction: Could not invoke Lambda function: {function}"
    )


def test_topics_and_functions_of_another_region_are_refused(aws: LocalAws, topic: str) -> None:
    elsewhere = topic.replace("us-east-1", "eu-west-1")
    client = aws.client("sns", region_name="eu-west-1")
    client.create_topic(Name="access-topic")
    assert refused(aws, {"SNSAction": {"TopicArn": elsewhere}}).endswith(elsewhere)
    client.delete_topic(TopicArn=elsewhere)


@pytest.mark.parametrize(
    "allows",
    [
        [write()],
        [write({"StringEquals": {"aws:Referer": ACCOUNT}})],
        [write({"StringEquals": {"AWS:SourceAccount": ACCOUNT, "AWS:SourceArn": RULE_ARN}})],
        [write({"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": ANY_RULE}})],
        [write({"StringLike": {"aws:SourceArn": ANY_RULE}}, Action="s3:Put*")],
        [write(Principal={"Service": ["sns.amazonaws.com", "ses.amazonaws.com"]}, Action=["s3:GetObject", "s3:*"])],
        [write(), write({"Bool": {"aws:SecureTransport": "false"}}, Effect="Deny", Principal="*", Action="s3:*")],
    ],
)
def test_a_bucket_policy_that_lets_the_rule_in(aws: LocalAws, bucket: str, allows: list[Statement]) -> None:
    aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*allows))
    assert refused(aws, S3_ACTION) == ""
    key = "mail/AMAZON_SES_SETUP_NOTIFICATION"
    assert b"Amazon SES" in aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.mark.parametrize(
    "forbids",
    [
        [],
        [write(Principal={"Service": "sns.amazonaws.com"})],
        [write(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})],
        [write(Action="s3:GetObject")],
        [write(Resource=f"arn:aws:s3:::{BUCKET}")],
        [write(Resource=f"arn:aws:s3:::{BUCKET}/other/*")],
        [write({"StringEquals": {"aws:SourceAccount": "111122223333"}})],
        [write({"StringEquals": {"aws:SourceArn": ANY_RULE}})],
        [write({"ArnLike": {"aws:SourceArn": ANY_RULE.replace(RULE_SET, "other")}})],
        [write(), write(Effect="Deny")],
    ],
)
def test_a_bucket_policy_that_does_not(aws: LocalAws, bucket: str, forbids: list[Statement]) -> None:
    if forbids:
        aws.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(*forbids))
    assert refused(aws, S3_ACTION).endswith(NOT_INTO_BUCKET)
    assert "Contents" not in aws.client("s3").list_objects_v2(Bucket=bucket)


def test_a_bucket_with_its_key_may_be_in_another_region(aws: LocalAws, bucket: str) -> None:
    kms = aws.client("kms", region_name="eu-west-1")
    key = kms.create_key(Policy=policy(statement("kms:*", "*")))["KeyMetadata"]["Arn"]
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules: Any = [{"ApplyServerSideEncryptionByDefault": default}]
    s3 = aws.client("s3")
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(write()))
    assert refused(aws, S3_ACTION) == ""
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(statement("kms:Decrypt", "*")))
    assert refused(aws, S3_ACTION).endswith(NOT_INTO_BUCKET)


def test_an_update_is_checked_as_well(aws: LocalAws, bucket: str) -> None:
    client, s3_client = aws.client("ses"), aws.client("s3")
    s3_client.put_bucket_policy(Bucket=bucket, Policy=policy(write()))
    client.create_receipt_rule(RuleSetName=RULE_SET, Rule={"Name": RULE})
    changed: Any = {"Name": RULE, "Actions": [S3_ACTION]}
    client.update_receipt_rule(RuleSetName=RULE_SET, Rule=changed)
    s3_client.delete_bucket_policy(Bucket=bucket)
    with pytest.raises(client.exceptions.InvalidS3ConfigurationException, match=NOT_INTO_BUCKET):
        client.update_receipt_rule(RuleSetName=RULE_SET, Rule=changed)


def test_a_role_writes_and_publishes_instead_of_ses(aws: LocalAws, bucket: str, topic: str) -> None:
    iam, name = aws.client("iam"), "stores-mail"
    trust = policy({"Effect": "Allow", "Principal": {"Service": "ses.amazonaws.com"}, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    action = {"S3Action": S3_ACTION["S3Action"] | {"IamRoleArn": arn, "TopicArn": topic}}

    def allow(*actions: tuple[str, str]) -> None:
        document = policy(*({"Effect": "Allow", "Action": what, "Resource": on} for what, on in actions))
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=document)

    store = ("s3:PutObject", f"arn:aws:s3:::{bucket}/mail/*")
    assert refused(aws, action) == f"InvalidS3Configuration: {NOT_INTO_BUCKET}"
    allow(store)
    assert refused(aws, action) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    allow(store, ("sns:Publish", topic))
    assert refused(aws, action) == ""
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust.replace("ses.", "ec2."))
    assert refused(aws, action) == f"InvalidS3Configuration: {NOT_INTO_BUCKET}"
    iam.delete_role_policy(RoleName=name, PolicyName="only")
    iam.delete_role(RoleName=name)


def test_the_topic_of_any_action_is_checked(aws: LocalAws, topic: str) -> None:
    publish = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    stop = {"StopAction": {"Scope": "RuleSet", "TopicArn": topic}}
    assert refused(aws, SNS_ACTION) == refused(aws, stop) == ""  # by the policy that every topic has at first

    def set_policy(*statements: Statement) -> None:
        aws.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="Policy", AttributeValue=policy(*statements)
        )

    set_policy(statement("sns:Publish", topic, Principal={"Service": "events.amazonaws.com"}))
    assert refused(aws, stop) == refused(aws, SNS_ACTION) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    set_policy(statement("sns:Publish", topic, condition=publish))
    assert refused(aws, SNS_ACTION) == refused(aws, stop) == ""


def test_the_key_of_a_topic_has_to_let_ses_in_too(aws: LocalAws, topic: str) -> None:
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    aws.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key)
    assert refused(aws, SNS_ACTION) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    use, decrypt = statement("kms:GenerateDataKey*", "*"), statement("kms:Decrypt", "*")
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(use))
    assert refused(aws, SNS_ACTION) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    for_the_account = statement("kms:Decrypt", "*", condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(use, for_the_account))
    assert refused(aws, SNS_ACTION) == f"InvalidSnsTopic: {NOT_INTO_TOPIC}"
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy(use, decrypt))
    assert refused(aws, SNS_ACTION) == ""
    kms.schedule_key_deletion(KeyId=key)
