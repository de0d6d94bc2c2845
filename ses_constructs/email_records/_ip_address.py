"""What an IP address in a record may look like."""

import ipaddress
from typing import Literal


def is_ip_address(text: str, *, version: Literal[4, 6]) -> bool:
    """Tell whether *text* is one address of this *version*."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    # ipaddress also takes a scope such as %eth0, which names an interface of one machine and has no place in DNS.
    return address.version == version and "%" not in text
