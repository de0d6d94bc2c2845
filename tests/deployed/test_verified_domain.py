"""VerifiedDomain through the real CDK CLI: create, deploy again, change, fail and roll back, destroy."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import CfnResource, Duration, Environment, Stack
from aws_cdk import aws_route53 as route53

from local_aws.aws import LocalAws
from local_aws.read_back import ZoneRecord, read_domain, read_records
from ses_constructs import (
    DmarcPolicy,
    DnsZone,
    RecordsToPublish,
    Route53Zone,
    SpfPolicy,
    TlsReporting,
    VerifiedDomain,
)
from tests.local_aws.plain_app import new_app
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws")

SENDER = "222233334444"


def route53_zone(stack: Stack, zone: Zone) -> Route53Zone:
    return Route53Zone(
        route53.HostedZone.from_hosted_zone_attributes(
            stack, "Zone", hosted_zone_id=zone.hosted_zone_id, zone_name=zone.domain
        )
    )


def make(stack: Stack, zone: Zone, dns: DnsZone | None = None, **changes: Any) -> VerifiedDomain:
    return VerifiedDomain(
        stack, "Domain", **{"domain_name": zone.domain, "dns": dns or route53_zone(stack, zone), **changes}
    )


def make_everything(stack: Stack, zone: Zone) -> VerifiedDomain:
    """A domain with every record and every custom resource."""
    domain = make(
        stack,
        zone,
        spf=SpfPolicy.amazon_ses(),
        existing_txt_values=['say "hello"; größer'],
        receives_mail=True,
        tls_reporting=TlsReporting(reports_to=[f"tls@{zone.domain}"]),
        legacy_verification_token=True,
        # As short as it may be: without the permission to look, the wait goes on to its end.
        wait_until_verified=Duration.minutes(1),
    )
    domain.allow_sender(SENDER)
    return domain


def records(deployed_stack: DeployedStack, zone: Zone) -> dict[tuple[str, str], ZoneRecord]:
    """What the zone holds, apart from its own NS and SOA."""
    found = read_records(deployed_stack.aws, zone.domain, zone.hosted_zone_id)
    return {(each.name.removesuffix(zone.domain), each.type): each for each in found if each.type not in ("NS", "SOA")}


@pytest.fixture
def identities(hosted_zone: Zone, deployed_stack: DeployedStack) -> Iterator[list[str]]:
    """The identities that are there when asked; the domain's is removed after the test, also where it was retained."""
    sesv2 = deployed_stack.aws.client("sesv2")

    class Now(list[str]):
        def __contains__(self, name: object) -> bool:
            return name in [each["IdentityName"] for each in sesv2.list_email_identities()["EmailIdentities"]]

    yield Now()
    deployed_stack.destroy()
    if hosted_zone.domain in Now():
        sesv2.delete_email_identity(EmailIdentity=hosted_zone.domain)


def test_a_deployed_domain_is_verified_signed_and_aligned(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))

    state = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
    assert state.problems() == []
    assert state.mail_from_domain == f"mail.{hosted_zone.domain}"


def test_every_record_is_in_the_zone(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))

    domain = hosted_zone.domain
    found = records(deployed_stack, hosted_zone)
    values = {key: each.values for key, each in found.items() if each.type != "CNAME"}
    token = deployed_stack.aws.client("ses").get_identity_verification_attributes(Identities=[domain])
    assert values == {
        ("", "MX"): ("10 inbound-smtp.us-east-1.amazonaws.com",),
        ("", "TXT"): ('"v=spf1 include:amazonses.com ~all"', r'"say \"hello\"; gr\303\266\303\237er"'),
        ("_amazonses.", "TXT"): (f'"{token["VerificationAttributes"][domain]["VerificationToken"]}"',),
        ("_dmarc.", "TXT"): ('"v=DMARC1; p=none"',),
        ("_smtp._tls.", "TXT"): (f'"v=TLSRPTv1; rua=mailto:tls@{domain}"',),
        ("mail.", "MX"): ("10 feedback-smtp.us-east-1.amazonses.com",),
        ("mail.", "TXT"): ('"v=spf1 include:amazonses.com ~all"',),
    }
    keys = deployed_stack.aws.client("sesv2").get_email_identity(EmailIdentity=domain)["DkimAttributes"]["Tokens"]
    assert {key for key, each in found.items() if each.type == "CNAME"} == {
        (f"{key}._domainkey.", "CNAME") for key in keys
    }


def test_another_account_is_in_the_identity_policy(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))

    policies = deployed_stack.aws.client("sesv2").get_email_identity_policies(EmailIdentity=hosted_zone.domain)
    (policy,) = policies["Policies"].values()
    (statement,) = json.loads(policy)["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{SENDER}:root"}


def test_deploying_again_changes_nothing(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))
    before = deployed_stack.events()

    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))

    assert deployed_stack.events() == before


