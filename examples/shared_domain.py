"""A domain of this account from which another account, and Amazon Cognito, send as well."""

from aws_cdk import Annotations, App, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct

from ses_constructs import Route53Zone, VerifiedDomain


class SharedDomain(Stack):
    """A production domain, kept when the stack goes, with a configuration set for all of its mail."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        zone = route53.HostedZone.from_hosted_zone_attributes(
            self, "Zone", hosted_zone_id="Z0123456789ABCDEFGHIJ", zone_name="example.com"
        )
        sending = ses.ConfigurationSet(
            self, "Sending", reputation_metrics=True, tls_policy=ses.ConfigurationSetTlsPolicy.REQUIRE
        )
        sending.apply_removal_policy(RemovalPolicy.RETAIN)  # the domain stays, and cannot send without it
        domain = VerifiedDomain(
            self,
            "Domain",
            domain_name="example.com",
            dns=Route53Zone(zone),
            configuration_set=sending,
            legacy_verification_token=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        Annotations.of(domain).acknowledge_warning("ses-constructs:old-records-go:example.com")
        domain.allow_sender("222233334444", from_addresses=["billing@example.com"])
        domain.allow_sender(iam.ServicePrincipal("email.cognito-idp.amazonaws.com"))


app = App()
SharedDomain(app, "SharedDomain")
app.synth()
