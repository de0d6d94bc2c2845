"""The app whose dashboard is drawn."""

from typing import Any

from aws_cdk import App, Environment, Stack

from ses_constructs import (
    AccountHealth,
    BounceMonitoring,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    MailDashboard,
    RecordsToPublish,
    StoreMail,
    VerifiedDomain,
)


class Mail(Stack):
    """A domain that sends and receives, with everything on one dashboard."""

    def __init__(self, scope: App, construct_id: str) -> None:
        super().__init__(scope, construct_id, env=Environment(account="111122223333", region="eu-west-1"))
        team = [EmailTeam("ops@example.net")]
        domain = VerifiedDomain(self, "Domain", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)
        monitoring = BounceMonitoring(self, "Monitoring", domain=domain, reactions=team)
        health = AccountHealth(self, "Health", reactions=team)
        inbound = InboundRuleSet(self, "Inbound", domain=domain, reactions=team)
        inbound.add_rule(
            "Support",
            recipients=["support@example.com"],
            actions=[StoreMail(prefix="support/"), ForwardMail(to=["team@example.net"])],
        )
        inbound.add_rule("Reports", recipients=["dmarc@example.com"], actions=[StoreMail(prefix="dmarc/")])
        self.mail_dashboard = MailDashboard(
            self, "Dashboard", monitoring=monitoring, inbound=inbound, account_health=health
        )


def example_template() -> dict[str, Any]:
    """The template of the example."""
    app = App(analytics_reporting=False)
    Mail(app, "Mail")
    template: dict[str, Any] = app.synth().get_stack_by_name("Mail").template
    return template
