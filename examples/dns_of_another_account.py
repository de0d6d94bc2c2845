"""Two domains whose records exist already: one in a zone of this account, one in a zone of another account."""

from aws_cdk import App, Stack
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import CrossAccountZone, DnsDelegationRole, Route53Zone, VerifiedDomain

DNS_ACCOUNT, MAIL_ACCOUNT = "222222222222", "111122223333"
ROLE_NAME = "mail-of-shop-example-com"


class Dns(Stack):
    """In the account that has the zone: lets the other account publish the records of one domain."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        DnsDelegationRole(
            self,
            "Shop",
            hosted_zone=zone,
            domain_name="shop.example.com",
            trusted_account=MAIL_ACCOUNT,
            role_name=ROLE_NAME,
        )


class Mail(Stack):
    """In the account that sends."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        own = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z9876543210ABCDEFGHIJ", zone_name="example.net"
        )
        VerifiedDomain(self, "Here", domain_name="example.net", dns=Route53Zone(own, adopts_existing=True))
        elsewhere = CrossAccountZone(
            hosted_zone_id="Z0123456789ABCDEFGHIJ",
            zone_name="example.com",
            role_arn=f"arn:aws:iam::{DNS_ACCOUNT}:role/{ROLE_NAME}",
            adopts_existing=True,
        )
        VerifiedDomain(self, "There", domain_name="shop.example.com", dns=elsewhere)


app = App()
Dns(app, "Dns")
Mail(app, "Mail")
app.synth()
