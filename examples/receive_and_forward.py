"""A small company's mail: each address goes to a person, everything else to the office, and nothing is lost.

The rule set takes the place of the one that is active today, and gives it back when the stack goes.
"""

from aws_cdk import App, Duration, Stack
from aws_cdk import aws_route53 as route53
from constructs import Construct

from ses_constructs import (
    DmarcPolicy,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    Route53Zone,
    StoreMail,
    TakeOver,
    VerifiedDomain,
)


class ReceiveAndForward(Stack):
    """A domain whose mail is stored for a year and forwarded."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(zone),
            dmarc=DmarcPolicy.quarantine(),
            receives_mail=True,
        )
        inbound = InboundRuleSet(
            self,
            "Inbound",
            domain=domain,
            activation=TakeOver(),
            keep_for=Duration.days(365),
            block_from=["192.0.2.0/24"],
            reactions=[EmailTeam("ops@example.net")],
        )
        inbound.add_rule(
            "Everybody",
            recipients=["example.com"],
            actions=[
                StoreMail(prefix="all/"),
                ForwardMail(
                    to={
                        "ada@example.com": ["ada.private@example.net"],
                        "sales@example.com": ["ada.private@example.net", "bob.private@example.net"],
                        "*": ["office@example.net"],
                    }
                ),
            ],
        )


app = App()
ReceiveAndForward(app, "ReceiveAndForward")
app.synth()
