"""What VerifiedDomain checks about its arguments together: errors for what cannot work, warnings for what may not.

A CDK token passes every check, for its text is known at deploy only. Warning ids are part of the public API.
"""

from collections.abc import Hashable, Sequence
from urllib.parse import unquote

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import (
    check_domain_name,
    check_flag,
    check_kind,
    check_returned,
    check_strategy,
    contains_token,
    invalid,
    is_token,
    is_within,
    text_tuple,
    with_lower_case_domain,
    without_tokens,
)
from ..common.checks import warn
from ..common.register import enter, enter_alone, entries
from ..common.rendered import rendered
from ..dns.other_owners import review
from ..dns.register import mail_from_record
from ..email_records import DmarcPolicy, DnsRecord, SpfPolicy, TlsReporting, is_spf
from .dkim import Dkim, ReplicatedDkim

REPORT_ADDRESS = "report address"
"""What the register has for an address in a DMARC or TLS reporting record."""

_MAIL_FROM_FIX = "pass a label such as 'mail', or None to do without"


def check_kinds(
    *,
    dns: object,
    dkim: object,
    dmarc: object,
    spf: object,
    tls_reporting: object,
    wait_until_verified: object,
    mail_from_on_mx_failure: object,
    **switches: object,
) -> None:
    """The objects that people first try to pass as text, as a number, or as what they are made from."""
    check_strategy("dns", dns, ["publish"], "pass Route53Zone(hosted_zone) or RecordsToPublish()")
    if not isinstance(dkim, ReplicatedDkim):
        check_strategy("dkim", dkim, ["signing_key", "records"], "pass EasyDkim(), or leave it out")
    for argument, value, kind, fix in (
        ("dmarc", dmarc, DmarcPolicy, "pass DmarcPolicy.monitor(), or DmarcPolicy.parse(...) of a published record"),
        ("spf", spf, SpfPolicy, "pass SpfPolicy.amazon_ses(), or SpfPolicy.parse(...) of a published record"),
        ("tls_reporting", tls_reporting, TlsReporting, "pass TlsReporting(reports_to=['tls@example.com'])"),
        ("wait_until_verified", wait_until_verified, Duration, "pass Duration.minutes(30)"),
    ):
        if value is not None:
            check_kind(argument, value, kind, fix)
    behavior = ses.MailFromBehaviorOnMxFailure
    check_kind(
        "mail_from_on_mx_failure", mail_from_on_mx_failure, behavior, f"pass a member of ses.{behavior.__name__}"
    )
    for argument, value in switches.items():
        check_flag(argument, value)


def records_of_key(
    dkim: Dkim | ReplicatedDkim, identity: ses.IEmailIdentity, *, domain_name: str, ttl: int
) -> list[DnsRecord]:
    """The records of *dkim*, which may be of somebody else's making."""
    if isinstance(dkim, ReplicatedDkim):
        return []
    assert isinstance(identity, ses.EmailIdentity)
    records = dkim.records(identity, domain_name=domain_name, ttl=ttl)
    check_returned(dkim, "records", records, Sequence)
    for record in records:
        check_returned(dkim, "records", record, DnsRecord)
    return list(records)


def parent_region(dkim: ReplicatedDkim, *, region: str) -> str:
    """The region that *region* replicates, which is another one."""
    if dkim.parent_region == region:
        raise invalid(
            "parent_region", "be another region than that of the stack", region, "pass dkim=EasyDkim() in the parent"
        )
    return dkim.parent_region


def enter_identity(owner: Construct, stack: Stack, name: str, *, mail_from: str | None = None) -> None:
    """Have *owner* as the one who makes the identity of *name*, unless that is a token."""
    review(stack)
    if not contains_token(name):
        fix = "pass the VerifiedDomain on, or refer to it by VerifiedDomain.from_domain_name"
        enter_alone(stack, identity_key(name), owner, what="domain_name", got=name, fix=fix)
        _warn_about_mail_from(owner, stack, domain_name=name, mail_from=mail_from)


