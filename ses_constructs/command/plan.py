"""``ses-constructs plan``: what a deployment would do to DNS and to SES, before it."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .planning.steps import StackPlan


@click.command()
@click.option(
    "--app",
    "folder",
    required=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Of a CDK app, whose command is run, or of a cloud assembly such as cdk.out.",
)
@click.option("--context", "-c", "contexts", multiple=True, metavar="KEY=VALUE", help="Of the app; repeat it.")
@click.option("--import-existing-resources", "imports", is_flag=True, help="You will give that to cdk deploy.")
@click.option("--region", default="", metavar="REGION", help="For stacks that name none; that of boto3 unless given.")
@click.option("--profile", default="", metavar="NAME", help="Of the AWS configuration; that of boto3 unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def plan(
    context: click.Context,
    folder: Path,
    contexts: tuple[str, ...],
    imports: bool,
    region: str,
    profile: str,
    as_json: bool,
) -> None:
    """What would a deployment of this app do to DNS and SES?

    Looks at the DNS records, identities, configuration sets, receipt rule
    sets, IP filters and tracking domains of every stack, and at what exists.
    The records of Route53Zone(adopts_existing=True) are decided by the very
    code that will write them. Nothing is written.

    Exit code: 0 the deployment would go through, 1 something would be
    refused, 2 something could not be looked at.
    """
    from .planning.assembly import AssemblyError, stacks_of
    from .planning.steps import as_data, exit_code
    from .planning.whole_plan import plan_of
    from .screen import give_up, pairs, print_json, waiting
    from .ses_account import AccountError, SesAccount

    told = pairs("--context", contexts, example="domain=example.com")
    try:
        with waiting("Synthesizing the app ...") as tell:
            account = SesAccount(region, profile)
            environment = {"CDK_DEFAULT_REGION": account.region, "CDK_DEFAULT_ACCOUNT": account.account_id}
            stacks = stacks_of(folder, environment=environment, context=told)
            plans = plan_of(
                stacks,
                region=region,
                profile=profile,
                imports=imports,
                tell=lambda name: tell(f"Looking at the stack {name} ..."),
            )
    except (AccountError, AssemblyError) as error:
        give_up(context, error, as_json=as_json)
    if as_json:
        print_json(as_data(plans))
    else:
        _print(plans)
    context.exit(exit_code(plans))


def _print(plans: "Sequence[StackPlan]") -> None:
    from collections import Counter

    from .screen import print_bold, print_thing

    styles = {"made": "green", "adopted": "green", "changes": "yellow", "goes": "bold yellow"}
    styles |= {"refused": "bold red", "unknown": "magenta"}
    for each in plans:
        kind = "an update" if each.exists else "a new stack"
        print_bold(f"{each.name} ({kind}, {each.region})")
        for step in each.steps:
            print_thing(step.verdict, styles.get(step.verdict, "dim"), step.thing, step.says, {"fix": step.fix})
        if not each.steps:
            print_thing("", "dim", "nothing of SES or DNS", "", {})
    counts = Counter(step.verdict for each in plans for step in each.steps)
    print_bold(", ".join(f"{count} {verdict}" for verdict, count in counts.items()) or "nothing to do")
