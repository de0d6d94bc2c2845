"""Whether mail for a recipient comes to SES at all, by what the app says about the DNS."""

from collections.abc import Sequence

from aws_cdk import Stack

from ..common.arguments import contains_token, invalid
from ..dns.register import mail_from_record


def check_mail_reaches(stack: Stack, recipients: Sequence[str]) -> None:
    """Raise ``ValueError`` for recipients at a MAIL FROM domain, whose mail exchanger takes bounces alone.

    Source: https://docs.aws.amazon.com/ses/latest/dg/mail-from.html.
    """
    names = {each.rpartition("@")[2]: each for each in recipients}
    for name, recipient in names.items():
        owner = None if contains_token(name) else mail_from_record(stack, name)
        if owner is not None:
            raise invalid(
                "recipients",
                f"be addresses that mail reaches, and {name} is the MAIL FROM domain of {owner.node.path!r}, where SES "
                "takes bounces alone",
                recipient,
                "take another domain, or pass another mail_from there",
            )
