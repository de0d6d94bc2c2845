"""SmtpCredentials through the real CDK CLI, with IAM enforced: deploy, log in, send, rotate, retire, destroy."""

import json
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aws_cdk import CfnOutput, CfnResource, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_secretsmanager as secretsmanager

from local_aws.aws import LocalAws
from local_aws.smtp.submission import Submission
from ses_constructs import Route53Zone, SmtpCredentials, VerifiedDomain
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

GRACE = 24 * 60 * 60  # seconds, if nothing else is said
SWEEP = {"source": "aws.events", "detail-type": "Scheduled Event"}


def add_credentials(stack: Stack, *, zone: Zone, submission: Submission, rotates: bool = True) -> None:
    """Credentials for a domain, with the endpoint of the local AWS in place of that of the region."""
    hosted_zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id=zone.hosted_zone_id, zone_name=zone.domain
    )
    domain = VerifiedDomain(stack, "Domain", domain_name=zone.domain, dns=Route53Zone(hosted_zone))
    rotation: dict[str, Any] = {"rotate_after": Duration.days(90)} if rotates else {}
    credentials = SmtpCredentials(stack, "Smtp", domain=domain, **rotation)
    for node in credentials.node.find_all():
        if isinstance(node, CfnResource) and node.cfn_resource_type == "Custom::SESSmtpCredentials":
            # The port starts in the clear, as all do that the functions do not know.
            node.add_property_override("Host", submission.host)
            node.add_property_override("Port", str(submission.starttls_port))
        if isinstance(node, secretsmanager.CfnSecret):
            endpoint = f"{submission.host}:{submission.starttls_port}:{stack.region}"
            node.tags.set_tag("ses-constructs:smtp-endpoint", endpoint)
        if isinstance(node, lambda_.CfnFunction):
            node.add_property_override("Environment.Variables.SMTP_HOST", submission.host)
            node.add_property_override("Environment.Variables.SMTP_PORT", str(submission.starttls_port))
    CfnOutput(stack, "SecretArn", value=credentials.secret.secret_arn)
    CfnOutput(stack, "UserName", value=credentials.user.user_name)
    if credentials.rotation_function:
        CfnOutput(stack, "RotationFunction", value=credentials.rotation_function.function_name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """What a program reads from the secret."""

    username: str
    password: str

    def works(self, submission: Submission) -> bool:
        with submission.connect() as smtp:
            try:
                smtp.login(self.username, self.password)
            except smtplib.SMTPAuthenticationError:
                return False
        return True


class Deployed:
    """The deployed credentials, and what a program or an operator does with them."""

    def __init__(self, stack: DeployedStack, submission: Submission, domain: str, outputs: dict[str, str]) -> None:
        self.aws, self.stack, self.submission, self.domain = stack.aws, stack, submission, domain
        self.secret_arn, self.user = outputs["SecretArn"], outputs["UserName"]
        self.rotation_function = outputs.get("RotationFunction", "")
        self._secrets: Any = stack.aws.client("secretsmanager")

    def login(self) -> Login:
        value = json.loads(self._secrets.get_secret_value(SecretId=self.secret_arn)["SecretString"])
        assert (value["host"], value["port"]) == (self.submission.host, self.submission.starttls_port)
        assert value["region"] == self.aws.region
        return Login(username=value["username"], password=value["password"])

    def send(self, local_part: str, *, domain: str = "") -> None:
        sender = f"{local_part}@{domain or self.domain}"
        login = self.login()
        with self.submission.connect(starttls=True) as smtp:
            smtp.login(login.username, login.password)
            smtp.sendmail(sender, ["you@example.org"], f"From: {sender}\r\nSubject: {local_part}\r\n\r\nb\r\n")

    def keys(self) -> dict[str, str]:
        """The status of each access key of the user."""
        found = self.aws.client("iam").list_access_keys(UserName=self.user)["AccessKeyMetadata"]
        return {key["AccessKeyId"]: key["Status"] for key in found}

    def rotate(self) -> None:
        # What Secrets Manager tries when the schedule is made has a pending version of its own.
        assert wait_until(lambda: "AWSPENDING" not in str(self._stages()))
        token = self._secrets.rotate_secret(SecretId=self.secret_arn)["VersionId"]
        assert wait_until(lambda: self._stages().get(token) == ["AWSCURRENT"]), self.logs()

    def let_grace_pass(self) -> None:
        self.aws.server.control("let-time-pass", user=self.user, secret=self.secret_arn, seconds=str(GRACE + 60))

    def sweep(self) -> None:
        """What EventBridge does once an hour."""
        functions: Any = self.aws.client("lambda")
        answer = functions.invoke(FunctionName=self.rotation_function, Payload=json.dumps(SWEEP))
        assert "FunctionError" not in answer, answer["Payload"].read()

    def logs(self) -> str:
        client = self.aws.client("logs")
        groups = [group["logGroupName"] for group in client.describe_log_groups()["logGroups"]]
        events = [client.filter_log_events(logGroupName=group)["events"] for group in groups]
        return "\n".join(event["message"] for group in events for event in group)

    def everything_said(self) -> str:
        """Template, outputs, events, answers to CloudFormation and logs."""
        cloudformation, name = self.aws.client("cloudformation"), self.stack.stack_name
        told: list[object] = [
            cloudformation.get_template(StackName=name)["TemplateBody"],
            cloudformation.describe_stacks(StackName=name)["Stacks"],
            cloudformation.describe_stack_resources(StackName=name)["StackResources"],
            self.stack.events(),
            self.aws.server.control("custom-resource-answers"),
            self.aws.client("lambda").list_functions()["Functions"],
            self.logs(),
            self.aws.server.log,
        ]
        return "\n".join(map(str, told))

    def _stages(self) -> dict[str, list[str]]:
        stages: dict[str, list[str]] = self._secrets.describe_secret(SecretId=self.secret_arn)["VersionIdsToStages"]
        return stages


@pytest.fixture(scope="module")
def submission(enforced_aws: LocalAws) -> Iterator[Submission]:
    with enforced_aws.submit_mail() as listening:
        yield listening


@pytest.fixture
def deployed(enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack, submission: Submission) -> Deployed:
    build = partial(add_credentials, zone=enforced_hosted_zone, submission=submission)
    outputs = enforced_deployed_stack.deploy(build)
    return Deployed(enforced_deployed_stack, submission, enforced_hosted_zone.domain, outputs)


def test_what_is_in_the_secret_logs_in_and_sends_from_the_domain_only(deployed: Deployed) -> None:
    deployed.send("orders")
    message = deployed.aws.sent_messages()[-1]
    assert (message.source, message.subject) == (f"orders@{deployed.domain}", "orders")
    with pytest.raises(smtplib.SMTPDataError, match="Access denied"):
        deployed.send("orders", domain="elsewhere.example.com")
    assert list(deployed.keys().values()) == ["Active"]


def test_the_old_login_works_until_its_grace_is_over(deployed: Deployed) -> None:
    old = deployed.login()
    deployed.rotate()
    new = deployed.login()
    assert old != new
    assert old.works(deployed.submission)
    assert new.works(deployed.submission)
    deployed.send("rotated")
    assert deployed.aws.sent_messages()[-1].subject == "rotated"

    deployed.sweep()
    assert deployed.keys() == {old.username: "Active", new.username: "Active"}
    deployed.let_grace_pass()
    deployed.sweep()
    assert deployed.keys() == {old.username: "Inactive", new.username: "Active"}
    assert not old.works(deployed.submission)
    deployed.let_grace_pass()
    deployed.sweep()
    assert list(deployed.keys()) == [new.username]
    assert new.works(deployed.submission)


def test_two_rotations_make_room(deployed: Deployed) -> None:
    first = deployed.login()
    deployed.rotate()
    second = deployed.login()
    deployed.rotate()
    third = deployed.login()
    assert set(deployed.keys()) == {second.username, third.username}
    assert not first.works(deployed.submission)
    assert third.works(deployed.submission)


def test_rotation_goes_off_and_takes_the_old_key_along(deployed: Deployed, enforced_hosted_zone: Zone) -> None:
    deployed.rotate()
    new = deployed.login()
    build = partial(add_credentials, zone=enforced_hosted_zone, submission=deployed.submission, rotates=False)
    deployed.stack.deploy(build)
    assert deployed.login() == new
    assert list(deployed.keys()) == [new.username]
    assert new.works(deployed.submission)


def test_nothing_is_left_and_nothing_was_told(deployed: Deployed) -> None:
    first = deployed.login()
    deployed.rotate()
    logins = {first, deployed.login()}
    aws = deployed.aws
    secrets = {aws.server.control("secret-access-key", id=login.username)["secret"] for login in logins}
    secrets |= {login.password for login in logins}
    assert len(secrets) == 4
    unknown = {"Step": "finishSecret", "SecretId": deployed.secret_arn, "ClientRequestToken": "0" * 32}
    aws.client("lambda").invoke(FunctionName=deployed.rotation_function, Payload=json.dumps(unknown))
    said = deployed.everything_said()
    # What is no secret is in there, each where it belongs, so that a secret in it would be found.
    assert first.username in str(aws.server.control("custom-resource-answers"))
    assert "not the one that a rotation waits for" in deployed.logs()
    assert "Custom::SESSmtpCredentials" in said
    assert [secret for secret in secrets if secret in said] == []

    deployed.stack.destroy()
    with pytest.raises(aws.client("iam").exceptions.NoSuchEntityException):
        deployed.keys()
    assert not any(login.works(deployed.submission) for login in logins)
    said = str(aws.server.control("custom-resource-answers")) + aws.server.log
    assert [secret for secret in secrets if secret in said] == []
