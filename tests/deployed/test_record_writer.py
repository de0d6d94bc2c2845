"""The record writer through CloudFormation: records beside what stands in the zone, and nothing else touched."""

from typing import Any

import pytest
from aws_cdk import Stack

from local_aws.read_back import read_domain
from ses_constructs import Route53Zone, VerifiedDomain
from tests.deployed.test_verified_domain import make, records, route53_zone
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-2")


def write(stack: Stack, zone: Zone, **changes: Any) -> VerifiedDomain:
    """A domain whose records the writer writes."""
    writer = Route53Zone(route53_zone(stack, zone).hosted_zone, adopts_existing=True)
    return make(stack, zone, writer, **changes)


def memories(deployed_stack: DeployedStack) -> list[str]:
    """The names of the parameters in which the writer remembers."""
    found = deployed_stack.aws.client("ssm").describe_parameters()["Parameters"]
    return [each["Name"] for each in found if each["Name"].startswith("/ses-constructs/dns-records/")]


def test_what_is_absent_is_made_and_deleted_again(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
    state = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
    made = records(deployed_stack, hosted_zone)
    (memory,) = memories(deployed_stack)
    deployed_stack.destroy()

    assert state.problems() == []
    assert len(made) == 6
    assert memory.endswith(f"/{hosted_zone.hosted_zone_id}/{hosted_zone.domain}")
    assert records(deployed_stack, hosted_zone) == {}
    assert memories(deployed_stack) == []
