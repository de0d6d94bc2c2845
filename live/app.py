"""The app that is deployed: the sample app's constructs, under names of its own, so that all of it can go again.

Unlike the sample app it activates no rule set, mails nobody but SES's mailbox simulator, and keeps no mailbox.
"""

import sys
from collections.abc import Mapping

from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ses_constructs import (
    AccountHealth,
    BounceMail,
    BounceMonitoring,
    DmarcPolicy,
    ForwardMail,
    InboundRuleSet,
    LeaveInactive,
    NotifyTopic,
    PauseSending,
    Route53Zone,
    SmtpCredentials,
    StopProcessing,
    StoreMail,
    VerifiedDomain,
)

STACK = "SesConstructsLive"
PROBE = f"{STACK}Record"  # another stack, see existing_record.py
RECIPIENT = "success@simulator.amazonses.com"


class LiveMail(Stack):
    """Everything that one mail domain needs, for an hour."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        hosted_zone_id: str,
        zone_name: str,
        sandbox: bool,
        env: Environment,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=hosted_zone_id, zone_name=zone_name
        )
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name=domain_name,
            dns=Route53Zone(zone),
            dmarc=DmarcPolicy.monitor(),
            receives_mail=True,
        )
        # A queue in place of a person: it can be read, and nobody has to confirm anything.
        topic = sns.Topic(self, "Team", enforce_ssl=True)
        queue = sqs.Queue(self, "TeamQueue", enforce_ssl=True)
        topic.add_subscription(subscriptions.SqsSubscription(queue))
        team = NotifyTopic(topic)
        monitoring = BounceMonitoring(self, "Bounces", domain=domain, reactions=[team, PauseSending()], dashboard=True)
        AccountHealth(self, "AccountHealth", reactions=[team], sandbox=sandbox, every=Duration.minutes(1))
        SmtpCredentials(
            self,
            "Smtp",
            domain=domain,
            configuration_set=monitoring.configuration_set,
            sandbox=sandbox,
            rotate_after=Duration.days(90),
            reactions=[team],
        )
        inbound = InboundRuleSet(self, "Inbound", domain=domain, activation=LeaveInactive(), reactions=[team])
        inbound.add_rule(
            "Support",
            recipients=[f"support@{domain_name}"],
            actions=[StoreMail(prefix="support/"), ForwardMail(to=[RECIPIENT])],
        )
        inbound.add_rule(
            "NoReply",
            recipients=[f"no-reply@{domain_name}"],
            actions=[BounceMail(sender=f"postmaster@{domain_name}"), StopProcessing()],
        )
        # No mail comes in, so nobody's is lost.
        inbound.use_mailbox().apply_removal_policy(RemovalPolicy.DESTROY)


def build(context: Mapping[str, str], *, outdir: str | None = None) -> App:
    """The app for the domain, zone, account and region of *context*."""
    app = App(outdir=outdir, analytics_reporting=False)
    LiveMail(
        app,
        STACK,
        domain_name=context["domain"],
        hosted_zone_id=context["hosted_zone_id"],
        zone_name=context["zone_name"],
        sandbox=context["sandbox"] == "yes",
        env=Environment(account=context["account"], region=context["region"]),
    )
    return app


def main() -> None:
    """Read the context from the command line, `name=value`, and synthesize."""
    build(dict(argument.split("=", 1) for argument in sys.argv[1:])).synth()


if __name__ == "__main__":
    main()
