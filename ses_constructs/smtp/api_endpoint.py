"""SesApiEndpoint: the way from a VPC to the API of SES, for mail from named domains alone."""

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from ..common.arguments import check_flag, check_kind, check_list, invalid
from ..common.checks import check_resource, check_same_place
from ..common.ses_arn import ses_arn
from ..identities._sending_grant import BULK_ACTION, SENDING_ACTIONS
from ..identities.sending_domain import SendingDomain
from ._vpc_endpoint import ses_endpoint

_FIX = "pass the domains that are sent from, such as [domain]"


class SesApiEndpoint(Construct):
    """An interface endpoint for the API of SES, so that boto3 in a VPC sends without the internet.

    Its policy lets through mail from *domains* and nothing else: no other domain of the account, none of another
    account whose credentials somebody brought along, and no other call of SES. Who sends needs ``grant_send`` as well.
    boto3 finds it by itself, because private DNS points the host of the region to it.
    Source: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html.

    Args:
        vpc: Gets the endpoint. Its DNS hostnames and DNS support have to be on.
        domains: Those that may be sent from, with their addresses; of the stack's region.
        sandbox: True while the account is in the SES sandbox, where recipients are identities and need permission too.
        vpc_subnets: The subnets of the endpoint; the private ones unless given, or the public ones of a VPC without.

    Raises:
        ValueError: No domain, one of another region, and a VPC without DNS or with such an endpoint.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        domains: Sequence[SendingDomain],
        sandbox: bool = False,
        vpc_subnets: ec2.SubnetSelection | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        check_resource("vpc", vpc, "VPC")
        check_list("domains", domains, _FIX)
        if not domains:
            raise invalid("domains", "hold one at least", domains, _FIX)
        for domain in domains:
            check_kind("domains", domain, SendingDomain, _FIX)
            check_same_place("domains", domain, user=self, fix="make an endpoint in the region of the domain")
        check_flag("sandbox", sandbox)
        endpoint = ses_endpoint(self, service="email", traffic="the SES API", vpc=vpc, subnets=vpc_subnets, port=443)
        endpoint.add_to_policy(
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=[*SENDING_ACTIONS, BULK_ACTION],
                resources=[
                    *(domain.identity.email_identity_arn for domain in domains),
                    # An address may be an identity of its own, and SES then asks for permission on that one.
                    *(ses_arn(self, "identity", f"*@{domain.domain_name}") for domain in domains),
                    *([ses_arn(self, "identity", "*")] if sandbox else []),
                    # Which of these, the permissions of the sender say.
                    ses_arn(self, "configuration-set", "*"),
                    ses_arn(self, "template", "*"),
                ],
            )
        )
        self.vpc_endpoint: ec2.IInterfaceVpcEndpoint = endpoint
        """The endpoint."""
