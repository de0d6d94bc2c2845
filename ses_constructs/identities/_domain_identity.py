"""The identity of a domain: CloudFormation's own, or a replica of another region's."""

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ses as ses

from ..common.arguments import check_returned, invalid
from ..common.register import entries
from ..dns.other_owners import mark_as_ours
from . import _domain_checks as checks
from .dkim import Dkim, ReplicatedDkim
from .sending_domain import SendingDomain

if TYPE_CHECKING:
    from ._replica import ReplicaIdentity


def make_identity(
    domain: SendingDomain,
    stack: Stack,
    dkim: Dkim | ReplicatedDkim,
    *,
    mail_from_domain: str | None,
    on_mx_failure: ses.MailFromBehaviorOnMxFailure,
    feedback_forwarding: bool,
    removal_policy: RemovalPolicy,
) -> "tuple[ses.IEmailIdentity, ReplicaIdentity | None]":
    """The identity of *domain* with its default configuration set, and what makes it if CloudFormation does not."""
    if isinstance(dkim, ReplicatedDkim):
        from ._replica import ReplicaIdentity  # loads aws_lambda, which few apps need

        if not feedback_forwarding:
            raise invalid(
                "feedback_forwarding",
                "be True beside ReplicatedDkim, whose identity has no field for it",
                feedback_forwarding,
                "leave it out, and switch it off by hand with 'aws sesv2 put-email-identity-feedback-attributes'",
            )
        parent_region = checks.parent_region(dkim, region=stack.region)
        _comes_after_parent(domain, stack, parent_region)
        replica = ReplicaIdentity(
            domain,
            "Replica",
            domain_name=domain.domain_name,
            parent_region=parent_region,
            mail_from_domain=mail_from_domain,
            on_mx_failure=on_mx_failure,
            configuration_set=domain.configuration_set,
            removal_policy=removal_policy,
        )
        return replica.identity, replica
    signing_key = dkim.signing_key(stack)
    check_returned(dkim, "signing_key", signing_key, ses.DkimIdentity)
    identity = ses.EmailIdentity(
        domain,
        "Identity",
        identity=ses.Identity.domain(domain.domain_name),
        dkim_identity=signing_key,
        mail_from_domain=mail_from_domain,
        mail_from_behavior_on_mx_failure=on_mx_failure if mail_from_domain else None,
        configuration_set=domain.configuration_set,
        feedback_forwarding=None if feedback_forwarding else False,
    )
    mark_as_ours(identity)
    if removal_policy is not RemovalPolicy.DESTROY:
        identity.apply_removal_policy(removal_policy)
    return identity, None


def _comes_after_parent(domain: SendingDomain, stack: Stack, parent_region: str) -> None:
    """Have the stack depend on that of the parent, which so is made before and deleted after it."""
    for entry in entries(stack, checks.identity_key(domain.domain_name)):
        parent = Stack.of(entry.owner)
        if entry.is_in_stage and (parent.account, parent.region) == (stack.account, parent_region):
            stack.node.add_dependency(parent)
