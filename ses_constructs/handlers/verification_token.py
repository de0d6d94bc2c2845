"""Custom::SESVerificationToken: the value of the TXT record ``_amazonses.<domain>``, which CloudFormation cannot tell.

Property: ``Domain``. Answer: ``Token``. The identity must exist before (CloudFormation makes it), because asking SES
for the token of an unknown domain makes an identity that nobody would delete.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:GetIdentityVerificationAttributes``, ``ses:VerifyDomainIdentity``.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from ._aws import RETRY_LONG
from ._custom_resource import RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_ses.type_defs import GetIdentityVerificationAttributesResponseTypeDef as Attributes


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, VerificationTokenHandler(), context)


def token_in(attributes: "Attributes", domain: str) -> str:
    """Find the token that SES already gave out for *domain*, or nothing."""
    for name, found in attributes.get("VerificationAttributes", {}).items():
        if name.lower() == domain:
            return found.get("VerificationToken", "")
    return ""


class VerificationTokenHandler:
    """Reads the token, and has SES make one only where there is none."""

    resource_type = "Custom::SESVerificationToken"

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        domain = request.properties.text("Domain").lower().rstrip(".")
        token = token_in(self._ses.get_identity_verification_attributes(Identities=[domain]), domain)
        # Not asked again when there is a token: on a verified domain that could start its verification anew.
        token = token or self._ses.verify_domain_identity(Domain=domain).get("VerificationToken", "")
        if not token:
            raise RefusedError(
                f"SES gave no verification token for {domain}; deploy again, or verify the domain by DKIM"
            )
        return Succeeded(f"_amazonses.{domain}", {"Token": token})

    def update(self, request: Request) -> Succeeded:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """Change nothing: the token goes with the identity, and the identity belongs to CloudFormation."""
