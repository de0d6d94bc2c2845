"""DNS records about e-mail as plain values: they check themselves, and know nothing of CDK or AWS."""

from __future__ import annotations

from .dmarc import DmarcAction, DmarcAlignment, DmarcPolicy, PublicSuffix
from .dns_record import DnsRecord, RecordType
from .spf import SpfAll, SpfPolicy, is_spf
from .tls_reporting import TlsReporting

__all__ = [
    "DmarcAction",
    "DmarcAlignment",
    "DmarcPolicy",
    "DnsRecord",
    "PublicSuffix",
    "RecordType",
    "SpfAll",
    "SpfPolicy",
    "TlsReporting",
    "is_spf",
]
