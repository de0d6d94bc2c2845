"""SendingPause: the function behind PauseSending, and the alarms that invoke it."""

import json

from aws_cdk import Acknowledgment, Annotations, ArnFormat, Duration, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from constructs import Construct

from ._handler_function import HandlerFunction
from ._sending_alarms import SendingAlarm, SendingAlarms
from .alarm_reactions import NotifyTopic
from .email_records._text import invalid


class SendingPause(Construct):
    """Pauses one configuration set, or the account, for the alarms of a group."""

    def __init__(self, scope: SendingAlarms, construct_id: str, *, minimum_sends: int) -> None:
        super().__init__(scope, construct_id)
        self._minimum_sends = minimum_sends
        name = scope.configuration_set.configuration_set_name if scope.configuration_set else ""
        self._handler = HandlerFunction(
            self,
            "Handler",
            module="pause_sending",
            description="Pauses sending when an alarm on the reputation fires",
            timeout=Duration.minutes(5),
            environment={
                "PAUSE_CONFIGURATION_SET": name,
                "PAUSE_TOPICS": json.dumps([topic.topic_arn for topic in scope.team]),
            },
        )
        # A pause that comes late could undo what a person has resumed meanwhile.
        self._handler.function.configure_async_invoke(max_event_age=Duration.minutes(15), retry_attempts=2)
        self._let_function_pause(name)
        self._let_function_tell(scope)
        # In ALARM while little is sent, and the pause waits until it is OK. Not the other way round: an alarm that is
        # on all day in a healthy production is one that nobody looks at.
        self._low_volume = cloudwatch.Alarm(
            self,
            "LowVolume",
            metric=scope.metrics.metric_sends(period=Duration.days(1)),
            threshold=minimum_sends,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
            alarm_description=f"fewer than {minimum_sends} messages in 24 hours: too few to pause {scope.subject}",
        )
        self._watch_failures(scope)

    @classmethod
    def of(cls, group: SendingAlarms, *, minimum_sends: int) -> "SendingPause":
        """The pause of *group*, made on first use.

        Raises ``ValueError`` when there is one already that asks for another number of messages.
        """
        existing = group.node.try_find_child("Pause")
        if not isinstance(existing, SendingPause):
            return cls(group, "Pause", minimum_sends=minimum_sends)
        if existing._minimum_sends != minimum_sends:
            raise invalid(
                "reactions", "hold PauseSending once", minimum_sends, "leave out the one with another minimum_sends"
            )
        return existing

    def follow(self, alarm: SendingAlarm) -> None:
        """Pause once *alarm* fires and enough was sent.

        A rate that stays critical fires once. So the number of messages is a condition of the alarm and not of the
        function, which would have let the one chance pass while there were too few.
        """
        if alarm.node.try_find_child("Pause"):
            return
        pause = cloudwatch.CompositeAlarm(
            alarm,
            "Pause",
            alarm_description=f"{alarm.group.subject} is paused by this alarm; a person resumes it",
            alarm_rule=cloudwatch.AlarmRule.all_of(
                alarm,
                cloudwatch.AlarmRule.from_alarm(self._low_volume, cloudwatch.AlarmState.OK),
            ),
        )
        pause.add_alarm_action(actions.LambdaAction(self._handler.function, use_unique_permission_id=True))

    def _let_function_pause(self, configuration_set_name: str) -> None:
        if configuration_set_name:
            arn = Stack.of(self).format_arn(
                service="ses",
                resource="configuration-set",
                resource_name=configuration_set_name,
                arn_format=ArnFormat.SLASH_RESOURCE_NAME,
            )
            self._allow(["ses:PutConfigurationSetSendingOptions"], arn)
            return
        self._allow(["ses:PutAccountSendingAttributes"], "*")
        reason = "SES has no resource level for ses:PutAccountSendingAttributes"
        Validations.of(self._handler.role).acknowledge(
            Acknowledgment(id="AwsSolutions-IAM5[Resource::*]", reason=reason)
        )

    def _let_function_tell(self, group: SendingAlarms) -> None:
        if not group.team:
            Annotations.of(self).add_warning_v2(
                "ses-constructs:pause-tells-nobody",
                f"PauseSending pauses {group.node.path} and nobody is told how to resume; "
                "add EmailTeam('ops@example.net') or NotifyTopic(topic) to the reactions",
            )
        for topic in group.team:
            self._allow(["sns:Publish"], topic.topic_arn)
            if topic.master_key:
                self._allow(["kms:Decrypt", "kms:GenerateDataKey"], topic.master_key.key_arn)

    def _allow(self, names: list[str], resource: str) -> None:
        self._handler.role.add_to_policy(iam.PolicyStatement(actions=names, resources=[resource]))

    def _watch_failures(self, group: SendingAlarms) -> None:
        failure = cloudwatch.Alarm(
            self,
            "FailureAlarm",
            metric=self._handler.function.metric_errors(period=Duration.minutes(5)),
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=f"{group.subject} could not be paused; pause it by hand",
        )
        for topic in group.team:
            NotifyTopic(topic).attach_to(failure)
