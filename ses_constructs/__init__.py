"""AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail, receives mail and watches itself."""

from .account_health import AccountHealth
from .activation import ActivateIfFree, Activation, LeaveInactive, TakeOver
from .alarm_reactions import AlarmReaction, EmailTeam, NotifyTopic
from .bounce_monitoring import BounceMonitoring
from .dkim import Dkim, EasyDkim, OwnDkim
from .dns_zones import DnsZone, RecordsToPublish, Route53Zone
from .email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
from .event_destinations import CloudWatchMetrics, EventBusEvents, EventDestination, FirehoseEvents, TopicEvents
from .event_history import EventHistory
from .forward_mail import ForwardMail
from .inbound_actions import (
    AddHeader,
    BounceMail,
    BounceReply,
    DeliverToWorkMail,
    InvokeFunction,
    PublishToTopic,
    StopProcessing,
    StoreMail,
)
from .inbound_rule import InboundAction, InboundRule
from .inbound_rule_set import InboundRuleSet
from .mail_dashboard import MailDashboard
from .pause_sending import PauseSending
from .production_access import ProductionAccess
from .sending_domain import SendingDomain
from .smtp_credentials import SmtpCredentials, SmtpSecret
from .suppression_list import SuppressionList
from .thresholds import DeliveryThresholds, ReputationThresholds
from .verified_address import VerifiedAddress
from .verified_domain import VerifiedDomain

__all__ = [
    "AccountHealth",
    "ActivateIfFree",
    "Activation",
    "AddHeader",
    "AlarmReaction",
    "BounceMail",
    "BounceMonitoring",
    "BounceReply",
    "CloudWatchMetrics",
    "DeliverToWorkMail",
    "DeliveryThresholds",
    "Dkim",
    "DmarcPolicy",
    "DnsRecord",
    "DnsZone",
    "EasyDkim",
    "EmailTeam",
    "EventBusEvents",
    "EventDestination",
    "EventHistory",
    "FirehoseEvents",
    "ForwardMail",
    "InboundAction",
    "InboundRule",
    "InboundRuleSet",
    "InvokeFunction",
    "LeaveInactive",
    "MailDashboard",
    "NotifyTopic",
    "OwnDkim",
    "PauseSending",
    "ProductionAccess",
    "PublishToTopic",
    "RecordsToPublish",
    "ReputationThresholds",
    "Route53Zone",
    "SendingDomain",
    "SmtpCredentials",
    "SmtpSecret",
    "SpfPolicy",
    "StopProcessing",
    "StoreMail",
    "SuppressionList",
    "TakeOver",
    "TlsReporting",
    "TopicEvents",
    "VerifiedAddress",
    "VerifiedDomain",
]
