"""`check` with what SES says: a local AWS is the account, the loopback servers are the DNS."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.command.conftest import REGION, World, public_key

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")
SES_KEY = f"v=DKIM1; k=rsa; p={public_key(1024)}"


@pytest.fixture
def tokens(found_aws: "LocalAws") -> Iterator[list[str]]:
    """The DKIM tokens of example.com in the local AWS, to which boto3 leads from now on."""
    properties = {"EmailIdentity": "example.com", "MailFromAttributes": {"MailFromDomain": "mail.example.com"}}
    template = {"Resources": {"Identity": {"Type": "AWS::SES::EmailIdentity", "Properties": properties}}}
    cloudformation = found_aws.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(StackName="checked", TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName="checked", WaiterConfig={"Delay": 1})
    ses = found_aws.client("sesv2", region_name=REGION)
    yield ses.get_email_identity(EmailIdentity="example.com")["DkimAttributes"]["Tokens"]
    cloudformation.delete_stack(StackName="checked")
    cloudformation.get_waiter("stack_delete_complete").wait(StackName="checked", WaiterConfig={"Delay": 1})


def look(world: World, *options: str) -> dict[str, dict[str, Any]]:
    fixed = ("--region", REGION, "--timeout", "5", "--json", *world.asking)
    result = world.run("check", "example.com", *fixed, *options)
    return {each["id"]: each for each in json.loads(result.stdout)["findings"]}


def publish(world: World, *keys: str) -> None:
    world.publish({"key": "\n".join(keys)})


def test_the_keys_and_the_mail_from_domain_are_those_that_ses_names(
    world: World, aws: "LocalAws", tokens: list[str]
) -> None:
    ses = aws.client("sesv2", region_name=REGION)
    zone = ses.get_email_identity(EmailIdentity="example.com")["DkimAttributes"].get("SigningHostedZone")
    zone = zone or "dkim.amazonses.com"
    world.zone(zone, "@ IN NS ns1.example.com.\n" + "".join(f'{t} IN TXT "{SES_KEY}"\n' for t in tokens))
    one, two, three = tokens
    publish(
        world,
        f"{one}._domainkey IN CNAME {one}.{zone}.",
        f"{two}._domainkey IN CNAME {two}.{zone}",  # without its last dot
        f"{three}._domainkey IN A 192.0.2.9",
    )

    found = look(world)

    assert found[f"dkim.{one}"]["outcome"] == "right"
    assert "the zone's name was added" in found[f"dkim.{two}"]["says"]
    assert "as for a proxied record" in found[f"dkim.{three}"]["says"]
    assert found[f"dkim.{three}"]["fix"] == f"{three}._domainkey.example.com. 1800 IN CNAME {three}.{zone}."
    assert found["mail-from.mx"]["outcome"] == "right"
    # The local AWS looks into its own Route 53, where there is nothing.
    assert found["identity.verified"]["outcome"] == found["identity.dkim"]["outcome"] == "wrong"
    assert "SES does not use the MAIL FROM domain mail.example.com" in found["identity.mail-from"]["says"]


def test_a_key_that_ses_has_not_published_yet_is_no_fault(world: World, tokens: list[str]) -> None:
    publish(world, *(f"{token}._domainkey IN CNAME {token}.dkim.amazonses.com." for token in tokens))

    found = look(world)[f"dkim.{tokens[0]}"]

    assert (found["outcome"], "SES has published no key yet" in found["says"]) == ("advice", True)


def test_a_flattened_cname_is_told_from_a_proxied_one(world: World, tokens: list[str]) -> None:
    world.zone("dkim.amazonses.com", f"@ IN NS ns1.example.com.\n{tokens[0]} IN A 192.0.2.7\n")
    publish(world, f"{tokens[0]}._domainkey IN A 192.0.2.7")

    assert "switch CNAME flattening off" in look(world)[f"dkim.{tokens[0]}"]["says"]


def test_a_domain_that_ses_does_not_know_is_named_with_the_region(world: World, tokens: list[str]) -> None:
    result = world.run("check", "other.example.com", "--region", REGION, "--timeout", "5", *world.asking)

    assert "SES in eu-west-1 does not know other.example.com" in " ".join(result.output.split())
    assert result.exit_code == 1


def test_without_credentials_the_account_could_not_be_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("boto3.Session.client", lambda *_, **__: refuse())

    found = look(world)

    assert found["identity.verified"]["outcome"] == "unknown"
    assert (
        "no AWS credentials were found; set AWS_PROFILE, or log in; --no-account" in found["identity.verified"]["says"]
    )


def refuse() -> None:
    from botocore.exceptions import NoCredentialsError

    raise NoCredentialsError


def test_each_record_of_a_stack_is_looked_for(world: World, tokens: list[str]) -> None:
    publish(world, f"{tokens[0]}._domainkey IN CNAME {tokens[0]}.dkim.amazonses.com.")

    found = look(world, "--stack", "checked")

    assert found["stack.mx.mail.example.com"]["outcome"] == found["stack.txt.mail.example.com"]["outcome"] == "right"
    missing = found[f"stack.cname.{tokens[1]}._domainkey.example.com"]
    assert (missing["outcome"], missing["found"]) == ("wrong", "no such name")
    assert missing["fix"].startswith(f"{tokens[1]}._domainkey.example.com. 1800 IN CNAME {tokens[1]}.")


def test_a_stack_that_is_not_there_could_not_be_looked_at(world: World, tokens: list[str]) -> None:
    found = look(world, "--stack", "nothing")["stack"]

    assert (found["outcome"], "DescribeStacks was refused" in found["says"]) == ("unknown", True)


def test_the_tokens_in_a_template_are_those_that_ses_made(world: World, tmp_path: Path, tokens: list[str]) -> None:
    names = [{"Fn::GetAtt": ["Identity", f"DkimDNSTokenName{number}"]} for number in (1, 2, 3)]
    values = [{"Fn::GetAtt": ["Identity", f"DkimDNSTokenValue{number}"]} for number in (1, 2, 3)]
    group = {
        "HostedZoneId": "Z1",
        "RecordSets": [
            {"Name": name, "Type": "CNAME", "TTL": "300", "ResourceRecords": [value]}
            for name, value in zip(names, values, strict=True)
        ],
    }
    resources = {
        "Identity": {"Type": "AWS::SES::EmailIdentity", "Properties": {"EmailIdentity": "example.com"}},
        "Records": {"Type": "AWS::Route53::RecordSetGroup", "Properties": group},
    }
    template = tmp_path / "template.json"
    template.write_text(json.dumps({"Resources": resources}))
    one, *_ = tokens
    publish(world, f"{one}._domainkey IN CNAME {one}.dkim.amazonses.com.")

    found = look(world, "--template", str(template))

    assert found[f"template.cname.{one}._domainkey.example.com"]["outcome"] == "right"
    assert len([each for each in found if each.startswith("template.cname.")]) == 3
