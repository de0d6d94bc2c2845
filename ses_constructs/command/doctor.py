"""``ses-constructs doctor``: why a message did not arrive."""

import click


@click.command()
@click.argument("subject", metavar="MESSAGE_ID|ADDRESS")
@click.option("--from", "sender", default="", metavar="ADDRESS", help="Who sent it: is that identity verified?")
@click.option("--configuration-set", "set_name", default="", metavar="NAME", help="With which it was sent.")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def doctor(context: click.Context, subject: str, sender: str, set_name: str, region: str, as_json: bool) -> None:
    """Why did a message not arrive?

    For an address: suppression, sandbox, what is paused, the sender's
    identity, and the receipt rules if SES receives for its domain. For a
    message id: what happened to it, each bounce explained. Each finding comes
    with what mends it.

    Exit code: 0 nothing found, 1 a reason found, 2 something could not be
    looked at.
    """
    from .diagnosis import diagnose
    from .screen import conclude, give_up, waiting
    from .ses_account import AccountError, SesAccount

    try:
        with waiting(f"Asking SES about {subject!r} ..."):
            report = diagnose(SesAccount(region), subject, sender=sender, set_name=set_name)
    except AccountError as error:
        give_up(context, error, as_json=as_json)
    conclude(context, report, as_json=as_json)
