"""A standby in an account with SES alone, and a newsletter in an account of its own.

The stage is what CDK Pipelines deploys: `pipeline.add_stage(Mail(...))`. `examples/follow_route` is the sender's code.
"""

from pathlib import Path

from aws_cdk import App, Duration, Environment, Stack, Stage
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    EmailTeam,
    ImpairmentThresholds,
    PauseSending,
    RecordsToPublish,
    Route53Zone,
    SenderFailover,
    StandbySender,
    VerifiedDomain,
)

MAIN = Environment(account="111122223333", region="eu-west-1")
STANDBY = Environment(account="222233334444", region="eu-central-1")
NEWSLETTER = Environment(account="333344445555", region="eu-west-1")
TEAM = EmailTeam("ops@example.net")


class Standby(Stack):
    """The domain once more, in an account and region that share nothing with the first."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=STANDBY)
        # The zone is in the main account: publish the records there once, from the outputs of this stack.
        self.sender = StandbySender(
            self,
            "Sender",
            domain_name="example.com",
            dns=RecordsToPublish(),
            primary_account="111122223333",
            from_addresses=["receipts@example.com"],
        )
        BounceMonitoring(self, "Bounces", domain=self.sender.domain, reactions=[TEAM, PauseSending()])
        AccountHealth(self, "Account", reactions=[TEAM])


class Main(Stack):
    """The domain, the failover, and a function that sends by whichever route is active."""

    def __init__(self, scope: Construct, construct_id: str, *, standby: StandbySender) -> None:
        super().__init__(scope, construct_id, env=MAIN)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="example.com", dns=Route53Zone(zone))
        BounceMonitoring(self, "Bounces", domain=domain, reactions=[TEAM, PauseSending()])
        AccountHealth(self, "Account", reactions=[TEAM])
        failover = SenderFailover(
            self,
            "Failover",
            primary=domain,
            standby=standby,
            reactions=[TEAM],
            thresholds=ImpairmentThresholds(failure_share=0.5, latency=Duration.seconds(5), minutes=3),
        )
        role = iam.Role(self, "SenderRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group = logs.LogGroup(self, "Log", retention=logs.RetentionDays.ONE_MONTH)
        log_group.grant_write(role)
        sender = lambda_.Function(
            self,
            "Sender",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_asset(str(Path(__file__).parent / "follow_route"), exclude=["__pycache__"]),
            timeout=Duration.minutes(1),
            role=role,
            log_group=log_group,
            environment={**failover.route.environment, "FROM_ADDRESS": "receipts@example.com"},
        )
        failover.route.grant_send(sender, from_addresses=["receipts@example.com"])


class Newsletter(Stack):
    """Marketing mail of a domain and an account of its own, so that its complaints are not those of the receipts."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=NEWSLETTER)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0987654321JIHGFEDCBA", zone_name="news.example.com"
        )
        domain = VerifiedDomain(self, "Domain", domain_name="news.example.com", dns=Route53Zone(zone))
        BounceMonitoring(self, "Bounces", domain=domain, reactions=[TEAM, PauseSending(whole_account=True)])


class Mail(Stage):
    """All accounts."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        standby = Standby(self, "Standby")
        Main(self, "Main", standby=standby.sender)
        Newsletter(self, "Newsletter")


app = App()
Mail(app, "Mail")
app.synth()
