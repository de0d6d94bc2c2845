"""Where the events of a configuration set go: what became of each message that was sent through it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from aws_cdk import Stack, aws_events
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from ..common.arguments import check_kind, check_list, contains_token, invalid, offers, without_tokens
from ..common.checks import check_resource, check_same_region
from ..common.ses_arn import ses_arn
from ..common.topic_access import allow_service_encrypt, check_standard, is_made_in_app, warn_about_foreign_topic
from ._stream_role import StreamRole, check_stream

if TYPE_CHECKING:
    from aws_cdk import aws_kinesisfirehose as firehose  # loads aws_lambda and aws_ec2, which are slow to import

Event = ses.EmailSendingEvent

PROBLEMS = (Event.BOUNCE, Event.COMPLAINT, Event.REJECT, Event.RENDERING_FAILURE, Event.DELIVERY_DELAY)
"""What somebody should know of."""

CONFIGURATION_SET_DIMENSION = "ses:configuration-set"
_DIMENSION_NAME = re.compile(r"[A-Za-z0-9_:-]{1,256}")
_DIMENSION_VALUE = re.compile(r"[A-Za-z0-9_-]{1,256}")
# https://docs.aws.amazon.com/ses/latest/dg/event-publishing-add-event-destination-cloudwatch.html
_REFUSED_HEADERS = frozenset({"received", "to", "from", "dkim-signature", "cc", "message-id", "return-path"})


class EventDestination(Protocol):
    """**Protocol:** takes the events of a configuration set somewhere.

    One that counts them as metrics in ``AWS/SES`` by configuration set, as ``CloudWatchMetrics`` does, says which by
    the attribute ``counted_events``; what alarms and dashboards read beside them is added to all that it made.
    """

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        """Make the event destinations and what they need; SES takes ten for a configuration set.

        Args:
            scope: A scope of this destination's own.
            configuration_set: Whose events they are.

        Returns:
            Every event destination that was made.
        """
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudWatchMetrics(EventDestination):
    """Counts the events as metrics in the namespace ``AWS/SES``, by configuration set.

    AWS charges for each kind of event, and for each value of a further dimension, as a metric. Sends and deliveries are
    counted too where an alarm, a reaction or a dashboard reads them.

    Source: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_CloudWatchDimensionConfiguration.html.

    Args:
        events: Bounces, complaints, rejects, rendering failures and delivery delays unless given.
        dimensions: Further dimensions, each a series and an event destination of its own, so that the alarms on the
            configuration set never depend on what a sender puts into a tag. SES fills in ``ses:from-domain``,
            ``ses:source-ip``, ``ses:caller-identity`` and ``ses:outgoing-ip`` by itself.

    Raises:
        ValueError: Names and default values that SES refuses, a dimension twice, or no kind of event.
    """

    events: Collection[Event] = PROBLEMS
    dimensions: Sequence[ses.CloudWatchDimension] = ()

    def __post_init__(self) -> None:
        _check_events(self.events)
        check_list("dimensions", self.dimensions, "write [ses.CloudWatchDimension(...)]")
        names = [CONFIGURATION_SET_DIMENSION]
        for dimension in self.dimensions:
            check_kind("dimensions", dimension, ses.CloudWatchDimension, "pass ses.CloudWatchDimension(...)")
            _check_dimension(dimension, taken=names)
            names.append(dimension.name)

    @property
    def counted_events(self) -> Collection[Event]:
        """What is counted by configuration set."""
        return self.events

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        """Make one event destination for the configuration set, and one for each further dimension."""
        own = ses.CloudWatchDimension(
            name=CONFIGURATION_SET_DIMENSION, source=ses.CloudWatchDimensionSource.MESSAGE_TAG, default_value="default"
        )
        return [
            _destination(
                scope if dimension is own else Construct(scope, f"Dimension{number}"),
                configuration_set,
                ses.EventDestination.cloud_watch_dimensions([dimension]),
                self.events,
            )
            for number, dimension in enumerate((own, *self.dimensions))
        ]


@dataclass(frozen=True, kw_only=True, slots=True)
class TopicEvents(EventDestination):
    """Publishes each event as JSON to a topic of the same region.

    A topic from elsewhere needs a policy that lets SES in; a warning says which statement.

    Args:
        topic: A standard topic, made in the same stack or referred to by ``Topic.from_topic_arn``. Its key, if it has
            one of its own, has to be made in the app.
        events: Bounces, complaints, rejects, rendering failures and delivery delays unless given.

    Raises:
        ValueError: A FIFO topic, or no kind of event; and where a monitoring gets the destination, a topic of another
            region, one whose key comes from outside the app or from AWS (``alias/aws/sns``), or one that another stack
            of the app makes.
    """

    topic: sns.ITopic
    events: Collection[Event] = PROBLEMS

    def __post_init__(self) -> None:
        _check_events(self.events)
        check_resource("topic", self.topic, "SNS topic")
        check_standard(self.topic)

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        """Make an event destination that waits for the topic's policy.

        Raises:
            ValueError: A topic of another region, one whose key comes from outside the app or from AWS, or one that
                another stack of the app makes.
        """
        check_same_region("topic", self.topic.env.region, user=scope)
        name = configuration_set.configuration_set_name
        elsewhere = Stack.of(self.topic).node.addr != Stack.of(scope).node.addr
        # The topic's policy names the set, and the destination the topic: two stacks would need each other.
        if elsewhere and is_made_in_app(self.topic) and contains_token(name):
            raise invalid(
                "topic",
                "be made in the same stack as the monitoring, for each of the two refers to the other",
                self.topic.node.path,
                "move one of the two, or refer to the topic by Topic.from_topic_arn and write its policy yourself",
            )
        source_arn = ses_arn(scope, "configuration-set", name)
        # CDK writes the topic's policy, but leaves the key alone: SES could then publish nothing.
        allow_service_encrypt(self.topic, "ses.amazonaws.com")
        warn_about_foreign_topic(self.topic, "ses.amazonaws.com", source_arn=source_arn, scope=scope)
        return [_destination(scope, configuration_set, ses.EventDestination.sns_topic(self.topic), self.events)]


@dataclass(frozen=True, kw_only=True, slots=True)
class EventBusEvents(EventDestination):
    """Puts each event on the account's default event bus, the only one that SES takes.

    Args:
        events: Bounces, complaints, rejects, rendering failures and delivery delays unless given.
        targets: Where a rule sends the events of this configuration set, and of no other; no rule unless given.

    Raises:
        ValueError: What is no target, or no kind of event.
    """

    events: Collection[Event] = PROBLEMS
    targets: Sequence[aws_events.IRuleTarget] = ()

    def __post_init__(self) -> None:
        _check_events(self.events)
        fix = "pass targets of aws_events_targets, not resources"
        check_list("targets", self.targets, fix)
        for target in self.targets:
            if not offers(target, "bind"):
                raise invalid("targets", "be a list of rule targets", target, fix)

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        """Make an event destination, and the rule behind it."""
        # By its name: CDK compares an ARN with one that holds a token, and refuses the default bus.
        bus = aws_events.EventBus.from_event_bus_name(scope, "Bus", "default")
        if self.targets:
            aws_events.Rule(
                scope,
                "Rule",
                event_pattern=aws_events.EventPattern(
                    source=["aws.ses"],
                    detail={
                        "mail": {"tags": {CONFIGURATION_SET_DIMENSION: [configuration_set.configuration_set_name]}}
                    },
                ),
                targets=self.targets,
            )
        return [_destination(scope, configuration_set, ses.EventDestination.event_bus(bus), self.events)]


@dataclass(frozen=True, kw_only=True, slots=True)
class FirehoseEvents(EventDestination):
    """Puts each event, as a line of JSON, into a Firehose stream of the same region.

    Args:
        stream: The stream.
        events: Every kind but opens and clicks unless given; SES counts those two only where it changes the message.

    Raises:
        ValueError: What is no stream, or no kind of event; and where a monitoring gets the destination, a stream of
            another region or account.
    """

    stream: "firehose.IDeliveryStream"
    events: Collection[Event] = (*PROBLEMS, Event.SEND, Event.DELIVERY, Event.SUBSCRIPTION)

    def __post_init__(self) -> None:
        _check_events(self.events)
        check_resource("stream", self.stream, "Firehose stream")

    def bind_to_configuration_set(
        self, scope: Construct, configuration_set: ses.IConfigurationSet
    ) -> Sequence[ses.ConfigurationSetEventDestination]:
        """Make an event destination with a role of its own, which comes before a stream of the same stack.

        Raises:
            ValueError: A stream of another region, or of another account, which has no policy to let anybody in.
        """
        check_stream(scope, self.stream)
        access = StreamRole(scope, "Access", stream=self.stream, configuration_set=configuration_set)
        destination = ses.EventDestination.firehose_delivery_stream(delivery_stream=self.stream, role=access.role)
        made = _destination(scope, configuration_set, destination, self.events)
        made.node.add_dependency(access.policy)
        return [made]


def _destination(
    scope: Construct,
    configuration_set: ses.IConfigurationSet,
    destination: ses.EventDestination,
    events: Collection[Event],
) -> ses.ConfigurationSetEventDestination:
    return ses.ConfigurationSetEventDestination(
        scope, "Destination", configuration_set=configuration_set, destination=destination, events=list(events)
    )


def _check_events(events: Collection[Event]) -> None:
    if isinstance(events, str | Mapping) or not isinstance(events, Collection) or not events:
        raise invalid("events", "be at least one kind of event", events, "leave it out for the usual ones")
    for event in events:
        check_kind("events", event, Event, "pass members of ses.EmailSendingEvent")


def _check_dimension(dimension: ses.CloudWatchDimension, *, taken: Collection[str]) -> None:
    if not _DIMENSION_NAME.fullmatch(dimension.name):
        raise invalid(
            "dimensions",
            "have names of 1-256 letters, digits, '_', ':' and '-'",
            dimension.name,
            "name a tag or header",
        )
    if dimension.name in taken:
        raise invalid("dimensions", "have different names", dimension.name, "leave it out; it is there already")
    if not _DIMENSION_VALUE.fullmatch(without_tokens(dimension.default_value)):
        raise invalid(
            "dimensions",
            "have default values of 1-256 letters, digits, '_' and '-'",
            dimension.default_value,
            "take a value such as 'none'",
        )
    is_header = dimension.source is ses.CloudWatchDimensionSource.EMAIL_HEADER
    if is_header and dimension.name.lower() in _REFUSED_HEADERS:
        raise invalid("dimensions", "name a header that SES takes", dimension.name, "take a header of your own")
