"""What a Terraform module made for sending, taken over in one deployment, and watched from then on.

Terraform forgets its resources first (``docs/from-terraform.md``), then this stack takes them over under their names:

    cdk deploy --import-existing-resources
"""

from aws_cdk import Annotations, App, RemovalPolicy, Stack
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct

from ses_constructs import BounceMonitoring, DmarcPolicy, EmailTeam, Route53Zone, SpfPolicy, VerifiedDomain


class FromTerraform(Stack):
    """A sending domain, its configuration set, and what its events are counted as."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        configuration_set = ses.ConfigurationSet(
            self,
            "Set",
            configuration_set_name="production",
            reputation_metrics=True,
            tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE,
            suppression_reasons=ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
        )
        configuration_set.apply_removal_policy(RemovalPolicy.RETAIN)
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(zone, adopts_existing=True),
            legacy_verification_token=True,
            mail_from=None,
            spf=SpfPolicy.amazon_ses(),
            dmarc=DmarcPolicy.quarantine(reports_to=["dmarc-reports@example.com"]),
            configuration_set=configuration_set,
            removal_policy=RemovalPolicy.RETAIN,
        )
        Annotations.of(domain).acknowledge_warning("ses-constructs:old-records-go:example.com")
        BounceMonitoring(self, "Bounces", domain=domain, reactions=[EmailTeam("ops@example.net")])


if __name__ == "__main__":
    app = App()
    FromTerraform(app, "FromTerraform")
    app.synth()
