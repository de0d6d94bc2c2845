"""Configuration sets closer to SES: updates in place, what SES refuses of names and options, and IP pools."""

import re
from collections.abc import Callable
from typing import Any

from ministack.services import ses, ses_v2
from ministack.services.cloudformation import provisioners

from local_aws.extensions.event_destinations import set_arn
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

LONGEST_NAME = 64
_SETS, _SET = re.compile("/configuration-sets"), re.compile("/configuration-sets/([^/]+)")
_ONE_OPTION = re.compile(r"/configuration-sets/[^/]+/([a-z-]+)")
_DEFAULT_SET = re.compile(r"/identities/([^/]+)/configuration-set")


def options_problem(options: Properties) -> str | None:
    """Why SES refuses the options of a configuration set, or None."""
    reasons = (options.get("SuppressionOptions") or {}).get("SuppressedReasons") or []
    if unknown := [reason for reason in reasons if reason not in ("BOUNCE", "COMPLAINT")]:
        return f"Reason {unknown[0]} is invalid, must be one of [BOUNCE, COMPLAINT]."
    domain = (options.get("TrackingOptions") or {}).get("CustomRedirectDomain")
    if domain is not None and not domain.strip():
        return "CustomRedirectDomain must be specified."
    # The domain itself, whatever is above it.
    if domain and not ses_v2._identities.get(domain, {}).get("VerifiedForSendingStatus"):
        return f"Domain <{domain}> is not verified under this account."
    pool = (options.get("DeliveryOptions") or {}).get("SendingPoolName")
    if pool is not None and not pool.strip():
        return "sendingPoolName can't be blank."
    if pool and pool not in ses_v2._dedicated_ip_pools:
        return f"SendingPool <{pool}> doesn't exist"
    seconds = (options.get("DeliveryOptions") or {}).get("MaxDeliverySeconds")
    if seconds is not None and not 300 <= float(seconds) <= 50400:
        return f"MaxDeliverySeconds must be between 300 and 50400, not {seconds}."
    return None


def name_problem(name: str) -> str | None:
    """Why SES refuses the name of a configuration set, or None."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return f"Invalid configuration set name <{name}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
    long = len(name) > LONGEST_NAME
    return f"Configuration set name cannot exceed {LONGEST_NAME} characters." if long else None


def _create(original: Callable[..., Provisioned]) -> Callable[..., Provisioned]:
    def create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
        if (name := properties.get("Name")) in ses_v2._config_sets:
            raise ValueError(f"Configuration set <{name}> already exists.")
        if problem := (name_problem(name) if name else None) or options_problem(properties):
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


def _refuse_set(match: re.Match[str], data: Any) -> Response | None:
    name = data.get("ConfigurationSetName")
    problem = (name_problem(name) if name else None) or options_problem(data)
    return json_error("BadRequestException", problem) if problem else None


def _refuse_delete(match: re.Match[str], data: Any) -> Response | None:
    missing: Response | None = None if match[1] in ses_v2._config_sets else ses_v2._missing_config_set(match[1])
    return missing


def _refuse_option(match: re.Match[str], data: Any) -> Response | None:
    option = ses_v2._CONFIG_SET_OPTIONS.get(match[1])
    return _refuse_set(match, {option: data}) if option else None


def _choose_default_set(match: re.Match[str], data: Any) -> Response:
    if match[1] not in ses_v2._identities:
        return json_error("NotFoundException", f"Identity <{match[1]}> does not exist.", 404)
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
    rest_calls.extend(
        [
            ("POST", _SETS, _refuse_set),
            ("DELETE", _SET, _refuse_delete),
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
