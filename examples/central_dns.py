"""The account of the zone, and two applications in accounts of their own that publish their domains there.

A stage for each account, which CDK Pipelines takes: the one of the zone first, then the applications side by side.

    pipeline.add_stage(Dns(self, "Dns"))
    applications = pipeline.add_wave("Applications")
    for name in APPLICATIONS:
        applications.add_stage(Application(self, name.title(), name=name))

Each role lets one account write the records of one domain. No stage refers to another: the roles have names.
"""

from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import BounceMonitoring, CrossAccountZone, DnsDelegationRole, EmailTeam, VerifiedDomain

DNS_ACCOUNT, REGION = "222233334444", "eu-west-1"
ZONE_ID, ZONE_NAME = "Z0123456789ABCDEFGHIJ", "example.com"
# By the first label of its domain, the account of each application.
APPLICATIONS = {"shop": "111122223333", "tickets": "333344445555"}


def role_name(name: str) -> str:
    """The role by which an application writes; both sides have to know it."""
    return f"mail-of-{name}-{ZONE_NAME.replace('.', '-')}"


class Dns(Stage):
    """The account of the zone."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=Environment(account=DNS_ACCOUNT, region=REGION))
        stack = Stack(self, "Roles")
        zone = route53.HostedZone.from_hosted_zone_attributes(
            stack, "Zone", hosted_zone_id=ZONE_ID, zone_name=ZONE_NAME
        )
        for name, account in APPLICATIONS.items():
            DnsDelegationRole(
                stack,
                name.title(),
                hosted_zone=zone,
                domain_name=f"{name}.{ZONE_NAME}",
                trusted_account=account,
                role_name=role_name(name),
            )


class Application(Stage):
    """The account of one application, which sends from its domain."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str) -> None:
        super().__init__(scope, construct_id, env=Environment(account=APPLICATIONS[name], region=REGION))
        stack = Stack(self, "Mail")
        zone = CrossAccountZone(
            hosted_zone_id=ZONE_ID,
            zone_name=ZONE_NAME,
            role_arn=f"arn:aws:iam::{DNS_ACCOUNT}:role/{role_name(name)}",
            adopts_existing=True,
        )
        domain = VerifiedDomain(stack, "Domain", domain_name=f"{name}.{ZONE_NAME}", dns=zone)
        BounceMonitoring(stack, "Bounces", domain=domain, reactions=[EmailTeam(f"{name}@example.net")])


app = App()
Dns(app, "Dns")
for each in APPLICATIONS:
    Application(app, each.title(), name=each)
app.synth()
