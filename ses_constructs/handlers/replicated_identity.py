"""Custom::SESReplicatedIdentity: a domain as an identity of SES that signs with the DKIM keys of another region.

CloudFormation's own type has no field for it, and may take it back with a change of its DKIM settings; so the identity
is made here, by the one call that is documented for it (https://docs.aws.amazon.com/ses/latest/dg/
send-email-authentication-dkim-deed.html).

Properties: ``Domain``; ``ParentRegion``; ``MailFromDomain`` (may be empty), ``BehaviorOnMxFailure``;
``ConfigurationSetName`` (may be empty), the default one. No data in the answer. The physical id is the domain, and an
Update cannot change it.

An identity is ours when it carries our tag with the id of this stack. One that is not ours is refused: whether SES
turns it into a replica is not documented, and its mail would go unsigned meanwhile. Only ours is deleted.

SES replicates some time later, and says in the identity why it cannot; that is waited for, up to a minute. Whatever
else is pending then is no failure.

Permissions, on the ARN of the identity: ``ses:GetEmailIdentity``, ``ses:CreateEmailIdentity``, ``ses:TagResource``,
``ses:DeleteEmailIdentity``, ``ses:PutEmailIdentityDkimSigningAttributes``,
``ses:PutEmailIdentityMailFromAttributes``, ``ses:PutEmailIdentityConfigurationSetAttributes``, the last one on the set
too; and on the ARN of the identity in the parent region ``ses:ReplicateEmailIdentityDKIMSigningKey``.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, cast

import boto3

from ._aws import RETRY_LONG, error_code, ignore_error_if_done, is_not_found
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.literals import DkimSigningAttributesOriginType
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef as Identity
    from mypy_boto3_sesv2.type_defs import TagTypeDef

OWNER_TAG = "ses-constructs:stack"

_LOOKS, _SECONDS_BETWEEN_LOOKS = 13, 5

# What SES writes as the ErrorType of the identity.
_PROBLEMS = {
    "REPLICATION_ACCESS_DENIED": "the role of this function lacks ses:ReplicateEmailIdentityDKIMSigningKey on "
    "{domain} in {region}",
    "REPLICATION_PRIMARY_NOT_FOUND": "SES has no {domain} in {region}; deploy the stack of that region first",
    "REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED": "{domain} in {region} signs with a key of its own, and SES "
    "replicates its own keys only: use OwnDkim with the same key here too",
    "REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED": "{domain} in {region} is a replica itself; name the region that "
    "it replicates",
    "REPLICATION_PRIMARY_INVALID_REGION": "SES does not replicate from {region}; name another region",
}


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, ReplicatedIdentityHandler(), context)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template says."""

    domain: str
    parent_region: str
    mail_from: str
    on_mx_failure: str
    configuration_set: str

    @classmethod
    def of(cls, properties: Properties) -> Self:
        return cls(
            properties.text("Domain").lower(),
            properties.text("ParentRegion"),
            properties.optional("MailFromDomain"),
            properties.text("BehaviorOnMxFailure"),
            properties.optional("ConfigurationSetName"),
        )

    @property
    def origin(self) -> "DkimSigningAttributesOriginType":
        return cast("DkimSigningAttributesOriginType", f"AWS_SES_{self.parent_region.upper().replace('-', '_')}")


def problem_of(found: "Identity", wanted: Wanted) -> str:
    """Say why SES cannot replicate; empty while it says nothing of the kind."""
    told = _PROBLEMS.get(found.get("VerificationInfo", {}).get("ErrorType", ""), "")
    return told.format(domain=wanted.domain, region=wanted.parent_region)


def _tag(stack_id: str) -> "TagTypeDef":
    return {"Key": OWNER_TAG, "Value": stack_id}


def _is_of(stack_id: str, found: "Identity | None") -> bool:
    return found is not None and _tag(stack_id) in found.get("Tags", [])


class ReplicatedIdentityHandler:
    """Keeps one domain as a replica."""

    resource_type = "Custom::SESReplicatedIdentity"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        found = self._look(wanted.domain)
        if found is not None and not _is_of(request.stack_id, found):
            raise RefusedError(
                f"SES has {wanted.domain} in this region already, with keys of its own, and does not document how to "
                "turn it into a replica; take the identity away first, or leave its DKIM as it is"
            )
        try:
            if found is None:
                self._make(wanted, request.stack_id)
            self._set(wanted)
            self._wait_for_keys(wanted)
        except Exception as error:
            # This try or an earlier one may have made the identity; with this id its Delete comes back and looks.
            raise RefusedError(str(error), physical_id_to_delete=wanted.domain) from error
        return Succeeded(wanted.domain)

    def update(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        if wanted.domain != request.physical_id:
            raise RefusedError(
                f"this resource is for {request.physical_id} and cannot be changed to {wanted.domain}; add a domain of "
                "its own, and take this one out"
            )
        found = self._look(wanted.domain)
        if found is None:
            self._make(wanted, request.stack_id)
        elif found["DkimAttributes"].get("SigningAttributesOrigin") != wanted.origin:
            self._change_parent(wanted)
        self._set(wanted)
        self._wait_for_keys(wanted)
        return Succeeded(wanted.domain)

    def delete(self, request: Request) -> None:
        # By the properties, for CloudFormation makes up an id for a Create that never answered.
        domain = request.properties.text("Domain").lower()
        if _is_of(request.stack_id, self._look(domain)):
            self._ses.delete_email_identity(EmailIdentity=domain)

    def _look(self, domain: str) -> "Identity | None":
        try:
            return self._ses.get_email_identity(EmailIdentity=domain)
        except Exception as error:
            if is_not_found(error):
                return None
            raise

    def _make(self, wanted: Wanted, stack_id: str) -> None:
        with ignore_error_if_done(lambda _: _is_of(stack_id, self._look(wanted.domain))):
            self._ses.create_email_identity(
                EmailIdentity=wanted.domain,
                DkimSigningAttributes={"DomainSigningAttributesOrigin": wanted.origin},
                Tags=[_tag(stack_id)],
            )

    def _change_parent(self, wanted: Wanted) -> None:
        try:
            self._ses.put_email_identity_dkim_signing_attributes(
                EmailIdentity=wanted.domain, SigningAttributesOrigin=wanted.origin
            )
        except Exception as error:
            if error_code(error) != "BadRequestException":
                raise
            raise RefusedError(
                f"SES does not change {wanted.domain} into a replica of {wanted.parent_region}: {error}; take the "
                "domain out of this stack, deploy, and add it again"
            ) from error

    def _set(self, wanted: Wanted) -> None:
        """All that CloudFormation would set by itself; the same again is harmless."""
        mail_from: dict[str, Any] = {}
        if wanted.mail_from:
            mail_from = {"MailFromDomain": wanted.mail_from, "BehaviorOnMxFailure": wanted.on_mx_failure}
        self._ses.put_email_identity_mail_from_attributes(EmailIdentity=wanted.domain, **mail_from)
        self._ses.put_email_identity_configuration_set_attributes(
            EmailIdentity=wanted.domain,
            **({"ConfigurationSetName": wanted.configuration_set} if wanted.configuration_set else {}),
        )

    def _wait_for_keys(self, wanted: Wanted) -> None:
        for left in reversed(range(_LOOKS)):
            found = self._look(wanted.domain)
            if found is None:
                raise RefusedError(f"somebody has taken {wanted.domain} away meanwhile; deploy again")
            if problem := problem_of(found, wanted):
                raise RefusedError(f"SES cannot replicate the DKIM keys: {problem}")
            if found.get("VerifiedForSendingStatus"):
                return
            if left:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
