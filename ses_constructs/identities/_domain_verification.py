"""The two custom resources of a domain's verification: waiting for it, and the legacy TXT token."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..common.checks import service_timeout_of_wait
from ..email_records import DnsRecord
from ..functions.custom_resource_function import CustomResourceFunction


class VerificationWait(Construct):
    """Holds the deployment until SES has verified a domain, its DKIM keys and its MAIL FROM domain."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: ses.IEmailIdentity,
        mail_from_domain: str | None,
        records: Sequence[DnsRecord],
        published: IDependable | None,
        timeout: Duration,
    ) -> None:
        super().__init__(scope, construct_id)
        resource = CustomResourceFunction.shared(self, "wait_for_verification").custom_resource(
            self,
            resource_type="Custom::SESDomainVerification",
            properties={
                "Domain": identity.email_identity_name,
                "MailFromDomain": mail_from_domain or "",
                "TimeoutSeconds": timeout.to_seconds(),
                # Named when the wait fails; and a changed record is waited for again.
                "Records": [line for record in records for line in record.zone_file_lines()],
            },
            permissions=[
                iam.PolicyStatement(actions=["ses:GetEmailIdentity"], resources=[identity.email_identity_arn])
            ],
            service_timeout=service_timeout_of_wait(timeout),
        )
        if published is not None:
            resource.node.add_dependency(published)


class VerificationToken(Construct):
    """The legacy token that SES wants in ``_amazonses.<domain>``; CloudFormation does not return it."""

    def __init__(self, scope: Construct, construct_id: str, *, identity: ses.IEmailIdentity) -> None:
        super().__init__(scope, construct_id)
        resource = CustomResourceFunction.shared(self, "verification_token").custom_resource(
            self,
            resource_type="Custom::SESVerificationToken",
            # The reference makes CloudFormation create the identity first; SES would make one of its own otherwise.
            properties={"Domain": identity.email_identity_name},
        )
        self.token = resource.get_att_string("Token")
