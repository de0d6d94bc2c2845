"""Custom::SESGlobalEndpoint: whether two regions are fit for a global endpoint, and its id.

SES sends a part of the mail through each region and replicates nothing
(https://docs.aws.amazon.com/ses/latest/dg/global-endpoints.html), so what a message uses has to be in both; and
CloudFormation does not return the id by which senders name the endpoint.

Properties: ``EndpointName``, ``Domain``, ``Region``, the second one. Data: ``EndpointId``. The physical id is the name.
Nothing is changed, and a Delete does nothing.

Permissions: ``ses:GetMultiRegionEndpoint`` on the endpoint; in both regions ``ses:GetEmailIdentity`` on the identity,
``ses:GetConfigurationSet`` and ``ses:GetConfigurationSetEventDestinations`` on its default set, ``ses:GetAccount`` on
``*``.
"""

import itertools
import math
import time
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3

from ._aws import RETRY_LONG, is_not_found
from ._custom_resource import RefusedError, Request, Succeeded, respond
from ._lambda import AccountRegion, Context

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

_LOOKS, _SECONDS_BETWEEN_LOOKS = 25, 5

# What SES calls the limits of an account.
_LIMITS = {"Max24HourSend": "messages a day", "MaxSendRate": "messages a second"}


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, GlobalEndpointHandler(AccountRegion.of(context.invoked_function_arn).region), context)


class RegionLook:
    """What SES has of a domain in one region."""

    def __init__(self, region: str, domain: str) -> None:
        self.region, self._domain = region, domain
        self.configuration_set = ""
        self.limits: Mapping[str, float] = {}
        self.events = set[tuple[str, str]]()
        """The kinds of destinations, each with a kind of events that it gets."""

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", region_name=self.region, config=RETRY_LONG)

    def problems(self) -> Iterator[str]:
        """Say what keeps the region from sending the domain's mail."""
        account = self._ses.get_account()
        quota: Mapping[str, Any] = account.get("SendQuota", {})
        # SES writes -1 for no limit.
        self.limits = {name: limit for name in _LIMITS if (limit := quota.get(name, -1)) >= 0}
        if not account["ProductionAccessEnabled"]:
            yield f"the account is in the sandbox in {self.region}"
        try:
            found = self._ses.get_email_identity(EmailIdentity=self._domain)
        except Exception as error:
            if not is_not_found(error):
                raise
            yield f"SES has no {self._domain} in {self.region}; deploy it there first"
            return
        if not found.get("VerifiedForSendingStatus"):
            yield f"SES has not verified {self._domain} in {self.region}"
        if found["DkimAttributes"].get("Status") != "SUCCESS":
            yield f"SES does not sign {self._domain} with DKIM in {self.region}"
        self.configuration_set = found.get("ConfigurationSetName", "")
        if self.configuration_set:
            if not self._set_sends():
                yield f"configuration set {self.configuration_set} is paused in {self.region}"
            self.events = set(self._read_events())

    def _set_sends(self) -> bool:
        options = self._ses.get_configuration_set(ConfigurationSetName=self.configuration_set).get("SendingOptions", {})
        return options.get("SendingEnabled", True)

    def _read_events(self) -> Iterator[tuple[str, str]]:
        found = self._ses.get_configuration_set_event_destinations(ConfigurationSetName=self.configuration_set)
        for each in found.get("EventDestinations", []):
            if each.get("Enabled"):
                kinds = [name for name in each if name.endswith("Destination")]
                yield from itertools.product(kinds, each["MatchingEventTypes"])


def differences(one: RegionLook, other: RegionLook) -> Iterator[str]:
    """Say what *one* has and *other* lacks, so that a part of the mail or of its events would get lost."""
    for name, unit in _LIMITS.items():
        have, lack = one.limits.get(name, math.inf), other.limits.get(name, math.inf)
        # Half of the mail goes by each region, so that two of the smaller limit are what the endpoint carries.
        if lack < have / 2:
            allowed = "any number" if have == math.inf else f"{have:.12g}"
            yield (
                f"SES allows {lack:.12g} {unit} in {other.region} and {allowed} in {one.region}, and half of the mail "
                f"goes by each; ask AWS for as much in {other.region}"
            )
    if one.configuration_set != other.configuration_set:
        return
    missing = sorted(one.events - other.events)
    for kind, pairs in itertools.groupby(missing, key=lambda each: each[0]):
        events = ", ".join(event for _, event in pairs)
        yield (
            f"configuration set {one.configuration_set} sends {events} to its {kind} in {one.region} and not in "
            f"{other.region}; add the same event destination there"
        )


class GlobalEndpointHandler:
    """Looks at both regions, and reads the endpoint's id once it is ready."""

    resource_type = "Custom::SESGlobalEndpoint"

    def __init__(self, region: str) -> None:
        self._region = region

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", config=RETRY_LONG)

    def create(self, request: Request) -> Succeeded:
        name, domain = request.properties.text("EndpointName"), request.properties.text("Domain")
        regions = [RegionLook(each, domain) for each in (self._region, request.properties.text("Region"))]
        problems = [problem for each in regions for problem in each.problems()]
        one, other = regions
        problems += [*differences(one, other), *differences(other, one)]
        sets = [each.configuration_set for each in regions]
        if not problems and (sets[0] != sets[1] or not sets[0]):
            problems.append(
                f"the default configuration set of {domain} is {sets[0] or 'none'} in {regions[0].region} and "
                f"{sets[1] or 'none'} in {regions[1].region}; give it the same name in both"
            )
        if problems:
            raise RefusedError(f"the regions are not fit for a global endpoint: {'; '.join(problems)}")
        return Succeeded(name, {"EndpointId": self._id_once_ready(name)})

    def update(self, request: Request) -> Succeeded:
        return self.create(request)

    def delete(self, request: Request) -> None:
        """The endpoint goes by itself."""

    def _id_once_ready(self, name: str) -> str:
        for left in reversed(range(_LOOKS)):
            found = self._ses.get_multi_region_endpoint(EndpointName=name)
            if found["Status"] == "READY":
                return found["EndpointId"]
            if found["Status"] == "FAILED":
                break
            if left:
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        raise RefusedError(f"global endpoint {name} is {found['Status']} and not READY; deploy again")
