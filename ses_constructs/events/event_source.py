"""EventSource: what a history or a dashboard needs to know of a monitored configuration set."""

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_returned, check_strategy, check_text, invalid
from ..common.sending_metrics import ReputationMetrics
from .event_destinations import CONFIGURATION_SET_DIMENSION, Event, EventDestination

# https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_MAX_DESTINATIONS = 10

# The metrics that CloudWatch has only while a configuration set counts their events.
_EVENT_OF_METRIC = {
    "Bounce": Event.BOUNCE,
    "Click": Event.CLICK,
    "Complaint": Event.COMPLAINT,
    "Delivery": Event.DELIVERY,
    "DeliveryDelay": Event.DELIVERY_DELAY,
    "Open": Event.OPEN,
    "Reject": Event.REJECT,
    "RenderingFailure": Event.RENDERING_FAILURE,
    "Send": Event.SEND,
    "Subscription": Event.SUBSCRIPTION,
}


class EventSource(Construct, ReputationMetrics):
    """A configuration set with its metrics, its destinations of events and its alarms: what others build on.

    ``EventHistory`` and ``MailDashboard`` take one; ``BounceMonitoring`` is one.
    """

    configuration_set: ses.IConfigurationSet
    """The configuration set; senders that are not the domain's name it with each message."""
    alarms: tuple[cloudwatch.AlarmBase, ...]
    """Every alarm, also those of a pause."""
    reputation_at_risk: cloudwatch.CompositeAlarm
    """The alarm that fires when any rate is critical."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._destinations: list[ses.ConfigurationSetEventDestination] = []
        self._destination_kinds: list[str] = []
        self._counted_events: _CountedEvents | None = None

    # Node is asked once, and not for every metric.
    @cached_property
    def _configuration_set_name(self) -> str:
        return self.configuration_set.configuration_set_name

    @property
    def _dimensions(self) -> Mapping[str, str]:
        return {CONFIGURATION_SET_DIMENSION: self._configuration_set_name}

    def metric(
        self, metric_name: str, *, statistic: str = "Sum", period: Duration | None = None, label: str | None = None
    ) -> cloudwatch.Metric:
        """A metric of this configuration set; its kind of event is counted from then on, if it was not already.

        Args:
            metric_name: As it stands in CloudWatch, such as ``Send`` or ``Bounce``.
            statistic: Sum for a count, Maximum or Average for a rate.
            period: Five minutes unless given.
            label: How a graph names it; CloudWatch makes a label unless given.

        Raises:
            ValueError: A count without ``CloudWatchMetrics`` among the destinations, or a period that CloudWatch does
                not take.
        """
        event = _EVENT_OF_METRIC.get(check_text("metric_name", metric_name))
        if event is not None:
            if self._counted_events is None:
                raise invalid(
                    "destinations",
                    f"hold CloudWatchMetrics(), so that the metric {metric_name} exists",
                    self._destination_kinds,
                    "add it, or leave out what reads the metric, as with DeliveryThresholds(rejects=None, delays=None)",
                )
            self._counted_events.add(event)
        return super().metric(metric_name, statistic=statistic, period=period, label=label)

    def add_destination(self, construct_id: str, destination: EventDestination) -> None:
        """Send the events to one more destination; SES takes ten for a configuration set.

        Args:
            construct_id: The id of what the destination makes; it has to be new.
            destination: ``CloudWatchMetrics``, ``TopicEvents``, ``EventBusEvents``, ``FirehoseEvents``, or one of your
                own.

        Raises:
            ValueError: An eleventh destination, or a second ``CloudWatchMetrics``, which would count each event twice.
        """
        check_text("construct_id", construct_id)
        check_strategy(
            "destination",
            destination,
            ["bind_to_configuration_set"],
            "pass CloudWatchMetrics(), TopicEvents(topic=...) or the like",
        )
        counted: Collection[Event] | None = getattr(destination, "counted_events", None)
        if counted is not None and self._counted_events is not None:
            raise invalid(
                "destinations",
                "hold CloudWatchMetrics once, because two would count each event twice",
                construct_id,
                "put all events and dimensions into one",
            )
        self._destination_kinds.append(type(destination).__name__)
        made = destination.bind_to_configuration_set(Construct(self, construct_id), self.configuration_set)
        check_returned(destination, "bind_to_configuration_set", made, Sequence)
        for each in made:
            check_returned(destination, "bind_to_configuration_set", each, ses.ConfigurationSetEventDestination)
        self._destinations += made
        if len(self._destinations) > _MAX_DESTINATIONS:
            raise invalid(
                "destinations",
                f"be at most {_MAX_DESTINATIONS}, with one for each further dimension of CloudWatchMetrics",
                len(self._destinations),
                "leave some out",
            )
        if counted is not None:
            self._counted_events = _CountedEvents(counted, made)


class _CountedEvents:
    """The events of what counts them, to which more can be added after its destinations are made."""

    def __init__(self, events: Collection[Event], destinations: Sequence[ses.ConfigurationSetEventDestination]) -> None:
        self._events, self._destinations = list(events), destinations

    def add(self, event: Event) -> None:
        """Count *event* as well."""
        if event in self._events:
            return
        self._events.append(event)
        for destination in self._destinations:
            resource = destination.node.default_child
            assert isinstance(resource, ses.CfnConfigurationSetEventDestination)
            names = [_camel_case(each.value) for each in self._events]
            resource.add_property_override("EventDestination.MatchingEventTypes", names)


def _camel_case(name: str) -> str:
    """As CloudFormation spells it: ``DELIVERY_DELAY`` is ``deliveryDelay``."""
    first, *others = name.lower().split("_")
    return first + "".join(map(str.capitalize, others))
