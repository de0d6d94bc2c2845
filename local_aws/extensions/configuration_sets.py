"""Configuration sets closer to SES: updates in place, what SES refuses of sets and event destinations, and IP pools."""

import json
import re
from collections.abc import Callable
from typing import Any

from ministack.services import firehose, ses, ses_v2
from ministack.services.cloudformation import provisioners

from local_aws.extensions.registry import (
    Params,
    Properties,
    Provisioned,
    Response,
    after_query_call,
    after_rest_call,
    generated_name,
    json_error,
    json_success,
    query_calls,
    register_type,
    rest_calls,
)
from local_aws.extensions.service_access import SES, is_here, may_act_as, may_publish

MOST_DESTINATIONS = 10
MOST_DIMENSIONS = 10
_SET, _ONE_OPTION = re.compile("/configuration-sets"), re.compile(r"/configuration-sets/[^/]+/([a-z-]+)")
_DEFAULT_SET = re.compile(r"/identities/([^/]+)/configuration-set")


def set_arn(name: str) -> str:
    arn: str = ses_v2._resource_arn("configuration-set", name)
    return arn


def options_problem(options: Properties) -> str | None:
    """Why SES refuses the options of a configuration set, or None."""
    domain = (options.get("TrackingOptions") or {}).get("CustomRedirectDomain")
    if domain and not _is_verified(domain):
        return f"The tracking domain {domain} is not verified in Amazon SES."
    pool = (options.get("DeliveryOptions") or {}).get("SendingPoolName")
    if pool and pool not in ses_v2._dedicated_ip_pools:
        return f"The dedicated IP pool {pool} does not exist."
    seconds = (options.get("DeliveryOptions") or {}).get("MaxDeliverySeconds")
    if seconds is not None and not 300 <= float(seconds) <= 50400:
        return f"MaxDeliverySeconds must be between 300 and 50400, not {seconds}."
    return None


def _is_verified(domain: str) -> bool:
    """A verified domain also speaks for its subdomains."""
    labels = domain.lower().split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - 1))
    return any(ses_v2._identities.get(name, {}).get("VerifiedForSendingStatus") for name in parents)


def destination_problem(set_name: str, definition: Properties) -> str | None:
    """Why SES refuses an event destination that is otherwise well-formed, or None."""
    if sns := definition.get("SnsDestination"):
        topic = sns.get("TopicArn") or ""
        reachable = may_publish(SES, topic, source_arn=set_arn(set_name))
        return None if reachable else f"Could not publish to SNS topic: {topic}"
    if bus := definition.get("EventBridgeDestination"):
        arn = bus.get("EventBusArn") or ""
        default = is_here(arn) and arn.endswith(":event-bus/default")
        return None if default else f"Only the default event bus can receive events, not {arn}."
    if stream := definition.get("KinesisFirehoseDestination"):
        return _stream_problem(set_name, stream["DeliveryStreamArn"], stream["IamRoleArn"])
    if len((definition.get("CloudWatchDestination") or {}).get("DimensionConfigurations") or []) > MOST_DIMENSIONS:
        return f"A CloudWatch destination has at most {MOST_DIMENSIONS} dimensions."
    return None


def _stream_problem(set_name: str, stream: str, role: str) -> str | None:
    if not is_here(stream) or stream.rpartition("/")[2] not in firehose._streams:
        return f"Firehose stream {stream} does not exist."
    may = may_act_as(SES, role, "firehose:PutRecordBatch", stream, source_arn=set_arn(set_name))
    return None if may else f"Could not write to Firehose stream {stream} with role {role}."


