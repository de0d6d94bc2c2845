"""The benchmarks compare like with like, and the figures that are counted stay where they are. Nothing is timed."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import report
from benchmarks.application import measure

ROOT = Path(__file__).parent.parent
# Six of them read the names and targets of the DKIM records.
JSII_CALLS_PER_DOMAIN = 13

RecordSet = tuple[str, str, frozenset[str]]


@pytest.mark.parametrize("domains", [1, 3])
def test_both_sides_publish_the_same_records(domains: int) -> None:
    _, ours = measure("ours", domains)
    _, plain = measure("plain", domains)

    assert published(ours) == published(plain)
    assert len(published(ours)) == 9 * domains
    assert sum(len(values) for _, _, values in published(ours)) == 10 * domains


def test_every_record_keeps_the_same_ttl() -> None:
    templates = [measure(side, 1)[1] for side in ("ours", "plain")]

    assert [{record["TTL"] for record in record_sets(template)} for template in templates] == [{"300"}, {"300"}]


def test_both_sides_make_the_same_identity() -> None:
    templates = [measure(side, 1)[1] for side in ("ours", "plain")]

    assert [identities(template) for template in templates] == [[("d1.example.com", "mail.d1.example.com")]] * 2


def test_counted_figures_do_not_get_worse() -> None:
    one, two = (measure("ours", domains)[0] for domains in (1, 2))
    plain_one, plain_two = (measure("plain", domains)[0] for domains in (1, 2))

    assert two.resources - one.resources == 2
    assert one.resources == 2
    assert two.jsii_calls - one.jsii_calls <= JSII_CALLS_PER_DOMAIN
    assert one.template_bytes <= report.MAX_BYTES_RATIO * plain_one.template_bytes
    assert two.template_bytes <= report.MAX_BYTES_RATIO * plain_two.template_bytes


def test_the_command_prints_the_table() -> None:
    command = [sys.executable, "-m", "benchmarks", "--quick"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stderr
    for words in ("CloudFormation resources", "jsii calls", "template bytes", "build, ms", "synth, ms", "import, ms"):
        assert words in done.stdout


def published(template: dict[str, Any]) -> set[RecordSet]:
    """The record sets of a template as DNS has them: names without the last dot, TXT as plain text."""
    return {
        (
            _text(record["Name"], template).removesuffix("."),
            record["Type"],
            frozenset(_value(value, record["Type"], template) for value in record["ResourceRecords"]),
        )
        for record in record_sets(template)
    }


def record_sets(template: dict[str, Any]) -> list[dict[str, Any]]:
    """Record sets that stand alone and those in groups."""
    found = []
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        match resource["Type"]:
            case "AWS::Route53::RecordSet":
                found.append(properties)
            case "AWS::Route53::RecordSetGroup":
                found += properties["RecordSets"]
    return found


def identities(template: dict[str, Any]) -> list[tuple[str, str]]:
    """Each identity and its MAIL FROM domain."""
    return [
        (resource["Properties"]["EmailIdentity"], resource["Properties"]["MailFromAttributes"]["MailFromDomain"])
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::SES::EmailIdentity"
    ]


def _value(value: Any, record_type: str, template: dict[str, Any]) -> str:
    text = _text(value, template)
    return "".join(re.findall(r'"([^"]*)"', text)) if record_type == "TXT" else text.removesuffix(".")


def _text(value: Any, template: dict[str, Any]) -> str:
    """A literal, or a DKIM token written as the domain and the attribute that it comes from."""
    match value:
        case str():
            return value
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(_text(part, template) for part in parts)
        case {"Fn::GetAtt": [str(logical_id), str(attribute)]}:
            return f"<{template['Resources'][logical_id]['Properties']['EmailIdentity']} {attribute}>"
    raise AssertionError(f"no record can hold {value!r}")
