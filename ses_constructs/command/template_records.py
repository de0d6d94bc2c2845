"""The DNS records in a synthesized template, with what SES and CloudFormation know already in the place of tokens."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from ..email_records import DnsRecord, RecordType
from ..handlers.dns.spelling import text_of
from .planning.assembly import AssembledStack, read_json, stacks_of
from .planning.deployed_stack import deployed_stack
from .planning.grouped_records import GROUP, SINGLE, records_in
from .planning.looked_stack import LookedStack, written_answer
from .planning.template_values import TemplateValues, is_known
from .planning.written_records import WRITER, open_record
from .records_wanted import records_in_outputs
from .ses_account import SesAccount


def templates_in(path: Path) -> list[AssembledStack]:
    """The template in a file, or those of a cloud assembly.

    Raises:
        AssemblyError: Neither.
    """
    return stacks_of(path) if path.is_dir() else [AssembledStack(name="", template=read_json(path))]


def values_of_template(stack: AssembledStack, region: str, *, asks: bool) -> TemplateValues:
    """The template with its references answered; by the account too if *asks*."""
    region = stack.region or region
    if not asks:
        return TemplateValues(
            stack.template, lambda name: written_answer(stack.template, name, region=region, parameters={})
        )
    account = SesAccount(region)
    deployed = deployed_stack(account, stack.name) if stack.name else None
    return LookedStack(account=account, assembled=stack, deployed=deployed).after


def records_of_template(values: TemplateValues) -> tuple[list[DnsRecord], list[str]]:
    """The records that are known, and in words those that are not looked at."""
    known: list[DnsRecord] = []
    still_open: list[str] = []
    wrong: list[str] = []
    for record in _records(values):
        if not is_known(record):
            still_open.append(open_record(values, record)[0])
        elif record.get("ResourceRecords") and record["Type"] in get_args(RecordType):
            try:
                known.append(_as_record(record))
            except ValueError as error:
                wrong.append(f"{record['Type']} record {record['Name']}, {error}")
    outputs = [*values.outputs()]
    still_open += [words for value, words in outputs if not is_known(value) and " IN " in value]
    known += records_in_outputs((value, words) for value, words in outputs if is_known(value))
    return known, [
        *(f"known only at deployment, and not looked at: {words}" for words in dict.fromkeys(still_open)),
        *(f"not looked at, as it cannot be: {words}" for words in wrong),
    ]


def _records(values: TemplateValues) -> Iterator[Mapping[str, Any]]:
    for logical_id, properties in values.of_type(GROUP, SINGLE):
        yield from records_in(values.type_of(logical_id), properties)
    for _, properties in values.of_type(WRITER):
        for each in properties.get("Records", []):
            yield {**each, "ResourceRecords": each.get("Values")}


def _as_record(record: Mapping[str, Any]) -> DnsRecord:
    texts = [str(each) for each in record["ResourceRecords"]]
    return DnsRecord(
        name=str(record["Name"]),
        type=record["Type"],
        values=tuple(map(text_of, texts)) if record["Type"] == "TXT" else tuple(texts),
        ttl=int(record.get("TTL") or 0),
    )