def _warn_about_mail_from(owner: Construct, stack: Stack, *, domain_name: str, mail_from: str | None) -> None:
    """A MAIL FROM domain that sends mail otherwise, which SES asks not to do.

    Source: https://docs.aws.amazon.com/ses/latest/dg/mail-from.html.
    """
    senders = [each.owner for each in entries(stack, identity_key(mail_from))] if mail_from else []
    for name, other in (*((mail_from, each) for each in senders), (domain_name, mail_from_record(stack, domain_name))):
        if other is not None:
            warn(
                owner,
                "mail-from-sends",
                f"{name} is a MAIL FROM domain, which must not send mail otherwise, and a domain that sends, by "
                f"{owner.node.path} and {other.node.path}; pass another mail_from",
            )


def identity_key(name: str) -> Hashable:
    """What the register of the app has for a domain that is verified."""
    return "identity", name


def domains_of(address: str) -> list[str]:
    """The domain of *address* and the parents of that one; any of them may be an identity."""
    labels = address.rpartition("@")[2].split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def mail_from_domain(mail_from: str | None, *, domain_name: str) -> str | None:
    """The full MAIL FROM domain for a label or a full name, if any; SES wants a subdomain of the identity."""
    if mail_from is None:
        return None
    check_kind("mail_from", mail_from, str, _MAIL_FROM_FIX)
    if not mail_from:
        raise invalid("mail_from", "be a label or a name", mail_from, _MAIL_FROM_FIX)
    if is_token(mail_from):  # in full, for all that can be known
        return mail_from
    mail_from = with_lower_case_domain(mail_from)
    if "." not in without_tokens(mail_from):
        return check_domain_name("mail_from", f"{mail_from}.{domain_name}")
    name = check_domain_name("mail_from", mail_from)
    if not contains_token(domain_name) and not name.endswith(f".{domain_name}"):
        raise invalid("mail_from", f"be a subdomain of {domain_name}", mail_from, _MAIL_FROM_FIX)
    return name


def checked_removal_policy(policy: RemovalPolicy) -> RemovalPolicy:
    """What is kept is not kept when its own creation fails, for the next try would then find it in the way."""
    if policy is RemovalPolicy.RETAIN:
        return RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
    check_kind("removal_policy", policy, RemovalPolicy, "pass RemovalPolicy.RETAIN to keep the domain")
    if policy not in (RemovalPolicy.DESTROY, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE):
        raise invalid("removal_policy", "be DESTROY or RETAIN", policy, "pass RemovalPolicy.RETAIN to keep the domain")
    return policy


def old_records_go(domain_name: str) -> str:
    """The id of the warning about another name, with the name in it."""
    return "old-records-go" if contains_token(domain_name) else f"old-records-go:{domain_name}"


def warn_about_another_name(scope: Construct, domain_name: str) -> None:
    """CloudFormation replaces an identity whose name changes, and keeps a retained one, but changes records in place.

    Nothing here sees the name of the last deployment. So the name is a part of the warning's id: who has acknowledged
    the warning for one name gets it again with another.
    """
    known_as = rendered(Stack.of(scope).resolve(domain_name))
    warn(
        scope,
        old_records_go(domain_name),
        f"with another domain_name here, a deployment keeps the identity of {known_as} and removes its records, so "
        "that it can send no more; add a VerifiedDomain for the other name instead of changing this one, and "
        "acknowledge this warning for this name",
    )


def check_apex_text(spf: SpfPolicy | None, existing_txt_values: Sequence[str]) -> None:
    """One SPF policy in the TXT record set of the domain, and existing values only beside it."""
    text_tuple("existing_txt_values", existing_txt_values)
    if spf is None:
        if existing_txt_values:
            raise invalid(
                "existing_txt_values",
                "come with spf, which shares their TXT record set",
                existing_txt_values,
                "pass spf=SpfPolicy.amazon_ses(), or leave the existing values to their owner",
            )
        return
    for value in existing_txt_values:
        if value.startswith('"') and value.endswith('"'):
            # As Route 53 and dig show it; published like this, the quotes would be a part of the text.
            raise invalid("existing_txt_values", "be plain text", value, "leave the quotes out, and join its strings")
        if is_spf(value):
            raise invalid(
                "existing_txt_values",
                "hold no second SPF policy, because receivers then reject both (RFC 7208)",
                value,
                f"pass spf=SpfPolicy.parse({value!r}).merge(SpfPolicy.amazon_ses())",
            )


