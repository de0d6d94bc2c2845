"""`check --template`: the DNS side by side with what an app is about to ask for."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_route53 as route53

from ses_constructs import DnsZone, RecordsToPublish, Route53Zone, VerifiedDomain
from tests.command.conftest import REGION, World


def assembly(folder: Path, *, adopts: bool = False, to_publish: bool = False) -> Path:
    """A synthesized app with the domain of the loopback servers."""
    app = App(outdir=str(folder / "cdk.out"), analytics_reporting=False)
    stack = Stack(app, "Mail", env=Environment(account="000000000000", region=REGION))
    zone = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
    )
    dns: DnsZone = RecordsToPublish() if to_publish else Route53Zone(zone, adopts_existing=adopts)
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=dns, receives_mail=True)
    return Path(app.synth().directory)


def look(world: World, template: Path) -> tuple[dict[str, dict[str, Any]], list[str]]:
    report = world.report("--template", str(template))
    return {each["id"]: each for each in report["findings"] if each["id"].startswith("template")}, report["notes"]


@pytest.mark.parametrize("options", [{}, {"adopts": True}, {"to_publish": True}])
def test_each_record_of_a_template_is_looked_at_whoever_writes_it(
    world: World, tmp_path: Path, options: dict[str, bool]
) -> None:
    folder = assembly(tmp_path, **options)
    world.publish({"mail_from_mx": "mail IN MX 10 mx.example.net."})

    found, notes = look(world, folder)
    of_file, _ = look(world, folder / "Mail.template.json")

    assert {name: each["outcome"] for name, each in found.items()} == {
        "template.mx.mail.example.com": "wrong",
        "template.txt.mail.example.com": "right",
        "template.txt._dmarc.example.com": "wrong",  # the servers have one that says more
        "template.mx.example.com": "right",
    }
    assert found == of_file
    assert found["template.mx.mail.example.com"]["wanted"] == "10 feedback-smtp.eu-west-1.amazonses.com"
    assert found["template.mx.mail.example.com"]["source"] == "the template"
    assert sum(each.startswith("known only at deployment") and "DKIM key" in each for each in notes) == 3


def test_records_of_others_do_not_hide_ours(world: World, tmp_path: Path) -> None:
    path = assembly(tmp_path) / "Mail.template.json"
    template = json.loads(path.read_text())
    template["Parameters"] = {"Hosts": {"Type": "CommaDelimitedList", "Default": "192.0.2.1, 192.0.2.2"}}
    for name, values in {"listed": {"Ref": "Hosts"}, "broken": ["no address"]}.items():
        template["Resources"][name] = {
            "Type": "AWS::Route53::RecordSet",
            "Properties": {"Name": f"{name}.example.com", "Type": "A", "TTL": "60", "ResourceRecords": values},
        }
    path.write_text(json.dumps(template))

    found, notes = look(world, path)

    assert found["template.a.listed.example.com"]["wanted"] == "192.0.2.1, 192.0.2.2"
    assert found["template.mx.example.com"]["outcome"] == "right"
    assert any(each.startswith("not looked at, as it cannot be: A record broken.example.com, ") for each in notes)


def test_what_is_no_template_is_said(world: World, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no template")
    (tmp_path / "empty.json").write_text("{}")
    (tmp_path / "folder").mkdir()

    for name, says in {
        "text": "cannot be read as JSON",
        "empty.json": "no record of it is known and at example.com or below",
        "folder": "neither a cdk.json nor a manifest.json",
    }.items():
        found, _ = look(world, tmp_path / name)
        assert says in found["template"]["says"]
        assert found["template"]["outcome"] == "unknown"


def test_one_of_stack_and_template_is_enough(world: World, tmp_path: Path) -> None:
    path = tmp_path / "Mail.template.json"
    path.write_text(json.dumps({}))

    result = world.run("check", "example.com", "--stack", "Mail", "--template", str(path))

    assert result.exit_code == 2
    assert "say either --stack or --template" in result.output
