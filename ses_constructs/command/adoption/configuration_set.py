"""The default configuration set of a domain and its event destinations, as statements of the program."""

from collections.abc import Iterator, Mapping
from typing import Any

from .adopted import Adoption, flaw_in
from .logical_ids import logical_id
from .references import References
from .source import LEFT_OUT, Call, Expression, Name, Names, Statement, call
from .tags import decide_tags, tag_statements

Mapped = dict[str, dict[str, str]]

_VARIABLE = "configuration_set"
_REASONS = {
    frozenset({"BOUNCE", "COMPLAINT"}): "BOUNCES_AND_COMPLAINTS",
    frozenset({"BOUNCE"}): "BOUNCES_ONLY",
    frozenset({"COMPLAINT"}): "COMPLAINTS_ONLY",
}

_DESTINATIONS = ("SnsDestination", "EventBridgeDestination", "CloudWatchDestination", "KinesisFirehoseDestination")
# What CDK has a name for.
_EVENTS = frozenset(
    {"SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK"}
    | {"RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"}
)
_SOURCES = frozenset({"MESSAGE_TAG", "EMAIL_HEADER", "LINK_TAG"})
_MEMBERS = {
    ("DeliveryOptions", "TlsPolicy"): frozenset({"REQUIRE", "OPTIONAL"}),
    ("TrackingOptions", "HttpsPolicy"): frozenset({"REQUIRE", "REQUIRE_OPEN_ONLY", "OPTIONAL"}),
}
# Of these CloudFormation has no property, or CDK's construct has none.
_OPTIONS = (
    ("DeliveryOptions", "SharedPoolDeliveryMode"),
    ("SuppressionOptions", "SuppressionScope"),
    ("SuppressionOptions", "ValidationOptions"),
    ("ArchivingOptions", "ArchiveArn"),
)
_STAYS = "it stays as it is"


def decide_set(adoption: Adoption, found: Mapping[str, Any]) -> None:
    """Whether the program has the set, and which of its options and destinations are not in it."""
    name = found["ConfigurationSetName"]
    what = f"the configuration set {name!r}"
    owner = adoption.found.owners.get("configuration set")
    why = f"the stack {owner} has it" if owner else flaw_in({**found, "Tags": ()})
    if why:
        adoption.leave(what, why, f"the program refers to it, and {_STAYS}")
        return
    adoption.owns_set = True
    decide_tags(adoption, what, found)
    if not found.get("SendingOptions", {}).get("SendingEnabled", True):
        why = "a deployment that says so could resume it later"
        adoption.leave(
            f"the pause of {what}", why, "it stays paused; 'aws sesv2 put-configuration-set-sending-options' resumes it"
        )
    for option in _inexpressible(found):
        adoption.leave(f"{option} of {what}", "CloudFormation or CDK has no property for it", _STAYS)
    if tracking := found.get("TrackingOptions", {}).get("CustomRedirectDomain"):
        why = "the set names it, but its identity and its CNAME record are things of their own"
        adoption.leave(f"the tracking domain {tracking}", why, "they stay as they are")
    for each in adoption.found.destinations:
        if why := _destination_flaw(each):
            adoption.leave(f"the event destination {each['Name']!r} of {what}", why, _STAYS)
        else:
            adoption.destinations.append(each)


def _inexpressible(found: Mapping[str, Any]) -> Iterator[str]:
    for group, option in _OPTIONS:
        if found.get(group, {}).get(option):
            yield option
    if found.get("MessageSecurityOptions"):
        yield "MessageSecurityOptions"
    for (group, option), members in _MEMBERS.items():
        if (value := found.get(group, {}).get(option)) and value not in members:
            yield f"{option} {value!r}"
    reasons = found.get("SuppressionOptions", {}).get("SuppressedReasons")
    if reasons and frozenset(reasons) not in _REASONS:
        yield f"SuppressedReasons {reasons!r}"


def _destination_flaw(destination: Mapping[str, Any]) -> str:
    if flaw := flaw_in(destination):
        return flaw
    bus = destination.get("EventBridgeDestination", {}).get("EventBusArn", "default")
    if not any(destination.get(kind) for kind in _DESTINATIONS) or not bus.endswith("default"):
        return "CloudFormation has no property for its kind"
    dimensions = destination.get("CloudWatchDestination", {}).get("DimensionConfigurations", [])
    names = {*destination["MatchingEventTypes"]} - _EVENTS
    names |= {each["DimensionValueSource"] for each in dimensions} - _SOURCES
    return f"CDK has no name for {', '.join(sorted(names))}" if names else ""


