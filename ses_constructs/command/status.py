"""``ses-constructs status``: SES of an account in a region, on one screen."""

import click


@click.command()
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def status(context: click.Context, region: str, as_json: bool) -> None:
    """How does SES stand in this account and region?

    Sandbox, quota, enforcement, suppression, what is paused, which identities
    do not send, the active receipt rule set, and alarms that ring.

    Exit code: 0 all right, 1 something is wrong, 2 something could not be
    looked at.
    """
    from .account_state import account_report
    from .screen import conclude, give_up, waiting
    from .ses_account import AccountError, SesAccount

    try:
        with waiting("Asking SES ...") as tell:
            report = account_report(SesAccount(region), tell)
    except AccountError as error:
        give_up(context, error, as_json=as_json)
    conclude(context, report, as_json=as_json)
