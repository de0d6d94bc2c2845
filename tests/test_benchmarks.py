"""The benchmarks compare like with like, and the figures that are counted stay where they are. Nothing is timed."""

import json
import re
import sys
from functools import cache
from typing import Any

import pytest
from aws_cdk import App, Stack

import benchmarks.__main__
from app import Mail
from benchmarks import handlers, report, rounds
from benchmarks.application import counted_calls, measure
from benchmarks.subjects import SUBJECTS
from ses_constructs import InboundRuleSet, LeaveInactive, StopProcessing, VerifiedDomain
from tests.constructs.templates import needs, template

# Three of them find the logical id of the identity, for the names and targets of the DKIM records.
JSII_CALLS_PER_DOMAIN = 10
# Plain CDK has 33.
JSII_CALLS_PER_SET = 52
RESOURCES_PER_SET = 9
# Nine of them for the pause.
RESOURCES_PER_PAUSED_SET = 18
RESOURCES_OF_SAMPLE_APP = 99
LONGEST_CHAIN_OF_SAMPLE_APP = 9
JSII_CALLS_PER_RULE = 15.5
# A topic with its policy, and four alarms on the account.
RESOURCES_PER_STACK = 6

RecordSet = tuple[str, str, frozenset[str]]


@pytest.mark.parametrize("domains", [1, 3])
def test_both_sides_publish_the_same_records(domains: int) -> None:
    _, ours = measure("domains", "ours", domains)
    _, plain = measure("domains", "plain", domains)
    _, cheapest = measure("domains", "cheapest", domains)

    assert published(ours) == published(plain) == published(cheapest)
    assert len(published(ours)) == 9 * domains
    assert sum(len(values) for _, _, values in published(ours)) == 10 * domains


def test_every_record_keeps_the_same_ttl() -> None:
    templates = [measure("domains", side, 1)[1] for side in ("ours", "plain")]

    assert [{record["TTL"] for record in record_sets(template)} for template in templates] == [{"300"}, {"300"}]


def test_both_sides_make_the_same_identity() -> None:
    templates = [measure("domains", side, 1)[1] for side in ("ours", "plain")]

    assert [identities(template) for template in templates] == [[("d1.example.com", "mail.d1.example.com")]] * 2


def test_counted_figures_do_not_get_worse() -> None:
    one, two = (measure("domains", "ours", domains)[0] for domains in (1, 2))
    plain_one, plain_two = (measure("domains", "plain", domains)[0] for domains in (1, 2))

    assert two.resources - one.resources == 2
    assert one.resources == 2
    assert two.jsii_calls - one.jsii_calls <= JSII_CALLS_PER_DOMAIN
    assert one.template_bytes <= report.MAX_BYTES_RATIO * plain_one.template_bytes
    assert two.template_bytes <= report.MAX_BYTES_RATIO * plain_two.template_bytes


@pytest.mark.parametrize("sets", [1, 3])
def test_both_sides_watch_the_same_things_in_the_same_way(sets: int) -> None:
    _, ours = measure("monitoring", "ours", sets)
    _, plain = measure("monitoring", "plain", sets)

    assert watched(ours) == watched(plain)


def test_both_sides_watch_what_the_page_says() -> None:
    _, template = measure("monitoring", "ours", 2)
    alarms = of_type(template, "AWS::CloudWatch::Alarm")

    rates = [each for each in alarms if each.get("MetricName", "").startswith("Reputation.")]
    assert len(rates) == 4 * 2 + 4
    assert sum("Dimensions" not in each for each in rates) == 4
    counted = [
        part["MetricStat"]["Metric"] for each in alarms for part in each.get("Metrics", []) if "MetricStat" in part
    ]
    assert sorted(each["MetricName"] for each in counted) == ["DeliveryDelay"] * 2 + ["Reject"] * 2
    assert all(each["AlarmActions"] == each["OKActions"] == [{"Ref": "Team8E98563C"}] for each in alarms)
    assert len(of_type(template, "AWS::CloudWatch::CompositeAlarm")) == 2


