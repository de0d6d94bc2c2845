"""DNS records about e-mail as plain values: they check themselves, and know nothing of CDK or AWS."""

from __future__ import annotations

from .dmarc import DmarcAction, DmarcAlignment, DmarcPolicy, PublicSuffix
from .dns_record import DnsRecord, RecordType, contains_token
from .ses_regions import (
    RECEIVING_REGIONS,
    SENDING_REGIONS,
    SMTP_IMPLICIT_TLS_PORTS,
    SMTP_STARTTLS_PORTS,
    feedback_host,
    inbound_host,
    smtp_host,
    tracking_host,
)
from .spf import SpfAll, SpfPolicy, is_spf
from .tls_reporting import TlsReporting

__all__ = [
    "RECEIVING_REGIONS",
    "SENDING_REGIONS",
    "SMTP_IMPLICIT_TLS_PORTS",
    "SMTP_STARTTLS_PORTS",
    "DmarcAction",
    "DmarcAlignment",
    "DmarcPolicy",
    "DnsRecord",
    "PublicSuffix",
    "RecordType",
    "SpfAll",
    "SpfPolicy",
    "TlsReporting",
    "contains_token",
    "feedback_host",
    "inbound_host",
    "is_spf",
    "smtp_host",
    "tracking_host",
]
