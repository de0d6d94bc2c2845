"""What happens when an alarm fires."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from typing import Protocol, runtime_checkable

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions

from ..common.arguments import check_email_address, check_list, invalid, offers
from ..common.checks import check_resource, check_same_region
from ..common.once import earlier_owner, owner_in
from ..common.rendered import rendered
from ..common.topic_access import allow_service_publish

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
_MAX_ACTIONS = 5


@runtime_checkable
class AlarmReaction(Protocol):
    """**Protocol:** something to do when an alarm fires.

    One that tells people by a topic has a second method, ``topic_in(stack)``, which returns it: by that topic they
    hear of a pause too, and of what SES reports about the account.
    """

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        """Add what is to be done to the alarm; nothing, where the alarm is none of its business.

        Args:
            alarm: One of the alarms that the reaction is to follow. Those of ``BounceMonitoring`` are a
                ``SendingAlarm``, which says what it is about.
        """
        ...


@dataclass(frozen=True, slots=True)
class NotifyTopic(AlarmReaction):
    """Publishes to a topic when the alarm fires, and when it is over.

    A topic from elsewhere needs a policy that lets CloudWatch in; a warning says which statement. A key of the topic
    needs one too, which is added where the app makes the key.

    Args:
        topic: A standard topic of the alarm's region.

    Raises:
        ValueError: A FIFO topic; and where an alarm gets the reaction, a topic of another region or one whose key comes
            from outside the app or from AWS (``alias/aws/sns``).
    """

    topic: sns.ITopic

    def __post_init__(self) -> None:
        check_resource("topic", self.topic, "SNS topic")
        if self.topic.fifo:
            raise invalid(
                "topic",
                "be a standard topic, because what an alarm publishes has no message group",
                self.topic.node.path,
                "pass another",
            )

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        """Let the alarm publish to the topic, and have it do so.

        Args:
            alarm: The alarm.

        Raises:
            ValueError: A topic of another region, or one whose key comes from outside the app or from AWS.
        """
        action = _publishing_to(self.topic, Stack.of(alarm))
        alarm.add_alarm_action(action)
        alarm.add_ok_action(action)

    def topic_in(self, stack: Stack) -> sns.ITopic:
        """The topic.

        Args:
            stack: Where the alarms are; it makes no difference here.
        """
        return self.topic


@dataclass(frozen=True, slots=True)
class EmailTeam(AlarmReaction):
    """Sends an e-mail to a person or a team when the alarm fires, and when it is over.

    AWS asks the address to confirm once, and sends it nothing else before. All alarms of a stack that name the same
    address share one topic.

    Args:
        address: Such as ``ops@example.net``.

    Raises:
        ValueError: Anything but an address.
    """

    address: str

    def __post_init__(self) -> None:
        check_email_address("address", self.address)

    def attach_to(self, alarm: cloudwatch.AlarmBase) -> None:
        """Have the alarm publish to the address's topic.

        Args:
            alarm: The alarm.
        """
        self._in(Stack.of(alarm)).attach_to(alarm)

    def topic_in(self, stack: Stack) -> sns.ITopic:
        """The address's topic, made on first use.

        Args:
            stack: Where the topic is.
        """
        return self._in(stack).topic

    def _in(self, stack: Stack) -> NotifyTopic:
        # Kept, for every alarm asks, and to look the topic up takes six calls to Node.
        known = owner_in(stack, self)
        if known is None:
            known = NotifyTopic(self._find_or_make(stack))
            earlier_owner(stack, self, known)
        assert isinstance(known, NotifyTopic)
        return known

    def _find_or_make(self, stack: Stack) -> sns.Topic:
        # The address is the identity of its subscription: another one is another topic, and has to confirm anew.
        # What a token stands for is the same in every synthesis; its number is not.
        written = rendered(stack.resolve(self.address))
        construct_id = f"EmailTeam-{written}"
        existing = stack.node.try_find_child(construct_id)
        if isinstance(existing, sns.Topic):
            return existing
        topic = sns.Topic(stack, construct_id, enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(self.address))
        return topic


def _publishing_to(topic: sns.ITopic, stack: Stack) -> actions.SnsAction:
    """Return the action by which alarms of *stack* publish to *topic*, which lets them in."""
    # Kept, for a dozen alarms would write the same statement, each with a dozen calls to Node.
    action = owner_in(topic, stack)
    if action is None:
        check_same_region("topic", topic.env.region, user=stack)
        allow_service_publish(topic, "cloudwatch.amazonaws.com", source_arn=alarms_arn(stack, "*"), scope=stack)
        action = actions.SnsAction(topic)
        earlier_owner(topic, stack, action)
    assert isinstance(action, actions.SnsAction)
    return action


def alarms_arn(stack: Stack, names: str) -> str:
    """The alarms of *stack*'s account and region whose names are like *names*."""
    return stack.format_arn(
        service="cloudwatch", resource="alarm", resource_name=names, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def attach_all(reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction], alarm: cloudwatch.AlarmBase) -> None:
    """Have every one of *reactions* follow *alarm*; an action of CDK's own follows its beginning only.

    Raises:
        ValueError: What is neither a reaction nor an action, or more actions than an alarm takes.
    """
    for reaction in checked_reactions(reactions):
        if isinstance(reaction, AlarmReaction):
            reaction.attach_to(alarm)
        else:
            _add_action(reaction, alarm)
    if reactions:  # each look at an alarm asks Node
        check_actions(alarm)