def test_counted_figures_of_monitoring_do_not_get_worse() -> None:
    one, two = (measure("monitoring", "ours", sets)[0] for sets in (1, 2))
    plain_two, _ = measure("monitoring", "plain", 2)
    paused, twice_paused = (measure("monitoring", "more", sets)[0] for sets in (1, 2))

    assert two.resources - one.resources == RESOURCES_PER_SET
    assert one.resources - RESOURCES_PER_SET == RESOURCES_PER_STACK
    assert two.resources == plain_two.resources
    assert two.jsii_calls - one.jsii_calls <= JSII_CALLS_PER_SET
    assert two.template_bytes <= report.MAX_MONITORING_BYTES_RATIO * plain_two.template_bytes
    assert twice_paused.resources - paused.resources == RESOURCES_PER_PAUSED_SET
    # And the log group of the functions.
    assert paused.resources - RESOURCES_PER_PAUSED_SET == RESOURCES_PER_STACK + 1


def test_the_sample_app_stays_small(app: App) -> None:
    mail = Mail(app, "Mail", domain_name="example.com", hosted_zone_id="Z1", alarm_address="ops@example.net")
    resources = template(mail)["Resources"]

    assert len(resources) <= RESOURCES_OF_SAMPLE_APP
    before = {key: needs(mail, key) for key in resources}
    layers: list[set[str]] = [set()]
    while layers[-1] != set(resources):
        layers.append({key for key in resources if before[key] <= layers[-1]})
    assert len(layers) - 1 <= LONGEST_CHAIN_OF_SAMPLE_APP


def test_a_rule_costs_the_same_however_many_there_are(stack: Stack) -> None:
    domain = VerifiedDomain.from_domain_name(stack, "Domain", "example.com")
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, activation=LeaveInactive(), drop_spam=False)

    with counted_calls() as calls:
        for number in range(200):
            inbound.add_rule(f"R{number}", recipients=[f"r{number}@example.com"], actions=[StopProcessing()])

    assert len(calls) <= 200 * JSII_CALLS_PER_RULE


@pytest.mark.parametrize("subject", ["domains", "monitoring"])
def test_measure_refuses_a_side_that_it_does_not_know(subject: str) -> None:
    with pytest.raises(ValueError, match="side must be 'ours', 'plain' or 'more', got 'theirs'"):
        measure(subject, "theirs", 1)


@pytest.mark.parametrize("subject", ["domains", "monitoring"])
def test_the_command_prints_the_table(
    subject: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # One figure comes out of a fresh process, as all of them do for a reader, and is the same there.
    alone, here = rounds._figures(SUBJECTS[subject], "more", 1), measure(subject, "more", 1)[0]
    assert (alone.resources, alone.template_bytes) == (here.resources, here.template_bytes)
    monkeypatch.setattr(rounds, "_figures", lambda of, side, count: measure(of.name, side, count)[0])
    monkeypatch.setattr(rounds, "_import_seconds", cache(rounds._import_seconds))
    monkeypatch.setattr(sys, "argv", ["benchmarks", subject, "--quick"])

    assert benchmarks.__main__.main() == 0

    shown = capsys.readouterr().out
    for words in (
        "CloudFormation resources",
        "jsii calls",
        "template bytes",
        "build, ms",
        "synth, ms",
        "import, CPU ms",
    ):
        assert words in shown


def test_cold_starts_are_measured_for_every_function() -> None:
    names = handlers.modules()

    assert {"handlers.pause_sending", "handlers.drop_spam", "handlers.forward_message"} <= set(names)
    assert not [name for name in names if "._" in name]


def test_a_cold_start_counts_what_the_module_loads() -> None:
    names = ["handlers.drop_spam", "handlers.pause_sending"]

    starts = handlers.measure(names, rounds=1)

    memory = {name: each.peak_bytes for name, (each,) in starts.items()}
    assert list(memory) == [handlers.PYTHON, handlers.BOTO3, *names]
    assert memory["handlers.drop_spam"] < memory[handlers.BOTO3] / 2 < memory["handlers.pause_sending"]
    assert len(handlers.cells(names[0], starts)) == len(handlers.HEADINGS)


def watched(template: dict[str, Any]) -> list[str]:
    """Every resource with all its properties; a composite alarm by what it is made of and not by logical ids."""
    text = json.dumps(template["Resources"], sort_keys=True)
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::CloudWatch::Alarm":
            about = json.dumps(
                [resource["Properties"].get(name) for name in ("MetricName", "Metrics", "Dimensions", "Threshold")]
            )
            text = text.replace(f'["{logical_id}", "Arn"]', about)
    resources = json.loads(text).values()
    return sorted(json.dumps([each["Type"], each.get("Properties")], sort_keys=True) for each in resources)


def of_type(template: dict[str, Any], resource_type: str) -> list[dict[str, Any]]:
    """The properties of every resource of a type."""
    return [each["Properties"] for each in template["Resources"].values() if each["Type"] == resource_type]


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
