"""Global endpoints: AWS::SES::MultiRegionEndpoint, and the calls for it in the region where it was made."""

import hashlib
import re
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import AccountRegionScopedDict, get_region

from local_aws.extensions.registry import (
    Properties,
    Provisioned,
    Response,
    json_error,
    json_success,
    register_type,
    rest_calls,
)

endpoints = AccountRegionScopedDict()


def _create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    name, routes = properties["EndpointName"], properties["Details"]["RouteDetails"]
    if name in endpoints:
        raise ValueError(f"Resource of type 'AWS::SES::MultiRegionEndpoint' with identifier '{name}' already exists.")
    if len(name) > 64 or not re.fullmatch(r"[\w-]+", name):
        raise ValueError("EndpointName must have 1 to 64 letters, digits, hyphens and underscores.")
    if len(routes) != 1 or routes[0]["Region"] == get_region():
        raise ValueError("Details must have exactly one route, to another region.")
    endpoints[name] = [get_region(), routes[0]["Region"]]
    return name, {}


def _delete(physical_id: str, properties: Properties) -> None:
    endpoints.pop(physical_id, None)


def _call_create(match: re.Match[str], data: Any) -> Response:
    details = {"RouteDetails": data["Details"]["RoutesDetails"]}
    try:
        name, _ = _create("", {"EndpointName": data["EndpointName"], "Details": details}, "")
    except ValueError as error:
        return json_error("BadRequestException", str(error))
    return json_success({"EndpointId": _id(name), "Status": "CREATING"})


def _call_delete(match: re.Match[str], data: Any) -> Response:
    _delete(match[1], {})
    return json_success({"Status": "DELETING"})


def _id(name: str) -> str:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return f"{digest[:8]}.{digest[8:11]}"


def _get(match: re.Match[str], data: Any) -> Response:
    name = match[1]
    if name not in endpoints:
        return json_error("NotFoundException", f"Multi-region endpoint {name} does not exist.", 404)
    routes = [{"Region": region} for region in endpoints[name]]
    return json_success({"EndpointName": name, "EndpointId": _id(name), "Routes": routes, "Status": "READY"})


def install() -> None:
    # By its path a call is checked on this resource.
    iam_actions._SES_V2_RESOURCES["multi-region-endpoints"] = ("multi-region-endpoint", "EndpointName")
    register_type(
        "AWS::SES::MultiRegionEndpoint", create=_create, delete=_delete, replaced_by=("EndpointName", "Details")
    )
    one = re.compile("/multi-region-endpoints/([^/]+)")
    rest_calls.extend(
        [
            ("POST", re.compile("/multi-region-endpoints"), _call_create),
            ("GET", one, _get),
            ("DELETE", one, _call_delete),
        ]
    )
