"""What of a domain's mail our constructs say just as it is, and a sentence for each thing that they do not."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ...common.arguments import check_domain_name, check_email_address, contains_token, is_within
from ...common.ses_regions import inbound_host
from ...email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
from ...handlers._custom_resource import RefusedError
from ...handlers.dns.decide import decide
from ...handlers.dns.record_sets import RecordSet
from ...handlers.dns.spelling import kind_of
from ..records_wanted import records_of_identity
from .found_mail import FoundMail, FoundZone

ACTIONS = ("S3Action", "SNSAction", "LambdaAction", "AddHeaderAction", "StopAction", "WorkmailAction", "ConnectAction")
_DESTINATIONS = ("SnsDestination", "EventBridgeDestination", "CloudWatchDestination", "KinesisFirehoseDestination")
_EVENTS = frozenset(
    {"SEND", "REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "OPEN", "CLICK"}
    | {"RENDERING_FAILURE", "DELIVERY_DELAY", "SUBSCRIPTION"}
)
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?")
# Of these CloudFormation has no property, or CDK's construct has none.
_SET_OPTIONS = (
    ("DeliveryOptions", "SharedPoolDeliveryMode"),
    ("SuppressionOptions", "SuppressionScope"),
    ("SuppressionOptions", "ValidationOptions"),
    ("ArchivingOptions", "ArchiveArn"),
)
_MOST_RECIPIENTS, _MOST_ACTIONS = 500, 10
_P = TypeVar("_P", DmarcPolicy, SpfPolicy, TlsReporting)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unexpressed:
    """Something that is not in the program.

    Args:
        what: The thing.
        why: What keeps it out.
        do: What becomes of it, and what to do.
    """

    what: str
    why: str
    do: str

    def __str__(self) -> str:
        return f"{self.what}: {self.why}; {self.do}."


@dataclass(kw_only=True, slots=True)
class Adoption:
    """What the program says of *found*.

    Args:
        found: What there is.
        owns_identity: Whether the stack gets the identity, and not only refers to it.
        owns_set: The same for the default configuration set.
        owns_rules: Whether the stack gets the active rule set with its rules.
        zone: Where the stack adopts the records; None where it prints them.
        dmarc: The policy that is published; so are the next three.
        spf: At the domain itself.
        tls_reporting: For TLS-RPT.
        receives_mail: Whether the MX record is that of SES.
        destinations: Those of the set that the stack gets.
        left: What is not in the program.
    """

    found: FoundMail
    owns_identity: bool = True
    owns_set: bool = False
    owns_rules: bool = False
    zone: FoundZone | None = None
    dmarc: DmarcPolicy | None = None
    spf: SpfPolicy | None = None
    tls_reporting: TlsReporting | None = None
    receives_mail: bool = False
    destinations: list[Mapping[str, Any]] = field(default_factory=list)
    left: list[Unexpressed] = field(default_factory=list)

    def leave(self, what: str, why: str, do: str) -> None:
        """Keep something out of the program."""
        self.left.append(Unexpressed(what=what, why=why, do=do))

    def notes(self) -> list[str]:
        """What is beside the domain's own things, and what CDK will say of the program."""
        found, notes = self.found, []
        if self.owns_identity and self.zone is None:
            notes.append("The records are not changed; the outputs of the stack show what must stand in DNS.")
        if self.owns_rules:
            notes.append(
                "CDK warns that policies of buckets and topics must let SES in; where mail comes in they do already."
            )
        if found.configuration_set and not found.configuration_set.get("ReputationOptions", {}).get(
            "ReputationMetricsEnabled"
        ):
            notes.append("The configuration set has no reputation metrics, which BounceMonitoring needs.")
        if found.filters:
            notes.append(f"The {found.filters} IP filters are for the whole account and stay as they are.")
        if found.smtp_users:
            users = ", ".join(found.smtp_users)
            notes.append(
                f"These users log in by SMTP and keep their keys; SmtpCredentials(user=...) adds one: {users}."
            )
        return notes


def decide_adoption(found: FoundMail) -> Adoption:
    """Decide about everything that was found."""
    adoption = Adoption(found=found)
    for what, why in found.not_seen:
        adoption.leave(what, f"it could not be looked at: {why}", "look yourself, or give the permission and run again")
    _decide_identity(adoption)
    if adoption.owns_identity:
        _decide_records(adoption)
    if found.configuration_set:
        _decide_set(adoption, found.configuration_set)
    if found.rule_set.get("Metadata"):
        _decide_rules(adoption)
    return adoption


