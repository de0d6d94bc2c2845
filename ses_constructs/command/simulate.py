"""``ses-constructs simulate``: what SES would do with a received message, by a template or an account."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ..testing import Receipt

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Which receipt rules would take this message?")
@click.argument("message", type=_FILE)
@click.option("--to", "recipients", multiple=True, required=True, metavar="ADDRESS", help="Of the envelope; repeat it.")
@click.option("--sender", default="", metavar="ADDRESS", help="Of the envelope; that in the message unless given.")
@click.option("--template", type=_FILE, help="A synthesized template, such as cdk.out/Mail.template.json.")
@click.option("--account", "of_account", is_flag=True, help="The active rule set of the account.")
@click.option("--rule-set", default="", metavar="NAME", help="Where the template has several.")
@click.option("--parameter", "parameters", multiple=True, metavar="NAME=VALUE", help="Known only at deployment.")
@click.option("--source-ip", default="192.0.2.1", show_default=True, help="Of the sender's server.")
@click.option("--no-tls", is_flag=True, help="The sender's server uses no TLS.")
@click.option("--spam", is_flag=True, help="SES takes the message for spam.")
@click.option("--virus", is_flag=True, help="SES finds a virus.")
@click.option("--region", default="", metavar="REGION", help="That of SES; the one that boto3 finds unless given.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def simulate(
    context: click.Context,
    message: Path,
    recipients: tuple[str, ...],
    sender: str,
    template: Path | None,
    of_account: bool,
    rule_set: str,
    parameters: tuple[str, ...],
    source_ip: str,
    no_tls: bool,
    spam: bool,
    virus: bool,
    region: str,
    as_json: bool,
) -> None:
    """Which receipt rules would take the file MESSAGE, and what would they do?

    Nothing is sent. Functions that SES waits for go on, unless they are known
    to drop spam.

    Exit code: 0 if SES takes the message, 1 if it does not, 2 if that cannot
    be told.
    """
    from ..testing import ReceiptSimulator, Verdicts
    from .screen import give_up, pairs, print_json, printable, waiting
    from .ses_account import AccountError, SesAccount

    if (template is None) != of_account:
        raise click.UsageError("say either --template or --account")
    try:
        if template is not None:
            rules = _read_template(template)
        else:
            with waiting("Asking SES for its rules ..."):
                rules = template_of_account(SesAccount(region))
        simulator = ReceiptSimulator.from_template(
            rules, rule_set=rule_set or None, parameters=pairs("--parameter", parameters, example="Domain=example.com")
        )
        headers = _headers(message)
        receipt = simulator.deliver(
            recipients=recipients,
            sender=sender or _address(headers.get("From", "")),
            source_ip=source_ip,
            tls=not no_tls,
            verdicts=Verdicts(spam="FAIL" if spam else "PASS", virus="FAIL" if virus else "PASS"),
            headers=headers,
        )
    except (AccountError, ValueError) as error:
        give_up(context, error, as_json=as_json)
    if as_json:
        print_json(receipt_data(receipt))
    else:
        for line in str(receipt).splitlines():
            click.echo(printable(line))
    context.exit(0 if receipt.accepted else 1)


def receipt_data(receipt: "Receipt") -> dict[str, Any]:
    """What ``--json`` prints."""
    from dataclasses import asdict

    return {
        "schema": "ses-constructs.simulate/1",
        "accepted": receipt.accepted,
        "smtp_reply": receipt.smtp_reply,
        "sender": receipt.sender,
        "recipients": [*receipt.recipients],
        "scanned": receipt.scanned,
        "steps": [{"step": type(each).__name__, **asdict(each), "says": str(each)} for each in receipt.steps],
    }


def template_of_account(account: Any) -> dict[str, Any]:
    """The active rule set and the IP filters of an account, as a template; the API and CloudFormation agree."""
    from botocore.exceptions import BotoCoreError, ClientError

    from .ses_account import AccountError, in_a_sentence

    ses = account.client("ses")
    try:
        active = ses.describe_active_receipt_rule_set()
        filters = ses.list_receipt_filters()["Filters"]
    except (BotoCoreError, ClientError) as error:
        raise AccountError(in_a_sentence(error)) from error
    name = active.get("Metadata", {}).get("Name")
    if not name:
        raise AccountError(f"no receipt rule set is active in {account.region}, so SES takes no mail there")
    resources: dict[str, Any] = {
        "Set": {"Type": "AWS::SES::ReceiptRuleSet", "Properties": {"RuleSetName": name}},
        **{
            f"Filter{number}": {"Type": "AWS::SES::ReceiptFilter", "Properties": {"Filter": each}}
            for number, each in enumerate(filters)
        },
    }
    before: dict[str, str] = {}
    for number, rule in enumerate(active.get("Rules", [])):
        properties = {"RuleSetName": name, "Rule": rule, **before}
        resources[f"Rule{number}"] = {"Type": "AWS::SES::ReceiptRule", "Properties": properties}
        before = {"After": rule["Name"]}
    return {"Resources": resources}


def _read_template(path: Path) -> Mapping[str, Any]:
    import json

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON, as cdk synth writes it: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} is no template")
    return found


def _headers(path: Path) -> dict[str, str]:
    from email import message_from_bytes
    from email.policy import default

    parsed = message_from_bytes(path.read_bytes(), policy=default)
    if not parsed.keys():
        raise ValueError(f"{path} has no headers: it is no message as RFC 5322 knows it")
    return {name: str(value) for name, value in parsed.items()}


def _address(header: str) -> str:
    from email.utils import parseaddr

    return parseaddr(header)[1]
