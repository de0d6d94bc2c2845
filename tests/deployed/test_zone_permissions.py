"""With IAM enforced: the writer in a zone of its own account and in one of another, and what the role there lets in."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from ses_constructs import CrossAccountZone, DnsDelegationRole, TlsReporting, VerifiedDomain
from tests.deployed.test_record_writer import write
from tests.deployed.test_verified_domain import records
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

# The local AWS takes a key of 12 digits for the root of that account.
DNS_ACCOUNT = "222222222222"
ROLE = f"arn:aws:iam::{DNS_ACCOUNT}:role/dns-of-the-domain"


def of_dns_account(aws: LocalAws, service: str) -> Any:
    return aws.client(service, aws_access_key_id=DNS_ACCOUNT, aws_secret_access_key="test")


@pytest.fixture
def zone(enforced_aws: LocalAws) -> Iterator[Zone]:
    """A zone of the other account, and the role for one of its domains."""
    client, domain = of_dns_account(enforced_aws, "route53"), "elsewhere.example.com"
    made = client.create_hosted_zone(Name=domain, CallerReference=domain)["HostedZone"]["Id"]
    zone = Zone(domain=domain, hosted_zone_id=made.removeprefix("/hostedzone/"))
    stack = Stack(App(), "Dns")
    DnsDelegationRole(
        stack,
        "Delegation",
        hosted_zone=route53.HostedZone.from_hosted_zone_attributes(
            stack, "Zone", hosted_zone_id=zone.hosted_zone_id, zone_name=domain
        ),
        domain_name=domain,
        trusted_account=enforced_aws.account,
        role_name=ROLE.rpartition("/")[2],
    )
    template = Template.from_stack(stack).to_json()
    cloudformation = of_dns_account(enforced_aws, "cloudformation")
    body = json.dumps({"Resources": template["Resources"]})
    cloudformation.create_stack(StackName="Dns", TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"])
    wait_until(lambda: cloudformation.describe_stacks(StackName="Dns")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    yield zone
    cloudformation.delete_stack(StackName="Dns")


def make(stack: Stack, zone: Zone, **changes: Any) -> VerifiedDomain:
    dns = CrossAccountZone(hosted_zone_id=zone.hosted_zone_id, zone_name=zone.domain, role_arn=ROLE)
    return VerifiedDomain(stack, "Domain", domain_name=zone.domain, dns=dns, **changes)


def test_names_change_with_the_permissions_of_before_and_after(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    def deploy(**changes: Any) -> set[str]:
        enforced_deployed_stack.deploy(lambda stack: write(stack, enforced_hosted_zone, **changes))
        found = records(enforced_deployed_stack, enforced_hosted_zone)
        return {name.rstrip(".") for name, record_type in found if record_type == "TXT"}

    assert deploy() == {"mail", "_dmarc"}
    reports = TlsReporting(reports_to=[f"tls@{enforced_hosted_zone.domain}"])
    assert deploy(mail_from="bounce", dmarc=None, tls_reporting=reports) == {"bounce", "_smtp._tls"}
    enforced_deployed_stack.destroy()


def test_a_domain_is_verified_by_a_zone_of_another_account(
    enforced_aws: LocalAws, zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    client = of_dns_account(enforced_aws, "route53")

    def published() -> set[str]:
        found = client.list_resource_record_sets(HostedZoneId=zone.hosted_zone_id)["ResourceRecordSets"]
        return {each["Name"].partition(f".{zone.domain}")[0] for each in found if each["Type"] not in ("NS", "SOA")}

    enforced_deployed_stack.deploy(lambda stack: make(stack, zone, receives_mail=True))
    identity = enforced_aws.client("sesv2").get_email_identity(EmailIdentity=zone.domain)
    all_names = published()
    enforced_deployed_stack.deploy(lambda stack: make(stack, zone, dmarc=None))
    fewer = published()
    enforced_deployed_stack.destroy()

    assert identity["VerifiedForSendingStatus"]
    assert {"mail", "_dmarc"} < all_names
    assert all_names - fewer == {"_dmarc", f"{zone.domain}."}
    assert published() == set()


@pytest.mark.parametrize(
    ("name", "record_type", "action", "allowed"),
    [
        ("_dmarc", "TXT", "CREATE", True),
        ("x._domainkey", "CNAME", "CREATE", True),
        ("_acme-challenge", "TXT", "CREATE", False),
        ("www", "CNAME", "CREATE", False),
        ("mail", "A", "CREATE", False),
        ("_dmarc", "TXT", "UPSERT", False),
    ],
)
def test_the_role_lets_in_names_types_and_actions_of_the_domain_alone(
    enforced_aws: LocalAws, zone: Zone, name: str, record_type: str, action: str, allowed: bool
) -> None:
    given = enforced_aws.client("sts").assume_role(RoleArn=ROLE, RoleSessionName="test")["Credentials"]
    client = enforced_aws.client(
        "route53",
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    value = {"TXT": '"x"', "CNAME": "x.example.net", "A": "192.0.2.1"}[record_type]
    record: Any = {
        "Name": f"{name}.{zone.domain}",
        "Type": record_type,
        "TTL": 300,
        "ResourceRecords": [{"Value": value}],
    }

    def change(*actions: str) -> None:
        changes: Any = [{"Action": each, "ResourceRecordSet": record} for each in actions]
        client.change_resource_record_sets(HostedZoneId=zone.hosted_zone_id, ChangeBatch={"Changes": changes})

    if allowed:
        change(action, "DELETE")
    else:
        with pytest.raises(ClientError, match="AccessDenied"):
            change(action)
