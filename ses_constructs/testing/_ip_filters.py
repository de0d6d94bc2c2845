"""The IP filters of a template; they hold for the whole account and come before any rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from ..common.arguments import check_choice, invalid
from ._values import Values
from .steps import FilterBlocked, FilterPassed


@dataclass(frozen=True, kw_only=True, slots=True)
class IpFilter:
    """One range of addresses that is let in or kept out."""

    name: str
    allows: bool
    network: IPv4Network | IPv6Network


def filters_of(values: Values) -> tuple[IpFilter, ...]:
    """Every IP filter of the template."""
    return tuple(_read_filter(values, logical_id) for logical_id in values.of_type("AWS::SES::ReceiptFilter"))


def judge(filters: Sequence[IpFilter], address: IPv4Address | IPv6Address) -> FilterPassed | FilterBlocked:
    """Let *address* pass unless it is blocked; an Allow filter outweighs every Block filter, however narrow."""
    naming = [each for each in filters if address in each.network]
    allowing = next((each.name for each in naming if each.allows), None)
    if allowing is not None or not naming:
        return FilterPassed(source_ip=str(address), filter_name=allowing)
    return FilterBlocked(source_ip=str(address), filter_name=naming[0].name)


def _read_filter(values: Values, logical_id: str) -> IpFilter:
    name = values.name(logical_id)
    where = f"filter {name!r}:"
    properties = values.resources[logical_id].get("Properties") or {}
    ip_filter = (properties.get("Filter") or {}).get("IpFilter") or {}
    policy = values.known(f"{where} Policy", ip_filter.get("Policy"))
    check_choice(f"{where} Policy", policy, ("Allow", "Block"))
    cidr = values.known(f"{where} Cidr", ip_filter.get("Cidr"))
    try:
        network = ip_network(cidr, strict=False)
    except ValueError as error:
        raise invalid(f"{where} Cidr", "be a range of IP addresses", cidr, "write one such as '10.0.0.0/24'") from error
    return IpFilter(name=name, allows=policy == "Allow", network=network)
