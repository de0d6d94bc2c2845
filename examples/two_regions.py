"""One domain that sends from two regions: each region has DKIM keys of its own, everything else is published once."""

from aws_cdk import App, Environment, Stack
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import Route53Zone, VerifiedDomain


class Region(Stack):
    """The domain as one region knows it."""

    def __init__(self, scope: Construct, construct_id: str, *, region: str, owns_shared_records: bool) -> None:
        super().__init__(scope, construct_id, env=Environment(region=region))
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(zone),
            owns_shared_records=owns_shared_records,
        )


app = App()
Region(app, "Ireland", region="eu-west-1", owns_shared_records=True)
Region(app, "Virginia", region="us-east-1", owns_shared_records=False)
app.synth()
