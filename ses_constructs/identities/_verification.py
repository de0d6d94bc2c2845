"""The custom resources of verification: a domain's wait and its legacy token; an address, and the wait for several."""

from collections.abc import Sequence
from hashlib import sha256

from aws_cdk import CfnResource, CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct, IDependable

from ..common.arguments import invalid
from ..common.checks import check_known_seconds
from ..common.register import enter_alone
from ..common.ses_arn import ses_arn
from ..dns.other_owners import review
from ..email_records import DnsRecord
from ..functions.custom_resource_function import CustomResourceFunction
from ._domain_checks import domains_of, identity_key

# CloudFormation gives a custom resource one hour; the rest is for the answer and for a lost one.
_MAX_WAIT_MINUTES = 55
_MIN_WAIT_MINUTES = 1
# SES asks for ses:TagResource when an identity is made with a tag.
_ADDRESS_ACTIONS = ("ses:GetEmailIdentity", "ses:CreateEmailIdentity", "ses:TagResource", "ses:DeleteEmailIdentity")


class DomainWait(Construct):
    """Holds the deployment until SES has verified a domain; with *identity_alone* not also DKIM and MAIL FROM."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        identity: ses.IEmailIdentity,
        domain_name: str,
        mail_from_domain: str | None,
        records: Sequence[DnsRecord],
        published: IDependable | None,
        timeout: Duration,
        identity_alone: bool = False,
    ) -> None:
        super().__init__(scope, construct_id)
        service_timeout = _service_timeout("timeout" if identity_alone else "wait_until_verified", timeout)
        function = CustomResourceFunction.shared(self, "wait_for_verification")
        function.allow_on_each("ses:GetEmailIdentity", [ses_arn(self, "identity", domain_name)])
        resource = function.custom_resource(
            self,
            resource_type="Custom::SESDomainVerification",
            properties={
                "Domain": identity.email_identity_name,
                "MailFromDomain": mail_from_domain or "",
                **({"IdentityAlone": "true"} if identity_alone else {}),
                "TimeoutSeconds": timeout.to_seconds(),
                # Named when the wait fails; and a changed record is waited for again.
                "Records": [line for record in records for line in record.zone_file_lines()],
            },
            service_timeout=service_timeout,
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


class AddressIdentity(Construct):
    """An address as an identity, unless SES has one already."""

    def __init__(
        self,
        scope: Construct,
        address: str,
        *,
        inside_verified_domain: bool,
        resend: str,
        after: "AddressIdentity | None",
    ) -> None:
        # The address is all that tells its resource from the others. An id from the role and a number would move to
        # another address when one is left out, and its owner would have to click again.
        name = sha256(address.encode()).hexdigest()[:8].upper()
        super().__init__(scope, f"Address{name}")
        stack = Stack.of(self)
        logical_id = f"SesVerifiedAddress{name}"
        review(stack)
        fix = "leave the other one out"
        enter_alone(stack, identity_key(address), self, what="address", got=address, fix=fix)
        function = CustomResourceFunction.shared(self, "verified_address")
        if not inside_verified_domain:
            # In one statement for all: the addresses of a team have their domains in common.
            function.allow_on_each(
                "ses:GetEmailIdentity", [ses_arn(self, "identity", each) for each in domains_of(address)]
            )
        resource = function.custom_resource(
            self,
            resource_type="Custom::SESVerifiedAddress",
            properties={
                "Address": address,
                "InsideVerifiedDomain": "true" if inside_verified_domain else "false",
                "Resend": resend,
            },
            permissions=[
                iam.PolicyStatement(actions=list(_ADDRESS_ACTIONS), resources=[ses_arn(self, "identity", address)])
            ],
        )
        # Elsewhere in the tree it would be a new resource, and the removal of the old one would take the identity away.
        made = resource.node.default_child
        assert isinstance(made, CfnResource)
        made.override_logical_id(logical_id)
        if after is not None:
            # One by one, for SES answers one control request a second in the whole account.
            resource.node.add_dependency(after.resource)
        self.resource: CustomResource = resource
        self.identity = ses.EmailIdentity.from_email_identity_name(self, "Identity", resource.ref)


class AddressWait(Construct):
    """Holds the deployment until SES has verified all *addresses*."""

    def __init__(
        self, scope: Construct, construct_id: str, *, addresses: Sequence[str], resend: str, timeout: Duration
    ) -> None:
        super().__init__(scope, construct_id)
        service_timeout = _service_timeout("wait_until_verified", timeout)
        CustomResourceFunction.shared(self, "wait_for_addresses").custom_resource(
            self,
            resource_type="Custom::SESAddressVerification",
            # A changed text sends mails, which are waited for again.
            properties={"Addresses": list(addresses), "Resend": resend, "TimeoutSeconds": timeout.to_seconds()},
            service_timeout=service_timeout,
        )


def _service_timeout(argument: str, timeout: Duration) -> Duration:
    """How long CloudFormation waits for a wait of *timeout*: its handler answers then, the rest is for a lost answer.

    Raises ``ValueError`` for less than a minute and for more than fits into CloudFormation's hour.
    """
    fix = "pass Duration.minutes(30)"
    seconds = check_known_seconds(argument, timeout, fix)
    if not _MIN_WAIT_MINUTES * 60 <= seconds <= _MAX_WAIT_MINUTES * 60:
        rule = f"be {_MIN_WAIT_MINUTES} to {_MAX_WAIT_MINUTES} minutes"
        raise invalid(argument, rule, timeout.to_human_string(), fix)
    return Duration.minutes(timeout.to_minutes(integral=False) + 5)
