"""A second region with the DKIM keys of the first, and an endpoint for both, with IAM enforced."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk import aws_ses as ses
from botocore.exceptions import ClientError

from local_aws.aws import LocalAws
from local_aws.cdk_cli import CdkError
from local_aws.read_back import read_records
from ses_constructs import EasyDkim, GlobalEndpoint, ReplicatedDkim, VerifiedDomain
from tests.deployed.test_verified_domain import make
from tests.local_aws.plain_app import new_app
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

PARENT, REPLICA = "us-east-1", "eu-west-1"


@pytest.fixture
def assembly(enforced_aws: LocalAws, enforced_hosted_zone: Zone, tmp_path: Path) -> Iterator[Path]:
    """Three stacks, each of which depends on the one before."""
    app = new_app(tmp_path / "cdk.out")
    stacks, domains = list[Stack](), list[VerifiedDomain]()
    for name, region in (("Keys", PARENT), ("Copies", REPLICA), ("Endpoint", PARENT)):
        stacks.append(Stack(app, name, env=Environment(account=enforced_aws.account, region=region)))
        if len(stacks) > 1:
            stacks[-1].node.add_dependency(stacks[-2])
    for stack in stacks[:2]:
        of_parent = stack is stacks[0]
        domains.append(
            make(
                stack,
                enforced_hosted_zone,
                dkim=EasyDkim() if of_parent else ReplicatedDkim(parent_region=PARENT),
                owns_shared_records=of_parent,
                configuration_set=ses.ConfigurationSet(stack, "Set", configuration_set_name="two-regions"),
            )
        )
    endpoint = GlobalEndpoint(stacks[2], "Endpoint", domain=domains[0], regions=[REPLICA])
    CfnOutput(stacks[2], "EndpointId", value=endpoint.endpoint_id)
    app.synth()
    enforced_aws.bootstrap(REPLICA)
    yield tmp_path / "cdk.out"
    enforced_aws.destroy(tmp_path / "cdk.out")


# Half a minute: the CDK CLI bootstraps a region, deploys three stacks and destroys them.
def test_a_replica_sends_with_the_parents_keys_and_goes_before_it(
    enforced_aws: LocalAws, enforced_hosted_zone: Zone, assembly: Path
) -> None:
    aws, domain = enforced_aws, enforced_hosted_zone.domain
    parent, replica = (aws.client("sesv2", region_name=region) for region in (PARENT, REPLICA))

    outputs = aws.deploy(assembly)

    assert re.fullmatch(r"[0-9a-f]{8}\.[0-9a-f]{3}", outputs["Endpoint"]["EndpointId"])
    keys, copies = (each.get_email_identity(EmailIdentity=domain) for each in (parent, replica))
    assert copies["VerifiedForSendingStatus"]
    assert copies["DkimAttributes"]["SigningAttributesOrigin"] == "AWS_SES_US_EAST_1"
    assert copies["DkimAttributes"]["Tokens"] == keys["DkimAttributes"]["Tokens"]
    assert copies["MailFromAttributes"]["MailFromDomainStatus"] == "SUCCESS"
    assert copies["ConfigurationSetName"] == keys["ConfigurationSetName"] == "two-regions"
    records = read_records(aws, domain, enforced_hosted_zone.hosted_zone_id)
    assert len([each for each in records if "_domainkey" in each.name]) == 3
    replica.send_email(
        FromEmailAddress=f"receipts@{domain}",
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}},
    )
    with pytest.raises(ClientError, match="has replicas in eu-west-1"):
        parent.delete_email_identity(EmailIdentity=domain)

    aws.destroy(assembly)

    for each in (parent, replica):
        with pytest.raises(ClientError, match="does not exist"):
            each.get_email_identity(EmailIdentity=domain)


def test_without_a_parent_the_deployment_fails_in_words_and_leaves_nothing(
    enforced_aws: LocalAws, enforced_hosted_zone: Zone, assembly: Path
) -> None:
    with pytest.raises(CdkError, match="deploy the stack of that region first"):
        enforced_aws.deploy(assembly, "Copies", "--exclusively")

    identities = enforced_aws.client("sesv2", region_name=REPLICA).list_email_identities()["EmailIdentities"]
    assert enforced_hosted_zone.domain not in [each["IdentityName"] for each in identities]


def test_regions_that_are_not_fit_fail_the_endpoint_by_name(
    enforced_aws: LocalAws, enforced_hosted_zone: Zone, assembly: Path
) -> None:
    enforced_aws.deploy(assembly, "Keys", "Copies")
    client = enforced_aws.client("sesv2", region_name=REPLICA)
    client.put_configuration_set_sending_options(ConfigurationSetName="two-regions", SendingEnabled=False)

    with pytest.raises(CdkError, match="configuration set two-regions is paused in eu-west-1"):
        enforced_aws.deploy(assembly, "Endpoint", "--exclusively")
