"""One domain that sends from two regions and receives in both: the same DKIM keys, one MX record, and one endpoint.

The second region adds no DNS record. It is deployed after the first and destroyed before it, for SES deletes no
identity whose keys another region uses; so its stack depends on the first one by itself.
"""

from aws_cdk import App, CfnOutput, Environment, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct

from ses_constructs import (
    BounceMonitoring,
    Dkim,
    EasyDkim,
    EmailTeam,
    GlobalEndpoint,
    InboundRuleSet,
    ReplicatedDkim,
    Route53Zone,
    StoreMail,
    VerifiedDomain,
)

FIRST, SECOND = "eu-west-1", "us-east-1"


class Region(Stack):
    """The domain as one region knows it, watched there: bounces, rates and quotas are counted by region."""

    def __init__(self, scope: Construct, construct_id: str, *, region: str, dkim: Dkim | ReplicatedDkim) -> None:
        super().__init__(scope, construct_id, env=Environment(account="111122223333", region=region))
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        # Of one name in both, for a message through the endpoint may go by either.
        sending = ses.ConfigurationSet(
            self,
            "Sending",
            configuration_set_name="mail",
            reputation_metrics=True,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
        )
        self.domain = VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(zone),
            dkim=dkim,
            owns_shared_records=region == FIRST,
            # Senders try the first region, and the second one while that does not answer.
            receives_mail={FIRST: 10, SECOND: 20} if region == FIRST else False,
            configuration_set=sending,
        )
        team = EmailTeam("ops@example.net")
        BounceMonitoring(self, "Bounces", domain=self.domain, reactions=[team])
        # The same rules in both: what a region has no rule for, it refuses for good. Whoever reads looks in both.
        inbound = InboundRuleSet(self, "Inbound", domain=self.domain, reactions=[team])
        inbound.add_rule("Help", recipients=["help@example.com"], actions=[StoreMail()])


class Endpoint(Stack):
    """Sends through both; it comes after them, and looks whether both are fit."""

    def __init__(self, scope: Construct, construct_id: str, *, domain: VerifiedDomain) -> None:
        super().__init__(scope, construct_id, env=Environment(account="111122223333", region=FIRST))
        endpoint = GlobalEndpoint(self, "Endpoint", domain=domain, regions=[SECOND])
        endpoint.grant_send(iam.Role(self, "Sender", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))
        CfnOutput(self, "EndpointId", value=endpoint.endpoint_id)


class Mail(Stage):
    """Both regions and the endpoint, as a stage that CDK Pipelines takes."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        first = Region(self, "Ireland", region=FIRST, dkim=EasyDkim())
        second = Region(self, "Virginia", region=SECOND, dkim=ReplicatedDkim(parent_region=FIRST))
        Endpoint(self, "Endpoint", domain=first.domain).node.add_dependency(second)


app = App()
Mail(app, "Mail")
app.synth()
