"""Functions find the SMTP endpoint of their region under its own name and ports, if one listens on this machine."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from local_aws.aws import LocalAws
from local_aws.smtp.submission import Submission
from tests.local_aws.inbound_app import add_function
from tests.local_aws.smtp_users import SmtpUser, add_user, remove_user
from tests.running_aws.fixtures import stack_in

pytestmark = pytest.mark.xdist_group("local-aws-2")

USER = "submission-of-functions"
# As any program would: trusting what Python trusts, with the name of the endpoint checked.
LOGS_IN = """
import smtplib, socket, ssl

def handler(event, context):
    host, port = event["host"], event["port"]
    if port == 0:
        return socket.getaddrinfo(host, 443)[0][4]
    trusted = ssl.create_default_context()
    if port in (465, 2465):
        smtp = smtplib.SMTP_SSL(host, port, context=trusted, timeout=20)
    else:
        smtp = smtplib.SMTP(host, port, timeout=20)
        smtp.starttls(context=trusted)
    with smtp:
        return smtp.login(event["username"], event["password"])[0]
"""


@pytest.fixture(scope="module")
def function(aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    def build(stack: cdk.Stack) -> None:
        cdk.CfnOutput(stack, "Function", value=add_function(stack, "LogsIn", LOGS_IN).function_name)

    folder: Path = tmp_path_factory.mktemp("logs-in")
    for stack in stack_in(aws, folder):
        yield stack.deploy(build)["Function"]


@pytest.fixture(scope="module")
def user(aws: LocalAws) -> Iterator[SmtpUser]:
    yield add_user(aws, USER)
    remove_user(aws, USER)


@pytest.fixture
def submission(aws: LocalAws) -> Iterator[Submission]:
    with aws.submit_mail() as listening:
        yield listening


def invoke(aws: LocalAws, function: str, user: SmtpUser, *, host: str, port: int, region: str = "us-east-1") -> Any:
    event = {"host": host, "port": port, "username": user.key_id, "password": user.password(region)}
    return json.loads(aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))["Payload"].read())


@pytest.mark.parametrize("port", [465, 2465, 587, 2587, 25])
def test_the_name_and_the_ports_are_those_of_ses(
    aws: LocalAws, function: str, user: SmtpUser, submission: Submission, port: int
) -> None:
    assert port not in (submission.port, submission.starttls_port)
    assert invoke(aws, function, user, host="email-smtp.us-east-1.amazonaws.com", port=port) == 235


def test_each_region_has_its_own(aws: LocalAws, function: str, user: SmtpUser, submission: Submission) -> None:
    elsewhere = "email-smtp.eu-west-1.amazonaws.com"
    with aws.submit_mail(region="eu-west-1"):
        assert invoke(aws, function, user, host=elsewhere, port=465, region="eu-west-1") == 235
        refused = invoke(aws, function, user, host=elsewhere, port=465)
    assert "535" in refused["errorMessage"]
    gone = invoke(aws, function, user, host=elsewhere, port=465, region="eu-west-1")
    assert f"no local SMTP endpoint for {elsewhere}" in gone["errorMessage"]
    assert invoke(aws, function, user, host="email-smtp.us-east-1.amazonaws.com", port=465) == 235


def test_nothing_leaves_the_machine_while_none_listens(aws: LocalAws, function: str, user: SmtpUser) -> None:
    failed = invoke(aws, function, user, host="email-smtp.us-east-1.amazonaws.com", port=587)
    assert "start one with submit_mail()" in failed["errorMessage"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_other_names_are_looked_up_as_ever(aws: LocalAws, function: str, user: SmtpUser, host: str) -> None:
    assert invoke(aws, function, user, host=host, port=0)[1] == 443
