"""CustomResourceFunction: one function for each handler and stack, used directly as a custom resource's service token.

A third of the resources of CDK's provider framework, and no finding under cdk-nag.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Acknowledgment, CustomResource, Duration, Stack, Validations
from aws_cdk import aws_iam as iam
from constructs import Construct

from ._handler_function import HandlerFunction


@dataclass(frozen=True, kw_only=True, slots=True)
class _Settings:
    """What differs between the handlers."""

    description: str
    # Time for SES's throttling: the handlers' tries and their waits fit into it.
    timeout_minutes: int = 5
    invokes_itself: bool = False
    # Calls of the v1 API that SES cannot narrow to a resource
    # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html).
    actions_on_everything: tuple[str, ...] = ()
    # A role holds 10,240 characters of inline policies. One of these takes about 170, or 280 with four actions.
    max_policies: int = 45


HANDLERS = {
    "activate_rule_set": _Settings(
        description="Activates SES receipt rule sets",
        actions_on_everything=("ses:DescribeActiveReceiptRuleSet", "ses:SetActiveReceiptRuleSet"),
    ),
    "production_access": _Settings(
        description="Asks SES to take the account out of the sandbox",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountDetails"),
    ),
    "sender_policy": _Settings(description="Lets other accounts send from SES identities", max_policies=30),
    # With a KMS key, one of these takes up to 830 characters, and while another user comes there are two.
    "smtp_credentials": _Settings(description="Makes SMTP credentials and keeps them in secrets", max_policies=10),
    "suppression_list": _Settings(
        description="Sets which reasons put an address on the account's suppression list",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountSuppressionAttributes"),
    ),
    "verification_token": _Settings(
        description="Asks SES for the legacy TXT tokens of domains",
        actions_on_everything=("ses:GetIdentityVerificationAttributes", "ses:VerifyDomainIdentity"),
    ),
    "verified_address": _Settings(
        description="Has SES verify e-mail addresses",
        actions_on_everything=("ses:VerifyEmailIdentity",),
        max_policies=20,
    ),
    "wait_for_addresses": _Settings(
        description="Waits until SES has verified e-mail addresses",
        timeout_minutes=15,
        invokes_itself=True,
        actions_on_everything=("ses:GetIdentityVerificationAttributes",),
    ),
    "wait_for_verification": _Settings(
        description="Waits until SES has verified domains", timeout_minutes=15, invokes_itself=True
    ),
}


class CustomResourceFunction(HandlerFunction):
    """The function of one custom-resource handler.

    Each custom resource adds the permissions for its own job, and waits for them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, module: str) -> None:
        settings = HANDLERS[module]
        super().__init__(
            scope,
            construct_id,
            module=module,
            description=settings.description,
            timeout=Duration.minutes(settings.timeout_minutes),
        )
        # Not on the role itself: the function waits for its role, which must not wait for the function.
        self._own_policies: list[iam.Policy] = []
        if settings.invokes_itself:
            self._add_own_policy("InvokeItself", ["lambda:InvokeFunction"], self.function.function_arn)
        if settings.actions_on_everything:
            everything = self._add_own_policy("OnEverything", settings.actions_on_everything, "*")
            reason = f"SES has no resource level for {' and '.join(settings.actions_on_everything)}"
            Validations.of(everything).acknowledge(Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=reason))
        self._policies, self._max_policies = 0, settings.max_policies

    @classmethod
    def shared(cls, scope: Construct, module: str) -> "CustomResourceFunction":
        """The function that runs ``handlers/<module>.py`` in the stack of *scope*, made on first use."""
        stack = Stack.of(scope)
        construct_id = "Ses" + "".join(word.capitalize() for word in module.split("_"))
        existing = stack.node.try_find_child(construct_id)
        if isinstance(existing, cls):
            return existing
        return cls(stack, construct_id, module=module)

    def custom_resource(
        self,
        scope: Construct,
        *,
        resource_type: str,
        properties: Mapping[str, object],
        permissions: Sequence[iam.PolicyStatement] = (),
        policy_id: str = "Policy",
        service_timeout: Duration | None = None,
    ) -> CustomResource:
        """A custom resource under *scope* that this function answers, with *permissions* for its own job.

        They are in a policy named *policy_id*. With another id than before, an update makes a second policy and deletes
        the first one last, so that the resource can still clean up what only that one allows.
        A lost answer fails the deployment after *service_timeout*, not after CloudFormation's hour; the default leaves
        room for the retries that Lambda makes when a run crashes.

        Raises ``ValueError`` when the role cannot hold a further policy.
        """
        resource = CustomResource(
            scope,
            "Resource",
            service_token=self.function.function_arn,
            resource_type=resource_type,
            properties=dict(properties),
            service_timeout=service_timeout or Duration.minutes(10),
        )
        # Without its policies the first call would race IAM; on delete they must outlive the resource.
        resource.node.add_dependency(*self._own_policies)
        if permissions:
            self._check_room(resource_type)
            resource.node.add_dependency(iam.Policy(scope, policy_id, roles=[self.role], statements=list(permissions)))
        return resource

    def _add_own_policy(self, construct_id: str, actions: Sequence[str], resource: str) -> iam.Policy:
        statement = iam.PolicyStatement(actions=list(actions), resources=[resource])
        policy = iam.Policy(self, construct_id, roles=[self.role], statements=[statement])
        self._own_policies.append(policy)
        return policy

    def _check_room(self, resource_type: str) -> None:
        self._policies += 1
        if self._policies > self._max_policies:
            raise ValueError(
                f"one stack must have at most {self._max_policies} resources of type {resource_type}, because IAM "
                "limits the policies of the role they share, got one more; put further ones into another stack"
            )