def set_statements(adoption: Adoption, references: References) -> tuple[list[Statement], Mapped]:
    """The statements, and the identifiers of what they make."""
    found = adoption.found.configuration_set
    if not found:
        return [], {}
    name = found["ConfigurationSetName"]
    if not adoption.owns_set:
        refer = call("ses.ConfigurationSet.from_configuration_set_name", Name("self"), "ConfigurationSet", name)
        return [Statement(refer, name=_VARIABLE)], {}
    made = _configuration_set(found, references)
    mapping: Mapped = {logical_id("ConfigurationSet", "Resource"): {"Name": name}}
    statements = [Statement(made, name=_VARIABLE), _retain(_VARIABLE), *tag_statements(found, Name(_VARIABLE))]
    ids = Names("Resource", "Default")
    for each in adoption.destinations:
        construct_id = ids.construct_id(each["Name"], otherwise="Events")
        statements.append(Statement(_destination(each, construct_id, references), name="destination"))
        statements.append(_retain("destination"))
        identifier = {"ConfigurationSetName": name, "Id": each["Name"]}
        mapping[logical_id("ConfigurationSet", construct_id, "Resource")] = identifier
    return [*references.take(), *statements], mapping


def _retain(variable: str) -> Statement:
    return Statement(call(f"{variable}.apply_removal_policy", Name("RemovalPolicy.RETAIN")))


def _configuration_set(found: Mapping[str, Any], references: References) -> Call:
    delivery, tracking = found.get("DeliveryOptions", {}), found.get("TrackingOptions", {})
    pool, seconds = delivery.get("SendingPoolName"), delivery.get("MaxDeliverySeconds")
    return call(
        "ses.ConfigurationSet",
        Name("self"),
        "ConfigurationSet",
        configuration_set_name=found["ConfigurationSetName"],
        tls_policy=_member("ses.ConfigurationSetTlsPolicy", found, "DeliveryOptions", "TlsPolicy"),
        dedicated_ip_pool=references.pool(pool) if pool else LEFT_OUT,
        max_delivery_duration=call("Duration.seconds", int(seconds)) if seconds else LEFT_OUT,
        reputation_metrics=found.get("ReputationOptions", {}).get("ReputationMetricsEnabled", False) or LEFT_OUT,
        **_suppression(found.get("SuppressionOptions", {}).get("SuppressedReasons")),
        custom_tracking_redirect_domain=tracking.get("CustomRedirectDomain") or LEFT_OUT,
        custom_tracking_https_policy=_member("ses.HttpsPolicy", found, "TrackingOptions", "HttpsPolicy"),
        vdm_options=_vdm(found.get("VdmOptions", {})),
    )


def _suppression(reasons: list[str] | None) -> dict[str, Expression]:
    """Nothing where the list of the account holds."""
    if reasons == []:
        return {"disable_suppression_list": True}
    member = _REASONS.get(frozenset(reasons or ()))
    return {"suppression_reasons": Name(f"ses.SuppressionReasons.{member}")} if member else {}


def _vdm(found: Mapping[str, Any]) -> Expression:
    switches = {
        "engagement_metrics": found.get("DashboardOptions", {}).get("EngagementMetrics"),
        "optimized_shared_delivery": found.get("GuardianOptions", {}).get("OptimizedSharedDelivery"),
    }
    written: dict[str, Expression] = {name: value == "ENABLED" for name, value in switches.items() if value}
    return call("ses.VdmOptions", **written) if written else LEFT_OUT


def _destination(found: Mapping[str, Any], construct_id: str, references: References) -> Call:
    return call(
        f"{_VARIABLE}.add_event_destination",
        construct_id,
        configuration_set_event_destination_name=found["Name"],
        destination=_target(found, references),
        events=[Name(f"ses.EmailSendingEvent.{each}") for each in found["MatchingEventTypes"]],
        enabled=LEFT_OUT if found.get("Enabled") else False,
    )


def _target(found: Mapping[str, Any], references: References) -> Call:
    if topic := found.get("SnsDestination"):
        return call("ses.EventDestination.sns_topic", references.topic(topic["TopicArn"]))
    if found.get("EventBridgeDestination"):
        return call("ses.EventDestination.event_bus", references.event_bus())
    if stream := found.get("KinesisFirehoseDestination"):
        return call(
            "ses.EventDestination.firehose_delivery_stream",
            delivery_stream=references.stream(stream["DeliveryStreamArn"]),
            role=references.role(stream["IamRoleArn"]),
        )
    dimensions = found["CloudWatchDestination"]["DimensionConfigurations"]
    return call(
        "ses.EventDestination.cloud_watch_dimensions",
        [
            call(
                "ses.CloudWatchDimension",
                name=each["DimensionName"],
                source=Name(f"ses.CloudWatchDimensionSource.{each['DimensionValueSource']}"),
                default_value=each["DefaultDimensionValue"],
            )
            for each in dimensions
        ],
    )


def _member(enum: str, found: Mapping[str, Any], group: str, option: str) -> Name:
    value = found.get(group, {}).get(option)
    return Name(f"{enum}.{value}") if value in _MEMBERS[group, option] else LEFT_OUT
