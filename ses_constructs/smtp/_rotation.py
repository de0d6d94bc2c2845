"""SmtpRotation: the function that renews the credentials of one secret, and what invokes it."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IDependable

from ..alarms.alarm_reactions import AlarmReaction
from ..alarms.failure_alarm import failure_alarm
from ..functions.handler_function import HandlerFunction, allow_service_invoke


class SmtpRotation(Construct):
    """A function that Secrets Manager invokes to rotate, and EventBridge once an hour to retire the previous key.

    *first_credentials* are there before the function, and on delete after it. *statements* say what the function may do
    beside writing its log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        secret: secretsmanager.ISecret,
        first_credentials: IDependable,
        user: iam.IUser,
        owns_user: bool,
        host: str,
        port: int,
        days: int,
        grace_seconds: int,
        statements: Sequence[iam.PolicyStatement],
        reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
    ) -> None:
        super().__init__(scope, construct_id)
        # One for each secret: it may touch the keys of one user alone, and Secrets Manager may use it for one secret.
        handler = HandlerFunction(
            self,
            "Handler",
            module="rotate_smtp_credentials",
            description="Rotates the SMTP credentials of one secret",
            # A new key takes a while until it logs in.
            timeout=Duration.minutes(5),
            environment={
                "SMTP_USER_NAME": user.user_name,
                "SMTP_SECRET_ARN": secret.secret_arn,
                "SMTP_OWNS_USER": "true" if owns_user else "false",
                "SMTP_HOST": host,
                "SMTP_PORT": str(port),
                "SMTP_GRACE_SECONDS": str(grace_seconds),
            },
        )
        self.function = handler.function
        handler.permissions.add_statements(*statements)
        # On delete it goes first, and what invokes it before it: nothing may make a key while the keys are deleted.
        self.function.node.add_dependency(first_credentials)
        self._schedule(secret, days).node.add_dependency(handler)
        sweep = events.Rule(
            self,
            "Sweep",
            description="Retires the previous key of SMTP credentials",
            schedule=events.Schedule.rate(Duration.hours(1)),
        )
        sweep.add_target(targets.LambdaFunction(handler.function))
        failure_alarm(
            self,
            self.function.metric_errors(period=Duration.hours(1)),
            description="SMTP credentials could not be rotated; the current ones still work",
            reactions=reactions,
        )

    def _schedule(self, secret: secretsmanager.ISecret, days: int) -> secretsmanager.CfnRotationSchedule:
        # Not the L2: it lets in secrets of any account, and gives the function a permission on everything.
        permission = allow_service_invoke(
            self,
            "Permission",
            self.function.function_arn,
            "secretsmanager.amazonaws.com",
            source_arn=secret.secret_arn,
        )
        schedule = secretsmanager.CfnRotationSchedule(
            self,
            "Schedule",
            secret_id=secret.secret_arn,
            rotation_lambda_arn=self.function.function_arn,
            rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(automatically_after_days=days),
            # The default rotates at every change of the schedule, and the pair was made a minute ago.
            rotate_immediately_on_update=False,
        )
        schedule.node.add_dependency(permission)
        return schedule
