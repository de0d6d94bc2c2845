"""Deploy the sample app to a local AWS, show what it made, send mail to it, and take it away again: `make demo`.

It needs no AWS account, no credentials and no network; it takes less than a minute.
"""

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import ClientError
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from local_aws import demo_reputation, demo_smtp
from local_aws.aws import LocalAws
from local_aws.cdk_cli import App, CdkError, app_arguments, context_arguments
from local_aws.demo_mail import MAILS, OPERATOR, fates_table, send
from local_aws.environment import ROOT
from local_aws.read_back import DomainState, left_overs, read_domain
from local_aws.smtp.submission import Submission

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


@dataclass(kw_only=True, slots=True)
class Demo:
    """What the phases share."""

    aws: LocalAws
    console: Console
    app: App
    cwd: Path
    submission: Submission
    hosted_zone_id: str = ""

    @property
    def context(self) -> dict[str, str]:
        return {"domain": DOMAIN, "hosted_zone_id": self.hosted_zone_id, "alarm_address": OPERATOR}


def make_zone(demo: Demo) -> list[str]:
    made = demo.aws.client("route53").create_hosted_zone(Name=DOMAIN, CallerReference="demo")
    demo.hosted_zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    return []


def bootstrap(demo: Demo) -> list[str]:
    demo.aws.bootstrap()
    return []


def synthesize(demo: Demo) -> list[str]:
    """Once for the deployment and for its end; the CLI would run the app, and CDK check its template, for each."""
    if not isinstance(demo.app, Path):
        assembly = demo.aws.server.folder / "assembly"
        app = app_arguments(demo.app, assembly=assembly)
        demo.aws.cdk("synth", "--quiet", *app, *context_arguments(demo.context), cwd=demo.cwd)
        demo.app = assembly
    return []


@contextmanager
def resources_coming_up(demo: Demo) -> Iterator[None]:
    """Say on a terminal how many resources of the stack are there, and which came last, until the block ends."""
    template = json.loads(Path(str(demo.app), f"{STACK}.template.json").read_text(encoding="utf-8"))
    pages, done = demo.aws.client("cloudformation").get_paginator("list_stack_resources"), threading.Event()

    def look() -> None:
        over = False
        while not over:
            over = done.wait(0.5)  # at the end once more
            try:
                found = [each for page in pages.paginate(StackName=STACK) for each in page["StackResourceSummaries"]]
            except ClientError:
                continue  # the stack is not there yet
            ready = [each for each in found if each["ResourceStatus"] == "CREATE_COMPLETE"]
            if ready:
                newest = max(ready, key=lambda each: each["LastUpdatedTimestamp"])["LogicalResourceId"]
                status.update(f"{len(ready)} of {len(template['Resources'])} resources, the newest is {newest}")

    with demo.console.status("waiting for the first resource") as status:
        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def deploy(demo: Demo) -> list[str]:
    with resources_coming_up(demo):
        demo.aws.deploy(demo.app, STACK, context=demo.context, cwd=demo.cwd)
    return []


def read_back(demo: Demo) -> list[str]:
    state = read_domain(demo.aws, DOMAIN, demo.hosted_zone_id)
    demo.console.print(identity_table(state), records_table(state))
    return state.problems()


def receive_mail(demo: Demo) -> list[str]:
    """Send mail to the deployed rules, if there are any."""
    if not demo.aws.client("ses").describe_active_receipt_rule_set().get("Rules"):
        demo.console.print("         no receipt rule set is active, so no mail is sent to it")
        return []
    with demo.aws.receive_mail() as inbox:
        fates = [send(demo.aws, inbox, mail, DOMAIN) for mail in MAILS]
    demo.console.print(fates_table(fates))
    return [problem for fate in fates for problem in fate.problems()]


def watch_reputation(demo: Demo) -> list[str]:
    """Send mail through the domain's configuration set, and pause and resume it, if it has one."""
    watched = demo_reputation.Watched.of(demo.aws, DOMAIN)
    if watched is None:
        demo.console.print("         the domain has no configuration set, so nothing is watched")
        return []
    table, problems = demo_reputation.simulate(watched)
    demo.console.print(table)
    demo.console.print(
        "         what CloudWatch does on a bad day, the demo does by hand: it sets the alarms on the bounce rate"
    )
    notices, more = demo_reputation.pause_and_resume(watched)
    for notice in notices[:1]:
        demo.console.print(Panel(notice.strip(), title="What the team is told", title_align="left"), markup=False)
    return problems + more


def send_by_smtp(demo: Demo) -> list[str]:
    """Log in with each secret before and after its rotation, if there is one."""
    found = demo_smtp.secrets(demo.aws)
    if not found:
        demo.console.print("         there are no SMTP credentials")
    problems = []
    for secret in found:
        done, more = demo_smtp.rotate(demo.aws, demo.submission, secret=secret, domain=DOMAIN)
        for line in done:
            demo.console.print(f"         {line}", markup=False)
        problems += more
    return problems


def destroy(demo: Demo) -> list[str]:
    demo.aws.destroy(demo.app, STACK, context=demo.context, cwd=demo.cwd)
    return []


def look_for_left_overs(demo: Demo) -> list[str]:
    return [f"left after destroy: {thing}" for thing in left_overs(demo.aws, DOMAIN, demo.hosted_zone_id)]


# Each phase gives what is not as it should be; the next one runs all the same.
PHASES: tuple[tuple[str, Callable[[Demo], list[str]]], ...] = (
    (f"making the hosted zone {DOMAIN}", make_zone),
    ("cdk bootstrap", bootstrap),
    ("cdk synth", synthesize),
    ("cdk deploy", deploy),
    ("reading back", read_back),
    ("receiving mail", receive_mail),
    ("watching what is sent", watch_reputation),
    ("sending by SMTP", send_by_smtp),
    ("cdk destroy", destroy),
    ("looking for left-overs", look_for_left_overs),
)


def run(console: Console, *, app: App = (sys.executable, "app.py"), cwd: Path = ROOT) -> list[str]:
    """Run the whole demo and give what was not as it should be."""
    progress, problems = Progress(console), list[str]()
    with progress.phase("starting the local AWS"):
        aws = LocalAws.start()
    # The SMTP endpoint is there from the start: a rotation is tried out as soon as it is deployed.
    with aws, aws.submit_mail() as submission:
        demo = Demo(aws=aws, console=console, app=app, cwd=cwd, submission=submission)
        for what, do in PHASES:
            with progress.phase(what):
                problems += do(demo)
    return problems


def main(arguments: Sequence[str] = ()) -> int:
    console = Console(highlight=False)
    try:
        problems = run(console, app=list(arguments) or (sys.executable, "app.py"))
    except CdkError as error:
        console.print(str(error), markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped: the local AWS has ended, and nothing of it is left.")
        return 128 + signal.SIGINT
    if problems:
        console.print("[bold red]Not as it should be:[/]")
        for problem in problems:
            console.print(f"  - {problem}", markup=False)
        return 1
    console.print(f"[bold green]All is well:[/] {DOMAIN} was verified, signed and aligned, and nothing is left of it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
