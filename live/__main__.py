"""`python -m live --domain ... --hosted-zone-id ... [--region ...]`, which `make live` calls."""

import os
import signal
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Never

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from live import before, checks, undo
from live.app import PROBE, STACK
from live.report import Report
from local_aws.account import Account
from local_aws.cdk_cli import CdkError
from local_aws.clients import Clients
from local_aws.demo import Progress
from local_aws.environment import ROOT
from local_aws.read_back import BOOTSTRAP_STACK

DEPLOYED_WITHIN = 3600.0  # seconds; the stack itself waits 30 minutes for the identity
COMMAND = (sys.executable, "-m", "live.app")


def main(arguments: Sequence[str], *, connect: checks.Connect = checks.connect_by_tls) -> int:
    """Try everything, and give the exit status: 0 only if all was well and nothing is left."""
    # The `:secret:` of an ARN is no picture.
    console, options = Console(highlight=False, emoji=False), _options(arguments)
    with tempfile.TemporaryDirectory(prefix="ses-constructs-live-") as folder:
        try:
            account = _account(options.region, Path(folder))
            ground = before.look(account, domain=options.domain, hosted_zone_id=options.hosted_zone_id)
            assembly, template, warnings = before.synthesize(account, ground, [*COMMAND])
            before.look_at_names(account, template)
            agreed = _agreed(console, account, ground, template, warnings)
        except (before.RefusedError, CdkError, BotoCoreError, ClientError) as error:
            console.print("[bold red]Nothing was made:[/]")
            console.print(str(error), markup=False, soft_wrap=True)
            return 1
        except (EOFError, KeyboardInterrupt):
            agreed = False
        if not agreed:
            console.print("Nothing was made.")
            return 1
        report = Report(
            region=account.region,
            sandbox=ground.sandbox,
            secrets={
                ground.caller: "the caller",
                str(ROOT): ".",
                account.account: "111122223333",
                ground.hosted_zone_id: "Z0123456789ABCDEFGHIJ",
                ground.domain: "live.example.com",
                ground.zone_name: "example.com",
            },
        )
        live = checks.Live(account=account, ground=ground, console=console, report=report, connect=connect)
        left = _run(live, assembly)
    return _conclude(live, left)


def _options(arguments: Sequence[str]) -> Namespace:
    parser = ArgumentParser(prog="make live", usage="make live DOMAIN=... HOSTED_ZONE_ID=... [REGION=...]")
    parser.add_argument("--domain", default="")
    parser.add_argument("--hosted-zone-id", default="")
    parser.add_argument("--region", default="")
    options = parser.parse_args(arguments)
    if not options.domain or not options.hosted_zone_id:
        parser.error("DOMAIN is a name in the zone that nothing uses yet, such as ses-live.example.com")
    return options


def _interrupt(*_: object) -> Never:
    raise KeyboardInterrupt


def _account(region: str, folder: Path) -> Account:
    """The account that boto3 finds, by the environment, a profile or a role."""
    session = boto3.Session(region_name=region or None)
    if not session.region_name:
        raise before.RefusedError("no region is set; say REGION=eu-west-1, or set AWS_REGION")
    make: Any = session.client
    number = make("sts").get_caller_identity()["Account"]
    environment = os.environ | {"AWS_REGION": session.region_name, "AWS_DEFAULT_REGION": session.region_name}
    clients = Clients(make)
    return Account(clients, account=number, region=session.region_name, environment=environment, folder=folder)


