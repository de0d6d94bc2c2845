"""Custom::SESSenderPolicy: one sending-authorization policy on an identity, which CloudFormation cannot write.

Properties: ``Identity`` (the domain or address, not its ARN), ``PolicyName``, ``Policy`` (a JSON text). No data in the
answer. The physical id is ``<identity>|<policy name>``.

A policy is ours when it has our name and a document that we wrote. Any other one of that name is left as it is, and the
deployment fails and says so.

Permissions, on the ARN of the identity: ``ses:GetEmailIdentityPolicies``, ``ses:CreateEmailIdentityPolicy``,
``ses:UpdateEmailIdentityPolicy``, ``ses:DeleteEmailIdentityPolicy``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from ._aws import RETRY_LONG, ignore_error_if_done, is_not_found
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context
from ._text import parse_json

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_UNSURE = "unsure|"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, SenderPolicyHandler(), context)


@dataclass(frozen=True, slots=True)
class Policy:
    """A named policy of an identity."""

    identity: str
    name: str
    document: str

    @classmethod
    def of(cls, properties: Properties) -> Self:
        identity = properties.text("Identity")
        # A domain is the same in any case; in an address, the part before the @ is not.
        identity = identity if "@" in identity else identity.lower()
        document = properties.text("Policy")
        if not isinstance(parse_json(document), dict):
            raise RefusedError("property Policy must be the JSON text of a policy document, an object")
        return cls(identity, properties.text("PolicyName"), document)

    @property
    def physical_id(self) -> str:
        return f"{self.identity}|{self.name}"


def same(one: str | None, other: str | None) -> bool:
    """Tell whether two documents say the same, whatever their spaces and the order of their keys."""
    if one is None or other is None:
        return False
    # Compared as text again, because Python holds 1 and true for equal.
    return one == other or _normalized(one) == _normalized(other) != "null"


def _normalized(document: str) -> str:
    return json.dumps(parse_json(document), sort_keys=True)


def decide(found: str | None, wanted: Policy, *, ours: str | None) -> Literal["create", "replace", "keep"]:
    """Say what to do where *found* is the document in place, and *ours* the one we wrote there last, if any."""
    if found is None:
        return "create"
    if same(found, wanted.document):
        return "keep"
    if same(found, ours):
        return "replace"
    where = f"{wanted.identity} has a sending policy {wanted.name!r}"
    if ours is None:
        raise RefusedError(
            f"{where} with another document, which this stack did not make; delete that policy or choose another name"
        )
    # CloudFormation's roll-back meets the same refusal, so the sentence tells the way out of that too.
    raise RefusedError(
        f"{where} that was changed outside of this stack; delete that policy or put the earlier document back, "
        "then deploy again (or continue the update roll-back)"
    )


class SenderPolicyHandler:
    """Keeps one policy as the template says."""

    resource_type = "Custom::SESSenderPolicy"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        wanted = Policy.of(request.properties)
        self._write(wanted, ours=None)
        return Succeeded(wanted.physical_id)

    def update(self, request: Request) -> Succeeded:
        wanted, before = Policy.of(request.properties), request.before(Policy.of)
        if before is None or wanted.physical_id == before.physical_id:
            self._write(wanted, ours=before.document if before else None)
            return Succeeded(wanted.physical_id)
        self._write(wanted, ours=None)
        if wanted.physical_id == request.physical_id:
            # The roll-back of a replacement that failed: CloudFormation does not know of the new policy, so that no
            # Delete will come for it. It may be there all the same if the answer of SES was lost.
            self._delete_if_unchanged(before)
        return Succeeded(wanted.physical_id)

    def delete(self, request: Request) -> None:
        if request.physical_id.startswith(_UNSURE):
            self._delete_if_unchanged(Policy.of(request.properties))
            return
        # By name alone: we made it, and a change by hand since then must not keep a sender allowed for ever.
        identity, _, name = request.physical_id.rpartition("|")
        if not identity:
            # CloudFormation makes up an id for a Create that never answered, which may have taken effect all the same.
            self._delete_if_unchanged(Policy.of(request.properties))
            return
        self._ses.delete_email_identity_policy(EmailIdentity=identity, PolicyName=name)

    def _look(self, policy: Policy) -> str | None:
        return self._ses.get_email_identity_policies(EmailIdentity=policy.identity).get("Policies", {}).get(policy.name)

    def _write(self, wanted: Policy, *, ours: str | None) -> None:
        match decide(self._look(wanted), wanted, ours=ours):
            case "create":
                self._create(wanted)
            case "replace":
                self._ses.update_email_identity_policy(
                    EmailIdentity=wanted.identity, PolicyName=wanted.name, Policy=wanted.document
                )

    def _create(self, wanted: Policy) -> None:
        with ignore_error_if_done(lambda error: self._is_created(wanted, error)):
            self._ses.create_email_identity_policy(
                EmailIdentity=wanted.identity, PolicyName=wanted.name, Policy=wanted.document
            )

    def _is_created(self, wanted: Policy, error: Exception) -> bool:
        try:
            return decide(self._look(wanted), wanted, ours=None) == "keep"
        except RefusedError:
            raise
        except Exception:
            raise RefusedError(
                f"SES does not say whether it made the sending policy {wanted.name!r} of {wanted.identity} ({error}); "
                "deploy again in a few minutes",
                physical_id_to_delete=f"{_UNSURE}{wanted.physical_id}",
            ) from error

    def _delete_if_unchanged(self, policy: Policy) -> None:
        try:
            if same(self._look(policy), policy.document):
                self._ses.delete_email_identity_policy(EmailIdentity=policy.identity, PolicyName=policy.name)
        except Exception as error:
            if not is_not_found(error):
                raise