def check_shared_records(**shared: object) -> None:
    """A domain that leaves the shared records to another stack must not ask for them."""
    for argument, value in shared.items():
        if value:
            raise invalid(
                argument,
                "be left out when owns_shared_records is False",
                value,
                "pass it to the VerifiedDomain that owns the shared records",
            )


def warn_about_dmarc(scope: Construct, policy: DmarcPolicy, *, domain_name: str, mail_from_domain: str | None) -> None:
    """Reports that will not arrive, and an alignment that can never be met."""
    for destination in policy.report_domains():
        if contains_token(domain_name) or contains_token(destination) or _related(destination, domain_name):
            continue
        # RFC 9990, section 4: without this record receivers drop the address.
        warn(
            scope,
            "dmarc-reports-elsewhere",
            f"{destination} must agree to receive the DMARC reports of {domain_name}: its zone needs the record "
            f'{domain_name}._report._dmarc.{destination}. IN TXT "v=DMARC1"; acknowledge this warning once it is there',
        )
    if policy.spf_alignment == "strict" and mail_from_domain:
        warn(
            scope,
            "dmarc-spf-never-aligns",
            "SPF cannot pass strict DMARC alignment, because the MAIL FROM domain of SES is a subdomain; "
            "use relaxed alignment, or rely on DKIM alone and acknowledge this warning",
        )


def enter_report_addresses(
    owner: Construct,
    stack: Stack,
    dmarc: DmarcPolicy | None,
    tls_reporting: TlsReporting | None,
    *,
    mail_from_domain: str | None,
) -> None:
    """Have the register know the addresses to which the world sends reports, so that rules can be held against them.

    Raises ``ValueError`` for one at the MAIL FROM domain, where SES takes bounces alone.
    """
    for uri in (
        *((*dmarc.reports_to, *dmarc.failure_reports_to) if dmarc else ()),
        *(tls_reporting.reports_to if tls_reporting else ()),
    ):
        address = unquote(uri.removeprefix("mailto:").partition("?")[0])
        if address != uri and not contains_token(address):
            if address.rpartition("@")[2].lower() == mail_from_domain:
                fix = f"take an address of another domain than {mail_from_domain}"
                raise invalid("reports", "go to addresses that mail reaches, and no MAIL FROM domain", address, fix)
            enter(stack, REPORT_ADDRESS, owner, address)


def check_delegated(scope: Construct, dns: object, waiter: str) -> None:
    """Whether the records can be found by SES while the deployment waits; *waiter* is what makes it wait.

    Raises ``ValueError`` for a zone that the same stack makes: nobody has delegated it yet, and the roll-back of a wait
    that fails would delete it together with the name servers it was given.
    """
    zone = getattr(dns, "hosted_zone", None)
    if isinstance(zone, Construct) and zone.node.default_child is not None and Stack.of(zone) is Stack.of(scope):
        raise invalid(
            "dns",
            f"have a hosted zone that is delegated before {waiter} waits for its records",
            zone.node.path,
            "deploy the zone in a stack of its own first, and have its name servers entered at the registrar",
        )


def warn_about_unpublished_wait(scope: Construct, waiter: str) -> None:
    """Waiting for records that nobody may have published."""
    warn(
        scope,
        "waits-for-people",
        f"{waiter} holds the deployment until somebody has published the records, whose DKIM names are known only "
        "after the identity is made; deploy without it first",
    )


def _related(destination: str, domain_name: str) -> bool:
    """Whether one domain holds the other, as far as names alone can tell."""
    return is_within(destination, domain_name) or is_within(domain_name, destination)
