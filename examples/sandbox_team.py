"""A team in the SES sandbox: a domain that sends, three colleagues who can get its mail, and the request to leave.

In the sandbox SES delivers to verified addresses and domains only. People at AWS review the request; the stack works
before and after that. Once the account is in production leave out sandbox=True, and the grant covers the sender alone.
"""

from aws_cdk import Acknowledgment, App, Stack, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import ProductionAccess, Route53Zone, VerifiedAddress, VerifiedDomain


class SandboxTeam(Stack):
    """What a new account needs on its first day."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="shop.example.com", dns=Route53Zone(zone))
        VerifiedAddress(
            self,
            "Team",
            addresses=["ann@example.net", "bob@example.net", "cleo@example.org"],
            resend="2026-11-24",
        )
        shop = iam.Role(self, "Shop", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))
        domain.grant_send(shop, from_addresses=["orders@shop.example.com"], sandbox=True)
        Validations.of(shop).acknowledge(
            Acknowledgment(
                id="AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity/*]",
                reason="In the sandbox SES asks for permission on the identities of the recipients too",
            )
        )
        ProductionAccess(
            self,
            "ProductionAccess",
            mail_type="transactional",
            website="https://shop.example.com",
            use_case=(
                "We send order confirmations and shipping notices to customers of our shop, about 2,000 a day. "
                "An address comes from the order itself and is confirmed by a link before anything else is sent. "
                "Bounces and complaints reach us at once by a configuration set, and that address gets no more mail. "
                "Every message ends with a link to the settings, where notices can be turned off. "
                "Sample: 'Your order 1234 has left our warehouse and arrives on Friday.'"
            ),
            contacts=["mail-team@example.com"],
        )


app = App()
SandboxTeam(app, "SandboxTeam")
app.synth()
