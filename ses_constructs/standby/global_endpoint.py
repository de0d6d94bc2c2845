"""GlobalEndpoint: one endpoint that sends through two regions, and shifts to one while the other is impaired."""

from collections.abc import Sequence

from aws_cdk import Names, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from constructs import Construct

from ..common.arguments import check_kind, contains_token, invalid, text_tuple
from ..common.checks import check_resource
from ..common.ses_arn import ses_arn
from ..functions.custom_resource_function import CustomResourceFunction
from ..identities._sending_grant import SENDING_ACTIONS
from ..identities.sending_domain import SendingDomain
from ..identities.verified_domain import VerifiedDomain

_FROM_ADDRESS = "ses:FromAddress"


class GlobalEndpoint(Construct):
    """A global endpoint of SES: mail that names it goes through this region and another one.

    SES replicates nothing for it. The deployment looks whether both regions have the domain, verified and signed, a
    default configuration set of the same name that is not paused and tells the same kinds of destinations of the same
    events, production access, and limits of which neither is below half of the other; and fails with all that is
    missing. It needs ``iam:CreateServiceLinkedRole`` for ``ses.amazonaws.com`` once.

    Source: https://docs.aws.amazon.com/ses/latest/dg/global-endpoints.html.

    Args:
        domain: The domain in this region, with a default configuration set of a name that you chose.
        regions: The other region, in a list; SES takes exactly one.

    Raises:
        ValueError: Arguments that cannot work.
    """

    def __init__(self, scope: Construct, construct_id: str, *, domain: SendingDomain, regions: Sequence[str]) -> None:
        super().__init__(scope, construct_id)
        check_kind("domain", domain, SendingDomain, "pass a VerifiedDomain")
        stack = Stack.of(self)
        self._domain, self._other = domain, _other_region(regions, own=stack.region)
        if domain.configuration_set is None:
            raise invalid(
                "domain",
                "have a default configuration set, which both regions have under the same name",
                domain.domain_name,
                "pass configuration_set=ses.ConfigurationSet(..., configuration_set_name='mail') to it in both regions",
            )
        self._set_name = domain.configuration_set.configuration_set_name
        # Nothing of an endpoint can be changed: with another region it is another one, made before the old one goes.
        unique = Names.unique_resource_name(self, max_length=45, allowed_special_characters="-_")
        self.endpoint_name = f"{unique}-{self._other}"
        """The name of the endpoint."""
        endpoint = ses.CfnMultiRegionEndpoint(
            self,
            "Endpoint",
            endpoint_name=self.endpoint_name,
            details=ses.CfnMultiRegionEndpoint.DetailsProperty(
                route_details=[ses.CfnMultiRegionEndpoint.RouteDetailsItemsProperty(region=self._other)]
            ),
        )
        self.endpoint_id = self._read_id(endpoint)
        """What senders pass as ``EndpointId`` to SendEmail and SendBulkEmail."""

    def grant_send(
        self, grantee: iam.IGrantable, *, from_addresses: Sequence[str] | None = None, sandbox: bool = False
    ) -> iam.Grant:
        """Let somebody send from the domain in both regions.

        Args:
            grantee: Whoever sends.
            from_addresses: As in ``SendingDomain.grant_send``.
            sandbox: True while the account is in the SES sandbox in this region.

        Raises:
            ValueError: As ``SendingDomain.grant_send``.
        """
        check_resource("grantee", grantee, "IAM grantee")
        here = self._domain.grant_send(grantee, from_addresses=from_addresses, sandbox=sandbox)
        named = {"identity": self._domain.domain_name, "configuration-set": self._set_name}
        there = [ses_arn(self, kind, name, region=self._other) for kind, name in named.items()]
        addresses = [f"*@{self._domain.domain_name}"] if from_addresses is None else list(from_addresses)
        grant = here.combine(
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=list(SENDING_ACTIONS),
                resource_arns=there,
                conditions={"StringLike": {_FROM_ADDRESS: addresses}},
            )
        )
        if from_addresses is None:
            bulk = iam.Grant.add_to_principal(grantee=grantee, actions=["ses:SendBulkEmail"], resource_arns=there)
            grant = grant.combine(bulk)
        return grant

    def _read_id(self, endpoint: ses.CfnMultiRegionEndpoint) -> str:
        function = CustomResourceFunction.shared(self, "global_endpoint")
        resources = {
            "ses:GetMultiRegionEndpoint": [ses_arn(self, "multi-region-endpoint", self.endpoint_name)],
            "ses:GetEmailIdentity": self._in_both("identity", self._domain.domain_name),
            "ses:GetConfigurationSet": self._in_both("configuration-set", self._set_name),
            "ses:GetConfigurationSetEventDestinations": self._in_both("configuration-set", self._set_name),
        }
        resource = function.custom_resource(
            self,
            resource_type="Custom::SESGlobalEndpoint",
            properties={
                "EndpointName": self.endpoint_name,
                "Domain": self._domain.domain_name,
                "Region": self._other,
            },
            permissions=[iam.PolicyStatement(actions=[action], resources=arns) for action, arns in resources.items()],
        )
        resource.node.add_dependency(endpoint)
        if isinstance(self._domain, VerifiedDomain):
            resource.node.add_dependency(self._domain.verified)
        return resource.get_att_string("EndpointId")

    def _in_both(self, kind: str, name: str) -> list[str]:
        return [ses_arn(self, kind, name), ses_arn(self, kind, name, region=self._other)]


def _other_region(regions: Sequence[str], *, own: str) -> str:
    given = text_tuple("regions", regions)
    if len(given) != 1:
        raise invalid("regions", "hold exactly one region beside that of the stack", given, "write ['us-east-1']")
    (other,) = given
    if contains_token(other) or not other or other == own:
        raise invalid("regions", "hold another region than that of the stack, by its name", other, "write 'us-east-1'")
    return other
