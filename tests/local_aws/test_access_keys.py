"""What IAM says about users and their access keys, which the SMTP credentials rely on."""

from collections.abc import Iterator

import aws_cdk as cdk
import pytest
from aws_cdk import aws_iam as iam
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.smtp_users import add_user, remove_user
from tests.running_aws.deployed_stack import DeployedStack

pytestmark = pytest.mark.xdist_group("local-aws-2")

NAME, OTHER = "access-keys", "access-keys-other"


@pytest.fixture
def key_id(aws: LocalAws) -> Iterator[str]:
    """The one key of a user, with another user beside it."""
    other = add_user(aws, OTHER)
    yield add_user(aws, NAME).key_id
    remove_user(aws, NAME)
    remove_user(aws, other.name)


def add_sender(stack: cdk.Stack) -> None:
    user = iam.User(stack, "User", user_name="access-keys-deployed")
    user.add_to_policy(iam.PolicyStatement(actions=["ses:SendRawEmail"], resources=["*"]))


def test_a_user_has_two_keys_at_most(aws: LocalAws, key_id: str) -> None:
    client = aws.client("iam")
    client.create_access_key(UserName=NAME)
    with pytest.raises(client.exceptions.LimitExceededException, match="AccessKeysPerUser: 2"):
        client.create_access_key(UserName=NAME)
    client.delete_access_key(UserName=NAME, AccessKeyId=key_id)
    assert client.create_access_key(UserName=NAME)["AccessKey"]["AccessKeyId"] != key_id


def test_a_key_is_found_under_its_own_user_only(aws: LocalAws, key_id: str) -> None:
    client = aws.client("iam")
    with pytest.raises(client.exceptions.NoSuchEntityException, match=key_id):
        client.delete_access_key(UserName=OTHER, AccessKeyId=key_id)
    with pytest.raises(client.exceptions.NoSuchEntityException, match=key_id):
        client.update_access_key(UserName=OTHER, AccessKeyId=key_id, Status="Inactive")
    (key,) = client.list_access_keys(UserName=NAME)["AccessKeyMetadata"]
    assert (key["AccessKeyId"], key["Status"]) == (key_id, "Active")
    client.update_access_key(UserName=NAME, AccessKeyId=key_id, Status="Inactive")
    assert client.list_access_keys(UserName=NAME)["AccessKeyMetadata"][0]["Status"] == "Inactive"


def test_a_user_that_is_gone_has_no_keys(aws: LocalAws) -> None:
    client = aws.client("iam")
    with pytest.raises(client.exceptions.NoSuchEntityException, match="nobody"):
        client.list_access_keys(UserName="nobody")


def test_a_deployed_user_with_a_key_cannot_be_deleted(aws: LocalAws, deployed_stack: DeployedStack) -> None:
    client = aws.client("iam")
    deployed_stack.deploy(add_sender)
    assert len(client.list_user_policies(UserName="access-keys-deployed")["PolicyNames"]) == 1
    key = client.create_access_key(UserName="access-keys-deployed")["AccessKey"]
    with pytest.raises(AssertionError, match="is DELETE_FAILED"):
        deployed_stack.destroy()
    reasons = [event.get("ResourceStatusReason", "") for event in deployed_stack.events()]
    assert any("must delete access keys first" in reason for reason in reasons)
    client.delete_access_key(UserName="access-keys-deployed", AccessKeyId=key["AccessKeyId"])
    deployed_stack.destroy()
    with pytest.raises(ClientError, match="cannot be found"):
        client.get_user(UserName="access-keys-deployed")
