"""AWS::SES::ReceiptFilter, and the SES v1 calls on the IP address filters of a region."""

import ipaddress
import re

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import ses

from local_aws.extensions.receipt_checks import error
from local_aws.extensions.registry import (
    Params,
    Properties,
    Provisioned,
    Response,
    checked,
    generated_name,
    query_calls,
    register_type,
)

MOST_FILTERS = 100

filters = AccountRegionScopedDict()


def filter_error(name: str, cidr: str) -> Response | None:
    """SES's error about a new filter, or None."""
    if not name:
        return error("InvalidParameterValue", "filterName must not be empty")
    if not re.fullmatch(r"(?!.{65})[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?", name):
        return error("InvalidParameterValue", f"Not a valid filterName: {name}")
    if not is_network(cidr):
        return error("InvalidParameterValue", f"Invalid CIDR block: {cidr}")
    if name in filters:
        return error("AlreadyExists", f"Filter already exists: {name}")
    return error("LimitExceeded", "Too many filters") if len(filters) >= MOST_FILTERS else None


def is_network(cidr: str) -> bool:
    """Whether SES takes the text: an address or a block of either family, without a zone, and not IPv4 inside IPv6."""
    if not re.fullmatch(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?", cidr):
        return False
    try:
        address = ipaddress.ip_network(cidr, strict=False).network_address
    except ValueError:
        return False
    return not (isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped)


def _create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    declared = properties["Filter"]
    name = declared.get("Name") or generated_name(logical_id)
    given = {f"Filter.IpFilter.{field}": value for field, value in declared["IpFilter"].items()}
    checked(_call_create({"Filter.Name": name, **given}))
    return name, {}


def _delete(name: str, properties: Properties) -> None:
    filters.pop(name, None)


def _call_create(params: Params) -> Response:
    name = ses._p(params, "Filter.Name")
    ip_filter = {field: ses._p(params, f"Filter.IpFilter.{field}") for field in ("Policy", "Cidr")}
    if refused := filter_error(name, ip_filter["Cidr"]):
        return refused
    filters[name] = {"Name": name, "IpFilter": ip_filter}
    response: Response = ses._receipt_result("CreateReceiptFilter")
    return response


def _call_list(params: Params) -> Response:
    response: Response = ses._receipt_result("ListReceiptFilters", {"Filters": list(filters.values())})
    return response


def _call_delete(params: Params) -> Response:
    filters.pop(ses._p(params, "FilterName"), None)
    response: Response = ses._receipt_result("DeleteReceiptFilter")
    return response


def install() -> None:
    register_type("AWS::SES::ReceiptFilter", create=_create, delete=_delete, replaced_by=("Filter",))
    query_calls.update(
        CreateReceiptFilter=_call_create, ListReceiptFilters=_call_list, DeleteReceiptFilter=_call_delete
    )
