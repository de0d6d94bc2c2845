"""With IAM enforced, pausing, account settings and metrics need permissions, also of a function that an alarm calls."""

from collections.abc import Callable, Iterator
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from tests.local_aws.inbound_app import add_function
from tests.local_aws.smtp_users import add_user, let_user, remove_user
from tests.local_aws.test_alarm_actions import add_alarm, sending_enabled, set_state
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

NAME, SET, OTHER = "monitoring-permissions", "permitted-set", "other-set"
Call = Callable[[Any], object]
ON_SET: dict[str, Call] = {
    "PutConfigurationSetSendingOptions": lambda sesv2: sesv2.put_configuration_set_sending_options(
        ConfigurationSetName=SET, SendingEnabled=True
    ),
    "GetConfigurationSet": lambda sesv2: sesv2.get_configuration_set(ConfigurationSetName=SET),
    "GetConfigurationSetEventDestinations": lambda sesv2: sesv2.get_configuration_set_event_destinations(
        ConfigurationSetName=SET
    ),
}
ON_ACCOUNT: dict[str, Call] = {
    "PutAccountSendingAttributes": lambda sesv2: sesv2.put_account_sending_attributes(SendingEnabled=True),
    "PutAccountSuppressionAttributes": lambda sesv2: sesv2.put_account_suppression_attributes(
        SuppressedReasons=["BOUNCE", "COMPLAINT"]
    ),
}
PAUSES_BOTH = """
import os
import boto3

def handler(event, context):
    sesv2 = boto3.client("sesv2")
    for name in (os.environ["SET"], os.environ["OTHER"]):
        sesv2.put_configuration_set_sending_options(ConfigurationSetName=name, SendingEnabled=False)
"""


@pytest.fixture(scope="module")
def client(enforced_aws: LocalAws) -> Iterator[Callable[[str], Any]]:
    """Clients of a user who may do nothing yet, beside two configuration sets."""
    sesv2, user = enforced_aws.client("sesv2"), add_user(enforced_aws, NAME)
    for name in (SET, OTHER):
        sesv2.create_configuration_set(ConfigurationSetName=name)
    yield lambda service: enforced_aws.client(service, aws_access_key_id=user.key_id, aws_secret_access_key=user.secret)
    for name in (SET, OTHER):
        sesv2.delete_configuration_set(ConfigurationSetName=name)
    remove_user(enforced_aws, NAME)


def denied(call: Callable[[], object]) -> bool:
    """Whether IAM refuses the call."""
    try:
        call()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "AccessDeniedException"):
            raise
        return True
    return False


def set_arn(aws: LocalAws, name: str) -> str:
    return f"arn:aws:ses:{aws.region}:{aws.account}:configuration-set/{name}"


@pytest.mark.parametrize("action", ON_SET)
def test_calls_on_a_set_are_checked_on_it(enforced_aws: LocalAws, client: Callable[[str], Any], action: str) -> None:
    let_user(enforced_aws, NAME, f"ses:{action}", set_arn(enforced_aws, OTHER))
    assert denied(lambda: ON_SET[action](client("sesv2")))
    let_user(enforced_aws, NAME, f"ses:{action}", set_arn(enforced_aws, SET))
    assert not denied(lambda: ON_SET[action](client("sesv2")))


@pytest.mark.parametrize("action", ON_ACCOUNT)
def test_calls_on_the_account_are_checked_without_a_resource(
    enforced_aws: LocalAws, client: Callable[[str], Any], action: str
) -> None:
    let_user(enforced_aws, NAME, f"ses:{action}", set_arn(enforced_aws, SET))
    assert denied(lambda: ON_ACCOUNT[action](client("sesv2")))
    let_user(enforced_aws, NAME, f"ses:{action}", "*")
    assert not denied(lambda: ON_ACCOUNT[action](client("sesv2")))


def test_metrics_are_checked_on_their_namespace(enforced_aws: LocalAws, client: Callable[[str], Any]) -> None:
    def put(namespace: str) -> object:
        data = [{"MetricName": "QuotaUsed", "Value": 0.5}]
        return client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)

    only = {"StringEquals": {"cloudwatch:namespace": "Mail/Account"}}
    let_user(enforced_aws, NAME, "cloudwatch:PutMetricData", "*", condition=only)
    assert not denied(lambda: put("Mail/Account"))
    assert denied(lambda: put("AWS/SES"))


def test_the_function_of_an_alarm_may_pause_its_own_set_only(
    enforced_aws: LocalAws, client: Callable[[str], Any], enforced_deployed_stack: DeployedStack
) -> None:
    def build(stack: cdk.Stack) -> None:
        function = add_function(stack, "Pauses", PAUSES_BOTH, SET=SET, OTHER=OTHER)
        function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["ses:PutConfigurationSetSendingOptions"], resources=[set_arn(enforced_aws, SET)]
            )
        )
        add_alarm(stack, "Bounce", SET).add_alarm_action(actions.LambdaAction(function))

    enforced_deployed_stack.deploy(build)
    set_state(enforced_aws, f"{enforced_deployed_stack.stack_name}-Bounce", "ALARM")
    assert wait_until(lambda: not sending_enabled(enforced_aws, SET))
    denial = (
        f"not authorized to perform: ses:PutConfigurationSetSendingOptions on resource: {set_arn(enforced_aws, OTHER)}"
    )
    assert wait_until(lambda: denial in enforced_aws.server.log)
    assert sending_enabled(enforced_aws, OTHER)