def _agreed(
    console: Console, account: Account, ground: before.Ground, template: dict[str, Any], warnings: list[str]
) -> bool:
    """Say what will happen and what it costs, and ask."""
    month = before.dollars_a_month(template)
    console.print(before.plan(template))
    zone, servers = ground.zone_name, ", ".join(ground.name_servers)
    lines = [
        *warnings,
        f"In account {account.account}, region {account.region}, as {ground.caller}.",
        f"SES is {'in the sandbox' if ground.sandbox else 'in production'} there; about twenty messages go to its "
        "mailbox simulator, and none to anybody else.",
        f"Records are made at and below {ground.domain}, where the zone has none today, an MX record among them; "
        f"one by hand, for a small stack {PROBE} that tries what CloudFormation does with a record that exists.",
        f"Public DNS must know the zone: `dig +short NS {zone}` has to show {servers or 'its name servers'}.",
        f"The new receipt rule set stays inactive; the active one is {ground.active_rule_set or 'none'}, and stays so.",
        "Some files of the app stay in the bootstrap bucket, as after every deployment with the CDK.",
        f"It takes about half an hour, at worst two, and costs about {month / before.HOURS_A_MONTH:.2f} US dollars an "
        f"hour; forgotten, it would cost {month:.0f} a month. At the end, and at Ctrl-C, everything is removed.",
    ]
    if not ground.bootstrapped:
        lines.insert(
            -1, f"The region is not bootstrapped: `cdk bootstrap` makes the stack {BOOTSTRAP_STACK}. It stays."
        )
    for line in lines:
        console.print(f"- {line}", markup=False, soft_wrap=True)
    return console.input("Type yes to go on: ").strip().lower() in ("y", "yes")


def _run(live: checks.Live, assembly: Path) -> list[str]:
    """Deploy, do every step, and remove it all, whatever happens; give what is left."""
    progress, account, problems = Progress(live.console), live.account, live.report.problems
    try:
        if not live.ground.bootstrapped:
            with progress.phase("cdk bootstrap"):
                account.bootstrap()
        with progress.phase("cdk deploy"):
            account.deploy(assembly, STACK, timeout=DEPLOYED_WITHIN, tell=lambda: _tell_progress(live))
        for what, do in checks.STEPS:
            try:
                with progress.phase(what):
                    problems += do(live)
            except Exception as error:
                # One thing that fails, such as a port that the network blocks, says nothing about the others.
                problems.append(f"{what}: {type(error).__name__}: {error}")
    except KeyboardInterrupt:
        problems.append("it was interrupted")
    except Exception as error:
        # Whatever it is, what was made has to go.
        problems.append(str(error))
    try:
        with progress.phase("removing everything"):
            left = undo.remove(account, live.ground, live.tell)
            return left + undo.left_overs(account, live.ground)
    except (KeyboardInterrupt, BotoCoreError, ClientError) as error:
        return [f"stack {STACK} perhaps, for its removal was not seen to the end: {str(error) or 'interrupted'}"]


def _tell_progress(live: checks.Live) -> None:
    """How far CloudFormation is, and what it waits for."""
    try:
        pages = live.account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        resources = [each for page in pages for each in page["StackResourceSummaries"]]
    except (BotoCoreError, ClientError):
        return  # not there yet, or a moment's trouble, which the CLI rides out by itself
    done = sum(each["ResourceStatus"] == "CREATE_COMPLETE" for each in resources)
    busy = [each["LogicalResourceId"] for each in resources if each["ResourceStatus"].endswith("IN_PROGRESS")]
    live.tell(f"{done} resources are made" + (f", {len(busy)} under way: {', '.join(busy[:3])}" if busy else ""))


def _conclude(live: checks.Live, left: list[str]) -> int:
    console, report = live.console, live.report
    if report.problems:
        console.print("[bold red]Not as it should be:[/]")
        for each in report.problems:
            console.print(f"  - {each}", markup=False, soft_wrap=True)
    if left:
        console.print("[bold red]Left, please look:[/]")
        for each in left:
            console.print(f"  - {each}", markup=False, soft_wrap=True)
    else:
        console.print("[bold green]Nothing is left[/] of what was made.")
    if not live.ground.bootstrapped:
        console.print(
            f"Stack {BOOTSTRAP_STACK} stays, for the next app; an empty one costs nothing.",
            markup=False,
            soft_wrap=True,
        )
    console.print("\nPlease paste this into an issue:\n")
    console.print(report.text(), markup=False, soft_wrap=True)
    return 1 if report.problems or left else 0


if __name__ == "__main__":
    # A closed terminal, or a machine that goes down, is as good as Ctrl-C.
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    sys.exit(main(sys.argv[1:]))
