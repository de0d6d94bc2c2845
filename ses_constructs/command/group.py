"""The subcommands, and what ``--help`` says about all of them; each loads what it needs when it runs."""

import click

from .adopt import adopt
from .check import check
from .doctor import doctor
from .plan import plan
from .records import records
from .simulate import simulate
from .status import status


class _InOrder(click.Group):
    """Names its subcommands in the order in which they are wanted, not in that of the alphabet."""

    def list_commands(self, _: click.Context) -> list[str]:
        return [*self.commands]


@click.group(cls=_InOrder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(package_name="ses-constructs", prog_name="ses-constructs")
def commands() -> None:
    """Is the mail of this domain set up right?

    Looks at what every name server of a domain says and at what Amazon SES
    wants, and tells what to publish. Works for any domain that sends by SES,
    whoever set it up. It reads, and changes nothing.

    \b
      ses-constructs check example.com
      ses-constructs check example.com --no-account --bulk-sender
      ses-constructs records --domain example.com --format zone
      ses-constructs status
      ses-constructs plan --app .
      ses-constructs doctor jane@example.com --from news@example.org
      ses-constructs simulate letter.eml --to jane@example.com --account
      ses-constructs adopt example.com --write example
    """


for command in (check, records, status, plan, doctor, simulate, adopt):
    commands.add_command(command)
