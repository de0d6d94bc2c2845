"""What of a domain's mail our constructs say just as it is, and a sentence for each thing that they do not."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from ...common.arguments import check_domain_name
from ...common.ses_regions import inbound_host
from ...email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting
from ...handlers.dns.decide import decide
from ...handlers.dns.record_sets import RecordSet
from ...handlers.dns.spelling import kind_of
from ..planning.handler_request import RefusedError
from ..records_wanted import records_of_identity
from .adopted import Adoption, Unexpressed, flaw_in, passes
from .configuration_set import decide_set
from .found_mail import FoundMail, FoundZone
from .receipt_rules import decide_rules
from .tags import decide_tags

_P = TypeVar("_P", DmarcPolicy, SpfPolicy, TlsReporting)


def decide_adoption(found: FoundMail) -> Adoption:
    """Decide about everything that was found."""
    adoption = Adoption(found=found)
    for what, why in found.not_seen:
        adoption.leave(what, f"it could not be looked at: {why}", "look yourself, or give the permission and run again")
    _decide_identity(adoption)
    if adoption.owns_identity:
        _decide_records(adoption)
    if found.configuration_set:
        decide_set(adoption, found.configuration_set)
    if found.rule_set.get("Metadata"):
        decide_rules(adoption)
    return adoption


def _decide_identity(adoption: Adoption) -> None:
    found = adoption.found
    dkim = found.identity.get("DkimAttributes", {})
    origin = dkim.get("SigningAttributesOrigin", "AWS_SES")
    why = flaw_in(found.domain)
    if owner := found.owners.get("identity"):
        why = f"the stack {owner} has it"
    elif (kind := found.identity.get("IdentityType", "DOMAIN")) != "DOMAIN":
        why = f"it is a {kind}, and VerifiedDomain makes identities that are a DOMAIN"
    elif origin == "EXTERNAL":
        why = "it signs with a key of your own, whose private half SES never shows"
    elif origin != "AWS_SES":
        why = f"it signs with the keys of another region ({origin}), and ReplicatedDkim takes no identity over"
    elif not dkim.get("SigningEnabled", True):
        why = "DKIM signing is switched off, which VerifiedDomain does not know"
    elif found.mail_from and not passes(check_domain_name, found.mail_from):
        why = f"the MAIL FROM domain {found.mail_from} is a name that VerifiedDomain refuses"
    elif found.mail_from and not found.mail_from.endswith(f".{found.domain}"):
        why = f"the MAIL FROM domain {found.mail_from} is no subdomain of it"
    adoption.owns_identity = not why
    if adoption.owns_identity:
        decide_tags(adoption, "the identity", found.identity)
    else:
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
    if flaw := flaw_in(text):
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
