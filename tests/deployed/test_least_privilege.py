"""Every permission of every handler is needed: with IAM enforced, taking any one away fails the deployment."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aws_cdk import App, CfnResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from local_aws.read_back import read_domain
from ses_constructs import InboundRuleSet, RecordsToPublish, StopProcessing, VerifiedDomain
from tests.deployed.sending_functions import without_patience
from tests.deployed.test_verified_domain import make_everything, route53_zone
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-enforced")


def handler_policies(stack: Stack) -> Iterator[tuple[CfnResource, str, list[dict[str, Any]]]]:
    """Each policy in a handler's role or beside it: the resource, where it has the document, and the statements.

    All actions are lists.
    """
    for node in stack.node.find_all():
        if isinstance(node, iam.CfnPolicy):
            found, place = stack.resolve(node.policy_document), "PolicyDocument"
        elif isinstance(node, iam.CfnRole) and (policies := stack.resolve(node.policies)):
            (policy,) = policies
            found, place = policy["policyDocument"], "Policies.0.PolicyDocument"
        else:
            continue
        for statement in found["Statement"]:
            statement["Action"] = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        yield node, place, found["Statement"]


def actions(stack: Stack) -> set[str]:
    """What handlers may do, apart from writing the log."""
    found = {action for _, _, statements in handler_policies(stack) for each in statements for action in each["Action"]}
    return {each for each in found if not each.startswith("logs:")}


def take_away(stack: Stack, action: str) -> None:
    """Remove one action from every policy that has it."""
    for policy, place, statements in handler_policies(stack):
        for statement in statements:
            # A statement needs an action: this one is of no use to a handler.
            statement["Action"] = [each for each in statement["Action"] if each != action] or ["ses:ListTemplates"]
        policy.add_property_override(f"{place}.Statement", statements)
    without_patience(stack)


def everything() -> set[str]:
    """The actions of all handlers of a domain with everything on."""
    stack = Stack(App(), "Stack")
    make_everything(stack, Zone(domain="example.com", hosted_zone_id="Z1"))
    return actions(stack)


# Needed by other events than a Create: an update, a delete, a token that SES has already, a wait of over 15 minutes.
LATER = {
    "ses:UpdateEmailIdentityPolicy",
    "ses:DeleteEmailIdentityPolicy",
    "lambda:InvokeFunction",
    "cloudformation:DescribeStackEvents",
}


def test_with_its_own_permissions_a_domain_deploys(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    enforced_deployed_stack.deploy(lambda stack: make_everything(stack, enforced_hosted_zone))

    state = read_domain(enforced_deployed_stack.aws, enforced_hosted_zone.domain, enforced_hosted_zone.hosted_zone_id)
    assert state.problems() == []


def without_waiting(stack: Stack) -> None:
    """Have the wait for the domain end after its second look: it takes a denial for one that may pass."""
    for node in stack.node.find_all():
        if isinstance(node, CfnResource) and node.cfn_resource_type == "Custom::SESDomainVerification":
            node.add_property_override("TimeoutSeconds", "1")


@pytest.mark.parametrize("action", sorted(everything() - LATER))
def test_without_one_permission_the_deployment_rolls_back(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack, action: str
) -> None:
    def make(stack: Stack) -> None:
        make_everything(stack, enforced_hosted_zone)
        take_away(stack, action)
        if action == "ses:GetEmailIdentity":
            without_waiting(stack)

    with pytest.raises(DeploymentError, match=f"not authorized to perform: {action}"):
        enforced_deployed_stack.deploy(make)

    assert enforced_deployed_stack.status() == "ROLLBACK_COMPLETE"


def test_without_its_permission_a_changed_sender_is_not_written(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    def share(stack: Stack) -> VerifiedDomain:
        domain = VerifiedDomain(
            stack, "Domain", domain_name=enforced_hosted_zone.domain, dns=route53_zone(stack, enforced_hosted_zone)
        )
        domain.allow_sender("222233334444")
        return domain

    def share_with_more(stack: Stack) -> None:
        share(stack).allow_sender("333344445555")

    def share_without_permission(stack: Stack) -> None:
        share_with_more(stack)
        take_away(stack, "ses:UpdateEmailIdentityPolicy")

    enforced_deployed_stack.deploy(share)
    with pytest.raises(DeploymentError, match="not authorized to perform: ses:UpdateEmailIdentityPolicy"):
        enforced_deployed_stack.deploy(share_without_permission)
    assert enforced_deployed_stack.status() == "UPDATE_ROLLBACK_COMPLETE"

    enforced_deployed_stack.deploy(share_with_more)


def test_without_its_permission_a_sender_is_not_removed(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    def share_without_permission(stack: Stack) -> None:
        domain = VerifiedDomain(
            stack, "Domain", domain_name=enforced_hosted_zone.domain, dns=route53_zone(stack, enforced_hosted_zone)
        )
        domain.allow_sender("222233334444")
        take_away(stack, "ses:DeleteEmailIdentityPolicy")

    enforced_deployed_stack.deploy(share_without_permission)
    with pytest.raises(AssertionError, match="DELETE_FAILED"):
        enforced_deployed_stack.destroy()

    (failed,) = (
        e
        for e in enforced_deployed_stack.events()
        if e["ResourceStatus"] == "DELETE_FAILED" and "Custom::" in e["ResourceType"]
    )
    assert "not authorized to perform: ses:DeleteEmailIdentityPolicy" in failed["ResourceStatusReason"]
    enforced_deployed_stack.abandon(failed["LogicalResourceId"])


def make_waiting(stack: Stack, zone: Zone, *, run_seconds: int) -> None:
    """A domain that waits in runs of *run_seconds*, for records that somebody publishes."""
    VerifiedDomain(
        stack,
        "Domain",
        domain_name=zone.domain,
        dns=RecordsToPublish(),
        mail_from=None,
        wait_until_verified=Duration.minutes(5),
    )
    function = next(each for each in stack.node.find_all() if isinstance(each, lambda_.CfnFunction))
    assert isinstance(function, CfnResource)
    function.add_property_override("Timeout", run_seconds)


def when_identity_exists(aws: LocalAws, domain: str, then: Callable[[list[str]], None]) -> threading.Thread:
    """Call *then* with the DKIM tokens, from a thread, once the identity is there."""

    tokens = list[str]()

    def exists() -> bool:
        with contextlib.suppress(ClientError):
            identity = aws.client("sesv2").get_email_identity(EmailIdentity=domain)
            tokens.extend(identity["DkimAttributes"]["Tokens"])
        return bool(tokens)

    def watch() -> None:
        assert wait_until(exists)
        then(tokens)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


def log_of_waiting(deployed: DeployedStack) -> str:
    """What the function has written that waits; of a run, when it is over."""
    (function,) = deployed.functions("wait_for_verification")
    group = function["LoggingConfig"]["LogGroup"]
    return str(deployed.aws.client("logs").filter_log_events(logGroupName=group)["events"])


def test_a_long_wait_hands_over_to_a_new_run(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    aws, domain = enforced_deployed_stack.aws, enforced_hosted_zone.domain

    # More than 20 seconds, for the first run polls twice, 15 seconds apart.
    def publish(tokens: list[str]) -> None:
        assert wait_until(lambda: "REPORT RequestId" in log_of_waiting(enforced_deployed_stack))
        for token in tokens:
            put_record(aws, enforced_hosted_zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com")

    publisher = when_identity_exists(aws, domain, publish)
    # A run hands over when less than 210 seconds are left after the next pause.
    enforced_deployed_stack.deploy(lambda stack: make_waiting(stack, enforced_hosted_zone, run_seconds=230))
    publisher.join()

    assert aws.client("sesv2").get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]


def test_a_wait_that_runs_away_is_stopped(enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match="took more than 12 invocations"):
        enforced_deployed_stack.deploy(lambda stack: make_waiting(stack, enforced_hosted_zone, run_seconds=220))


def test_without_its_permission_a_long_wait_ends_with_a_reason(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    def make(stack: Stack) -> None:
        make_waiting(stack, enforced_hosted_zone, run_seconds=150)
        take_away(stack, "lambda:InvokeFunction")

    with pytest.raises(DeploymentError, match="not authorized to perform: lambda:InvokeFunction"):
        enforced_deployed_stack.deploy(make)

    assert enforced_deployed_stack.status() == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    "action", ["ses:DescribeActiveReceiptRuleSet", "ses:SetActiveReceiptRuleSet", "ses:DescribeReceiptRuleSet"]
)
def test_without_one_permission_a_rule_set_is_not_activated(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack, action: str
) -> None:
    def make(stack: Stack) -> None:
        domain = VerifiedDomain(
            stack, "Domain", domain_name=enforced_hosted_zone.domain, dns=RecordsToPublish(), receives_mail=True
        )
        inbound = InboundRuleSet(stack, "Inbound", domain=domain, drop_spam=False)
        for construct_id in ("First", "Second"):
            inbound.add_rule(construct_id, recipients=[enforced_hosted_zone.domain], actions=[StopProcessing()])
        take_away(stack, action)

    with pytest.raises(DeploymentError, match=f"not authorized to perform: {action}"):
        enforced_deployed_stack.deploy(make)

    assert enforced_deployed_stack.status() == "ROLLBACK_COMPLETE"


def test_every_permission_has_a_test_that_takes_it_away() -> None:
    assert everything() > LATER
