"""CustomResourceFunction: one function for each handler and stack, used directly as a custom resource's service token.

A third of the resources of CDK's provider framework, and no finding under cdk-nag. This module loads aws_lambda, which
is slow to import; construct modules import it where they need it.
"""

from collections.abc import Mapping, Sequence

from aws_cdk import ArnFormat, Aws, CustomResource, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from ..common.arguments import invalid
from ..common.wildcards import acknowledge_wildcard
from ._handler_settings import HANDLERS
from ._policy_length import MAX_CHARACTERS, policy_length
from .handler_function import HandlerFunction

# What handlers/_ownership.py asks for.
_QUESTIONS = ("cloudformation:DescribeStackEvents", "cloudformation:DescribeStackResource")


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
            self._allow_once(["lambda:InvokeFunction"], self._arn)
        if settings.actions_on_everything:
            self.allow_on_everything(*settings.actions_on_everything)
        for actions, resource, wildcard_reason in settings.permissions:
            self._allow_once(actions, resource, wildcard_reason=wildcard_reason)

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
        reason = f"SES has no resource level for {' and '.join(actions)}"
        self._allow_once(actions, "*", wildcard_reason=reason)

    def allow_notes(self) -> None:
        """Let the function write down in its own tags what it may not forget, and look what the stack has."""
        self._allow_once(["cloudformation:ListStackResources"], Aws.STACK_ID)
        self._allow_once(["lambda:ListTags", "lambda:TagResource"], self._arn)

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
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> CustomResource:
        """A custom resource under *scope* that this function answers, with *permissions* for its own job.

        *longest* says how many characters a reference in *permissions* may take, where that is more than a usual ARN or
        name has. The permissions stand in a policy named *policy_id*: with another id than before, an update makes a
        second policy and deletes the first one last, so that the resource can still clean up what only that one allows.
        A lost answer fails the deployment after *service_timeout*, not after CloudFormation's hour; the default leaves
        room for the retries that Lambda makes when a run crashes. A resource that *removal_policy* retains gets no
        Delete, so what it made stays.

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
            removal_policy=removal_policy,
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

    def _allow_once(self, actions: Sequence[str], resource: str, *, wildcard_reason: str = "") -> None:
        """Let the function do *actions*, however many custom resources ask for it."""
        name = " ".join(actions)
        if name in self._lengths:
            return
        statement = iam.PolicyStatement(actions=list(actions), resources=[resource])
        self.permissions.add_statements(statement)
        self._check_room(name, [statement])
        if wildcard_reason:
            acknowledge_wildcard(self.role, resource, reason=wildcard_reason)

    def _check_room(
        self, policy: str, statements: Sequence[iam.PolicyStatement], longest: Mapping[str, int] | None = None
    ) -> None:
        stack = Stack.of(self)
        self._lengths[policy] = policy_length(stack, statements, longest or {})
        # What is replaced is taken to be as long as the longest now.
        characters = sum(self._lengths.values()) + self._replaced_policies * max(self._lengths.values())
        if characters > MAX_CHARACTERS:
            raise invalid(
                f"the custom resources of {self.node.id} in stack {stack.stack_name!r}",
                f"have policies of {MAX_CHARACTERS:,} characters together, for IAM limits those of their one role",
                characters,
                "put further ones into another stack",
            )
