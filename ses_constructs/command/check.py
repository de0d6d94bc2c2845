"""``ses-constructs check``: whether the DNS of a domain is right, at every server, and what SES says about it."""

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from .checks.checked_domain import CheckedDomain
    from .findings import Finding, FindingReport
    from .name_servers import DnsServer, NameServers

_MAIL_FROM_NOTE = (
    "The MAIL FROM domain was not looked at: SES knows it, and without the account nobody else does. Say --mail-from."
)
_DKIM_NOTE = (
    "DKIM was not looked at: SES knows the names of its keys, and without the account nobody else does. Say --selector."
)


@click.command()
@click.argument("domain")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--stack", default="", metavar="NAME", help="Look as well at each record that this stack wants.")
@click.option(
    "--template",
    type=click.Path(exists=True, path_type=Path),
    help="Look at each record that this synthesized template wants, or cdk.out.",
)
@click.option("--bulk-sender", is_flag=True, help="Apply what Gmail, Yahoo and Microsoft ask of bulk senders.")
@click.option("--no-account", is_flag=True, help="Ask DNS alone; needs no credentials.")
@click.option("--mail-from", default="", metavar="NAME", help="The MAIL FROM domain, where SES is not asked.")
@click.option("--selector", "selectors", multiple=True, metavar="NAME", help="A DKIM key to look at; repeat it.")
@click.option("--resolver", default="", metavar="HOST[:PORT]", help="Ask this resolver, not that of the system.")
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 60),
    default=2.0,
    show_default=True,
    help="Seconds for each question, which is asked twice.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def check(
    context: click.Context,
    domain: str,
    region: str,
    stack: str,
    template: Path | None,
    bulk_sender: bool,
    no_account: bool,
    mail_from: str,
    selectors: tuple[str, ...],
    resolver: str,
    timeout: float,
    as_json: bool,
) -> None:
    """Is the mail set-up of DOMAIN right, in DNS and in SES?

    Every record is asked of every name server that is responsible for it.
    What is wrong comes with what is wanted, who says so, and the line to
    publish.

    Exit code: 0 all right, 1 something is wrong, 2 something could not be
    looked at (or the command line is wrong).
    """
    from .screen import conclude, waiting

    if stack and template:
        raise click.UsageError("say either --stack or --template")
    if stack and no_account:
        raise click.UsageError("--stack needs the account, which --no-account leaves out")
    _check_region(region)
    dns = name_servers(context, resolver, timeout)
    name = checked_name(domain)
    with waiting(f"Asking about {name} ..."):
        report = _report(
            dns,
            name,
            region,
            account=not no_account,
            stack=stack,
            template=template,
            mail_from=checked_name(mail_from) if mail_from else "",
            selectors=selectors,
            bulk_sender=bulk_sender,
        )
    conclude(context, report, as_json=as_json)


def checked_name(domain: str) -> str:
    """*domain* in lower case and ASCII; a usage error if it is none."""
    import dns.exception
    import dns.name

    from ..common.arguments import name_flaw

    try:
        name = dns.name.from_text(domain).to_text(omit_final_dot=True).lower()
    except (dns.exception.DNSException, UnicodeError):
        raise click.UsageError(f"{domain!r} is no domain name; write one such as example.com") from None
    flaw = name_flaw(name, underscores=True)
    if flaw or "." not in name:
        raise click.UsageError(f"{domain!r} is no domain name; write one such as example.com")
    return name


def name_servers(context: click.Context, resolver: str, timeout: float = 2) -> "NameServers":
    """Whom to ask; a usage error if *resolver* is no address."""
    from .name_servers import NameServers

    # The tests' servers do not listen on port 53.
    port = context.obj if isinstance(context.obj, int) else 53
    return NameServers(resolver=_resolver_at(resolver) if resolver else None, timeout=timeout, port=port)


def _check_region(region: str) -> None:
    from ..common.ses_regions import feedback_host

    try:
        feedback_host(region or "eu-west-1")
    except ValueError:
        raise click.UsageError(f"--region {region!r} is no AWS region; write one such as eu-west-1") from None


def _resolver_at(text: str) -> "DnsServer":
    from .name_servers import DnsServer

    host, colon, port = text.rpartition(":") if text.count(":") == 1 or "]:" in text else (text, "", "")
    host = host.strip("[]")
    try:
        address = str(ipaddress.ip_address(host))
        number = int(port) if colon else 53
    except ValueError:
        number = 0
    if not 0 < number < 65536:
        raise click.UsageError(f"--resolver {text!r} is no address; write 9.9.9.9 or 127.0.0.1:5353")
    return DnsServer(name=f"the resolver {text}", address=address, port=number)


