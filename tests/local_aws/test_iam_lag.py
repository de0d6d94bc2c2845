"""IAM takes a while: what a function's role has just been given is not in force yet (facts 6 and 101)."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

NAME, SET = "lagging", "lagging-set"
AN_HOUR = 3600.0
ASKS = """
import boto3

def handler(event, context):
    try:
        getattr(boto3.client("sesv2"), event["call"])(**event["arguments"])
    except Exception as error:
        return error.response["Error"]["Code"]
    return "allowed"
"""


def trusting(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def function(enforced_aws: LocalAws) -> Iterator[LocalAws]:
    """A function that does what it is told, and is in force with a role that may do nothing."""
    iam, functions = enforced_aws.client("iam"), enforced_aws.client("lambda")
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=trusting("lambda.amazonaws.com"))["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", ASKS)
    functions.create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role,
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
        Timeout=30,
    )
    yield enforced_aws
    enforced_aws.set_iam_lag(0)
    functions.delete_function(FunctionName=NAME)
    for policy in iam.list_role_policies(RoleName=NAME)["PolicyNames"]:
        iam.delete_role_policy(RoleName=NAME, PolicyName=policy)
    iam.delete_role(RoleName=NAME)


def asked(aws: LocalAws, call: str, **arguments: object) -> str:
    payload = json.dumps({"call": call, "arguments": arguments}).encode()
    answer = aws.client("lambda").invoke(FunctionName=NAME, Payload=payload)
    return str(json.loads(answer["Payload"].read()))


def gets_account(aws: LocalAws) -> str:
    return asked(aws, "get_account")


def let(aws: LocalAws, *actions: str) -> None:
    aws.client("iam").put_role_policy(RoleName=NAME, PolicyName="only", PolicyDocument=allowing(*actions))


def test_fact_6_a_new_policy_is_in_force_when_it_is_old_enough(function: LocalAws) -> None:
    let(function, "ses:GetAccount")
    assert gets_account(function) == "allowed"  # without a lag at once
    function.set_iam_lag(AN_HOUR)
    assert gets_account(function) == "AccessDeniedException"
    function.let_time_pass(AN_HOUR)
    assert gets_account(function) == "allowed"


def test_fact_6_a_managed_policy_as_well(function: LocalAws) -> None:
    iam = function.client("iam")
    arn = iam.create_policy(PolicyName=NAME, PolicyDocument=allowing("ses:GetAccount"))["Policy"]["Arn"]
    function.set_iam_lag(AN_HOUR)
    iam.attach_role_policy(RoleName=NAME, PolicyArn=arn)
    late = gets_account(function)
    function.set_iam_lag(0)
    in_time = gets_account(function)
    iam.detach_role_policy(RoleName=NAME, PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    assert (late, in_time) == ("AccessDeniedException", "allowed")


def test_a_changed_policy_stays_as_it_was_for_a_while(function: LocalAws) -> None:
    let(function, "ses:GetAccount")
    function.let_time_pass(AN_HOUR)
    let(function, "ses:ListEmailIdentities")
    function.set_iam_lag(AN_HOUR)
    before = gets_account(function), asked(function, "list_email_identities")
    function.set_iam_lag(0)
    after = gets_account(function), asked(function, "list_email_identities")
    assert (before, after) == (("allowed", "AccessDeniedException"), ("AccessDeniedException", "allowed"))


def test_a_policy_that_is_gone_is_gone_at_once(function: LocalAws) -> None:
    let(function, "ses:GetAccount")
    function.let_time_pass(AN_HOUR)
    function.set_iam_lag(AN_HOUR)
    assert gets_account(function) == "allowed"
    function.client("iam").delete_role_policy(RoleName=NAME, PolicyName="only")
    assert gets_account(function) == "AccessDeniedException"


def template_of(service: str, **resources: object) -> str:
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": json.loads(trusting(service))},
    }
    return json.dumps({"Resources": {"Role": role, **resources}})


def test_fact_6_what_cloudformation_attaches_is_late_too(function: LocalAws) -> None:
    stacks = function.client("cloudformation")
    properties = {"PolicyName": "of-stack", "PolicyDocument": json.loads(allowing("ses:GetAccount")), "Roles": [NAME]}
    body = template_of("lambda.amazonaws.com", Policy={"Type": "AWS::IAM::Policy", "Properties": properties})
    function.set_iam_lag(AN_HOUR)
    stacks.create_stack(StackName=NAME, TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
    stacks.get_waiter("stack_create_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    late = gets_account(function)
    function.set_iam_lag(0)
    in_time = gets_account(function)
    stacks.delete_stack(StackName=NAME)
    stacks.get_waiter("stack_delete_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})
    assert (late, in_time) == ("AccessDeniedException", "allowed")


def test_fact_101_ses_does_not_assume_a_young_role(enforced_aws: LocalAws) -> None:
    iam, sesv2 = enforced_aws.client("iam"), enforced_aws.client("sesv2")
    role = iam.create_role(RoleName=SET, AssumeRolePolicyDocument=trusting("ses.amazonaws.com"))["Role"]["Arn"]
    iam.put_role_policy(RoleName=SET, PolicyName="p", PolicyDocument=allowing("firehose:*"))
    sesv2.create_configuration_set(ConfigurationSetName=SET)
    stream = f"arn:aws:firehose:{enforced_aws.region}:{enforced_aws.account}:deliverystream/none"

    def told() -> tuple[str, str]:
        target: dict[str, Any] = {"KinesisFirehoseDestination": {"DeliveryStreamArn": stream, "IamRoleArn": role}}
        return refusal_of(
            sesv2.create_configuration_set_event_destination,
            ConfigurationSetName=SET,
            EventDestinationName="stream",
            EventDestination={"Enabled": True, "MatchingEventTypes": ["BOUNCE"]} | target,
        )

    enforced_aws.set_iam_lag(AN_HOUR)
    late = told()
    enforced_aws.set_iam_lag(0)
    in_time = told()
    sesv2.delete_configuration_set(ConfigurationSetName=SET)
    iam.delete_role_policy(RoleName=SET, PolicyName="p")
    iam.delete_role(RoleName=SET)
    assert late == ("BadRequestException", f"Could not assume IAM role <{role}>")
    assert in_time == ("BadRequestException", f"Firehose stream {stream} does not exist.")


def test_a_lag_needs_what_it_delays() -> None:
    with pytest.raises(ValueError, match="iam_lag needs enforce_iam=True, got 5"):
        LocalAws.start(iam_lag=5)
