"""Custom::SESDefaultConfigurationSet: the default configuration set of an identity that CloudFormation did not make.

Properties: ``Identity`` (the domain, not its ARN), ``ConfigurationSet``, ``OwnsSet`` (whether the set goes with the
stack). No data in the answer. The physical id is ``<identity>|<set>``, with ``|found`` behind it where a set that stays
was the default already.

An identity with another default is left as it is, and the deployment fails and says so. A Delete clears the default
only while it is the one that we set; it must, where the set goes: SES refuses all mail of an identity whose default
does not exist.

Permissions: ``ses:GetEmailIdentity`` and ``ses:PutEmailIdentityConfigurationSetAttributes`` on the ARN of the identity,
the latter on that of the set too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from ._aws import RETRY_LONG, ignore_error_if_done, is_not_found
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_UNSURE, _FOUND = "unsure|", "|found"


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, DefaultSetHandler(), context)


@dataclass(frozen=True, slots=True)
class Default:
    """Which set an identity is to have as its default."""

    identity: str
    configuration_set: str
    owns_set: bool

    @classmethod
    def of(cls, properties: Properties) -> Self:
        identity = properties.text("Identity").lower()
        return cls(identity, properties.text("ConfigurationSet"), properties.flag("OwnsSet"))

    @property
    def physical_id(self) -> str:
        return f"{self.identity}|{self.configuration_set}"


class DefaultSetHandler:
    """Keeps the default set of one identity as the template says."""

    resource_type = "Custom::SESDefaultConfigurationSet"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        return self._set(Default.of(request.properties), ours="")

    def update(self, request: Request) -> Succeeded:
        wanted, before = Default.of(request.properties), request.before(Default.of)
        if request.physical_id.removesuffix(_FOUND) == wanted.physical_id:
            # Also the roll-back of an update: then the set of the new template is there, and ours.
            ours = before.configuration_set if before and before.identity == wanted.identity else ""
            self._set(wanted, ours=ours)
            return Succeeded(request.physical_id)
        identity, _, ours = request.physical_id.removesuffix(_FOUND).partition("|")
        return self._set(wanted, ours=ours if identity == wanted.identity else "")

    def delete(self, request: Request) -> None:
        if request.physical_id.endswith(_FOUND):
            return
        identity, _, ours = request.physical_id.removeprefix(_UNSURE).partition("|")
        if not ours:
            # CloudFormation makes up an id for a Create that never answered, which may have taken effect all the same.
            asked_for = Default.of(request.properties)
            if not asked_for.owns_set:
                return
            identity, ours = asked_for.identity, asked_for.configuration_set
        try:
            if self._look(identity) == ours:
                self._ses.put_email_identity_configuration_set_attributes(EmailIdentity=identity)
        except Exception as error:
            if not is_not_found(error):
                raise

    def _look(self, identity: str) -> str:
        return self._ses.get_email_identity(EmailIdentity=identity).get("ConfigurationSetName", "")

    def _set(self, wanted: Default, *, ours: str) -> Succeeded:
        found = self._look_at(wanted.identity)
        if found == wanted.configuration_set:
            # One that goes with the stack is ours: nobody else knew its name, but for an earlier try of this event.
            is_ours = wanted.owns_set or found == ours
            return Succeeded(wanted.physical_id if is_ours else wanted.physical_id + _FOUND)
        if found not in ("", ours):
            raise RefusedError(
                f"{wanted.identity} has the default configuration set {found!r}, which this stack did not set; pass "
                "that one to VerifiedDomain.from_domain_name, or clear it by aws sesv2 "
                f"put-email-identity-configuration-set-attributes --email-identity {wanted.identity}"
            )
        with ignore_error_if_done(lambda error: self._is_set(wanted, error)):
            self._ses.put_email_identity_configuration_set_attributes(
                EmailIdentity=wanted.identity, ConfigurationSetName=wanted.configuration_set
            )
        return Succeeded(wanted.physical_id)

    def _look_at(self, identity: str) -> str:
        try:
            return self._look(identity)
        except Exception as error:
            if is_not_found(error):
                raise RefusedError(f"SES has no identity {identity} in this region; verify it first") from error
            raise

    def _is_set(self, wanted: Default, error: Exception) -> bool:
        try:
            return self._look(wanted.identity) == wanted.configuration_set
        except Exception:
            raise RefusedError(
                f"SES does not say whether it set the default configuration set of {wanted.identity} ({error}); deploy "
                "again in a few minutes",
                physical_id_to_delete=f"{_UNSURE}{wanted.physical_id}",
            ) from error
