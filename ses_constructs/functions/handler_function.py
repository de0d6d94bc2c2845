"""HandlerFunction: a Lambda function that runs one of our handlers, with a role of its own.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_PACKAGE = Path(__file__).parent.parent


class HandlerFunction(Construct):
    """The function that runs ``handlers/<module>.py``; its role may write the log and what *permissions* hold.

    *permissions* are inline in the role, so that the function waits for them with it. Those on a resource that waits
    for the function go into a policy beside the role instead, or the two would wait for each other.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        module: str,
        description: str,
        timeout: Duration,
        memory_size: int = 256,
        environment: Mapping[str, str] | None = None,
        dead_letter_queue: sqs.IQueue | None = None,
        max_concurrency: int | None = None,
        function_name: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        log_group = _log_group(Stack.of(self))
        self.permissions = iam.PolicyDocument()
        self.allow(["logs:CreateLogStream", "logs:PutLogEvents"], [log_group.log_group_arn])
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Permissions": self.permissions},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=handlers_asset(),
            handler=f"handlers.{module}.on_event",
            timeout=timeout,
            memory_size=memory_size,
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment=environment,
            reserved_concurrent_executions=max_concurrency,
        )
        if dead_letter_queue:
            # Not by the L2, which would make a policy beside the role.
            resource = self.function.node.default_child
            assert isinstance(resource, lambda_.CfnFunction)
            resource.dead_letter_config = lambda_.CfnFunction.DeadLetterConfigProperty(
                target_arn=dead_letter_queue.queue_arn
            )

    def allow(
        self, actions: Sequence[str], resources: Sequence[str], *, conditions: Mapping[str, object] | None = None
    ) -> None:
        """Let the function do *actions* on *resources*, none of which may wait for the function."""
        self.permissions.add_statements(
            iam.PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        )


def _log_group(stack: Stack) -> logs.LogGroup:
    """The log group of all our functions in *stack*; Lambda names the function in each log stream."""
    existing = stack.node.try_find_child("SesLog")
    if isinstance(existing, logs.LogGroup):
        return existing
    return logs.LogGroup(stack, "SesLog", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY)


def handlers_asset() -> lambda_.Code:
    """The handlers' source as a Lambda asset, with the same hash on every machine."""
    return lambda_.Code.from_asset(
        str(_PACKAGE),
        # Bytecode differs between machines, and pip compiles on install: hashing it would redeploy every function.
        exclude=["*", "!handlers", "!handlers/*/", "!handlers/*.py", "!handlers/*/*.py", "__pycache__"],
        ignore_mode=IgnoreMode.GIT,
    )


def allow_service_invoke(
    scope: Construct, construct_id: str, function_arn: str, service: str, *, source_arn: str
) -> lambda_.CfnPermission:
    """Let *service* invoke a function on behalf of what *source_arn* names, in the account of *scope* alone.

    Under *scope* and not on the function, so that it works for imported ones too.
    """
    return lambda_.CfnPermission(
        scope,
        construct_id,
        action="lambda:InvokeFunction",
        function_name=function_arn,
        principal=service,
        source_account=Stack.of(scope).account,
        source_arn=source_arn,
    )
