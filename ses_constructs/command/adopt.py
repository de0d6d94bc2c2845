"""``ses-constructs adopt``: a program for a domain that is set up already, and words for what it leaves out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from .adoption.adopted import Adoption
    from .adoption.program import Program


@click.command()
@click.argument("domain")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--profile", default="", metavar="NAME", help="Of the AWS configuration; as boto3 does unless given.")
@click.option("--resolver", default="", metavar="HOST[:PORT]", help="Ask this resolver, not that of the system.")
@click.option(
    "--write",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Write app.py, cdk.json, import.json and adoption.txt there; never over a file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def adopt(
    context: click.Context, domain: str, region: str, profile: str, resolver: str, folder: Path | None, as_json: bool
) -> None:
    """Write a CDK app for DOMAIN, as SES and DNS have it now.

    Reads the account and DNS, and prints a program with our constructs that
    matches; how to deploy it so that nothing changes, and what is not in it,
    comes with it on standard error.

    Exit code: 0 all of it is in the program, 1 something is not and is named,
    2 the account could not be asked.
    """
    from .adoption.decide import decide_adoption
    from .adoption.found_mail import find_mail
    from .adoption.program import write_program
    from .check import checked_name, name_servers
    from .screen import give_up, print_json, waiting
    from .ses_account import AccountError, SesAccount

    name = checked_name(domain)
    dns = name_servers(context, resolver)
    if folder is not None:
        _check_free(folder)
    try:
        with waiting(f"Asking AWS and DNS about {name} ..."):
            adoption = decide_adoption(find_mail(SesAccount(region, profile), dns, name))
    except AccountError as error:
        give_up(context, error, as_json=as_json)
    program = write_program(adoption)
    if folder is not None:
        _write(folder, adoption, program)
    if as_json:
        print_json(_data(adoption, program))
    else:
        if folder is None:
            click.echo(program.text, nl=False)
            click.echo(err=True)
        steps = program.steps(mapping_file="import.json" if folder else "")
        click.echo("\n".join(_lines(adoption, program, steps)), err=True)
    context.exit(1 if adoption.left else 0)


_FILES = ("app.py", "cdk.json", "import.json", "adoption.txt")


def _check_free(folder: Path) -> None:
    for name in _FILES:
        if (folder / name).exists():
            raise click.UsageError(f"{folder / name} exists, and nothing is overwritten; name another folder")


def _write(folder: Path, adoption: "Adoption", program: "Program") -> None:
    import json

    steps = program.steps(mapping_file="import.json")
    texts = (
        program.text,
        json.dumps({"app": "python3 app.py"}, indent=2) + "\n",
        json.dumps(program.mapping, indent=2) + "\n",
        "\n".join(_lines(adoption, program, steps)) + "\n",
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in zip(_FILES, texts, strict=True):
            # "x", for somebody may have put a file there since the first look.
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise click.UsageError(f"{folder} cannot be written: {error}") from error
    click.echo(f"Written to {folder}: {', '.join(_FILES)}", err=True)


def _lines(adoption: "Adoption", program: "Program", steps: list[str]) -> list[str]:
    """What to do with the program, and what is not in it, in lines of 80 columns; commands are never cut."""
    lines = [f"How {adoption.found.domain} comes under the stack {program.stack_name}:", ""]
    lines += [f"  {number}. {step}" for number, step in enumerate(steps, 1)]
    lines += ["", "Not in the program:" if adoption.left else "All of it is in the program."]
    lines += _listed([str(each) for each in adoption.left])
    if notes := adoption.notes():
        lines += ["", "To know:", *_listed(notes)]
    return lines


def _listed(sentences: list[str]) -> list[str]:
    import textwrap

    from .screen import WIDTH, printable

    wrapper = textwrap.TextWrapper(WIDTH, initial_indent="  - ", subsequent_indent="    ", break_on_hyphens=False)
    return [line for each in sentences for line in ("", *wrapper.wrap(printable(each)))]


def _data(adoption: "Adoption", program: "Program") -> dict[str, Any]:
    """What ``--json`` prints."""
    from dataclasses import asdict

    found = adoption.found
    return {
        "schema": "ses-constructs.adopt/1",
        "domain": found.domain,
        "region": found.region,
        "exit_code": 1 if adoption.left else 0,
        "stack": program.stack_name,
        "program": program.text,
        "mapping": program.mapping,
        "steps": program.steps(),
        "not_in_the_program": [asdict(each) for each in adoption.left],
        "notes": adoption.notes(),
    }
