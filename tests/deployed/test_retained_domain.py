"""A retained domain through the real CDK CLI: the stack goes, and the domain still sends, for others too."""

from collections.abc import Iterator
from typing import Any

import pytest
from aws_cdk import RemovalPolicy, Stack

from local_aws.read_back import read_domain
from ses_constructs import BounceMonitoring
from tests.deployed.test_verified_domain import SENDER, make, records
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws")


class Kept:
    """What stays of a retained domain."""

    def __init__(self, stack: DeployedStack, zone: Zone) -> None:
        self.stack, self.zone, self.client = stack, zone, stack.aws.client("sesv2")

    def build(self, stack: Stack) -> None:
        domain = make(stack, self.zone, removal_policy=RemovalPolicy.RETAIN)
        BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain=f"click.{self.zone.domain}")
        domain.allow_sender(SENDER)

    def seen(self) -> dict[str, Any]:
        """All that sending needs."""
        aws, domain = self.stack.aws, self.zone.domain
        identity = self.client.get_email_identity(EmailIdentity=domain)
        name = identity["ConfigurationSetName"]
        tracking = self.client.get_email_identity(EmailIdentity=f"click.{domain}")
        return {
            "problems": read_domain(aws, domain, self.zone.hosted_zone_id).problems(),
            "records": records(self.stack, self.zone),
            "senders": self.client.get_email_identity_policies(EmailIdentity=domain)["Policies"],
            "set": self.client.get_configuration_set(ConfigurationSetName=name)["ConfigurationSetName"],
            "tracking": tracking["VerifiedForSendingStatus"],
        }

    def remove(self) -> None:
        """By hand, as nothing else does."""
        names = {each["IdentityName"] for each in self.client.list_email_identities()["EmailIdentities"]}
        for name in names & {self.zone.domain, f"click.{self.zone.domain}"}:
            default = self.client.get_email_identity(EmailIdentity=name).get("ConfigurationSetName")
            self.client.delete_email_identity(EmailIdentity=name)
            if default:
                self.client.delete_configuration_set(ConfigurationSetName=default)


@pytest.fixture
def kept(hosted_zone: Zone, deployed_stack: DeployedStack) -> Iterator[Kept]:
    found = Kept(deployed_stack, hosted_zone)
    yield found
    deployed_stack.destroy()
    found.remove()


def test_it_keeps_all_that_it_needs_to_send(kept: Kept) -> None:
    kept.stack.deploy(kept.build)
    before = kept.seen()
    kept.stack.destroy()

    assert kept.seen() == before
    assert (before["problems"], len(before["senders"]), before["tracking"]) == ([], 1, True)
    sent = kept.client.send_email(
        FromEmailAddress=f"receipts@{kept.zone.domain}",
        Destination={"ToAddresses": ["success@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": "A receipt"}, "Body": {"Text": {"Data": "Thank you."}}}},
    )
    assert sent["MessageId"]
