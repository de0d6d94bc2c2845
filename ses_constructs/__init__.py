"""AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail and watches itself."""

from .dkim import Dkim, EasyDkim, OwnDkim
from .dns_zones import DnsZone, RecordsToPublish, Route53Zone
from .email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
from .sending_domain import SendingDomain
from .verified_domain import VerifiedDomain

__all__ = [
    "Dkim",
    "DmarcPolicy",
    "DnsRecord",
    "DnsZone",
    "EasyDkim",
    "OwnDkim",
    "RecordsToPublish",
    "Route53Zone",
    "SendingDomain",
    "SpfPolicy",
    "TlsReporting",
    "VerifiedDomain",
]