def test_a_new_dmarc_policy_touches_the_record_group_only(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    def reject(stack: Stack) -> None:
        make(stack, hosted_zone, dmarc=DmarcPolicy.reject())

    deployed_stack.deploy(lambda stack: make(stack, hosted_zone))
    planned = deployed_stack.plan(reject)
    deployed_stack.deploy(reject)

    assert planned == {"AWS::Route53::RecordSetGroup"}
    assert records(deployed_stack, hosted_zone)["_dmarc.", "TXT"].values == ('"v=DMARC1; p=reject"',)


def test_an_update_that_meets_a_foreign_record_leaves_everything_as_it_was(
    hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone))
    put_record(deployed_stack.aws, hosted_zone, "_smtp._tls", "TXT", '"somebody else\'s"')
    before = records(deployed_stack, hosted_zone)

    with pytest.raises(DeploymentError, match="already exists"):
        deployed_stack.deploy(
            lambda stack: make(
                stack,
                hosted_zone,
                dmarc=DmarcPolicy.reject(),
                tls_reporting=TlsReporting(reports_to=[f"tls@{hosted_zone.domain}"]),
            )
        )

    assert deployed_stack.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert records(deployed_stack, hosted_zone) == before


def test_a_domain_that_stays_pending_fails_with_what_is_missing(
    hosted_zone: Zone, deployed_stack: DeployedStack, identities: list[str]
) -> None:
    def make_without_records(stack: Stack) -> None:
        make(stack, hosted_zone, RecordsToPublish(), wait_until_verified=Duration.minutes(1))
        wait = stack.node.find_child("Domain").node.find_child("Verification").node.find_child("Resource").node
        assert isinstance(wait.default_child, CfnResource)
        wait.default_child.add_property_override("TimeoutSeconds", 2)

    with pytest.raises(DeploymentError) as failed:
        deployed_stack.deploy(make_without_records)

    sentence = " ".join(str(failed.value).split())
    assert (
        f"{hosted_zone.domain} was not verified within 2 seconds: the identity is PENDING (HOST_NOT_FOUND)" in sentence
    )
    assert f"DKIM is PENDING, MAIL FROM mail.{hosted_zone.domain} is PENDING" in sentence
    assert f"_dmarc.{hosted_zone.domain}. 300 IN TXT" in sentence
    assert deployed_stack.status() == "ROLLBACK_COMPLETE"
    assert hosted_zone.domain not in identities


def test_records_from_the_outputs_verify_the_domain(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    outputs = deployed_stack.deploy(lambda stack: make(stack, hosted_zone, RecordsToPublish()))
    before = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)

    for lines in outputs.values():
        for line in lines.splitlines():
            name, _, _, record_type, value = line.split(maxsplit=4)
            put_record(
                deployed_stack.aws, hosted_zone, name.removesuffix(f".{hosted_zone.domain}."), record_type, value
            )

    after = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
    assert not before.verified
    assert after.problems() == []


def test_destroying_leaves_nothing_and_deploying_again_works(
    hosted_zone: Zone, deployed_stack: DeployedStack, identities: list[str]
) -> None:
    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))
    deployed_stack.destroy()
    assert hosted_zone.domain not in identities
    assert records(deployed_stack, hosted_zone) == {}
    assert deployed_stack.aws.client("lambda").list_functions()["Functions"] == []

    deployed_stack.deploy(lambda stack: make_everything(stack, hosted_zone))

    assert hosted_zone.domain in identities


def test_one_domain_sends_from_two_regions(hosted_zone: Zone, aws: LocalAws, tmp_path: Path) -> None:
    regions = {"us-east-1": True, "eu-west-1": False}
    app = new_app(tmp_path / "cdk.out")
    for region, owns_shared_records in regions.items():
        stack = Stack(app, f"Mail-{region}", env=Environment(account=aws.account, region=region))
        make(stack, hosted_zone, owns_shared_records=owns_shared_records)
    app.synth()
    aws.bootstrap("eu-west-1")

    try:
        aws.deploy(tmp_path / "cdk.out")
        identities = [
            aws.client("sesv2", region_name=region).get_email_identity(EmailIdentity=hosted_zone.domain)
            for region in regions
        ]
    finally:
        aws.destroy(tmp_path / "cdk.out")

    assert [each["VerifiedForSendingStatus"] for each in identities] == [True, True]
    assert [each["MailFromAttributes"]["MailFromDomainStatus"] for each in identities] == ["SUCCESS", "SUCCESS"]
    assert not set(identities[0]["DkimAttributes"]["Tokens"]) & set(identities[1]["DkimAttributes"]["Tokens"])


def test_a_domain_that_exists_already_is_not_taken_over(
    hosted_zone: Zone, deployed_stack: DeployedStack, identities: list[str]
) -> None:
    deployed_stack.aws.client("sesv2").create_email_identity(EmailIdentity=hosted_zone.domain)

    with pytest.raises(DeploymentError, match="already exist"):
        deployed_stack.deploy(lambda stack: make(stack, hosted_zone))

    assert hosted_zone.domain in identities
    assert records(deployed_stack, hosted_zone) == {}
