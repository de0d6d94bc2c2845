"""CustomResourceFunction: one function for each handler and stack, used directly as a custom resource's service token.

A third of the resources of CDK's provider framework, and no finding under cdk-nag. This module loads aws_lambda, which
is slow to import; construct modules import it where they need it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import ArnFormat, Aws, CustomResource, Duration, Fn, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ..common.arguments import invalid
from ..common.rendered import rendered
from ..common.wildcards import acknowledge_wildcard
from .handler_function import HandlerFunction


@dataclass(frozen=True, kw_only=True, slots=True)
class _HandlerSettings:
    """What differs between the handlers."""

    description: str
    # Time for SES's throttling: the handlers' tries and their waits fit into it.
    timeout_minutes: int = 5
    invokes_itself: bool = False
    # Calls of the v1 API that SES cannot narrow to a resource
    # (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonses.html).
    actions_on_everything: tuple[str, ...] = ()
    # What it may do beside the policies of its custom resources, and why where the ARN has a wildcard.
    permissions: tuple[tuple[tuple[str, ...], str, str], ...] = ()
    # How many policies an update may replace at once: they stay beside the new ones until it is done.
    replaced_policies: int = 0


# A role holds 10,240 characters of inline policies, white space not counted. In a stack with a name of 128 letters the
# one for its log takes up to 360 of them, and the one to ask CloudFormation up to 390
# (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
_MAX_CHARACTERS = 10_240 - 360 - 390
# What handlers/_ownership.py asks for.
_QUESTIONS = ("cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResource")
# How long a reference may be once it is a value. Rather long than short: what synth lets through must not fail at
# deploy. The longest ARN here, but for those told in `longest`, is that of a function with a name of 64 letters in
# cn-northwest-1 or a GovCloud region.
_ARN_CHARACTERS, _NAME_CHARACTERS = 122, 64
_PSEUDO_PARAMETER_CHARACTERS = {"AWS::Partition": 10, "AWS::Region": 14, "AWS::AccountId": 12, "AWS::StackName": 128}


# The id of the stack comes behind its name there, so that no later stack of the same name has these.
_PARAMETERS = (
    f"arn:{Aws.PARTITION}:ssm:{Aws.REGION}:{Aws.ACCOUNT_ID}:parameter/ses-constructs/dns-records/{Aws.STACK_NAME}/*"
)

HANDLERS = {
    "default_configuration_set": _HandlerSettings(
        description="Sets the default configuration sets of SES identities made elsewhere",
        # One is of another identity or set.
        replaced_policies=1,
    ),
    "dns_records": _HandlerSettings(
        description="Makes and adopts the DNS records of domains",
        permissions=(
            (("cloudformation:ListStackResources",), Aws.STACK_ID, ""),
            (
                ("ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"),
                _PARAMETERS,
                "It makes these parameters itself, one for each domain, below the name of its stack",
            ),
            (
                ("route53:GetChange",),
                f"arn:{Aws.PARTITION}:route53:::change/*",
                "Route 53 gives a change its id when it makes it",
            ),
        ),
        # One gets another zone or name.
        replaced_policies=1,
    ),
    "global_endpoint": _HandlerSettings(
        description="Looks whether two regions are fit for a global endpoint, and reads its id",
        actions_on_everything=("ses:GetAccount",),
        # One gets another region.
        replaced_policies=1,
    ),
    "production_access": _HandlerSettings(
        description="Asks SES to take the account out of the sandbox",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountDetails"),
    ),
    "receipt_rules": _HandlerSettings(description="Activates SES receipt rule sets and keeps their rules in order"),
    "replicated_identity": _HandlerSettings(
        description="Makes SES identities that sign with the DKIM keys of another region",
        # Two get another parent or domain.
        replaced_policies=2,
    ),
    "sender_policy": _HandlerSettings(description="Lets other accounts send from SES identities"),
    "smtp_credentials": _HandlerSettings(
        description="Makes SMTP credentials and keeps them in secrets",
        # Two get another user or secret.
        replaced_policies=2,
    ),
    "suppression_list": _HandlerSettings(
        description="Sets which reasons put an address on the account's suppression list",
        actions_on_everything=("ses:GetAccount", "ses:PutAccountSuppressionAttributes"),
    ),
    "verification_token": _HandlerSettings(
        description="Asks SES for the legacy TXT tokens of domains",
        actions_on_everything=("ses:GetIdentityVerificationAttributes", "ses:VerifyDomainIdentity"),
    ),
    "verified_address": _HandlerSettings(
        description="Has SES verify e-mail addresses",
        actions_on_everything=("ses:VerifyEmailIdentity",),
    ),
    "wait_for_addresses": _HandlerSettings(
        description="Waits until SES has verified e-mail addresses",
        timeout_minutes=15,
        invokes_itself=True,
        actions_on_everything=("ses:GetIdentityVerificationAttributes",),
    ),
    "wait_for_verification": _HandlerSettings(
        description="Waits until SES has verified domains", timeout_minutes=15, invokes_itself=True
    ),
}


class CustomResourceFunction(HandlerFunction):
    """The function that runs one custom-resource handler, in one stack.

    Each custom resource adds the permissions for its own job, and waits for them.
    """

    def __init__(self, scope: Construct, construct_id: str, *, module: str) -> None:
        settings = HANDLERS[module]
        stack = Stack.of(scope)
        # A name of ours, so that the role can have it before the function is there; two stacks never have the same
        # UUID at the end of their ids.
        name = f"{construct_id}-{Fn.select(2, Fn.split('/', stack.stack_id))}"
        self._arn = stack.format_arn(
            service="lambda", resource="function", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        super().__init__(
            scope,
            construct_id,
            module=module,
            description=settings.description,
            timeout=Duration.minutes(settings.timeout_minutes),
            environment={"STACK_ID": Aws.STACK_ID},
            function_name=name,
        )
        self.allow(_QUESTIONS, [Aws.STACK_ID])
        # Lambda may hold an event for six hours, and a Create must not run after its Delete.
        self._event_age = lambda_.CfnEventInvokeConfig(
            self,
            "EventAge",
            function_name=self.function.function_name,
            qualifier="$LATEST",
            maximum_event_age_in_seconds=0,  # grows with the time-outs of the custom resources
        )
        self._longest_service_timeout = 0
        self._replaced_policies = settings.replaced_policies
        self._lengths: dict[str, int] = {}
        self._shared_statements: dict[str, iam.PolicyStatement] = {}
        if settings.invokes_itself:
            self._allow_on_itself("lambda:InvokeFunction")
        self._takes_notes = False
        self._on_everything: set[str] = set()
        if settings.actions_on_everything:
            self.allow_on_everything(*settings.actions_on_everything)
        for actions, resource, reason in settings.permissions:
            self.allow(actions, [resource])
            self._check_room(actions[0], [iam.PolicyStatement(actions=list(actions), resources=[resource])])
            if reason:
                acknowledge_wildcard(self.role, resource, reason=reason)

    @classmethod
    def shared(cls, scope: Construct, module: str) -> "CustomResourceFunction":
        """The function that runs ``handlers/<module>.py`` in the stack of *scope*, made on first use."""
        stack = Stack.of(scope)
        construct_id = "Ses" + "".join(word.capitalize() for word in module.split("_"))
        existing = stack.node.try_find_child(construct_id)
        if isinstance(existing, cls):
            return existing
        return cls(stack, construct_id, module=module)

    def allow_on_everything(self, *actions: str) -> None:
        """Let the function do *actions*, which SES cannot narrow to a resource."""
        if self._on_everything.issuperset(actions):
            return
        self._on_everything.update(actions)
        self.allow(actions, ["*"])
        self._check_room(actions[0], [iam.PolicyStatement(actions=list(actions), resources=["*"])])
        acknowledge_wildcard(self.role, "*", reason=f"SES has no resource level for {' and '.join(actions)}")

    def allow_notes(self) -> None:
        """Let the function write down in its own tags what it may not forget, and look what the stack has."""
        if not self._takes_notes:
            self._takes_notes = True
            self.allow(["cloudformation:ListStackResources"], [Aws.STACK_ID])
            self._allow_on_itself("lambda:ListTags", "lambda:TagResource")

    def allow_on_each(self, action: str, resources: Sequence[str]) -> None:
        """Let the function do *action* on *resources*, in one statement for all its custom resources.

        For what they only read: an update takes the permission away before it deletes the custom resource. None of
        *resources* may wait for the function; each takes room in the role once, however many custom resources name it.
        Raises ``ValueError`` when the role cannot hold them.
        """
        statement = self._shared_statements.get(action)
        if statement is None:
            statement = self._shared_statements[action] = iam.PolicyStatement(actions=[action])
            self.permissions.add_statements(statement)
        statement.add_resources(*resources)
        self._check_room(action, [statement])

    def custom_resource(
        self,
        scope: Construct,
        *,
        resource_type: str,
        properties: Mapping[str, object],
        permissions: Sequence[iam.PolicyStatement] = (),
        longest: Mapping[str, int] | None = None,
        policy_id: str = "Policy",
        service_timeout: Duration | None = None,
    ) -> CustomResource:
        """A custom resource under *scope* that this function answers, with *permissions* for its own job.

        *longest* has the characters that references in them may take, where usual ARNs and names do not say. They are
        in a policy named *policy_id*. With another id than before, an update makes a second policy and deletes the
        first one last, so that the resource can still clean up what only that one allows.
        A lost answer fails the deployment after *service_timeout*, not after CloudFormation's hour; the default leaves
        room for the retries that Lambda makes when a run crashes.

        Raises ``ValueError`` when the role cannot hold the policy.
        """
        service_timeout = service_timeout or Duration.minutes(10)
        resource = CustomResource(
            scope,
            "Resource",
            service_token=self.function.function_arn,
            resource_type=resource_type,
            properties=dict(properties),
            service_timeout=service_timeout,
        )
        self._longest_service_timeout = max(self._longest_service_timeout, int(service_timeout.to_seconds()))
        self._event_age.maximum_event_age_in_seconds = self._longest_service_timeout
        resource.node.add_dependency(self._event_age)
        if permissions:
            # Without its policy the first call would race IAM; on delete the policy must outlive the resource.
            policy = iam.Policy(scope, policy_id, roles=[self.role], statements=list(permissions))
            self._check_room(policy.node.path, permissions, longest)
            resource.node.add_dependency(policy)
        return resource

    def _allow_on_itself(self, *actions: str) -> None:
        self.allow(actions, [self._arn])
        self._check_room(actions[0], [iam.PolicyStatement(actions=list(actions), resources=[self._arn])])

    def _check_room(
        self, policy: str, statements: Sequence[iam.PolicyStatement], longest: Mapping[str, int] | None = None
    ) -> None:
        stack = Stack.of(self)
        self._lengths[policy] = policy_length(stack, statements, longest or {})
        # What is replaced is taken to be as long as the longest now.
        characters = sum(self._lengths.values()) + self._replaced_policies * max(self._lengths.values())
        if characters > _MAX_CHARACTERS:
            raise invalid(
                f"the custom resources of {self.node.id} in stack {stack.stack_name!r}",
                f"have policies of {_MAX_CHARACTERS:,} characters together, for IAM limits those of their one role",
                characters,
                "put further ones into another stack",
            )


def policy_length(stack: Stack, statements: Sequence[iam.PolicyStatement], longest: Mapping[str, int]) -> int:
    """Characters of a policy with *statements*, where a reference counts as long as its value may well be.

    The references in *longest* take as many characters as it says.
    """
    known = {rendered(stack.resolve(reference)): characters for reference, characters in longest.items()}
    document = {"Version": "2012-10-17", "Statement": [each.to_statement_json() for each in statements]}
    return len(json.dumps(_filled_in(stack.resolve(document), _ARN_CHARACTERS, known), separators=(",", ":")))


def _filled_in(resolved: object, length: int, known: Mapping[str, int]) -> object:
    """*resolved* with a text in the place of each reference, of *length* unless another one is known."""
    match resolved:
        case {"Fn::Join": [separator, parts]}:
            # A reference inside an ARN is a name.
            return str(separator).join(str(_filled_in(part, _NAME_CHARACTERS, known)) for part in parts)
        case {"Ref": str(name)}:
            return "-" * known.get(rendered(resolved), _PSEUDO_PARAMETER_CHARACTERS.get(name, length))
        case dict() if any(str(key).startswith("Fn::") for key in resolved):
            return "-" * length
        case dict():
            return {key: _filled_in(value, length, known) for key, value in resolved.items()}
        case list():
            return [_filled_in(each, length, known) for each in resolved]
    return resolved
