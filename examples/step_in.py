"""A team that already sends and receives with SES steps in, and no message is lost on the way.

What was made by hand stays in use: the identity and the configuration set come under the stack, for they are named
literally and retained; the records are adopted, where they read as the stack would write them; the new rule joins the
active rule set, behind the rule named here; the SMTP user gets one key more, and keeps its own.

    cdk deploy --import-existing-resources

Before that, say here what is there: CloudFormation does not compare what it takes over with the template. A value that
differs stays as it is until its line changes (``docs/step-in.md``).
"""

from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct

from ses_constructs import (
    BounceMonitoring,
    DmarcPolicy,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    Route53Zone,
    SmtpCredentials,
    StoreMail,
    VerifiedDomain,
)


class StepIn(Stack):
    """The mail domain of a team, until now made in the console."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        domain_name: str = "example.com",
        hosted_zone_id: str = "Z0123456789ABCDEFGHIJ",
    ) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id=hosted_zone_id, zone_name=domain_name
        )
        configuration_set = ses.ConfigurationSet(
            self, "Set", configuration_set_name="production", reputation_metrics=True
        )
        configuration_set.apply_removal_policy(RemovalPolicy.RETAIN)
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name=domain_name,
            dns=Route53Zone(zone, adopts_existing=True),
            dmarc=DmarcPolicy.quarantine(reports_to=[f"dmarc-reports@{domain_name}"]),
            receives_mail=True,
            configuration_set=configuration_set,
            removal_policy=RemovalPolicy.RETAIN,
        )
        team = EmailTeam("ops@example.net")
        BounceMonitoring(self, "Bounces", domain=domain, reactions=[team])
        inbound = InboundRuleSet(
            self,
            "Inbound",
            domain=domain,
            rule_set=ses.ReceiptRuleSet.from_receipt_rule_set_name(self, "RuleSet", "by-hand"),
            after_rule="Archive",
            # The rules in front have it already.
            drop_spam=False,
            reactions=[team],
        )
        inbound.add_rule(
            "Tickets",
            recipients=[f"tickets@{domain_name}"],
            actions=[StoreMail(prefix="tickets/"), ForwardMail(to=["help-desk@example.net"])],
        )
        SmtpCredentials(
            self, "Smtp", domain=domain, user=iam.User.from_user_name(self, "User", "ses-smtp-user.20240417-101500")
        )


if __name__ == "__main__":
    app = App()
    StepIn(app, "StepIn")
    app.synth()
