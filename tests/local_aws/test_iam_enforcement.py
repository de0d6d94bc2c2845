"""With IAM enforced, a call needs its permission on its resource, for users and for functions."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_cdk import aws_iam as iam
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.plain_app import add_custom_resource
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

WRITES_A_POLICY = """
import boto3

def handler(event, context):
    domain, ses = event["ResourceProperties"]["Domain"], boto3.client("sesv2")
    try:
        ses.get_email_identity(EmailIdentity=domain)
        if event["RequestType"] == "Delete":
            ses.delete_email_identity_policy(EmailIdentity=domain, PolicyName="p")
        else:
            policy = event["ResourceProperties"]["Policy"]
            ses.create_email_identity_policy(EmailIdentity=domain, PolicyName="p", Policy=policy)
    except Exception as error:
        failed = "SUCCESS" if event["RequestType"] == "Delete" else "FAILED"
        answer(event, failed, physical_id="p", reason=str(error))
    else:
        answer(event, "SUCCESS", physical_id="p")
"""
NEEDED = ("ses:GetEmailIdentity", "ses:CreateEmailIdentityPolicy", "ses:DeleteEmailIdentityPolicy")


def policy_of(name: str) -> str:
    arn = f"arn:aws:ses:us-east-1:000000000000:identity/{name}"
    return f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Resource":"{arn}"}}]}}'


def identity_arn(aws: LocalAws, name: str) -> str:
    return f"arn:aws:ses:{aws.region}:{aws.account}:identity/{name}"


@pytest.fixture
def domain(enforced_aws: LocalAws, enforced_hosted_zone: Zone) -> Iterator[str]:
    """A domain identity, verified by its token."""
    name, ses = enforced_hosted_zone.domain, enforced_aws.client("ses")
    token = ses.verify_domain_identity(Domain=name)["VerificationToken"]
    put_record(enforced_aws, enforced_hosted_zone, "_amazonses", "TXT", f'"{token}"')
    yield name
    ses.delete_identity(Identity=name)


@pytest.fixture
def user(enforced_aws: LocalAws) -> Iterator[dict[str, str]]:
    """Credentials of a user who may do nothing yet."""
    client = enforced_aws.client("iam")
    client.create_user(UserName="tester")
    key = client.create_access_key(UserName="tester")["AccessKey"]
    yield {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client.delete_access_key(UserName="tester", AccessKeyId=key["AccessKeyId"])
    for name in client.list_user_policies(UserName="tester")["PolicyNames"]:
        client.delete_user_policy(UserName="tester", PolicyName=name)
    client.delete_user(UserName="tester")


def allow(aws: LocalAws, action: str, resource: str, condition: dict[str, Any] | None = None) -> None:
    """Let the tester do this one thing and nothing else."""
    statement = {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition or {}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    aws.client("iam").put_user_policy(UserName="tester", PolicyName="only", PolicyDocument=document)


def denied(call: Callable[[], object]) -> bool:
    """Whether IAM refuses the call; that it fails for another reason is no refusal."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


Call = Callable[[Any, str], object]
ON_IDENTITY: dict[str, Call] = {
    "GetEmailIdentity": lambda ses, name: ses.get_email_identity(EmailIdentity=name),
    "GetEmailIdentityPolicies": lambda ses, name: ses.get_email_identity_policies(EmailIdentity=name),
    "CreateEmailIdentityPolicy": lambda ses, name: ses.create_email_identity_policy(
        EmailIdentity=name, PolicyName="p", Policy=policy_of(name)
    ),
    "UpdateEmailIdentityPolicy": lambda ses, name: ses.update_email_identity_policy(
        EmailIdentity=name, PolicyName="p", Policy=policy_of(name)
    ),
    "DeleteEmailIdentityPolicy": lambda ses, name: ses.delete_email_identity_policy(EmailIdentity=name, PolicyName="p"),
    "SendEmail": lambda ses, name: ses.send_email(
        FromEmailAddress=f"me@{name}",
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    ),
}


@pytest.mark.parametrize("action", ON_IDENTITY)
def test_checks_the_call_on_the_identity(
    enforced_aws: LocalAws, domain: str, user: dict[str, str], action: str
) -> None:
    sesv2 = enforced_aws.client("sesv2", **user)
    allow(enforced_aws, f"ses:{action}", identity_arn(enforced_aws, "other.example.com"))
    assert denied(lambda: ON_IDENTITY[action](sesv2, domain))
    allow(enforced_aws, f"ses:{action}", identity_arn(enforced_aws, domain))
    assert not denied(lambda: ON_IDENTITY[action](sesv2, domain))
    allow(enforced_aws, "ses:ListTemplates", "*")
    assert denied(lambda: ON_IDENTITY[action](sesv2, domain))


