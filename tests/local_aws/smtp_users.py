"""IAM users who log in by SMTP, and the password of their access key as the local AWS itself derives it."""

import json
from dataclasses import dataclass
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from local_aws.aws import LocalAws
from local_aws.smtp.password import smtp_password
from local_aws.smtp.submission import Submission

LOGS_IN = """
import smtplib, ssl

def handler(event, context):
    with smtplib.SMTP_SSL(event["host"], event["port"], context=ssl.create_default_context(), timeout=20) as smtp:
        return smtp.login(event["username"], event["password"])[0]
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class SmtpUser:
    """A user with one access key."""

    name: str
    key_id: str
    secret: str

    def password(self, region: str = "us-east-1") -> str:
        return smtp_password(self.secret, region)


def add_user(aws: LocalAws, name: str) -> SmtpUser:
    iam = aws.client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return SmtpUser(name=name, key_id=key["AccessKeyId"], secret=key["SecretAccessKey"])


def let_user(aws: LocalAws, name: str, action: str, *resources: str, condition: dict[str, Any] | None = None) -> None:
    """Let the user do this and nothing else."""
    statement = {"Effect": "Allow", "Action": action, "Resource": list(resources), "Condition": condition or {}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_user_policy(UserName=name, PolicyName="only", PolicyDocument=document)


def remove_user(aws: LocalAws, name: str) -> None:
    iam = aws.client("iam")
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)


def add_login(stack: cdk.Stack) -> None:
    """A function that logs in as any Python program does, trusting what Python trusts."""
    runtime, code = lambda_.Runtime.PYTHON_3_13, lambda_.Code.from_inline(LOGS_IN)
    function = lambda_.Function(
        stack, "LogsIn", runtime=runtime, handler="index.handler", code=code, timeout=cdk.Duration.seconds(30)
    )
    cdk.CfnOutput(stack, "Function", value=function.function_name)


def login_of_function(aws: LocalAws, function: str, submission: Submission, user: SmtpUser) -> bytes:
    event = {
        "host": submission.host,
        "port": submission.port,
        "username": user.key_id,
        "password": user.password(aws.region),
    }
    answer = aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    return answer["Payload"].read()
