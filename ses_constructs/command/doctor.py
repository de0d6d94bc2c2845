"""``ses-constructs doctor``: why a message did not arrive."""

import click


@click.command()
@click.argument("subject", metavar="MESSAGE_ID|ADDRESS")
@click.option("--from", "sender", default="", metavar="ADDRESS", help="Who sent it: is that identity verified?")
@click.option("--configuration-set", "set_name", default="", metavar="NAME", help="With which it was sent.")
@click.option("--history", default="", metavar="WORKGROUP", help="Ask this event history too; Athena counts it.")
@click.option("--days", type=click.IntRange(1, 3650), default=30, show_default=True, help="How far back that goes.")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--resolver", default="", metavar="HOST[:PORT]", help="Ask this resolver, not that of the system.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor(
    context: click.Context,
    subject: str,
    sender: str,
    set_name: str,
    history: str,
    days: int,
    region: str,
    resolver: str,
    as_json: bool,
) -> None:
    """Why did a message not arrive?

    For an address: suppression, sandbox, what is paused, the sender's
    identity and DMARC policy, and the receipt rules if SES receives for its
    domain. For a message id: what happened to it, each bounce explained. Each
    finding comes with what mends it. Nothing costs money, unless you name an
    event history.

    Exit code: 0 nothing found, 1 a reason found, 2 something could not be
    looked at.
    """
    from .check import checked_name, name_servers
    from .diagnosis import diagnose
    from .event_history import cost_of_asking
    from .screen import conclude, give_up, print_aside, waiting
    from .ses_account import AccountError, SesAccount

    if sender:
        checked_name(sender.rpartition("@")[2])
    dns = name_servers(context, resolver) if sender else None
    try:
        account = SesAccount(region)
        if history:
            print_aside(cost_of_asking(account, history, days))
        with waiting(f"Asking SES about {subject!r} ...") as tell:
            report = diagnose(
                account, subject, sender=sender, dns=dns, set_name=set_name, history=history, days=days, tell=tell
            )
    except AccountError as error:
        give_up(context, error, as_json=as_json)
    conclude(context, report, as_json=as_json)