def _create(original: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
        if (name := properties.get("Name")) in ses_v2._config_sets:
            raise ValueError(f"Configuration set <{name}> already exists.")
        if problem := options_problem(properties):
            raise ValueError(problem)
        return original(logical_id, properties, stack_name)

    return create


def _update(name: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    """Put the options of the template; what it has never named stays, so that a paused set stays paused."""
    if old == new:
        return name, {}
    if name not in ses_v2._config_sets:
        raise ValueError(f"Configuration set <{name}> does not exist.")
    if problem := options_problem(new):
        raise ValueError(problem)
    record, members = ses_v2._config_sets[name], provisioners._ses_configuration_set_members(new)
    for option in ses_v2._CONFIG_SET_OPTIONS.values():
        if option in members:
            ses_v2._put_config_set_option(record, option, members[option])
        elif option in old and option != "SendingOptions":
            ses_v2._put_config_set_option(record, option, ses_v2._CONFIG_SET_DEFAULTS.get(option, {}))
    record["Tags"] = members["Tags"]
    ses_v2._ses_tags[set_arn(name)] = list(members["Tags"])
    return name, {}


def _create_pool(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    name = properties.get("PoolName") or generated_name(logical_id)
    if name in ses_v2._dedicated_ip_pools:
        raise ValueError(f"Pool {name} already exists.")
    ses_v2._dedicated_ip_pools[name] = {"PoolName": name, "ScalingMode": properties.get("ScalingMode") or "STANDARD"}
    return name, {}


def _delete_pool(name: str, properties: Properties) -> None:
    users = (each.get("DeliveryOptions", {}).get("SendingPoolName") for each in ses_v2._config_sets.values())
    if name in users:
        raise ValueError(f"Dedicated IP pool {name} is in use by a configuration set.")
    ses_v2._dedicated_ip_pools.pop(name, None)


def _check_destinations() -> None:
    original: Callable[..., Response | None] = ses_v2._put_event_destination

    def put(name: str, destination: str, definition: Any, *, create: bool) -> Response | None:
        known = ses_v2._config_sets.get(name)
        if known is not None and create and len(known.get("EventDestinations") or {}) >= MOST_DESTINATIONS:
            return json_error(
                "LimitExceededException", f"A configuration set has at most {MOST_DESTINATIONS} event destinations."
            )
        problem = destination_problem(name, definition) if known is not None and isinstance(definition, dict) else None
        if problem:
            return json_error("BadRequestException", problem)
        return original(name, destination, definition, create=create)

    def put_of_template(name: str, destination: str, properties: Properties, *, create: bool) -> None:
        definition = provisioners._ses_event_destination_definition(properties.get("EventDestination") or {})
        if refused := put(name, destination, definition, create=create):
            raise ValueError(json.loads(refused[2])["message"])

    ses_v2._put_event_destination = put
    provisioners._ses_event_destination_put = put_of_template


def _refuse_set(match: re.Match[str], data: Any) -> Response | None:
    problem = options_problem(data)
    return json_error("BadRequestException", problem) if problem else None


def _refuse_option(match: re.Match[str], data: Any) -> Response | None:
    option = ses_v2._CONFIG_SET_OPTIONS.get(match[1])
    return _refuse_set(match, {option: data}) if option else None


def _choose_default_set(match: re.Match[str], data: Any) -> Response:
    if match[1] not in ses_v2._identities:
        return json_error("NotFoundException", f"Email identity {match[1]} does not exist.", 404)
    name = data.get("ConfigurationSetName") or ""
    if name and name not in ses_v2._config_sets:
        return json_error("NotFoundException", f"Configuration set <{name}> does not exist.", 404)
    ses_v2._identities[match[1]]["ConfigurationSetName"] = name
    return json_success({})


def _call_enable_sending(params: Params) -> Response:
    name = ses._p(params, "ConfigurationSetName")
    response: Response
    if name not in ses_v2._config_sets:
        response = ses._config_set_missing(name)
        return response
    enabled = ses._p(params, "Enabled").lower() == "true"
    ses_v2._put_config_set_option(ses_v2._config_sets[name], "SendingOptions", {"SendingEnabled": enabled})
    response = ses._receipt_result("UpdateConfigurationSetSendingEnabled")
    return response


def _tell_v1(method: str, route: str, data: Any, response: Response) -> Response:
    """ministack keeps the sets of SES v1 apart; they are the same sets."""
    if response[0] == 200 and route.startswith("/configuration-sets"):
        for name in set(ses._configuration_sets) - set(ses_v2._config_sets):
            del ses._configuration_sets[name]
        for name in set(ses_v2._config_sets) - set(ses._configuration_sets):
            ses._configuration_sets[name] = {"Name": name, "CreatedTimestamp": ses._iso_now()}
    return response


def _tell_v2(action: str, params: Params, response: Response) -> None:
    name = ses._p(params, "ConfigurationSet.Name") or ses._p(params, "ConfigurationSetName")
    if response[0] == 200 and action == "CreateConfigurationSet" and name not in ses_v2._config_sets:
        ses_v2._create_config_set(name, {})
    elif response[0] == 200 and action == "DeleteConfigurationSet":
        ses_v2._config_sets.pop(name, None)


def install() -> None:
    handlers = provisioners._RESOURCE_HANDLERS["AWS::SES::ConfigurationSet"]
    handlers.update(create=_create(handlers["create"]), update=_update)
    _check_destinations()
    rest_calls.extend(
        [
            ("POST", _SET, _refuse_set),
            ("PUT", _ONE_OPTION, _refuse_option),
            ("PUT", _DEFAULT_SET, _choose_default_set),
        ]
    )
    query_calls["UpdateConfigurationSetSendingEnabled"] = _call_enable_sending
    after_rest_call.append(_tell_v1)
    after_query_call.append(_tell_v2)
    register_type(
        "AWS::SES::DedicatedIpPool",
        create=_create_pool,
        update=lambda name, old, new, stack_name: (name, {}),
        delete=_delete_pool,
        replaced_by=("PoolName", "ScalingMode"),
    )
