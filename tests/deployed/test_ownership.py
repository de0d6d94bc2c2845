"""Every kind of custom resource beside others of its kind: what others send does nothing, and every change works."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import pytest
from aws_cdk import CustomResource, Stack
from aws_cdk import aws_iam as iam

from ses_constructs import (
    InboundRuleSet,
    ProductionAccess,
    RecordsToPublish,
    SmtpCredentials,
    StopProcessing,
    SuppressionList,
    VerifiedAddress,
    VerifiedDomain,
)
from tests.deployed.test_verified_domain import make_everything
from tests.local_aws.plain_app import add_custom_resource
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

FAILS = """
def handler(event, context):
    answer(event, "FAILED" if event["RequestType"] == "Create" else "SUCCESS", physical_id="one", reason="as wanted")
"""
KINDS = 9


def make(stack: Stack, zone: Zone, *, both: bool = True, renamed: bool = False, fails: bool = False) -> None:
    """Two of each kind, or one; with other names if they are *renamed*, or else something *fails* at the end.

    The rule set keeps its name then: the local AWS cannot roll its rules back.
    """
    suffix = "-renamed" if renamed else ""
    domain = make_everything(stack, zone)
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, rule_set_name="inbound" if fails else f"inbound{suffix}")
    for name in ("One", "Two"):
        inbound.add_rule(name, recipients=[f"{name}@{zone.domain}"], actions=[StopProcessing()])
    existing = iam.User(stack, "Existing")
    SmtpCredentials(
        stack, "Smtp", domain=domain, secret_name=f"{stack.stack_name}{suffix}", user=existing if renamed else None
    )
    VerifiedAddress(stack, "Address", address="one@example.net", resend=suffix or None)
    SuppressionList(stack, "Suppression")
    ProductionAccess(
        stack,
        "Production",
        mail_type="transactional",
        website="https://www.example.com",
        use_case="Receipts of a shop, to people who have bought something there. Bounces and complaints end it. " * 2,
    )
    if renamed:
        domain.allow_sender("333344445555")
    if both:
        other = VerifiedDomain(
            stack,
            "Other",
            domain_name=f"other.{zone.domain}",
            dns=RecordsToPublish(),
            legacy_verification_token=True,
        )
        other.allow_sender("222233334444")
        SmtpCredentials(stack, "OtherSmtp", domain=other)
        VerifiedAddress(stack, "OtherAddress", address="two@example.net")
    if fails:
        made = [each for each in stack.node.find_all() if isinstance(each, CustomResource)]
        add_custom_resource(stack, FAILS).node.add_dependency(*made)


class Answers(BaseHTTPRequestHandler):
    """Takes what a function answers to somebody who is not CloudFormation."""

    seen: ClassVar[list[dict[str, Any]]] = []

    def do_PUT(self) -> None:
        self.seen.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def answers_at() -> Iterator[str]:
    Answers.seen.clear()
    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def state(stack: DeployedStack) -> dict[str, object]:
    """What the custom resources of the stack have made."""
    client: Any = stack.aws.client
    iam_client, secrets, ses, identities = (client(name) for name in ("iam", "secretsmanager", "ses", "sesv2"))
    described = client("cloudformation").describe_stack_resources(StackName=stack.stack_name)["StackResources"]
    of: dict[str, list[str]] = {}
    for each in described:
        of.setdefault(each["ResourceType"], []).append(each["PhysicalResourceId"])
    return {
        "active": ses.describe_active_receipt_rule_set().get("Metadata", {}).get("Name"),
        "keys": {
            user: [key["AccessKeyId"] for key in iam_client.list_access_keys(UserName=user)["AccessKeyMetadata"]]
            for user in of.get("AWS::IAM::User", [])
        },
        "secrets": {
            secret: json.loads(secrets.get_secret_value(SecretId=secret)["SecretString"])
            for secret in of.get("AWS::SecretsManager::Secret", [])
        },
        "policies": {
            identity: identities.get_email_identity_policies(EmailIdentity=identity)["Policies"]
            for identity in of.get("AWS::SES::EmailIdentity", [])
        },
        "addresses": sorted(
            each["IdentityName"]
            for each in identities.list_email_identities()["EmailIdentities"]
            if "@example.net" in each["IdentityName"]
        ),
    }


def assert_every_secret_holds_a_key(found: dict[str, Any]) -> None:
    keys = sorted(key for keys in found["keys"].values() for key in keys)
    assert sorted(secret["username"] for secret in found["secrets"].values()) == keys


# Half a minute: seven changes of one stack, with events of others before, during and after each.
def test_what_others_send_does_nothing_and_every_change_and_its_roll_back_work(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack, answers_at: str
) -> None:
    stack, zone = enforced_deployed_stack, enforced_hosted_zone
    stack.deploy(lambda scope: make(scope, zone))
    deployed = state(stack)
    assert_every_secret_holds_a_key(deployed)
    assert deployed["active"] == "inbound"

    # Somebody knows it all, and sends the Delete of every custom resource.
    client: Any = stack.aws.client
    resources = client("cloudformation").describe_stack_resources(StackName=stack.stack_name)["StackResources"]
    template = client("cloudformation").get_template(StackName=stack.stack_name)["TemplateBody"]
    physical = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in resources}
    sent = 0
    for each in resources:
        if not each["ResourceType"].startswith("Custom::"):
            continue
        named = template["Resources"][each["LogicalResourceId"]]["Properties"]
        function = physical[named["ServiceToken"]["Fn::GetAtt"][0]]
        forged = {
            "RequestType": "Delete",
            "ResponseURL": answers_at,
            "RequestId": "made-up",
            "ResourceProperties": {
                name: physical.get(str(value.get("Ref")), "x") if isinstance(value, dict) else value
                for name, value in named.items()
            },
        } | {name: each[name] for name in ("StackId", "LogicalResourceId", "PhysicalResourceId", "ResourceType")}
        client("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(forged))
        sent += 1
    assert wait_until(lambda: len(Answers.seen) == sent)
    assert {each["Status"] for each in Answers.seen} == {"FAILED"}
    assert all(each["Reason"].startswith("CloudFormation is not at work on ") for each in Answers.seen)
    assert len({each["ResourceType"] for each in resources if each["ResourceType"].startswith("Custom::")}) == KINDS
    assert state(stack) == deployed

    # Replaced, and rolled back because something else fails.
    with pytest.raises(DeploymentError, match="as wanted"):
        stack.deploy(lambda scope: make(scope, zone, renamed=True, fails=True))
    assert stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    back = state(stack)
    assert_every_secret_holds_a_key(back)
    assert {**back, "keys": 0, "secrets": 0} == {**deployed, "keys": 0, "secrets": 0}

    # Removed, and rolled back.
    with pytest.raises(DeploymentError, match="as wanted"):
        stack.deploy(lambda scope: make(scope, zone, both=False, fails=True))
    assert state(stack) == back

    # Replaced and removed.
    stack.deploy(lambda scope: make(scope, zone, both=False, renamed=True))
    assert stack.status() == "UPDATE_COMPLETE"
    after: Any = state(stack)
    assert_every_secret_holds_a_key(after)
    assert after["active"] == "inbound-renamed"
    assert after["addresses"] == ["one@example.net"]
    assert len(after["secrets"]) == 1

    stack.destroy()
    assert client("ses").describe_active_receipt_rule_set().get("Metadata") is None
