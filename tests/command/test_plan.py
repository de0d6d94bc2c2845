"""`plan` on a local AWS: what it says before a deployment is what the deployment does, and it only reads."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.client
import pytest
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from click.testing import CliRunner, Result

from ses_constructs import BounceMail, DmarcPolicy, InboundRuleSet, Route53Zone, VerifiedDomain, hand_over_records
from ses_constructs.command.group import commands
from tests.deployed.test_verified_domain import route53_zone
from tests.local_aws.plain_app import new_app, new_stack
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

if TYPE_CHECKING:
    from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")
RECORD: Any = {"ttl": "60", "resource_records": ["192.0.2.1"]}
Build = Callable[[Stack], object]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every operation that any client of boto3 is asked for while `plan` runs."""
    made: list[str] = []
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]

    def record(client: Any, operation: str, arguments: dict[str, Any]) -> Any:
        made.append(operation)
        return original(client, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", record)
    return made


@pytest.fixture
def planned(
    found_aws: "LocalAws", hosted_zone: Zone, deployed_stack: DeployedStack, tmp_path: Path, calls: list[str]
) -> Callable[..., dict[str, tuple[str, str, str]]]:
    """What `plan` says of each thing in the stack that a function builds; the zone outlives that stack."""

    def look(build: Build, *options: str, exit_code: int = 0) -> dict[str, tuple[str, str, str]]:
        app = new_app(tmp_path / f"cdk.out.{len(calls)}")
        build(new_stack(app, deployed_stack.stack_name))
        folder = app.synth().directory
        calls.clear()
        result = run("--app", folder, "--json", *options)
        assert calls
        assert not [each for each in calls if not each.startswith(("Get", "List", "Describe"))]
        found = json.loads(result.stdout)
        assert (found["schema"], found["exit_code"]) == ("ses-constructs.plan/1", result.exit_code)
        assert result.exit_code == exit_code, result.stdout
        (stack,) = found["stacks"]
        return {each["thing"]: (each["verdict"], each["says"], each["fix"]) for each in stack["steps"][::-1]}

    return look


def run(*arguments: str) -> Result:
    return CliRunner().invoke(commands, ["plan", *arguments], catch_exceptions=False)


def verdicts(found: dict[str, tuple[str, str, str]]) -> set[str]:
    return {verdict for verdict, _, _ in found.values()}


def domain(stack: Stack, zone: Zone, *, adopts: bool = False, **changes: Any) -> VerifiedDomain:
    dns = Route53Zone(route53_zone(stack, zone).hosted_zone, adopts_existing=adopts)
    return VerifiedDomain(stack, "Domain", domain_name=zone.domain, dns=dns, **changes)


def everything(stack: Stack, zone: Zone, set_name: str = "planned") -> None:
    mail = domain(stack, zone, receives_mail=True)
    ses.CfnConfigurationSet(stack, "Set", name=set_name)
    ses.CfnReceiptFilter(
        stack,
        "Filter",
        filter=ses.CfnReceiptFilter.FilterProperty(
            name="planned",
            ip_filter=ses.CfnReceiptFilter.IpFilterProperty(cidr="192.0.2.0/24", policy="Block"),
        ),
    )
    inbound = InboundRuleSet(stack, "Inbound", domain=mail)
    inbound.add_rule(
        "NoReply", recipients=[f"no-reply@{zone.domain}"], actions=[BounceMail(sender=f"postmaster@{zone.domain}")]
    )


def test_a_new_stack_on_an_account_that_is_free_of_it(planned: Any, hosted_zone: Zone) -> None:
    found = planned(lambda stack: everything(stack, hosted_zone))

    assert verdicts(found) == {"made"}
    name = hosted_zone.domain
    assert {f"identity {name}", "configuration set planned", "IP filter planned", f"TXT record _dmarc.{name}"} <= set(
        found
    )
    assert f"CNAME record of DKIM key 3 of {name}" in found
    assert [each for each in found if each.startswith("active receipt rule set")]


def test_what_exists_is_in_the_way_and_the_deployment_fails_as_said(
    planned: Any, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    aws, name = deployed_stack.aws, hosted_zone.domain
    aws.client("sesv2").create_email_identity(EmailIdentity=name)
    aws.client("sesv2").create_configuration_set(ConfigurationSetName="planned")
    client = aws.client("ses")
    client.create_receipt_filter(Filter={"Name": "planned", "IpFilter": {"Cidr": "192.0.2.0/24", "Policy": "Block"}})
    client.create_receipt_rule_set(RuleSetName="by-hand")
    client.set_active_receipt_rule_set(RuleSetName="by-hand")
    put_record(aws, hosted_zone, "_dmarc", "TXT", '"v=DMARC1; p=reject"')
    put_record(aws, hosted_zone, "mail", "CNAME", "elsewhere.example.net")
    try:
        found = planned(lambda stack: everything(stack, hosted_zone), exit_code=1)
        with pytest.raises(DeploymentError):
            deployed_stack.deploy(lambda stack: everything(stack, hosted_zone))
    finally:
        client.set_active_receipt_rule_set()
        client.delete_receipt_rule_set(RuleSetName="by-hand")
        client.delete_receipt_filter(FilterName="planned")
        aws.client("sesv2").delete_configuration_set(ConfigurationSetName="planned")
        aws.client("sesv2").delete_email_identity(EmailIdentity=name)

    refused = {thing: each for thing, each in found.items() if each[0] == "refused"}
    (rule_set,) = (each for each in refused if each.startswith("active receipt rule set"))
    assert {
        f"identity {name}",
        "configuration set planned",
        "IP filter planned",
        f"TXT record _dmarc.{name}",
        f"MX record mail.{name}",
        f"TXT record mail.{name}",
        rule_set,
    } == set(refused)
    assert f"ses-constructs adopt {name}" in refused[f"identity {name}"][2]
    assert "a CNAME stands alone" in refused[f"MX record mail.{name}"][1]
    assert "'by-hand' is active" in refused[rule_set][1]
    assert "activation=TakeOver()" in refused[rule_set][2]
    assert all(fix for _, _, fix in refused.values())


def test_a_deployed_stack_stays_changes_and_goes(
    planned: Any, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    name = hosted_zone.domain
    deployed_stack.deploy(lambda stack: everything(stack, hosted_zone))

    same = planned(lambda stack: everything(stack, hosted_zone))
    changed = planned(lambda stack: domain(stack, hosted_zone, dmarc=DmarcPolicy.reject(reports_to=[f"d@{name}"])))
    renamed = planned(lambda stack: everything(stack, hosted_zone, set_name="another"))
    put_record(deployed_stack.aws, hosted_zone, "mail", "TXT", '"v=spf1 -all"')
    by_hand = planned(lambda stack: everything(stack, hosted_zone))
    nothing = planned(lambda stack: ses.CfnConfigurationSet(stack, "Other", name="planned"), exit_code=1)
    put_record(deployed_stack.aws, hosted_zone, "mail", "TXT", '"v=spf1 include:amazonses.com ~all"')

    assert verdicts(same) == {"stays"}
    assert sum(" record " in each for each in same) == 7
    assert changed[f"TXT record _dmarc.{name}"][0] == "changes"
    assert "p=reject" in changed[f"TXT record _dmarc.{name}"][1]
    assert changed["configuration set planned"][0] == changed["IP filter planned"][0] == "goes"
    (deactivated,) = (each for thing, each in changed.items() if thing.startswith("active receipt rule set"))
    assert deactivated == ("goes", "none is active then, and SES takes no mail", "")
    assert (renamed["configuration set another"][0], renamed["configuration set planned"][0]) == ("made", "goes")
    assert "somebody has changed it" in by_hand[f"TXT record mail.{name}"][1]
    assert nothing[f"identity {name}"][0] == nothing[f"MX record mail.{name}"][0] == "goes"
    assert nothing["configuration set planned"] == (
        "refused",
        "it exists, and this stack has it as Set",
        "keep its logical id, or move it with cdk refactor",
    )


def test_the_writer_says_itself_what_it_would_do(
    planned: Any, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    aws, name = deployed_stack.aws, hosted_zone.domain
    put_record(aws, hosted_zone, "_dmarc", "TXT", '"v=DMARC1; p=none"')
    put_record(aws, hosted_zone, "mail", "TXT", '"v=spf1 mx -all"')

    new = planned(lambda stack: domain(stack, hosted_zone, adopts=True))
    put_record(aws, hosted_zone, "_dmarc", "TXT", '"v=DMARC1; p=reject"')
    refused = planned(lambda stack: domain(stack, hosted_zone, adopts=True), exit_code=1)
    put_record(aws, hosted_zone, "_dmarc", "TXT", '"v=DMARC1; p=none"')
    deployed_stack.deploy(lambda stack: domain(stack, hosted_zone, adopts=True))
    same = planned(lambda stack: domain(stack, hosted_zone, adopts=True))
    gone = planned(lambda stack: ses.CfnConfigurationSet(stack, "Set"))

    assert new[f"TXT record _dmarc.{name}"][0] == "adopted"
    assert new[f"TXT record mail.{name}"][:2] == (
        "changes",
        'from "v=spf1 mx -all" to "v=spf1 mx include:amazonses.com -all"',
    )
    assert new[f"MX record mail.{name}"][0] == "made"
    assert refused[f"TXT record _dmarc.{name}"][0] == "refused"
    assert "exists with another value" in refused[f"TXT record _dmarc.{name}"][1]
    assert refused[f"MX record mail.{name}"][0] == "made"
    assert verdicts(same) == {"stays"}
    assert f"TXT record _dmarc.{name}" not in gone
    assert gone[f"MX record mail.{name}"][0] == "goes"
    assert gone[f"TXT record mail.{name}"][1].endswith('to "v=spf1 mx -all"')


def test_records_that_were_not_handed_over_are_refused_as_the_deployment_would(
    planned: Any, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: domain(stack, hosted_zone))
    too_soon = planned(lambda stack: domain(stack, hosted_zone, adopts=True), exit_code=1)
    deployed_stack.deploy(lambda stack: hand_over_records(domain(stack, hosted_zone)))
    handed_over = planned(lambda stack: domain(stack, hosted_zone, adopts=True))

    assert "first deploy with hand_over_records" in too_soon[f"records of {hosted_zone.domain}"][2]
    assert handed_over[f"TXT record _dmarc.{hosted_zone.domain}"][0] in ("adopted", "stays")
    assert "refused" not in verdicts(handed_over)


def test_what_is_retained_and_named_is_taken_over_with_the_option(
    planned: Any, hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    client = deployed_stack.aws.client("sesv2")
    client.create_configuration_set(ConfigurationSetName="taken")

    def build(stack: Stack) -> None:
        made = ses.CfnConfigurationSet(stack, "Set", name="taken")
        made.apply_removal_policy(RemovalPolicy.RETAIN)

    without = planned(build, exit_code=1)
    with_option = planned(build, "--import-existing-resources")
    client.delete_configuration_set(ConfigurationSetName="taken")

    assert without["configuration set taken"][2].startswith("cdk deploy --import-existing-resources takes it over")
    assert with_option["configuration set taken"][0] == "adopted"


def test_a_tracking_domain_has_to_be_verified(planned: Any, hosted_zone: Zone, found_aws: "LocalAws") -> None:
    name = f"click.{hosted_zone.domain}"

    def build(stack: Stack, *, makes_it: bool) -> None:
        options = ses.CfnConfigurationSet.TrackingOptionsProperty(custom_redirect_domain=name)
        ses.CfnConfigurationSet(stack, "Set", tracking_options=options)
        if makes_it:
            ses.CfnEmailIdentity(stack, "Identity", email_identity=name)

    assert planned(lambda stack: build(stack, makes_it=True))[f"tracking domain {name}"][0] == "made"
    verdict, says, fix = planned(lambda stack: build(stack, makes_it=False), exit_code=1)[f"tracking domain {name}"]
    assert verdict == "refused"
    assert "SES takes no other" in says
    assert "verify it first" in fix


def test_a_zone_that_is_not_there_and_one_by_name(planned: Any) -> None:
    def build(stack: Stack) -> None:
        route53.CfnRecordSet(stack, "ById", name="a.example.com", type="A", hosted_zone_id="ZNOWHERE", **RECORD)
        route53.CfnRecordSet(stack, "ByName", name="b.example.com", type="A", hosted_zone_name="example.com.", **RECORD)
        domain(stack, Zone(domain="example.com", hosted_zone_id="ZNONE"), adopts=True)
        route53.CfnRecordSet(
            stack,
            "Weighted",
            name="c.example.com",
            type="A",
            hosted_zone_id="ZNOWHERE",
            set_identifier="one",
            weight=1,
            **RECORD,
        )

    found = planned(build, exit_code=1)

    # Those of a routing policy are nothing of mail, and left out.
    assert "A record c.example.com" not in found
    assert found["hosted zone ZNOWHERE"][0] == found["hosted zone ZNONE"][0] == "refused"
    assert found["A record b.example.com"][0] == "unknown"