def _report(
    dns: "NameServers",
    name: str,
    region: str,
    *,
    account: bool,
    stack: str,
    template: Path | None,
    mail_from: str,
    selectors: tuple[str, ...],
    bulk_sender: bool,
) -> "FindingReport":
    from .checks.bulk_senders import BULK_NOTE, check_bulk_senders
    from .checks.checked_domain import CheckedDomain, DkimKey
    from .findings import FindingReport

    keys = tuple(DkimKey(name=f"{selector}._domainkey.{name}") for selector in selectors)
    domain = CheckedDomain(name=name, dns=dns, region=region, keys=keys, mail_from=mail_from)
    findings: list[Finding] = []
    if account:
        domain = _ask_account(domain, findings)
    findings += _findings(domain)
    if stack:
        findings += _ask_stack(domain, stack)
    notes = [] if domain.keys else [_DKIM_NOTE]
    if template:
        findings += _ask_template(domain, template, notes, account=account)
    notes += [_MAIL_FROM_NOTE] if not domain.mail_from and not domain.account else []
    if bulk_sender:
        findings += check_bulk_senders(findings)
        notes.append(BULK_NOTE)
    about = {"domain": name, "region": domain.region}
    title = f"{name} (SES in {domain.region})" if domain.region else name
    return FindingReport(command="check", title=title, about=about, findings=findings, notes=notes)


def _ask_account(domain: "CheckedDomain", findings: "list[Finding]") -> "CheckedDomain":
    """*domain* with what SES says; what cannot be asked becomes a finding."""
    from .checks.checked_domain import with_identity
    from .checks.identity import unknown_identity
    from .findings import could_not_look
    from .ses_account import AccountError, SesAccount

    try:
        account = SesAccount(domain.region)
        identity = account.identity(domain.name)
    except AccountError as error:
        findings.append(could_not_look("identity.verified", f"{error}; --no-account asks DNS alone"))
        return domain
    if identity is None:
        findings.append(unknown_identity(domain.name, account.region))
    return with_identity(domain, account.region, identity)


def _ask_stack(domain: "CheckedDomain", stack: str) -> "list[Finding]":
    from .checks.wanted_records import check_wanted_records
    from .findings import could_not_look
    from .records_wanted import records_of_stack
    from .ses_account import AccountError, SesAccount

    try:
        records = records_of_stack(SesAccount(domain.region), stack)
    except AccountError as error:
        return [could_not_look("stack", str(error))]
    return list(check_wanted_records(domain, records, "stack"))


def _ask_template(domain: "CheckedDomain", template: Path, notes: list[str], *, account: bool) -> "list[Finding]":
    from botocore.exceptions import BotoCoreError, ClientError

    from .checks.wanted_records import check_wanted_records
    from .findings import could_not_look
    from .planning.assembly import AssemblyError
    from .ses_account import AccountError, in_a_sentence
    from .template_records import records_of_template, templates_in, values_of_template

    found: list[Finding] = []
    try:
        for each in templates_in(template):
            records, not_looked_at = records_of_template(values_of_template(each, domain.region, asks=account))
            found += check_wanted_records(domain, records, "template")
            notes += not_looked_at
    except (AssemblyError, AccountError, BotoCoreError, ClientError, ValueError) as error:
        return [*found, could_not_look("template", in_a_sentence(error))]
    return found or [could_not_look("template", f"no record of it is known and at {domain.name} or below")]


def _findings(domain: "CheckedDomain") -> "list[Finding]":
    from .checks.delegation import check_delegation
    from .checks.dkim import check_dkim
    from .checks.dmarc import check_dmarc
    from .checks.identity import check_identity
    from .checks.inbound import check_inbound
    from .checks.mail_from import check_mail_from
    from .checks.spf import check_spf
    from .checks.tls_reporting import check_tls_reporting

    checks = (
        check_identity,
        check_delegation,
        check_dkim,
        check_mail_from,
        check_spf,
        check_dmarc,
        check_inbound,
        check_tls_reporting,
    )
    found = domain.dns.side_by_side(lambda look: list(look(domain)), checks)
    return [finding for each in found for finding in each]
