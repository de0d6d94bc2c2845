"""What SES refuses of an event destination: its bus, topic, stream, role or dimensions."""

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import firehose, ses_v2
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import Properties, Response, json_error
from local_aws.extensions.service_access import SES, is_here, may_assume, may_publish, role_may

MOST_DESTINATIONS = 10
MOST_DIMENSIONS = 10
_STREAM = re.compile(r"arn:aws[a-z-]*:firehose:[a-z0-9-]+:[0-9]{12}:deliverystream/[A-Za-z0-9_.-]+")


def set_arn(name: str) -> str:
    arn: str = ses_v2._resource_arn("configuration-set", name)
    return arn


def destination_problem(set_name: str, definition: Properties) -> str | None:
    """Why SES refuses an event destination that is otherwise well-formed, or None."""
    if sns := definition.get("SnsDestination"):
        return _topic_problem(set_name, sns.get("TopicArn") or "")
    if bus := definition.get("EventBridgeDestination"):
        return _bus_problem(bus.get("EventBusArn") or "")
    if stream := definition.get("KinesisFirehoseDestination"):
        return _stream_problem(set_name, stream["DeliveryStreamArn"], stream["IamRoleArn"])
    dimensions = (definition.get("CloudWatchDestination") or {}).get("DimensionConfigurations") or []
    if not dimensions:
        return "CloudWatch metrics dimension configuration list cannot be empty."
    many = len(dimensions) > MOST_DIMENSIONS
    return f"A CloudWatch destination has at most {MOST_DIMENSIONS} dimensions." if many else None


def _is_ours(arn: str) -> bool:
    return arn.split(":")[4:5] == [get_account_id()]


def _topic_problem(set_name: str, topic: str) -> str | None:
    if not is_here(topic):
        return f"SNS topic must be located in same region as SES {get_region()}"
    if not _is_ours(topic):
        return f"No account can be found for SNS topic <{topic}>"
    reachable = may_publish(SES, topic, source_arn=set_arn(set_name))
    return None if reachable else f"Could not publish to SNS topic: {topic}"


def _bus_problem(bus: str) -> str | None:
    wrong = "Invalid Event Bridge destination, "
    if not is_here(bus):
        return f"{wrong}must be in region {get_region()}."
    if not bus.endswith(":event-bus/default"):
        return f"{wrong}must be default bus."
    return None if _is_ours(bus) else f"{wrong}cross account is not supported."


def _stream_problem(set_name: str, stream: str, role: str) -> str | None:
    if not _STREAM.fullmatch(stream):
        return f"Invalid delivery stream ARN <{stream}>"
    if not is_here(stream):
        return f"Delivery stream <{stream}> must be located in same region as SES {get_region()}"
    if not _is_ours(role):
        return "Cross-account pass role is not allowed."
    if not may_assume(SES, role, source_arn=set_arn(set_name)):
        return f"Could not assume IAM role <{role}>"
    if stream.rpartition("/")[2] not in firehose._streams:
        return f"Firehose stream {stream} does not exist."
    may = role_may(role, "firehose:PutRecordBatch", stream)
    return None if may else f"Could not write to Firehose stream {stream} with role {role}."


def install() -> None:
    original: Callable[..., Response | None] = ses_v2._put_event_destination

    def put(name: str, destination: str, definition: Any, *, create: bool) -> Response | None:
        known = ses_v2._config_sets.get(name)
        definition = definition if isinstance(definition, dict) else {}
        if known is None or ses_v2._event_destination(definition)[1] is not None:
            return original(name, destination, definition, create=create)
        if create and len(known.get("EventDestinations") or {}) >= MOST_DESTINATIONS:
            return json_error(
                "LimitExceededException", f"A configuration set has at most {MOST_DESTINATIONS} event destinations."
            )
        if problem := destination_problem(name, definition):
            return json_error("BadRequestException", problem)
        return original(name, destination, definition, create=create)

    def put_of_template(name: str, destination: str, properties: Properties, *, create: bool) -> None:
        definition = provisioners._ses_event_destination_definition(properties.get("EventDestination") or {})
        if refused := put(name, destination, definition, create=create):
            raise ValueError(json.loads(refused[2])["message"])

    ses_v2._put_event_destination = put
    provisioners._ses_event_destination_put = put_of_template
