"""Custom::SESAddressVerification: holds the deployment until the owners of all addresses have clicked their links.

Properties: ``Addresses``; ``TimeoutSeconds``, 1 to 3300; ``Resend``, which is not read: it changes when links are sent
again, so that they are waited for again. No data in the answer. The physical id is always ``address-verification``.

One request asks for all addresses, because SES answers one control request a second in the whole account; that takes
the v1 API, whose call has no resource level.

Permissions: ``ses:GetIdentityVerificationAttributes`` on ``*``, and those of ``_waiting``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import boto3

from ._aws import RETRY_SHORT
from ._custom_resource import Continued, Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context
from ._waiting import Pending, wait_for

if TYPE_CHECKING:
    from mypy_boto3_ses import SESClient

PHYSICAL_ID = "address-verification"
# What one request takes.
MOST_ADDRESSES = 100


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation, or hand it over."""
    respond(event, AddressVerificationHandler(event, context), context)


def pending(addresses: tuple[str, ...], statuses: Mapping[str, str]) -> tuple[Pending, ...]:
    """List the *addresses* that are not verified; *statuses* come from SES, which leaves out those it does not know."""
    # An identity that was just made may not show up yet.
    found = ((address, statuses.get(address, "not known to SES")) for address in addresses)
    return tuple(Pending(address, status) for address, status in found if status != "Success")


@dataclass(frozen=True)
class WatchedAddresses:
    """Addresses whose owners have a link to click."""

    addresses: tuple[str, ...]

    @classmethod
    def of(cls, properties: Properties) -> Self:
        addresses = properties.texts("Addresses")
        if not 1 <= len(addresses) <= MOST_ADDRESSES:
            raise RefusedError(f"property Addresses must be a list of 1 to {MOST_ADDRESSES}, got {len(addresses)}")
        return cls(addresses)

    @property
    def name(self) -> str:
        return ", ".join(self.addresses)

    @cached_property
    def _ses(self) -> "SESClient":
        return boto3.client("ses", config=RETRY_SHORT)

    def missing(self) -> tuple[Pending, ...]:
        found = self._ses.get_identity_verification_attributes(Identities=list(self.addresses))
        attributes = found["VerificationAttributes"].items()
        return pending(self.addresses, {address: each["VerificationStatus"] for address, each in attributes})

    def given_up(self, missing: tuple[Pending, ...]) -> bool:
        """Tell whether a link was not clicked within the 24 hours in which it works."""
        return any(one.status == "Failed" for one in missing)

    def too_late(self, parts: str, within: str) -> str:
        advice = "their owners must click the link that SES sends them; deploy again or allow more time"
        return f"these addresses were not verified within {within}: {parts}; {advice}"

    def hopeless(self, parts: str) -> str:
        advice = "a link works for 24 hours: pass another text as resend to send new ones"
        return f"these addresses are not verified: {parts}; {advice}"


class AddressVerificationHandler:
    """Waits for all addresses together, so that a failure names every one that is missing."""

    resource_type = "Custom::SESAddressVerification"

    def __init__(self, event: Mapping[str, Any], context: Context) -> None:
        self._event = event
        self._context = context

    def create(self, request: Request) -> Succeeded | Continued:
        watched = WatchedAddresses.of(request.properties)
        return wait_for(watched, request.properties, self._event, self._context) or Succeeded(PHYSICAL_ID)

    def update(self, request: Request) -> Succeeded | Continued:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """Change nothing: a wait leaves nothing behind."""
