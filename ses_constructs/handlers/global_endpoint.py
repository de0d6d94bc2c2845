"""Custom::SESGlobalEndpoint: whether two regions are fit for a global endpoint, and its id.

SES sends a part of the mail through each region and replicates nothing
(https://docs.aws.amazon.com/ses/latest/dg/global-endpoints.html), so what a message uses has to be in both; and
CloudFormation does not return the id by which senders name the endpoint.

Properties: ``EndpointName``, ``Domain``, ``Region``, the second one. Data: ``EndpointId``. The physical id is the name.
Nothing is changed, and a Delete does nothing.

Permissions: ``ses:GetMultiRegionEndpoint`` on the endpoint; in both regions ``ses:GetEmailIdentity`` on the identity,
``ses:GetConfigurationSet`` on its default set, ``ses:GetAccount`` on ``*``.
"""

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


def on_event(event: Mapping[str, Any], context: Context) -> None:
    """Answer one event of CloudFormation."""
    respond(event, GlobalEndpointHandler(AccountRegion.of(context.invoked_function_arn).region), context)


class RegionLook:
    """What SES has of a domain in one region."""

    def __init__(self, region: str, domain: str) -> None:
        self.region, self._domain = region, domain
        self.configuration_set = ""

    @cached_property
    def _ses(self) -> "SESV2Client":
        return boto3.client("sesv2", region_name=self.region, config=RETRY_LONG)

    def problems(self) -> Iterator[str]:
        """Say what keeps the region from sending the domain's mail."""
        if not self._ses.get_account()["ProductionAccessEnabled"]:
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
        if self.configuration_set and not self._set_sends():
            yield f"configuration set {self.configuration_set} is paused in {self.region}"

    def _set_sends(self) -> bool:
        options = self._ses.get_configuration_set(ConfigurationSetName=self.configuration_set).get("SendingOptions", {})
        return options.get("SendingEnabled", True)


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
        sets = [each.configuration_set for each in regions]
        if not problems and sets[0] != sets[1]:
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