def _decide_identity(adoption: Adoption) -> None:
    found = adoption.found
    dkim = found.identity.get("DkimAttributes", {})
    origin = dkim.get("SigningAttributesOrigin", "AWS_SES")
    why = _flaw(found.domain)
    if owner := found.owners.get("identity"):
        why = f"the stack {owner} has it"
    elif origin == "EXTERNAL":
        why = "it signs with a key of your own, whose private half SES never shows"
    elif origin != "AWS_SES":
        why = f"it signs with the keys of another region ({origin}), and ReplicatedDkim takes no identity over"
    elif not dkim.get("SigningEnabled", True):
        why = "DKIM signing is switched off, which VerifiedDomain does not know"
    elif found.mail_from and not _is(check_domain_name, found.mail_from):
        why = f"the MAIL FROM domain {found.mail_from} is a name that VerifiedDomain refuses"
    elif found.mail_from and not found.mail_from.endswith(f".{found.domain}"):
        why = f"the MAIL FROM domain {found.mail_from} is no subdomain of it"
    adoption.owns_identity = not why
    if why:
        do = "the program refers to it by from_domain_name, and it stays as it is, with its records"
        adoption.leave(f"the identity {found.domain}", why, do)
    for name in found.identity.get("Policies", {}):
        why = "allow_sender writes policies of its own and takes none over"
        adoption.leave(f"the policy {name!r} of the identity", why, "it stays as it is")


def _decide_records(adoption: Adoption) -> None:
    found, domain = adoption.found, adoption.found.domain
    adoption.dmarc = _published(adoption, f"_dmarc.{domain}", "DMARC", DmarcPolicy.parse)
    adoption.spf = _published(adoption, domain, "SPF", SpfPolicy.parse)
    adoption.tls_reporting = _published(adoption, f"_smtp._tls.{domain}", "TLS-RPT", TlsReporting.parse)
    exchangers, ours = found.published.get((domain, "MX"), ()), f"10 {inbound_host(found.region)}"
    adoption.receives_mail = [*exchangers] == [ours]
    if not adoption.receives_mail and any("inbound-smtp." in each for each in exchangers):
        why = f"it is {', '.join(exchangers)}, and receives_mail=True is one value, {ours}"
        adoption.leave(f"the MX record {domain}", why, "it stays as it is, and the program says nothing of it")
    if found.zone is None:
        return
    trouble = [*_in_the_way(adoption, found.zone)]
    adoption.left += trouble
    adoption.zone = None if trouble else found.zone


def _published(adoption: Adoption, name: str, kind: str, parse: Callable[[str], _P]) -> _P | None:
    texts = [each for each in adoption.found.published.get((name, "TXT"), ()) if kind_of(name, each) == kind]
    if not texts:
        return None
    what, stays = f"the {kind} record {name}", "it stays as it is"
    if len(texts) > 1:
        adoption.leave(what, f"it stands there {len(texts)} times, so that receivers heed none", f"{stays}; delete one")
        return None
    (text,) = texts
    if flaw := _flaw(text):
        adoption.leave(what, flaw, stays)
        return None
    try:
        policy = parse(text)
    except ValueError as error:
        adoption.leave(what, str(error), f"{stays}; mend it, and run this again")
        return None
    if policy.to_txt() != text:
        why = f"it is {text!r}, and the program would write {policy.to_txt()!r}"
        adoption.leave(what, why, f"{stays}; publish the second one and run this again, to have it in the program")
        return None
    return policy


def _in_the_way(adoption: Adoption, zone: FoundZone) -> Iterator[Unexpressed]:
    """What the writer of records would refuse or change, by its own decision about each record."""
    do = f"mend it, then write dns=Route53Zone(zone, adopts_existing=True) for the zone {zone.zone_id}"
    for record in wanted_records(adoption):
        wanted = RecordSet(record.name, record.type, record.ttl, tuple(record.route53_values()))
        try:
            plan = decide([wanted], zone.standing, {}, adopts=True)
        except RefusedError as error:
            yield Unexpressed(what=f"the records in {zone.name}", why=str(error), do=do)
            continue
        if plan.changes:
            why = f"a deployment would change it to {', '.join(wanted.values)}"
            yield Unexpressed(what=f"the {record.type} record {record.name}", why=why, do=do)


def wanted_records(adoption: Adoption) -> Iterator[DnsRecord]:
    """Every record that the program's ``VerifiedDomain`` publishes."""
    found, domain = adoption.found, adoption.found.domain
    yield from records_of_identity(domain, found.region, found.identity)
    policies = (
        (f"_dmarc.{domain}", adoption.dmarc),
        (domain, adoption.spf),
        (f"_smtp._tls.{domain}", adoption.tls_reporting),
    )
    for name, policy in policies:
        if policy:
            yield DnsRecord(name=name, type="TXT", values=(policy.to_txt(),))
    if adoption.receives_mail:
        yield DnsRecord(name=domain, type="MX", values=(f"10 {inbound_host(found.region)}",))


