"""What the drill deploys: a domain with a sender in one account, its standby in another, and a team that listens.

Run as a command it takes the context `main_zone` and `standby_zone`, the ids of a hosted zone in each account.
"""

from aws_cdk import App, CfnOutput, DefaultStackSynthesizer, Duration, Environment, Stack
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from local_aws.environment import ACCOUNT, REGION, ROOT
from ses_constructs import (
    BounceMonitoring,
    ImpairmentThresholds,
    NotifyTopic,
    Route53Zone,
    SenderFailover,
    StandbySender,
    VerifiedDomain,
)

DOMAIN = "example.com"
STANDBY_ACCOUNT, STANDBY_REGION = "222222222222", "eu-central-1"
CALLS = 5  # that have to fail within a minute
COOL_DOWN = 1  # second


def zone(stack: Stack, hosted_zone_id: str) -> Route53Zone:
    return Route53Zone(
        route53.HostedZone.from_hosted_zone_attributes(stack, "Zone", hosted_zone_id=hosted_zone_id, zone_name=DOMAIN)
    )


class Standby(Stack):
    """SES alone."""

    def __init__(self, scope: Construct, construct_id: str, *, hosted_zone_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(account=STANDBY_ACCOUNT, region=STANDBY_REGION),
            synthesizer=DefaultStackSynthesizer(),
        )
        self.sender = StandbySender(
            self, "Sender", domain_name=DOMAIN, dns=zone(self, hosted_zone_id), primary_account=ACCOUNT
        )
        BounceMonitoring(self, "Bounces", domain=self.sender.domain)


class Main(Stack):
    """The domain, a function that sends, and the failover."""

    def __init__(self, scope: Construct, construct_id: str, *, hosted_zone_id: str, standby: StandbySender) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(account=ACCOUNT, region=REGION),
            synthesizer=DefaultStackSynthesizer(),
        )
        domain = VerifiedDomain(self, "Domain", domain_name=DOMAIN, dns=zone(self, hosted_zone_id))
        BounceMonitoring(self, "Bounces", domain=domain)
        team, queue = sns.Topic(self, "Team"), sqs.Queue(self, "TeamQueue")
        team.add_subscription(subscriptions.SqsSubscription(queue, raw_message_delivery=True))
        failover = SenderFailover(
            self,
            "Failover",
            primary=domain,
            standby=standby,
            reactions=[NotifyTopic(team)],
            thresholds=ImpairmentThresholds(minimum_calls=CALLS, minutes=1),
            cool_down=Duration.seconds(COOL_DOWN),
        )
        sender = lambda_.Function(
            self,
            "Sender",
            runtime=lambda_.Runtime.PYTHON_3_14,
            handler="index.handler",
            code=lambda_.Code.from_asset(str(ROOT / "examples" / "follow_route")),
            timeout=Duration.minutes(1),
            environment={
                **failover.route.environment,
                "FROM_ADDRESS": f"receipts@{DOMAIN}",
                "ROUTE_SECONDS": "1",
            },
        )
        failover.route.grant_send(sender)
        for name, value in {
            "SenderFunction": sender.function_name,
            "FailoverFunction": failover.function.function_name,
            "FailoverRole": failover.function.role.role_name if failover.function.role else "",
            "Route": failover.route.parameter_name,
            "TeamQueueUrl": queue.queue_url,
            **{alarm.node.id: alarm.alarm_name for alarm in failover.alarms},
        }.items():
            CfnOutput(self, name, value=value)


def main() -> None:
    app = App(analytics_reporting=False)
    zones = {name: app.node.try_get_context(f"{name}_zone") for name in ("main", "standby")}
    standby = Standby(app, "Standby", hosted_zone_id=zones["standby"])
    Main(app, "Main", hosted_zone_id=zones["main"], standby=standby.sender)
    app.synth()


if __name__ == "__main__":
    main()
