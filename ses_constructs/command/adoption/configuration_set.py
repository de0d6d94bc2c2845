"""The default configuration set of a domain and its event destinations, as statements of the program."""

from collections.abc import Iterator, Mapping
from typing import Any

from .decide import Adoption
from .logical_ids import logical_id
from .references import References
from .source import LEFT_OUT, Call, Expression, Name, Names, Statement, call

Mapped = dict[str, dict[str, str]]

_VARIABLE = "configuration_set"
_REASONS = {
    frozenset({"BOUNCE", "COMPLAINT"}): "BOUNCES_AND_COMPLAINTS",
    frozenset({"BOUNCE"}): "BOUNCES_ONLY",
    frozenset({"COMPLAINT"}): "COMPLAINTS_ONLY",
}


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
    statements = [Statement(made, name=_VARIABLE), _retain(_VARIABLE), *tags(found, Name(_VARIABLE))]
    ids = Names("Resource", "Default")
    for each in adoption.destinations:
        construct_id = ids.construct_id(each["Name"], otherwise="Events")
        statements.append(Statement(_destination(each, construct_id, references), name="destination"))
        statements.append(_retain("destination"))
        identifier = {"ConfigurationSetName": name, "Id": each["Name"]}
        mapping[logical_id("ConfigurationSet", construct_id, "Resource")] = identifier
    return [*references.take(), *statements], mapping


def tags(found: Mapping[str, Any], of: Name) -> Iterator[Statement]:
    """The tags of a thing that was *found*; those of AWS itself cannot be set."""
    for each in found.get("Tags", []):
        if not each["Key"].startswith("aws:"):
            yield Statement(Call(Name("add"), (each["Key"], each["Value"]), of=call("Tags.of", of)))


def _retain(variable: str) -> Statement:
    return Statement(call(f"{variable}.apply_removal_policy", Name("RemovalPolicy.RETAIN")))


def _configuration_set(found: Mapping[str, Any], references: References) -> Call:
    delivery, tracking = found.get("DeliveryOptions", {}), found.get("TrackingOptions", {})
    pool, seconds, https = (
        delivery.get("SendingPoolName"),
        delivery.get("MaxDeliverySeconds"),
        tracking.get("HttpsPolicy"),
    )
    return call(
        "ses.ConfigurationSet",
        Name("self"),
        "ConfigurationSet",
        configuration_set_name=found["ConfigurationSetName"],
        tls_policy=_member("ses.ConfigurationSetTlsPolicy", delivery.get("TlsPolicy")),
        dedicated_ip_pool=references.pool(pool) if pool else LEFT_OUT,
        max_delivery_duration=call("Duration.seconds", int(seconds)) if seconds else LEFT_OUT,
        reputation_metrics=found.get("ReputationOptions", {}).get("ReputationMetricsEnabled", False) or LEFT_OUT,
        **_suppression(found.get("SuppressionOptions", {}).get("SuppressedReasons")),
        custom_tracking_redirect_domain=tracking.get("CustomRedirectDomain") or LEFT_OUT,
        custom_tracking_https_policy=_member("ses.HttpsPolicy", https)
        if tracking.get("CustomRedirectDomain")
        else LEFT_OUT,
        vdm_options=_vdm(found.get("VdmOptions", {})),
    )


def _suppression(reasons: list[str] | None) -> dict[str, Expression]:
    """Nothing where the list of the account holds."""
    if reasons is None:
        return {}
    if not reasons:
        return {"disable_suppression_list": True}
    return {"suppression_reasons": Name(f"ses.SuppressionReasons.{_REASONS[frozenset(reasons)]}")}


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
                source=_member("ses.CloudWatchDimensionSource", each["DimensionValueSource"]),
                default_value=each["DefaultDimensionValue"],
            )
            for each in dimensions
        ],
    )


def _member(enum: str, name: str | None) -> Name:
    return Name(f"{enum}.{name}") if name else LEFT_OUT