def _decide_set(adoption: Adoption, found: Mapping[str, Any]) -> None:
    name = found["ConfigurationSetName"]
    what = f"the configuration set {name!r}"
    if owner := adoption.found.owners.get("configuration set"):
        adoption.leave(what, f"the stack {owner} has it", "the program refers to it, and it stays as it is")
        return
    adoption.owns_set = True
    if not found.get("SendingOptions", {}).get("SendingEnabled", True):
        why = "it is paused, and no deployment shall resume it"
        adoption.leave(what, why, "it stays paused; 'aws sesv2 put-configuration-set-sending-options' resumes it")
    for group, option in _SET_OPTIONS:
        if found.get(group, {}).get(option):
            why = "CloudFormation or CDK has no property for it"
            adoption.leave(f"{option} of {what}", why, "it stays as it is")
    if found.get("MessageSecurityOptions"):
        adoption.leave(
            f"MessageSecurityOptions of {what}", "CloudFormation has no property for it", "it stays as it is"
        )
    if tracking := found.get("TrackingOptions", {}).get("CustomRedirectDomain"):
        why = "the set names it, and its identity and its CNAME record are things of their own"
        adoption.leave(f"the tracking domain {tracking}", why, "they stay as they are")
    for each in adoption.found.destinations:
        why = _destination_flaw(each)
        if why:
            adoption.leave(
                f"the event destination {each['Name']!r} of {what}", why, "it stays as it is, beside the set"
            )
        else:
            adoption.destinations.append(each)


def _destination_flaw(destination: Mapping[str, Any]) -> str:
    if flaw := _flaw(destination):
        return flaw
    if not any(destination.get(kind) for kind in _DESTINATIONS):
        return "CloudFormation has no property for its kind"
    unknown = sorted(set(destination["MatchingEventTypes"]) - _EVENTS)
    return f"CDK has no name for the events {', '.join(unknown)}" if unknown else ""


def _decide_rules(adoption: Adoption) -> None:
    found = adoption.found
    name, rules = found.rule_set["Metadata"]["Name"], found.rule_set.get("Rules", [])
    flaws = [f"the rule {rule['Name']!r} {flaw}" for rule in rules if (flaw := _rule_flaw(found, rule))]
    if owner := found.owners.get("rule set"):
        flaws.insert(0, f"the stack {owner} has it")
    if not _NAME.fullmatch(name):
        flaws.insert(0, "InboundRuleSet refuses its name")
    adoption.owns_rules = not flaws
    if flaws:
        do = "all rules stay as they are; new ones join them by InboundRuleSet(rule_set=..., after_rule=...)"
        adoption.leave(f"the active receipt rule set {name!r}", ", ".join(flaws), do)


def _rule_flaw(found: FoundMail, rule: Mapping[str, Any]) -> str:
    recipients, actions = rule.get("Recipients", []), rule.get("Actions", [])
    if flaw := _flaw(rule):
        return f"cannot be written: {flaw}"
    if not _NAME.fullmatch(rule["Name"]):
        return "has a name that InboundRuleSet refuses"
    domains = {each: each.rpartition("@")[2].removeprefix(".").lower() for each in recipients}
    for entry, domain in domains.items():
        if not is_within(domain, found.domain):
            return f"is for {entry}, too, which is not of {found.domain}"
        check = (
            check_email_address if "@" in entry else lambda name, text: check_domain_name(name, text.removeprefix("."))
        )
        if not _is(check, entry) or (found.mail_from and domain == found.mail_from):
            return f"is for {entry}, which InboundRuleSet refuses"
    if not len({each.lower() for each in recipients}) == len(recipients) <= _MOST_RECIPIENTS:
        return "has an entry twice, or too many of them"
    kinds = [kind for each in actions for kind in each]
    if not 0 < len(kinds) <= _MOST_ACTIONS:
        return f"has {len(kinds)} actions, and add_rule takes one to {_MOST_ACTIONS}"
    if "BounceAction" in kinds:
        return "bounces, and BounceMail comes with a function that waits, which an import cannot hold"
    if unknown := sorted({*kinds} - {*ACTIONS}):
        return f"has an action that no construct knows: {', '.join(unknown)}"
    return "has a stop in front of other actions" if "StopAction" in kinds[:-1] else ""


def _is(check: Callable[[str, str], object], text: str) -> bool:
    try:
        check("text", text)
    except ValueError:
        return False
    return True


def _flaw(value: object) -> str:
    """What CDK or CloudFormation would read as something else than text; whoever owns a TXT record may have put it."""
    if isinstance(value, str):
        if contains_token(value) or "{Token[" in value:
            return "it holds what CDK takes for a token"
        return "it holds what CloudFormation would look up" if "{{resolve:" in value else ""
    inner: Sequence[object] = ()
    if isinstance(value, Mapping):
        inner = (*value, *value.values())
    elif isinstance(value, Sequence):
        inner = value
    return next(filter(None, map(_flaw, inner)), "")
