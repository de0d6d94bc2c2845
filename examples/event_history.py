"""A support desk that answers "did my mail arrive?".

Events are kept for 30 days, under a key of its own, and one role may ask what happened to mail for an address.
"""

from aws_cdk import App, CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import BounceMonitoring, EmailTeam, EventHistory, Route53Zone, VerifiedDomain


class SupportDesk(Stack):
    """A domain, its monitoring, the history of its mail, and who may ask."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="example.com", dns=Route53Zone(zone))
        monitoring = BounceMonitoring(self, "Bounces", domain=domain, reactions=[EmailTeam("ops@example.net")])
        history = EventHistory(
            self,
            "History",
            monitoring=monitoring,
            keep_for=Duration.days(30),
            encryption_key=kms.Key(self, "HistoryKey", enable_key_rotation=True),
        )
        support = iam.Role(self, "Support", assumed_by=iam.AccountPrincipal(self.account))
        history.grant_query(support)
        CfnOutput(self, "WorkGroup", value=history.work_group_name)
        CfnOutput(self, "Database", value=history.database_name)
        CfnOutput(self, "MailForAddress", value=history.queries["MailForAddress"].attr_named_query_id)


app = App()
SupportDesk(app, "SupportDesk")
app.synth()
