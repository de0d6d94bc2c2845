"""One domain whose mail comes to two regions: the preferences in the DNS, and each region takes and keeps it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import CfnOutput, Environment, RemovalPolicy, Stack
from aws_cdk import aws_s3 as s3

from local_aws.aws import LocalAws
from ses_constructs import InboundRuleSet, StoreMail
from tests.deployed.test_verified_domain import make
from tests.local_aws.plain_app import new_app
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws")

FIRST, SECOND = "us-east-1", "eu-west-1"


@pytest.fixture
def assembly(aws: LocalAws, hosted_zone: Zone, tmp_path: Path) -> Iterator[Path]:
    app = new_app(tmp_path / "cdk.out")
    for region in (FIRST, SECOND):
        stack = Stack(app, f"Receives-{region}", env=Environment(account=aws.account, region=region))
        is_first = region == FIRST
        domain = make(
            stack,
            hosted_zone,
            owns_shared_records=is_first,
            receives_mail={FIRST: 10, SECOND: 20} if is_first else False,
        )
        bucket = s3.Bucket(stack, "Mail", enforce_ssl=True, removal_policy=RemovalPolicy.DESTROY)
        inbound = InboundRuleSet(stack, "Inbound", domain=domain, mailbox=bucket, drop_spam=False)
        inbound.add_rule("All", recipients=[hosted_zone.domain], actions=[StoreMail()])
        CfnOutput(stack, "Bucket", value=bucket.bucket_name)
    app.synth()
    aws.bootstrap(SECOND)
    yield tmp_path / "cdk.out"
    aws.destroy(tmp_path / "cdk.out")


# Half a minute: the CDK CLI deploys two stacks and destroys them.
def test_whichever_region_a_sender_tries_takes_the_mail(aws: LocalAws, hosted_zone: Zone, assembly: Path) -> None:
    outputs = aws.deploy(assembly)

    zone = aws.client("route53").list_resource_record_sets(HostedZoneId=hosted_zone.hosted_zone_id)
    exchangers = [
        value["Value"]
        for each in zone["ResourceRecordSets"]
        if (each["Name"], each["Type"]) == (f"{hosted_zone.domain}.", "MX")
        for value in each["ResourceRecords"]
    ]
    hosts = [f"inbound-smtp.{region}.amazonaws.com" for region in (FIRST, SECOND)]
    assert exchangers == [f"10 {hosts[0]}", f"20 {hosts[1]}"]

    for region in (FIRST, SECOND):
        s3_there, bucket = aws.client("s3", region_name=region), outputs[f"Receives-{region}"]["Bucket"]
        with aws.receive_mail(region=region) as inbox, inbox.connect(starttls=True) as smtp:
            smtp.sendmail(
                "you@example.org", [f"help@{hosted_zone.domain}"], f"Subject: to {region}\r\n\r\nhelp".encode()
            )
            assert not inbox.refusals
        keys = [each["Key"] for each in s3_there.list_objects_v2(Bucket=bucket)["Contents"]]
        kept = [s3_there.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
        assert [f"Subject: to {region}" in each for each in kept if "Amazon SES Setup" not in each] == [True]
        for key in keys:
            s3_there.delete_object(Bucket=bucket, Key=key)