V1: dict[str, Call] = {
    "VerifyDomainIdentity": lambda ses, name: ses.verify_domain_identity(Domain=name),
    "GetIdentityVerificationAttributes": lambda ses, name: ses.get_identity_verification_attributes(Identities=[name]),
}


@pytest.mark.parametrize("action", V1)
def test_checks_calls_without_a_resource_on_everything(
    enforced_aws: LocalAws, domain: str, user: dict[str, str], action: str
) -> None:
    v1 = enforced_aws.client("ses", **user)
    allow(enforced_aws, f"ses:{action}", identity_arn(enforced_aws, domain))
    assert denied(lambda: V1[action](v1, domain))
    allow(enforced_aws, f"ses:{action}", "*")
    assert not denied(lambda: V1[action](v1, domain))


def test_sending_knows_the_from_address_and_the_identity(
    enforced_aws: LocalAws, domain: str, user: dict[str, str]
) -> None:
    v1 = enforced_aws.client("ses", **user)

    def send(local: str) -> object:
        message = f"From: {local}@{domain}\nTo: success@simulator.amazonses.com\nSubject: s\n\nb"
        return v1.send_raw_email(RawMessage={"Data": message})

    only_alerts = {"StringLike": {"ses:FromAddress": f"alerts@{domain}"}}
    allow(enforced_aws, "ses:SendRawEmail", identity_arn(enforced_aws, domain), only_alerts)
    assert not denied(lambda: send("alerts"))
    assert denied(lambda: send("anyone"))


def test_bulk_mail_knows_no_from_address(enforced_aws: LocalAws, domain: str, user: dict[str, str]) -> None:
    sesv2 = enforced_aws.client("sesv2", **user)

    def send() -> object:
        return sesv2.send_bulk_email(
            FromEmailAddress=f"me@{domain}",
            DefaultContent={"Template": {"TemplateContent": {"Subject": "s", "Text": "b"}, "TemplateData": "{}"}},
            BulkEmailEntries=[{"Destination": {"ToAddresses": ["success@simulator.amazonses.com"]}}],
        )

    of_the_domain = {"StringLike": {"ses:FromAddress": f"*@{domain}"}}
    allow(enforced_aws, "ses:SendBulkEmail", identity_arn(enforced_aws, domain), of_the_domain)
    assert denied(send)
    allow(enforced_aws, "ses:SendBulkEmail", identity_arn(enforced_aws, domain))
    assert not denied(send)


def test_a_function_acts_as_its_role(
    enforced_aws: LocalAws, domain: str, enforced_deployed_stack: DeployedStack, user: dict[str, str]
) -> None:
    def deploy(*actions: str) -> None:
        properties = {"Domain": domain, "Policy": policy_of(domain)}
        resources = [identity_arn(enforced_aws, domain)]
        may = [iam.PolicyStatement(actions=list(actions), resources=resources)]
        enforced_deployed_stack.deploy(
            lambda stack: add_custom_resource(stack, WRITES_A_POLICY, properties=properties, may=may)
        )

    sesv2 = enforced_aws.client("sesv2")
    with pytest.raises(DeploymentError, match="not authorized to perform: ses:CreateEmailIdentityPolicy"):
        deploy(*(action for action in NEEDED if action != "ses:CreateEmailIdentityPolicy"))
    assert sesv2.get_email_identity_policies(EmailIdentity=domain)["Policies"] == {}
    deploy(*NEEDED)
    assert sesv2.get_email_identity_policies(EmailIdentity=domain)["Policies"] == {"p": policy_of(domain)}

    function = enforced_aws.client("lambda").list_functions()["Functions"][0]["FunctionArn"]
    mine = enforced_aws.client("lambda", **user)
    allow(enforced_aws, "lambda:InvokeFunction", f"{function}-other")
    assert denied(lambda: mine.invoke(FunctionName=function, InvocationType="DryRun"))
    allow(enforced_aws, "lambda:InvokeFunction", function)
    assert not denied(lambda: mine.invoke(FunctionName=function, InvocationType="DryRun"))
