"""Which events a configuration set counts: what was asked for, and what somebody reads."""

from collections.abc import Collection, Sequence

from aws_cdk import aws_ses as ses

from .event_destinations import Event

EVENT_OF_METRIC = {
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
"""The metrics that CloudWatch has only while a configuration set counts their events."""


class CountedEvents:
    """The events of one ``CloudWatchMetrics``, to which more can be added after its destinations are made."""

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
