"""AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail, receives mail and watches itself.

Begin with ``VerifiedDomain``. ``InboundRuleSet`` receives its mail, ``BounceMonitoring`` watches what it sends,
``SmtpCredentials`` lets programs log in. ``help()`` of each has its arguments. ``ses_constructs.testing`` tells in a
unit test what becomes of a message.

A name loads its module when it is first asked for, so that an app pays for what it uses, and the parts that need no
CDK, such as ``ses_constructs.testing``, load without it.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .account.account_health import AccountHealth as AccountHealth
    from .account.production_access import ProductionAccess as ProductionAccess
    from .account.suppression_list import SuppressionList as SuppressionList
    from .alarms._sending_alarms import SendingAlarm as SendingAlarm
    from .alarms.alarm_reactions import AlarmReaction as AlarmReaction
    from .alarms.alarm_reactions import EmailTeam as EmailTeam
    from .alarms.alarm_reactions import NotifyTopic as NotifyTopic
    from .alarms.pause_sending import PauseSending as PauseSending
    from .alarms.thresholds import AccountThresholds as AccountThresholds
    from .alarms.thresholds import DeliveryThresholds as DeliveryThresholds
    from .alarms.thresholds import ReputationThresholds as ReputationThresholds
    from .common.sending_metrics import ReputationMetrics as ReputationMetrics
    from .common.sending_metrics import SendingMetrics as SendingMetrics
    from .dns.cross_account import CrossAccountZone as CrossAccountZone
    from .dns.cross_account import DnsDelegationRole as DnsDelegationRole
    from .dns.hand_over import hand_over_records as hand_over_records
    from .dns.zones import DnsZone as DnsZone
    from .dns.zones import RecordsToPublish as RecordsToPublish
    from .dns.zones import Route53Zone as Route53Zone
    from .email_records import DmarcAction as DmarcAction
    from .email_records import DmarcAlignment as DmarcAlignment
    from .email_records import DmarcOptions as DmarcOptions
    from .email_records import DmarcPolicy as DmarcPolicy
    from .email_records import DnsRecord as DnsRecord
    from .email_records import PublicSuffix as PublicSuffix
    from .email_records import RecordType as RecordType
    from .email_records import SpfAll as SpfAll
    from .email_records import SpfPolicy as SpfPolicy
    from .email_records import TlsReporting as TlsReporting
    from .events.event_destinations import CloudWatchMetrics as CloudWatchMetrics
    from .events.event_destinations import EventBusEvents as EventBusEvents
    from .events.event_destinations import EventDestination as EventDestination
    from .events.event_destinations import FirehoseEvents as FirehoseEvents
    from .events.event_destinations import TopicEvents as TopicEvents
    from .events.event_history import EventHistory as EventHistory
    from .events.event_source import EventSource as EventSource
    from .events.tracking_domain import TrackingDomain as TrackingDomain
    from .identities.dkim import Dkim as Dkim
    from .identities.dkim import EasyDkim as EasyDkim
    from .identities.dkim import OwnDkim as OwnDkim
    from .identities.dkim import ReplicatedDkim as ReplicatedDkim
    from .identities.sending_domain import SendingDomain as SendingDomain
    from .identities.verified_address import VerifiedAddress as VerifiedAddress
    from .identities.verified_domain import VerifiedDomain as VerifiedDomain
    from .monitoring._dashboard_widgets import Row as Row
    from .monitoring.bounce_monitoring import BounceMonitoring as BounceMonitoring
    from .monitoring.mail_dashboard import MailDashboard as MailDashboard
    from .receiving.activation import ActivateIfFree as ActivateIfFree
    from .receiving.activation import Activation as Activation
    from .receiving.activation import LeaveInactive as LeaveInactive
    from .receiving.activation import TakeOver as TakeOver
    from .receiving.bounce_mail import BounceMail as BounceMail
    from .receiving.bounce_mail import BounceReply as BounceReply
    from .receiving.forward_mail import ForwardMail as ForwardMail
    from .receiving.forwarding import Forwarding as Forwarding
    from .receiving.inbound_actions import AddHeader as AddHeader
    from .receiving.inbound_actions import DeliverToWorkMail as DeliverToWorkMail
    from .receiving.inbound_actions import InvokeFunction as InvokeFunction
    from .receiving.inbound_actions import PublishToTopic as PublishToTopic
    from .receiving.inbound_actions import StopProcessing as StopProcessing
    from .receiving.inbound_actions import StoreMail as StoreMail
    from .receiving.inbound_rule import InboundAction as InboundAction
    from .receiving.inbound_rule import InboundRule as InboundRule
    from .receiving.inbound_rule_set import InboundRuleSet as InboundRuleSet
    from .receiving.rule_set import RuleSet as RuleSet
    from .smtp.api_endpoint import SesApiEndpoint as SesApiEndpoint
    from .smtp.smtp_credentials import SmtpCredentials as SmtpCredentials
    from .smtp.smtp_secret import SmtpSecret as SmtpSecret
    from .standby.global_endpoint import GlobalEndpoint as GlobalEndpoint
    from .standby.impairment_thresholds import ImpairmentThresholds as ImpairmentThresholds
    from .standby.sender_failover import SenderFailover as SenderFailover
    from .standby.sending_route import SendingRoute as SendingRoute
    from .standby.standby_sender import StandbySender as StandbySender

_MODULES = {
    "AccountHealth": "account.account_health",
    "AccountThresholds": "alarms.thresholds",
    "ActivateIfFree": "receiving.activation",
    "Activation": "receiving.activation",
    "AddHeader": "receiving.inbound_actions",
    "AlarmReaction": "alarms.alarm_reactions",
    "BounceMail": "receiving.bounce_mail",
    "BounceMonitoring": "monitoring.bounce_monitoring",
    "BounceReply": "receiving.bounce_mail",
    "CloudWatchMetrics": "events.event_destinations",
    "CrossAccountZone": "dns.cross_account",
    "DeliverToWorkMail": "receiving.inbound_actions",
    "DeliveryThresholds": "alarms.thresholds",
    "Dkim": "identities.dkim",
    "DmarcAction": "email_records",
    "DmarcAlignment": "email_records",
    "DmarcOptions": "email_records",
    "DmarcPolicy": "email_records",
    "DnsDelegationRole": "dns.cross_account",
    "DnsRecord": "email_records",
    "DnsZone": "dns.zones",
    "EasyDkim": "identities.dkim",
    "EmailTeam": "alarms.alarm_reactions",
    "EventBusEvents": "events.event_destinations",
    "EventDestination": "events.event_destinations",
    "EventHistory": "events.event_history",
    "EventSource": "events.event_source",
    "FirehoseEvents": "events.event_destinations",
    "ForwardMail": "receiving.forward_mail",
    "Forwarding": "receiving.forwarding",
    "GlobalEndpoint": "standby.global_endpoint",
    "ImpairmentThresholds": "standby.impairment_thresholds",
    "InboundAction": "receiving.inbound_rule",
    "InboundRule": "receiving.inbound_rule",
    "InboundRuleSet": "receiving.inbound_rule_set",
    "InvokeFunction": "receiving.inbound_actions",
    "LeaveInactive": "receiving.activation",
    "MailDashboard": "monitoring.mail_dashboard",
    "NotifyTopic": "alarms.alarm_reactions",
    "OwnDkim": "identities.dkim",
    "PauseSending": "alarms.pause_sending",
    "ProductionAccess": "account.production_access",
    "PublicSuffix": "email_records",
    "PublishToTopic": "receiving.inbound_actions",
    "RecordType": "email_records",
    "RecordsToPublish": "dns.zones",
    "ReplicatedDkim": "identities.dkim",
    "ReputationMetrics": "common.sending_metrics",
    "ReputationThresholds": "alarms.thresholds",
    "Route53Zone": "dns.zones",
    "Row": "monitoring._dashboard_widgets",
    "RuleSet": "receiving.rule_set",
    "SenderFailover": "standby.sender_failover",
    "SendingAlarm": "alarms._sending_alarms",
    "SendingDomain": "identities.sending_domain",
    "SendingMetrics": "common.sending_metrics",
    "SendingRoute": "standby.sending_route",
    "SesApiEndpoint": "smtp.api_endpoint",
    "SmtpCredentials": "smtp.smtp_credentials",
    "SmtpSecret": "smtp.smtp_secret",
    "SpfAll": "email_records",
    "SpfPolicy": "email_records",
    "StandbySender": "standby.standby_sender",
    "StopProcessing": "receiving.inbound_actions",
    "StoreMail": "receiving.inbound_actions",
    "SuppressionList": "account.suppression_list",
    "TakeOver": "receiving.activation",
    "TlsReporting": "email_records",
    "TopicEvents": "events.event_destinations",
    "TrackingDomain": "events.tracking_domain",
    "VerifiedAddress": "identities.verified_address",
    "VerifiedDomain": "identities.verified_domain",
    "hand_over_records": "dns.hand_over",
}

__all__ = list(_MODULES)

if not TYPE_CHECKING:  # a type checker would believe that it finds every name

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
        # The __call__ of jsii's classes takes anything, and would be what help() shows.
        if isinstance(found, type) and "__call__" in vars(type(found)):
            found.__signature__ = _Signature()
        return found

    class _Signature:
        """That of ``__init__``, which a class of somebody's own that inherits this has too."""

        def __get__(self, instance: object, owner: type) -> object:
            from inspect import Signature, signature

            _, *parameters = signature(owner.__init__).parameters.values()
            return Signature(parameters)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES} - {"TYPE_CHECKING", "_MODULES", "_Signature", "import_module"})
