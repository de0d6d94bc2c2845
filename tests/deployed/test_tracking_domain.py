"""Opens and clicks under a name of one's own: with https, and with records that a person publishes."""

from functools import partial
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_certificatemanager as acm

from local_aws.read_back import read_records
from ses_constructs import BounceMonitoring, RecordsToPublish, TrackingDomain, VerifiedDomain
from tests.deployed.test_verified_domain import make
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")


def tracking_options(stack: DeployedStack) -> dict[str, Any]:
    ses = stack.aws.client("sesv2")
    (name,) = (
        each["PhysicalResourceId"]
        for each in stack.aws.client("cloudformation").list_stack_resources(StackName=stack.stack_name)[
            "StackResourceSummaries"
        ]
        if each["ResourceType"] == "AWS::SES::ConfigurationSet"
    )
    return dict(ses.get_configuration_set(ConfigurationSetName=name).get("TrackingOptions", {}))


def test_links_get_https_in_a_later_deployment(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    aws, click = deployed_stack.aws, f"click.{hosted_zone.domain}"
    arn = aws.client("acm", region_name="us-east-1").request_certificate(DomainName=click)["CertificateArn"]

    def build(stack: Stack, *, https: bool) -> None:
        given = acm.Certificate.from_certificate_arn(stack, "Certificate", arn) if https else None
        tracking = TrackingDomain(click, certificate=given)
        BounceMonitoring(stack, "Bounces", domain=make(stack, hosted_zone), tracking_domain=tracking)

    def target() -> str:
        records = read_records(aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
        (found,) = (each for each in records if each.name == click and each.type == "CNAME")
        return found.values[0]

    deployed_stack.deploy(partial(build, https=False))
    assert tracking_options(deployed_stack) == {"CustomRedirectDomain": click}
    assert target() == f"r.{aws.region}.awstrack.me"

    deployed_stack.deploy(partial(build, https=True))
    assert tracking_options(deployed_stack) == {"CustomRedirectDomain": click, "HttpsPolicy": "REQUIRE"}
    (distribution,) = (
        each
        for each in aws.client("cloudfront").list_distributions()["DistributionList"]["Items"]
        if each["Aliases"]["Items"] == [click]
    )
    assert target() == distribution["DomainName"]


def test_a_person_publishes_between_two_deployments(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    aws, click = deployed_stack.aws, f"click.{hosted_zone.domain}"

    def build(stack: Stack, *, wait: bool) -> None:
        domain = VerifiedDomain(stack, "Domain", domain_name=hosted_zone.domain, dns=RecordsToPublish())
        BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain=TrackingDomain(click, wait=wait))

    outputs = deployed_stack.deploy(partial(build, wait=False))
    assert tracking_options(deployed_stack) == {}
    lines = [
        line for name, value in outputs.items() if name.startswith("BouncesTracking") for line in value.split("\n")
    ]
    assert len(lines) == 4
    for line in lines:
        name, _, _, record_type, value = line.split(" ", 4)
        put_record(aws, hosted_zone, name.removesuffix(f".{hosted_zone.domain}."), record_type, value)

    deployed_stack.deploy(partial(build, wait=True))
    assert tracking_options(deployed_stack) == {"CustomRedirectDomain": click}
