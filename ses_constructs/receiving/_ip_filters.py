"""Receipt filters: from which addresses SES takes mail at all."""

import ipaddress
import re
from collections.abc import Sequence

from aws_cdk import Names
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import contains_token, invalid, text_tuple
from ..common.one_per_region import claim

# https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_MAX_FILTERS = 100
_EVERYWHERE = ["0.0.0.0/0", "::/0"]


class IpFilters(Construct):
    """The filters of an account and region; an allowed network wins over a blocked one that holds it.

    One stack owns them: of two stacks that each allow some networks and block all others, each would let in what
    the other one keeps out.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, allow_from: Sequence[str], block_from: Sequence[str]
    ) -> None:
        super().__init__(scope, construct_id)
        allowed, blocked = _checked_networks("allow_from", allow_from), _checked_networks("block_from", block_from)
        if allowed and not blocked:
            # Allowing alone changes nothing: SES takes mail from everywhere that is not blocked.
            blocked = _EVERYWHERE
        both = {_canonical(network) for network in allowed} & {_canonical(network) for network in blocked}
        if both:
            raise invalid("block_from", "not block what allow_from allows", sorted(both), "leave it out of one of them")
        if len(allowed) + len(blocked) > _MAX_FILTERS:
            raise invalid(
                "allow_from and block_from",
                f"hold at most {_MAX_FILTERS} networks together",
                len(allowed) + len(blocked),
                "join neighbouring networks",
            )
        owned = claim(self, "ip-filters")
        allowing = [self._add_filter("Allow", network) for network in allowed]
        for each in allowing:
            each.node.add_dependency(owned)
        for network in blocked:
            # Made after all that is allowed, and gone before it: nobody is blocked in between who should not be.
            self._add_filter("Block", network).node.add_dependency(owned, *allowing)

    def _add_filter(self, policy: str, network: str) -> ses.CfnReceiptFilter:
        # With a mark between the digits: 1.12.3.4 and 11.2.3.4 must not meet in one id. IPv6 has its length, because a
        # name must end in a letter or digit.
        text = str(ipaddress.ip_network(network)) if ":" in network else network
        scope = Construct(self, f"{policy}-{re.sub('[.:/]', '-', text)}")
        name = Names.unique_resource_name(scope, max_length=64, allowed_special_characters="-_", separator="-")
        return ses.CfnReceiptFilter(
            scope,
            "Resource",
            filter=ses.CfnReceiptFilter.FilterProperty(
                name=name, ip_filter=ses.CfnReceiptFilter.IpFilterProperty(policy=policy, cidr=network)
            ),
        )


def _checked_networks(argument: str, networks: Sequence[str]) -> list[str]:
    for network in text_tuple(argument, networks):
        if contains_token(network):
            raise invalid(argument, "be known at synth", network, "write the network out")
        _check_network(argument, network)
    if len({_canonical(network) for network in networks}) < len(networks):
        raise invalid(argument, "hold every network once", list(networks), "leave the repeated one out")
    return list(networks)


def _canonical(network: str) -> str:
    """The one way to write *network*: an address alone is a network of all its bits."""
    return str(ipaddress.ip_network(network))


def _check_network(argument: str, network: str) -> None:
    """An address or a network of either family, spelled as SES takes it.

    SES refuses brackets, zones, IPv4 inside IPv6 and lengths out of range: seen by others on live AWS
    (https://github.com/floci-io/floci/pull/3163).
    """
    try:
        parsed = ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise invalid(argument, "be IP addresses or networks", network, "write '192.0.2.0/24'") from error
    if "%" in network:
        raise invalid(argument, "have no zone", network, f"write {network.partition('%')[0]!r}")
    if isinstance(parsed, ipaddress.IPv6Network):
        if inner := parsed.network_address.ipv4_mapped:
            raise invalid(argument, "have no IPv4 inside IPv6", network, f"write {str(inner)!r}")
        exact = ipaddress.ip_interface(network).ip == parsed.network_address
    else:
        exact = "/" not in network or str(parsed) == network
    if not exact:
        raise invalid(argument, "have no bits behind the prefix", network, f"write {str(parsed)!r}")
