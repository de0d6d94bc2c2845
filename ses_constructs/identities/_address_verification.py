"""The custom resources of VerifiedAddress: one for each address, and one that waits for all of them."""

from collections.abc import Sequence
from hashlib import sha256

from aws_cdk import CfnResource, CustomResource, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import invalid
from ..common.checks import service_timeout_of_wait
from ..common.once import earlier_owner
from ..common.ses_arn import ses_arn
from ..functions.custom_resource_function import CustomResourceFunction

# SES asks for ses:TagResource when an identity is made with a tag.
_ACTIONS = ("ses:GetEmailIdentity", "ses:CreateEmailIdentity", "ses:TagResource", "ses:DeleteEmailIdentity")


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
        if earlier_owner(stack, ("address", address), self.node.path):
            raise invalid("address", f"be there once in stack {stack.stack_name!r}", address, "leave the other one out")
        function = CustomResourceFunction.shared(self, "verified_address")
        if not inside_verified_domain:
            # In one policy for all: the addresses of a team have their domains in common.
            function.allow_on_each(
                "ses:GetEmailIdentity", [ses_arn(self, "identity", each) for each in _domains(address)]
            )
        resource = function.custom_resource(
            self,
            resource_type="Custom::SESVerifiedAddress",
            properties={
                "Address": address,
                "InsideVerifiedDomain": "true" if inside_verified_domain else "false",
                "Resend": resend,
            },
            permissions=[iam.PolicyStatement(actions=list(_ACTIONS), resources=[ses_arn(self, "identity", address)])],
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
        CustomResourceFunction.shared(self, "wait_for_addresses").custom_resource(
            self,
            resource_type="Custom::SESAddressVerification",
            # A changed text sends mails, which are waited for again.
            properties={"Addresses": list(addresses), "Resend": resend, "TimeoutSeconds": timeout.to_seconds()},
            service_timeout=service_timeout_of_wait(timeout),
        )


def _domains(address: str) -> list[str]:
    """The domain of *address* and the parents of that one; any of them may be an identity."""
    labels = address.rpartition("@")[2].split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]
