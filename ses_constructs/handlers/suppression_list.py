"""Custom::SESSuppressionList: which reasons put an address on the account's suppression list, in this region.

Property: ``SuppressedReasons``, a list of ``BOUNCE`` and ``COMPLAINT``; empty, SES adds no address any more. No data in
the answer. The physical id is always ``suppression-list``, for there is one in an account and region.

Only a difference is written. A Delete changes nothing: what was set before is not known any more, and to turn the list
off would send to addresses that are known to bounce. The addresses on the list and the other settings are not touched.

Permissions, on ``*`` since SES has no resource level for these calls:
``ses:GetAccount``, ``ses:PutAccountSuppressionAttributes``.
"""

import logging
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from ._aws import RETRY_LONG
from ._custom_resource import Properties, RefusedError, Request, Succeeded, respond
from ._lambda import Context

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.literals import SuppressionListReasonType

log = logging.getLogger(__name__)

PHYSICAL_ID = "suppression-list"

_REASONS: "tuple[SuppressionListReasonType, ...]" = ("BOUNCE", "COMPLAINT")


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, SuppressionListHandler(), context)


def parse_reasons(properties: Properties) -> "frozenset[SuppressionListReasonType]":
    """Read the reasons; one that SES does not have is refused."""
    # A property that got lost must not turn the list off, so that only a list stands for one.
    given = properties.values.get("SuppressedReasons")
    if not isinstance(given, list) or not all(reason in _REASONS for reason in given):
        raise RefusedError(f"property SuppressedReasons must be a list of {' and '.join(_REASONS)}, got {given!r}")
    return frozenset(given)


class SuppressionListHandler:
    """Keeps the reasons of the account as the template says."""

    resource_type = "Custom::SESSuppressionList"

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        self._write(parse_reasons(request.properties))
        return Succeeded(PHYSICAL_ID)

    def update(self, request: Request) -> Succeeded:
        self._write(parse_reasons(request.properties))
        return Succeeded(PHYSICAL_ID)

    def delete(self, request: Request) -> None:
        """Leave the account as it is."""

    def _look(self) -> "frozenset[SuppressionListReasonType]":
        return frozenset(self._ses.get_account().get("SuppressionAttributes", {}).get("SuppressedReasons", ()))

    def _write(self, wanted: "frozenset[SuppressionListReasonType]") -> None:
        found = self._look()
        if found == wanted:
            return
        self._ses.put_account_suppression_attributes(SuppressedReasons=sorted(wanted))
        log.warning("suppression list changed", extra={"before": sorted(found), "now": sorted(wanted)})
