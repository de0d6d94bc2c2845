"""HandlerFunction: a Lambda function that runs one of our handlers, with a role and a log group of its own.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

_PACKAGE = Path(__file__).parent.parent


class HandlerFunction(Construct):
    """The function that runs ``handlers/<module>.py``; its role may write its log, and what *role_statements* say."""

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
        role_statements: Mapping[str, iam.PolicyStatement] | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        write_log = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn]
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={
                name: iam.PolicyDocument(statements=[statement])
                for name, statement in {"WriteLog": write_log, **(role_statements or {})}.items()
            },
        )
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            code=handlers_asset(),
            handler=f"handlers.{module}.on_event",
            timeout=timeout,
            memory_size=memory_size,
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            environment=environment,
            dead_letter_queue=dead_letter_queue,
            reserved_concurrent_executions=max_concurrency,
        )


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
