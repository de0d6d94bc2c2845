"""Custom::SESSenderPolicy: one sending-authorization policy on an identity, which CloudFormation cannot write.

Properties: ``Identity`` (the domain or address, not its ARN), ``PolicyName``, ``Policy`` (a JSON text). No data in the
answer. The physical id is ``<identity>|<policy name>``.

A policy is ours when it carries our name and a document we wrote. Any other one of that name is left as it is, and the
deployment fails with a sentence that says so.

Permissions, on the ARN of the identity: ``ses:GetEmailIdentityPolicies``, ``ses:CreateEmailIdentityPolicy``,
``ses:UpdateEmailIdentityPolicy``, ``ses:DeleteEmailIdentityPolicy``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

import boto3

from ._aws import PATIENT, says_gone
from ._custom_resource import Context, Made, Properties, RefusedError, Request, answer

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_UNSURE = "unsure|"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    answer(event, SenderPolicy())


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
        if not isinstance(_parsed(document), dict):
            raise RefusedError("property Policy must be the JSON text of a policy document, an object")
        return cls(identity, properties.text("PolicyName"), document)

    @property
    def physical_id(self) -> str:
        return f"{self.identity}|{self.name}"


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def same(one: str | None, other: str | None) -> bool:
    """Tell whether two documents say the same, whatever their spaces and the order of their keys."""
    if one is None or other is None:
        return False
    # Compared as text again, because Python holds 1 and true for equal.
    return (
        one == other or json.dumps(_parsed(one), sort_keys=True) == json.dumps(_parsed(other), sort_keys=True) != "null"
    )


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


class SenderPolicy:
    """Keeps one policy as the template says."""

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=PATIENT)

    def create(self, request: Request) -> Made:
        wanted = Policy.of(request.new)
        self._write(wanted, ours=None)
        return Made(wanted.physical_id)

    def update(self, request: Request) -> Made:
        wanted, before = Policy.of(request.new), request.before(Policy.of)
        if before is None or wanted.physical_id == before.physical_id:
            self._write(wanted, ours=before.document if before else None)
            return Made(wanted.physical_id)
        self._write(wanted, ours=None)
        if wanted.physical_id == request.physical_id:
            # The roll-back of a replacement that failed: CloudFormation does not know of the new policy, so that no
            # Delete will come for it. It may be there all the same if the answer of SES was lost.
            self._delete_if_unchanged(before)
        return Made(wanted.physical_id)

    def delete(self, request: Request) -> None:
        if request.physical_id.startswith(_UNSURE):
            self._delete_if_unchanged(Policy.of(request.new))
            return
        # By name alone: we made it, and a change by hand since then must not keep a sender allowed for ever.
        identity, _, name = request.physical_id.rpartition("|")
        if not identity:
            # CloudFormation makes up an id for a Create that never answered, which may have taken effect all the same.
            self._delete_if_unchanged(Policy.of(request.new))
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
        try:
            self._ses.create_email_identity_policy(
                EmailIdentity=wanted.identity, PolicyName=wanted.name, Policy=wanted.document
            )
        except Exception as error:
            # Whatever botocore's last try says, an earlier one may have taken effect; "already exists" is then our own.
            if self._look_after(error, wanted) == "create":
                raise

    def _look_after(self, error: Exception, wanted: Policy) -> str:
        try:
            return decide(self._look(wanted), wanted, ours=None)
        except RefusedError:
            raise
        except Exception:
            raise RefusedError(
                f"SES does not say whether it made the sending policy {wanted.name!r} of {wanted.identity} ({error}); "
                "deploy again in a few minutes",
                left_behind=f"{_UNSURE}{wanted.physical_id}",
            ) from error

    def _delete_if_unchanged(self, policy: Policy) -> None:
        try:
            if same(self._look(policy), policy.document):
                self._ses.delete_email_identity_policy(EmailIdentity=policy.identity, PolicyName=policy.name)
        except Exception as error:
            if not says_gone(error):
                raise
