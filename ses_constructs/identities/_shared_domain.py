"""SharedDomain: a domain of another account, whose owner lets this one send from it."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import TOKEN_PATTERN, check_text, invalid
from ..common.checks import check_same_region, regions_differ
from .sending_domain import SendingDomain

if TYPE_CHECKING:
    from aws_cdk import aws_iam as iam

_PART = rf"(?:[a-z0-9-]|{TOKEN_PATTERN})+"
# The owner of an identity that is copied to a second region writes '*' for the region
# (https://docs.aws.amazon.com/ses/latest/dg/sending-authorization-delegate-sender-tasks-email.html).
_IDENTITY_ARN = re.compile(
    rf"arn:{_PART}:ses:(?P<region>\*|{_PART}):(?P<account>[0-9]{{12}}|{TOKEN_PATTERN}):identity/(?P<name>[^/@]+)"
)


class SharedDomain(SendingDomain):
    """The sender's half: grants name the owner's identity, and the owner decides about everything else."""

    def __init__(
        self, scope: Construct, construct_id: str, identity_arn: str, *, configuration_set: ses.IConfigurationSet | None
    ) -> None:
        found = _IDENTITY_ARN.fullmatch(check_text("identity_arn", identity_arn))
        if found is None:
            raise invalid(
                "identity_arn",
                "be the ARN of a domain's identity, known at synth",
                identity_arn,
                "write 'arn:aws:ses:<region>:<account>:identity/<domain>' as its owner has it",
            )
        super().__init__(scope, construct_id, domain_name=found["name"], configuration_set=configuration_set)
        if found["region"] != "*":
            check_same_region("identity_arn", found["region"], user=self)
        self._is_ours = not regions_differ(found["account"], Stack.of(self).account)
        self.identity = ses.EmailIdentity.from_email_identity_arn(self, "Identity", identity_arn)

    def allow_sender(self, principal: "iam.IPrincipal | str", *, from_addresses: Sequence[str] | None = None) -> None:
        """Refused for a domain of another account, as its policies are its owner's."""
        if not self._is_ours:
            fix = "call allow_sender in the stack of its owner"
            raise invalid("domain", "be of this account to let others send from it", self.domain_name, fix)
        super().allow_sender(principal, from_addresses=from_addresses)

    def _set_default(self, configuration_set: ses.IConfigurationSet) -> None:
        if not self._is_ours:
            fix = "name the set with each message, and pass BounceMonitoring(..., default_for_domain=False)"
            raise invalid("domain", "be of this account to get a default configuration set", self.domain_name, fix)
        super()._set_default(configuration_set)

    def _address_arns(self, grantee: "iam.IGrantable", addresses: Sequence[str]) -> list[str]:
        # A message names the identity that it is sent by, so no other one of the owner comes into it.
        return super()._address_arns(grantee, addresses) if self._is_ours else []