def check_actions(alarm: cloudwatch.AlarmBase) -> None:
    """Raise ``ValueError`` if *alarm* has more actions than CloudWatch takes, whoever added them."""
    number = len(alarm._alarm_action_arns or ())
    if number > _MAX_ACTIONS:
        raise invalid(
            "reactions",
            f"add up to at most {_MAX_ACTIONS} actions of {alarm.node.path}, because an alarm takes no more",
            number,
            "subscribe several people to one topic, and pass NotifyTopic(topic)",
        )


def team_topics(reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction], stack: Stack) -> Sequence[sns.ITopic]:
    """The topics by which *reactions* tell people, for news that is not an alarm.

    Raises:
        ValueError: As ``attach_all`` does.
    """
    topics: list[sns.ITopic] = []
    for each in checked_reactions(reactions):
        if topic_in := getattr(each, "topic_in", None):
            topic = topic_in(stack)
            check_resource(f"what {type(each).__name__}.topic_in returns", topic, "SNS topic")
            topics.append(topic)
    return list(dict.fromkeys(topics))


def _add_action(action: cloudwatch.IAlarmAction, alarm: cloudwatch.AlarmBase) -> None:
    try:
        alarm.add_alarm_action(action)
    except RuntimeError as error:
        # The permission of the function has the same construct id for every alarm, unless it is told otherwise.
        if not isinstance(action, actions.LambdaAction) or "AlarmPermission" not in str(error):
            raise
        raise invalid(
            "reactions",
            "hold LambdaAction with use_unique_permission_id=True, for it follows several alarms",
            action,
            "write LambdaAction(function, use_unique_permission_id=True)",
        ) from error


def checked_reactions(
    reactions: Sequence[AlarmReaction | cloudwatch.IAlarmAction],
) -> Sequence[AlarmReaction | cloudwatch.IAlarmAction]:
    """Each reaction once, so that nobody is told twice.

    Raises:
        ValueError: As ``attach_all`` does.
    """
    check_list("reactions", reactions, "write [EmailTeam('ops@example.net')]")
    for reaction in reactions:
        if not offers(reaction, "attach_to") and not _is_cdk_action(reaction):
            raise invalid(
                "reactions",
                "be alarm reactions or actions of aws_cloudwatch_actions",
                reaction,
                "pass EmailTeam('ops@example.net'), NotifyTopic(topic) or an action",
            )
    return [each for number, each in enumerate(reactions) if each not in reactions[:number]]


def _is_cdk_action(action: object) -> bool:
    # What a receipt rule takes, and what a rule of EventBridge takes, has a bind too.
    if not offers(action, "bind"):
        return False
    parameters = signature(action.bind).parameters.values()  # type: ignore[attr-defined]
    return len([each for each in parameters if each.default is each.empty]) == 2
