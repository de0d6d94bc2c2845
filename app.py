#!/usr/bin/env python3
"""The sample app: a domain that sends aligned, signed mail, receives mail and watches itself. Copy it for your account.

    cdk deploy -c domain=example.com -c hosted_zone_id=Z0123456789ABCDEFGHIJ -c alarm_address=ops@example.net

Without context it synthesizes for example.com, with no credentials and no look-ups.
"""

from aws_cdk import App, Duration, Environment, Stack
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import (
    AccountHealth,
    BounceMail,
    BounceMonitoring,
    DmarcPolicy,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    PauseSending,
    Route53Zone,
    SmtpCredentials,
    StopProcessing,
    StoreMail,
    VerifiedDomain,
)


class Mail(Stack):
    """Everything that one mail domain needs."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str,
        hosted_zone_id: str,
        alarm_address: str,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, construct_id, env=env)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=hosted_zone_id, zone_name=domain_name
        )
        self.domain = VerifiedDomain(
            self,
            "Domain",
            domain_name=domain_name,
            dns=Route53Zone(zone),
            dmarc=DmarcPolicy.quarantine(reports_to=[f"dmarc-reports@{domain_name}"]),
            receives_mail=True,
        )
        team = EmailTeam(alarm_address)
        self.monitoring = BounceMonitoring(
            self, "Bounces", domain=self.domain, reactions=[team, PauseSending()], dashboard=True
        )
        self.health = AccountHealth(self, "AccountHealth", reactions=[team])
        self.smtp = SmtpCredentials(
            self,
            "Smtp",
            domain=self.domain,
            configuration_set=self.monitoring.configuration_set,
            rotate_after=Duration.days(90),
            reactions=[team],
        )
        inbound = InboundRuleSet(self, "Inbound", domain=self.domain, reactions=[team])
        inbound.add_rule(
            "Support",
            recipients=[f"support@{domain_name}"],
            actions=[StoreMail(prefix="support/"), ForwardMail(to=[alarm_address])],
        )
        inbound.add_rule(
            "Reports",
            recipients=[f"dmarc-reports@{domain_name}"],
            actions=[StoreMail(prefix="dmarc-reports/")],
        )
        inbound.add_rule(
            "NoReply",
            recipients=[f"no-reply@{domain_name}"],
            actions=[BounceMail(sender=f"postmaster@{domain_name}"), StopProcessing()],
        )


def main() -> None:
    """Read the context and synthesize."""
    app = App()
    domain_name = app.node.try_get_context("domain") or "example.com"
    Mail(
        app,
        "Mail",
        domain_name=domain_name,
        hosted_zone_id=app.node.try_get_context("hosted_zone_id") or "Z0123456789ABCDEFGHIJ",
        alarm_address=app.node.try_get_context("alarm_address") or "ops@example.net",
    )
    app.synth()


if __name__ == "__main__":
    main()
