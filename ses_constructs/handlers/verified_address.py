"""Custom::SESVerifiedAddress: one e-mail address as an identity of SES, which mails its owner a link to click.

Properties: ``Address``; ``InsideVerifiedDomain`` (``true`` or ``false``); ``Resend`` (may be empty or absent), a text
whose change mails a new link if the address is still not verified. No data in the answer. The physical id is the
address, and an Update cannot change it.

An identity is ours when it carries our tag with the id of this stack. ``CreateEmailIdentity`` writes the tag together
with the identity and refuses one that exists, so that ours can be told from others even if its answer was lost. The old
``VerifyEmailIdentity`` does neither, and IAM cannot narrow it; it is used where the new API has no call, to mail the
link again. An identity that was there before is used as it is, and only ours is deleted.

SES keeps the part before the @ with its case; the domain has none.

Permissions, on the ARN of the address: ``ses:GetEmailIdentity``, ``ses:CreateEmailIdentity``, ``ses:TagResource``,
``ses:DeleteEmailIdentity``; on the ARNs of its domain and that one's parents: ``ses:GetEmailIdentity``; on ``*``, since
SES has no resource level for this call: ``ses:VerifyEmailIdentity``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from ._aws import RETRY_LONG, ignore_error_if_done, is_not_found, is_transient
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import GetEmailIdentityResponseTypeDef as Identity
    from mypy_boto3_sesv2.type_defs import TagTypeDef

OWNER_TAG = "ses-constructs:stack"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, VerifiedAddressHandler(), context)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the template says."""

    address: str
    inside_verified_domain: bool
    resend: str

    @classmethod
    def of(cls, properties: Properties) -> Self:
        inside = properties.flag("InsideVerifiedDomain")
        return cls(address_in(properties), inside, properties.optional("Resend"))

    def domains(self) -> tuple[str, ...]:
        """List the domain and its parents, any of which may be an identity too."""
        labels = self.address.rpartition("@")[2].split(".")
        return tuple(".".join(labels[start:]) for start in range(len(labels) - 1))


def address_in(properties: Properties) -> str:
    local_part, at, domain = properties.text("Address").rpartition("@")
    if not local_part or not domain:
        raise RefusedError("property Address must be an e-mail address; the template of this stack must set it")
    return f"{local_part}{at}{domain.lower()}"


def is_verified(identity: "Identity") -> bool:
    return bool(identity.get("VerifiedForSendingStatus"))


def decide_create(found: "Identity | None", *, ours: bool) -> Literal["make", "send", "keep"]:
    """Say what a Create does where *found* is the identity in place."""
    if found is None:
        return "make"
    # Ours is there already if an earlier try made it and its answer was lost; its mail is under way.
    under_way = ours and found.get("VerificationStatus") == "PENDING"
    return "keep" if is_verified(found) or under_way else "send"


def decide_update(found: "Identity | None", wanted: Wanted, before: Wanted) -> Literal["make", "send", "keep"]:
    """Say what an Update does where *found* is the identity in place, and the template said *before*."""
    if found is None:
        return "make"
    again = wanted.resend not in ("", before.resend)
    return "send" if again and not is_verified(found) else "keep"


def _tag(stack_id: str) -> "TagTypeDef":
    return {"Key": OWNER_TAG, "Value": stack_id}


def _is_of(stack_id: str, found: "Identity | None") -> bool:
    return found is not None and _tag(stack_id) in found.get("Tags", [])


class VerifiedAddressHandler:
    """Keeps one address as an identity."""

    resource_type = "Custom::SESVerifiedAddress"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    @cached_property
    def _old_ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        try:
            found = self._look(wanted.address)
            self._act(decide_create(found, ours=_is_of(request.stack_id, found)), wanted, request.stack_id)
        except Exception as error:
            if not is_transient(error):
                raise
            # This try or an earlier one may have made the identity; with this id its Delete comes back and looks.
            raise RefusedError(str(error), physical_id_to_delete=wanted.address) from error
        return Succeeded(wanted.address)

    def update(self, request: Request) -> Succeeded:
        wanted = Wanted.of(request.properties)
        if wanted.address != request.physical_id:
            raise RefusedError(
                f"this resource is for {request.physical_id} and cannot be changed to {wanted.address}; "
                "make a resource of its own for each address"
            )
        # Bad properties have sent nothing, so their roll-back sends nothing again.
        before = request.before(Wanted.of) or wanted
        self._act(decide_update(self._look(wanted.address), wanted, before), wanted, request.stack_id)
        return Succeeded(wanted.address)

    def delete(self, request: Request) -> None:
        # By the properties, for CloudFormation makes up an id for a Create that never answered.
        address = address_in(request.properties)
        if _is_of(request.stack_id, self._look(address)):
            self._ses.delete_email_identity(EmailIdentity=address)

    def _look(self, identity: str) -> "Identity | None":
        try:
            return self._ses.get_email_identity(EmailIdentity=identity)
        except Exception as error:
            if is_not_found(error):
                return None
            raise

    def _act(self, decision: Literal["make", "send", "keep"], wanted: Wanted, stack_id: str) -> None:
        match decision:
            case "make":
                self._make(wanted, stack_id)
            case "send":
                self._old_ses.verify_email_identity(EmailAddress=wanted.address)

    def _make(self, wanted: Wanted, stack_id: str) -> None:
        if not wanted.inside_verified_domain:
            self._check_domains(wanted)
        with ignore_error_if_done(lambda _: self._is_made(wanted.address)):
            self._ses.create_email_identity(EmailIdentity=wanted.address, Tags=[_tag(stack_id)])

    def _is_made(self, address: str) -> bool:
        try:
            return self._look(address) is not None
        except Exception as error:
            # Nobody knows, also where the look is denied: with this id its Delete comes back and looks again.
            raise RefusedError(str(error), physical_id_to_delete=address) from error

    def _check_domains(self, wanted: Wanted) -> None:
        for domain in wanted.domains():
            found = self._look(domain)
            if found and is_verified(found):
                raise RefusedError(
                    f"SES has verified {domain} in this region, and with it every address there; an identity for "
                    f"{wanted.address} would take the place of the domain's settings: leave the address out, or pass "
                    "inside_verified_domain=True"
                )
