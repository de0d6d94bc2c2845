"""DNS records about e-mail as plain values: they check themselves, and know nothing of CDK or AWS."""

from .dmarc import DmarcAction, DmarcAlignment, DmarcOptions, DmarcPolicy, PublicSuffix
from .dns_record import DnsRecord, RecordType
from .spf import SpfAll, SpfPolicy, is_spf
from .tls_reporting import TlsReporting

__all__ = [
    "DmarcAction",
    "DmarcAlignment",
    "DmarcOptions",
    "DmarcPolicy",
    "DnsRecord",
    "PublicSuffix",
    "RecordType",
    "SpfAll",
    "SpfPolicy",
    "TlsReporting",
    "is_spf",
]
