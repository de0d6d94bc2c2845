"""Deploy the sample app to a local AWS, show what it made, and take it away again: `make demo`.

It needs no AWS account, no credentials and no network; it takes about a minute.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local_aws.aws import LocalAws
from local_aws.cdk_cli import App, CdkError
from local_aws.environment import ROOT
from local_aws.read_back import DomainState, left_overs, read_domain

DOMAIN = "example.com"
STACK = "Mail"


class Progress:
    """Tells what is going on and how long it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._start = time.monotonic()

    @contextmanager
    def phase(self, what: str) -> Iterator[None]:
        self._console.print(f"{time.monotonic() - self._start:5.1f} s  {what} ...")
        began = time.monotonic()
        yield
        self._console.print(f"{time.monotonic() - self._start:5.1f} s  done in {time.monotonic() - began:.1f} s")


def identity_table(state: DomainState) -> Table:
    table = Table(title=f"What SES says about {state.domain}", title_justify="left")
    table.add_column("")
    table.add_column("state")
    table.add_row("verified for sending", "yes" if state.verified else f"no: {state.verification_error}")
    table.add_row("DKIM", f"{state.dkim_status}, signing is {'on' if state.dkim_signing else 'off'}")
    table.add_row("MAIL FROM", f"{state.mail_from_domain or 'none'}: {state.mail_from_status}")
    table.add_row("configuration set", state.configuration_set or "none")
    return table


def records_table(state: DomainState) -> Table:
    table = Table(title="What stands in the hosted zone", title_justify="left", show_lines=True)
    for column in ("name", "type", "value", "what it is for"):
        table.add_column(column, overflow="fold")
    for record in state.records:
        table.add_row(record.name, record.type, "\n".join(record.values), record.purpose or "?")
    return table


def run(console: Console, *, app: App = (sys.executable, "app.py"), cwd: Path = ROOT) -> list[str]:
    """Run the whole demo and give what was not as it should be."""
    progress = Progress(console)
    with progress.phase("starting the local AWS"):
        aws = LocalAws.start()
    with aws:
        with progress.phase(f"making the hosted zone {DOMAIN}"):
            made = aws.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="demo")
            hosted_zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        with progress.phase("cdk bootstrap"):
            aws.bootstrap()
        context = {"domain": DOMAIN, "hosted_zone_id": hosted_zone_id}
        with progress.phase("cdk deploy"):
            aws.deploy(app, STACK, context=context, cwd=cwd)
        with progress.phase("reading back"):
            state = read_domain(aws, DOMAIN, hosted_zone_id)
        console.print(identity_table(state), records_table(state))
        with progress.phase("cdk destroy"):
            aws.destroy(app, STACK, context=context, cwd=cwd)
        with progress.phase("looking for left-overs"):
            left = left_overs(aws, DOMAIN, hosted_zone_id)
    return state.problems() + [f"left after destroy: {thing}" for thing in left]


def main(arguments: Sequence[str] = ()) -> int:
    console = Console(highlight=False)
    try:
        problems = run(console, app=list(arguments) or (sys.executable, "app.py"))
    except CdkError as error:
        console.print(str(error), markup=False)
        return 1
    if problems:
        console.print("[bold red]Not as it should be:[/]")
        for problem in problems:
            console.print(f"  - {problem}", markup=False)
        return 1
    console.print(f"[bold green]All is well:[/] {DOMAIN} was verified, signed and aligned, and nothing is left of it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
