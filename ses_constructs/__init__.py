"""AWS CDK constructs for Amazon SES: a domain that sends aligned, signed mail and receives mail."""

from .activation import ActivateIfFree, Activation, LeaveInactive, TakeOver
from .alarm_reactions import AlarmReaction, EmailTeam, NotifyTopic
from .dkim import Dkim, EasyDkim, OwnDkim
from .dns_zones import DnsZone, RecordsToPublish, Route53Zone
from .email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
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
from .sending_domain import SendingDomain
from .verified_domain import VerifiedDomain

__all__ = [
    "ActivateIfFree",
    "Activation",
    "AddHeader",
    "AlarmReaction",
    "BounceMail",
    "BounceReply",
    "DeliverToWorkMail",
    "Dkim",
    "DmarcPolicy",
    "DnsRecord",
    "DnsZone",
    "EasyDkim",
    "EmailTeam",
    "ForwardMail",
    "InboundAction",
    "InboundRule",
    "InboundRuleSet",
    "InvokeFunction",
    "LeaveInactive",
    "NotifyTopic",
    "OwnDkim",
    "PublishToTopic",
    "RecordsToPublish",
    "Route53Zone",
    "SendingDomain",
    "SpfPolicy",
    "StopProcessing",
    "StoreMail",
    "TakeOver",
    "TlsReporting",
    "VerifiedDomain",
]
