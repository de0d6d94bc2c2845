"""With IAM enforced, the calls on keys, secrets, addresses and the account need their permissions."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.smtp_users import SmtpUser, add_user, let_user, remove_user

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

NAME, TARGET, SECRET, ADDRESS = "credential-permissions", "credential-target", "credential-secret", "who@example.net"
Call = Callable[[Any], object]

ON_USER: dict[str, Call] = {
    "iam:CreateAccessKey": lambda iam: iam.create_access_key(UserName=TARGET),
    "iam:ListAccessKeys": lambda iam: iam.list_access_keys(UserName=TARGET),
    "iam:UpdateAccessKey": lambda iam: iam.update_access_key(UserName=TARGET, AccessKeyId="A" * 20, Status="Inactive"),
    "iam:DeleteAccessKey": lambda iam: iam.delete_access_key(UserName=TARGET, AccessKeyId="A" * 20),
}
ON_SECRET: dict[str, Call] = {
    "secretsmanager:DescribeSecret": lambda secrets: secrets.describe_secret(SecretId=SECRET),
    "secretsmanager:GetSecretValue": lambda secrets: secrets.get_secret_value(SecretId=SECRET),
    "secretsmanager:PutSecretValue": lambda secrets: secrets.put_secret_value(SecretId=SECRET, SecretString="s"),
    "secretsmanager:RotateSecret": lambda secrets: secrets.rotate_secret(SecretId=SECRET),
    "secretsmanager:CancelRotateSecret": lambda secrets: secrets.cancel_rotate_secret(SecretId=SECRET),
    "secretsmanager:UpdateSecretVersionStage": lambda secrets: secrets.update_secret_version_stage(
        SecretId=SECRET, VersionStage="mine", RemoveFromVersionId="A" * 32
    ),
}
WITHOUT_RESOURCE: dict[str, tuple[str, Call]] = {
    "ses:VerifyEmailIdentity": ("ses", lambda ses: ses.verify_email_identity(EmailAddress=ADDRESS)),
    "ses:PutAccountDetails": (
        "sesv2",
        lambda sesv2: sesv2.put_account_details(MailType="MARKETING", WebsiteURL="https://example.com"),
    ),
    "ses:GetAccount": ("sesv2", lambda sesv2: sesv2.get_account()),
}


@pytest.fixture(scope="module")
def user(enforced_aws: LocalAws) -> Iterator[SmtpUser]:
    """Whose permissions are tried, with another user and a secret to try them on."""
    enforced_aws.client("iam").create_user(UserName=TARGET)
    enforced_aws.client("secretsmanager").create_secret(Name=SECRET, SecretString="s")
    yield add_user(enforced_aws, NAME)
    remove_user(enforced_aws, NAME)
    remove_user(enforced_aws, TARGET)
    enforced_aws.client("secretsmanager").delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    enforced_aws.client("ses").delete_identity(Identity=ADDRESS)
    enforced_aws.leave_sandbox()


def denied(aws: LocalAws, service: str, user: SmtpUser, call: Call) -> bool:
    """Whether IAM refuses the call; that it fails for another reason is no refusal."""
    client = aws.client(service, aws_access_key_id=user.key_id, aws_secret_access_key=user.secret)
    try:
        call(client)
    except ClientError as error:
        return error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


@pytest.mark.parametrize("action", ON_USER)
def test_keys_are_checked_on_the_user(enforced_aws: LocalAws, user: SmtpUser, action: str) -> None:
    arn = f"arn:aws:iam::{enforced_aws.account}:user/"
    let_user(enforced_aws, NAME, action, f"{arn}{NAME}")
    assert denied(enforced_aws, "iam", user, ON_USER[action])
    let_user(enforced_aws, NAME, action, f"{arn}{TARGET}")
    assert not denied(enforced_aws, "iam", user, ON_USER[action])


@pytest.mark.parametrize("action", ON_SECRET)
def test_secrets_are_checked_on_their_arn(enforced_aws: LocalAws, user: SmtpUser, action: str) -> None:
    arn = enforced_aws.client("secretsmanager").describe_secret(SecretId=SECRET)["ARN"]
    let_user(enforced_aws, NAME, action, arn.replace(SECRET, "another"))
    assert denied(enforced_aws, "secretsmanager", user, ON_SECRET[action])
    let_user(enforced_aws, NAME, action, arn)
    assert not denied(enforced_aws, "secretsmanager", user, ON_SECRET[action])


@pytest.mark.parametrize("action", WITHOUT_RESOURCE)
def test_other_calls_are_checked_on_everything(enforced_aws: LocalAws, user: SmtpUser, action: str) -> None:
    service, call = WITHOUT_RESOURCE[action]
    let_user(enforced_aws, NAME, action, f"arn:aws:ses:{enforced_aws.region}:{enforced_aws.account}:identity/{ADDRESS}")
    assert denied(enforced_aws, service, user, call)
    let_user(enforced_aws, NAME, action, "*")
    assert not denied(enforced_aws, service, user, call)
