"""What there is of a domain's mail, in SES, in Route 53 and in DNS; nothing here writes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from ...common.arguments import is_within
from ...handlers.dns.record_sets import Key, Standing
from ...handlers.dns.route53 import HostedZone
from ...handlers.dns.spelling import meaning
from ..dkim_keys import dkim_keys
from ..name_servers import NameServers
from ..ses_account import AccountError, SesAccount, in_a_sentence

# What the console makes for SMTP (https://docs.aws.amazon.com/ses/latest/dg/smtp-credentials.html).
_SMTP_USER, _SMTP_GROUP = "ses-smtp-user.", "AWSSESSendingGroupDoNotRename"
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundZone:
    """The hosted zone of the account that holds the domain, and what stands in it at the names of its mail."""

    zone_id: str
    name: str
    standing: Mapping[Key, Sequence[Standing]]


@dataclass(kw_only=True, slots=True)
class FoundMail:
    """A domain as the account and DNS have it, in the words of the API.

    Args:
        domain: Its name.
        region: Where SES was asked.
        account: The account's id.
        identity: What ``GetEmailIdentity`` says.
        configuration_set: What ``GetConfigurationSet`` says of the default set; None without one.
        destinations: Its event destinations.
        rule_set: What ``DescribeActiveReceiptRuleSet`` says; empty if none is active.
        filters: How many IP filters the account has.
        smtp_users: The IAM users whose names say that they log in by SMTP.
        zone: Where its records stand, if that is a hosted zone of the account that the world asks.
        published: What stands at the names of its mail, by name and type; TXT as plain text.
        owners: The stacks that have the identity, the sets or the rules already, by what they have.
        not_seen: What could not be looked at, and why.
    """

    domain: str
    region: str
    account: str
    identity: Mapping[str, Any]
    configuration_set: Mapping[str, Any] | None = None
    destinations: Sequence[Mapping[str, Any]] = ()
    rule_set: Mapping[str, Any] = field(default_factory=dict)
    filters: int = 0
    smtp_users: Sequence[str] = ()
    zone: FoundZone | None = None
    published: Mapping[Key, Sequence[str]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    not_seen: list[tuple[str, str]] = field(default_factory=list)

    @property
    def mail_from(self) -> str:
        """The domain of the envelope sender; empty without a custom one."""
        return str(self.identity.get("MailFromAttributes", {}).get("MailFromDomain", ""))


def find_mail(account: SesAccount, dns: NameServers, domain: str) -> FoundMail:
    """Everything about *domain*.

    Raises:
        AccountError: SES does not know it, or could not be asked about what the program would be made of.
    """
    account.require_region()
    identity = account.known_identity(domain)
    found = FoundMail(domain=domain, region=account.region, account=account.account_id, identity=identity)
    try:
        _find_configuration_set(account, found)
        found.rule_set = account.client("ses").describe_active_receipt_rule_set()
    except (BotoCoreError, ClientError) as error:
        raise AccountError(in_a_sentence(error)) from error
    found.filters = _seen(
        found, "the IP filters", 0, lambda: len(account.client("ses").list_receipt_filters()["Filters"])
    )
    found.smtp_users = _seen(found, "the SMTP users", (), lambda: sorted(_smtp_users(account)))
    found.owners = dict(_owners(account, found))
    _find_records(account, dns, found)
    return found


def _find_configuration_set(account: SesAccount, found: FoundMail) -> None:
    name = found.identity.get("ConfigurationSetName")
    if not name:
        return
    ses = account.client("sesv2")
    found.configuration_set = ses.get_configuration_set(ConfigurationSetName=name)
    answer = ses.get_configuration_set_event_destinations(ConfigurationSetName=name)
    found.destinations = answer["EventDestinations"]


def _smtp_users(account: SesAccount) -> set[str]:
    iam = account.client("iam")
    pages = iam.get_paginator("list_users").paginate()
    users = {each["UserName"] for page in pages for each in page["Users"] if each["UserName"].startswith(_SMTP_USER)}
    try:
        members = iam.get_group(GroupName=_SMTP_GROUP)["Users"]
    except iam.exceptions.NoSuchEntityException:
        return users
    return users | {each["UserName"] for each in members}


def _owners(account: SesAccount, found: FoundMail) -> Iterator[tuple[str, str]]:
    set_name = (found.configuration_set or {}).get("ConfigurationSetName", "")
    for thing, resource_type, name in (
        ("identity", "AWS::SES::EmailIdentity", found.domain),
        ("configuration set", "AWS::SES::ConfigurationSet", set_name),
        ("rule set", "AWS::SES::ReceiptRuleSet", found.rule_set.get("Metadata", {}).get("Name", "")),
    ):
        look = partial(account.stack_with, resource_type, name)
        if name and (stack := _seen(found, f"whether a stack has the {thing}", "", look)):
            yield thing, stack


def _find_records(account: SesAccount, dns: NameServers, found: FoundMail) -> None:
    domain = found.domain
    asked: list[Key] = [(domain, "MX"), (domain, "TXT"), (f"_dmarc.{domain}", "TXT"), (f"_smtp._tls.{domain}", "TXT")]
    if found.mail_from:
        asked += [(found.mail_from, "MX"), (found.mail_from, "TXT")]
    asked += [(name, "CNAME") for name, _ in dkim_keys(domain, found.identity)]
    found.zone = _seen(found, "Route 53", None, lambda: _zone(account, dns, found, [name for name, _ in asked]))
    if found.zone:
        found.published = {
            key: [meaning(key[1], value["Value"]) for value in sets[0].get("ResourceRecords", [])]
            for key, sets in found.zone.standing.items()
        }
        return
    replies = dict(zip(asked, dns.side_by_side(lambda key: dns.everywhere(*key), asked), strict=True))
    found.published = {key: reply.values for key, reply in replies.items()}
    for (name, record_type), reply in replies.items():
        if reply.kind == "failed":
            found.not_seen.append((f"the {record_type} record {name}", reply.problem))


def _zone(account: SesAccount, dns: NameServers, found: FoundMail, names: Sequence[str]) -> FoundZone | None:
    """The zone of the account that holds the domain, unless the world asks other servers."""
    client = account.client("route53")
    pages = client.get_paginator("list_hosted_zones").paginate()
    zones = [
        (each["Name"].rstrip("."), each["Id"].removeprefix("/hostedzone/"))
        for page in pages
        for each in page["HostedZones"]
        if not each["Config"].get("PrivateZone") and "LinkedService" not in each
    ]
    held = [each for each in zones if is_within(found.domain, each[0])]
    nearest = max((len(name) for name, _ in held), default=0)
    for name, zone_id in held:
        if len(name) < nearest:
            continue
        ours = client.get_hosted_zone(Id=zone_id).get("DelegationSet", {}).get("NameServers", [])
        told = dns.everywhere(name, "NS")
        if told.kind != "answer":
            why = told.problem or "DNS has no name servers for it"
            found.not_seen.append((f"whether the world asks Route 53 for {name}", why))
        elif not {each.lower().rstrip(".") for each in ours} & {*told.values}:
            continue
        with account.is_default():
            return FoundZone(zone_id=zone_id, name=name, standing=HostedZone(zone_id).look(names))
    return None


def _seen(found: FoundMail, what: str, otherwise: _T, look: Callable[[], _T]) -> _T:
    try:
        return look()
    except (BotoCoreError, ClientError) as error:
        found.not_seen.append((what, in_a_sentence(error)))
        return otherwise
