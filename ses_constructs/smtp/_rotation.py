"""SmtpRotation: the function that renews the credentials of one secret, and what invokes it.

This module loads aws_lambda, which is slow to import; construct modules import it where they need it.
"""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct, IDependable

from ..alarms.alarm_reactions import AlarmReaction, attach_all
from ..functions.handler_function import HandlerFunction, allow_service_invoke


class SmtpRotation(Construct):
    """Secrets Manager invokes the function to rotate, and EventBridge once an hour to retire the previous key.

    *filled*: the first credentials, which have to be there before the function, and on delete after it.
    *statements*: what the function may do beside writing its log.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        secret: secretsmanager.ISecret,
        filled: IDependable,
        user: iam.IUser,
        owns_user: bool,
        days: int,
        grace_seconds: int,
        statements: Sequence[iam.PolicyStatement],
        failure_reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
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
                "SMTP_GRACE_SECONDS": str(grace_seconds),
            },
        )
        self.function = handler.function
        for statement in statements:
            handler.role.add_to_policy(statement)
        # On delete it goes first, and what invokes it before it: nothing may make a key while the keys are deleted.
        self.function.node.add_dependency(filled)
        self._rotate(secret, days).node.add_dependency(handler)
        sweep = events.Rule(
            self,
            "Sweep",
            description="Retires the previous key of SMTP credentials",
            schedule=events.Schedule.rate(Duration.hours(1)),
        )
        sweep.add_target(targets.LambdaFunction(handler.function))
        self._watch(failure_reactions)

    def _rotate(self, secret: secretsmanager.ISecret, days: int) -> secretsmanager.CfnRotationSchedule:
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

    def _watch(self, reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction]) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "FailureAlarm",
            metric=self.function.metric_errors(period=Duration.hours(1)),
            alarm_description="SMTP credentials could not be rotated; the current ones still work",
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        attach_all(reactions, alarm)
