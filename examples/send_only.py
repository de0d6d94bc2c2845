"""A domain that only sends, and an application that may send from two of its addresses.

The deployment waits until SES has verified the domain, so that what depends on it never starts too early.
"""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import DmarcPolicy, Route53Zone, TlsReporting, VerifiedDomain


class SendOnly(Stack):
    """A subdomain for the application's own mail, in the zone of its parent."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name="app.example.com",
            dns=Route53Zone(zone),
            dmarc=DmarcPolicy.reject(reports_to=["dmarc-reports@example.com"]),
            tls_reporting=TlsReporting(reports_to=["tls-reports@example.com"]),
            wait_until_verified=Duration.minutes(30),
        )
        application = iam.Role(self, "Application", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        domain.grant_send(application, from_addresses=["receipts@app.example.com", "no-reply@app.example.com"])


app = App()
SendOnly(app, "SendOnly")
app.synth()
