"""``ses-constructs records``: what must be published for a domain, resolved, in the form that a DNS host takes."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..email_records import DnsRecord

FORMATS = ("table", "zone", "octodns", "route53", "cloudflare")


@click.command()
@click.option("--domain", default="", metavar="NAME", help="The records that SES wants for this identity.")
@click.option("--stack", default="", metavar="NAME", help="The records of every domain in this deployed stack.")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    metavar="FORM",
    default="table",
    show_default=True,
    help="See above.",
)
@click.option("--zone", default="", metavar="NAME", help="For octodns, the zone that holds the domain, if another.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def records(context: click.Context, domain: str, stack: str, region: str, form: str, zone: str, as_json: bool) -> None:
    """What must be published in DNS for a domain or a stack?

    \b
    table       for people
    zone        lines of a zone file, which Cloudflare and others import
    octodns     a file of octoDNS, to be merged into that of the zone
    route53     aws route53 change-resource-record-sets --change-batch
    cloudflare  the body of POST /zones/<id>/dns_records/batch

    The forms only create: none of them overwrites a record that exists.

    Exit code: 0, or 2 if the account could not be asked.
    """
    from .check import checked_name
    from .record_formats import as_cloudflare, as_octodns, as_route53, as_zone, records_data
    from .records_wanted import records_of_domain, records_of_stack
    from .screen import give_up, print_json, waiting
    from .ses_account import AccountError, SesAccount

    if bool(domain) == bool(stack):
        raise click.UsageError("say either --domain or --stack")
    name = checked_name(domain) if domain else ""
    try:
        with waiting(f"Asking AWS about {domain or stack} ..."):
            account = SesAccount(region)
            found = records_of_domain(account, name) if name else records_of_stack(account, stack)
    except AccountError as error:
        give_up(context, error, as_json=as_json)
    if as_json:
        print_json(records_data(found))
    elif form == "octodns":
        apex = checked_name(zone) if zone else name or _shortest(found)
        click.echo(as_octodns(found, apex), nl=False)
    elif form == "table":
        _print_table(found)
    else:
        write = {"zone": as_zone, "route53": as_route53, "cloudflare": as_cloudflare}[form]
        click.echo(write(found), nl=False)


def _shortest(found: "list[DnsRecord]") -> str:
    """The domain of which all the names are subdomains, as far as they share labels."""
    names = [record.name.split(".")[::-1] for record in found]
    shared: list[str] = []
    for labels in zip(*names, strict=False):
        if len(set(labels)) > 1:
            break
        shared.insert(0, labels[0])
    return ".".join(shared)


def _print_table(found: "list[DnsRecord]") -> None:
    """Names and values on lines of their own: side by side they are too long for 80 columns."""
    from rich.text import Text

    from .screen import printable, screen

    console = screen()
    for record in found:
        console.print(Text.assemble((record.type, "bold"), "  ", (printable(record.purpose), "dim")))
        for label, text in (("name", record.name), *(("value", each) for each in record.values)):
            # Never wrapped: it is there to be copied.
            console.print(Text.assemble((f"{label:>7}  ", "dim"), printable(text)), soft_wrap=True)
