"""`records`: each form is read by somebody else than who wrote it."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dns.zone
import pytest
import yaml  # type: ignore[import-untyped]
from aws_cdk import App, Stack
from aws_cdk.assertions import Template
from click.testing import CliRunner, Result

from ses_constructs import DmarcPolicy, RecordsToPublish, VerifiedDomain
from ses_constructs.command.group import commands
from ses_constructs.command.record_formats import as_octodns, as_zone
from ses_constructs.command.records_wanted import records_of_identity
from ses_constructs.email_records import DnsRecord

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")
DOMAIN = "published.example.com"
IDENTITY: dict[str, Any] = {
    "DkimAttributes": {"Tokens": ["one", "two"], "SigningHostedZone": "dkim.eu-west-1.amazonses.com"},
    "MailFromAttributes": {"MailFromDomain": "bounce.example.com"},
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["records", *arguments], catch_exceptions=False)


@pytest.fixture
def stack(found_aws: "LocalAws") -> Iterator[str]:
    """A stack with a domain whose records are outputs, and the account that boto3 finds."""
    made = Stack(App(), "Records")
    VerifiedDomain(
        made,
        "Domain",
        domain_name=DOMAIN,
        dns=RecordsToPublish(),
        dmarc=DmarcPolicy.monitor(reports_to=["dmarc@example.com"]),
    )
    template = Template.from_stack(made).to_json()
    cloudformation = found_aws.client("cloudformation")
    cloudformation.create_stack(StackName="records", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
    cloudformation.get_waiter("stack_create_complete").wait(StackName="records", WaiterConfig={"Delay": 1})
    yield "records"
    cloudformation.delete_stack(StackName="records")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="records", WaiterConfig={"Delay": 1})


def test_the_records_of_a_stack_are_those_of_its_outputs_with_the_real_keys(aws: "LocalAws", stack: str) -> None:
    tokens = aws.client("sesv2").get_email_identity(EmailIdentity=DOMAIN)["DkimAttributes"]["Tokens"]

    found = json.loads(run("--stack", stack, "--json").output)

    names = [each["name"] for each in found["records"]]
    assert found["schema"] == "ses-constructs.records/1"
    assert {f"{token}._domainkey.{DOMAIN}" for token in tokens} <= set(names)
    assert f"_dmarc.{DOMAIN}" in names
    assert len(names) == len({(each["name"], each["type"]) for each in found["records"]})


def test_route_53_takes_the_change_batch(aws: "LocalAws", stack: str) -> None:
    route53 = aws.client("route53")
    zone = route53.create_hosted_zone(Name=DOMAIN, CallerReference=DOMAIN)["HostedZone"]["Id"]

    batch = json.loads(run("--domain", DOMAIN, "--format", "route53").output)
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    held = route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    assert sum(each["Type"] == "CNAME" for each in held) == 3
    undo: Any = [{**each, "Action": "DELETE"} for each in batch["Changes"]]
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": undo})
    route53.delete_hosted_zone(Id=zone)


def test_the_forms_for_others_hold_every_record(stack: str) -> None:
    posts = json.loads(run("--domain", DOMAIN, "--format", "cloudflare").output)["posts"]
    octodns = yaml.safe_load(run("--domain", DOMAIN, "--format", "octodns").output)
    table = run("--stack", stack).output

    assert [each["proxied"] for each in posts if each["type"] == "CNAME"] == [False] * 3
    assert sum(len(each) for each in octodns.values()) == len(posts)
    assert "TXT  DMARC policy" in table
    assert f"   name  _dmarc.{DOMAIN}\n  value  v=DMARC1; p=none" in table


def test_a_zone_file_is_read_back_as_it_was() -> None:
    records = [*records_of_identity("example.com", "eu-west-1", IDENTITY)]

    zone = dns.zone.from_text(as_zone(records), origin="example.com", check_origin=False)

    assert str(zone.get_rdataset("bounce", "MX")).endswith("10 feedback-smtp.eu-west-1.amazonses.com.")
    assert str(zone.get_rdataset("one._domainkey", "CNAME")).endswith("one.dkim.eu-west-1.amazonses.com.")


def test_octodns_gets_the_apex_sorted_types_and_semicolons_that_it_reads() -> None:
    records = [
        DnsRecord(name="example.com", type="TXT", values=("v=x; it's",)),
        DnsRecord(name="example.com", type="MX", values=("10 mx.example.net", "20 b.example.net")),
    ]

    read = yaml.safe_load(as_octodns(records, "example.com"))

    mx, text = read[""]
    assert [each["exchange"] for each in mx["values"]] == ["mx.example.net.", "b.example.net."]
    assert text["values"] == ["v=x\\; it's"]


def test_a_key_of_ones_own_is_not_invented() -> None:
    identity = {"DkimAttributes": {"Tokens": ["own"], "SigningAttributesOrigin": "EXTERNAL"}}

    assert [*records_of_identity("example.com", "eu-west-1", identity)] == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "say either --domain or --stack"),
        (("--domain", "example.com", "--stack", "x"), "say either --domain or --stack"),
        (("--domain", "nobody.example.com"), "SES in us-east-1 does not know nobody.example.com"),
        (("--stack", "nothing"), "DescribeStacks was refused"),
    ],
)
def test_what_cannot_be_answered_is_said(stack: str, arguments: tuple[str, ...], says: str) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert says in result.output
