"""The interface endpoints by which a VPC reaches SES without the internet."""

from typing import Literal

from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from ..common.arguments import check_kind, contains_token, invalid
from ..common.once import earlier_owner


def ses_endpoint(
    scope: Construct,
    *,
    service: Literal["email", "email-smtp"],
    traffic: str,
    vpc: ec2.IVpc,
    subnets: ec2.SubnetSelection | None,
    port: int,
) -> ec2.InterfaceVpcEndpoint:
    """An endpoint named ``Endpoint`` under *scope* that takes connections to *port* from the CIDR block of *vpc* alone.

    Source: https://docs.aws.amazon.com/ses/latest/dg/send-email-set-up-vpc-endpoints.html.
    """
    if subnets is not None:
        check_kind("vpc_subnets", subnets, ec2.SubnetSelection, "pass ec2.SubnetSelection(subnets=[...])")
    _check_dns(vpc)
    earlier = earlier_owner(vpc, ("endpoint", service), scope)
    if earlier is not None:
        raise invalid(
            "vpc",
            f"have one endpoint for {traffic}, as two cannot have its name, and {earlier.node.path!r} makes it",
            vpc.node.path,
            "leave vpc out of one of the two: the endpoint serves the whole VPC",
        )
    security_group = ec2.SecurityGroup(
        scope,
        "EndpointSecurityGroup",
        vpc=vpc,
        description=f"{traffic} to SES from this VPC",
        # An endpoint only answers.
        allow_all_outbound=False,
    )
    addresses = _addresses(vpc)
    security_group.add_ingress_rule(ec2.Peer.ipv4(addresses), ec2.Port.tcp(port), f"{traffic} from this VPC")
    if contains_token(addresses):
        Validations.of(security_group).acknowledge(
            Acknowledgment(
                id="AwsSolutions-EC23", reason="the rule fails on a CIDR block known at deploy: the VPC's own"
            )
        )
    return ec2.InterfaceVpcEndpoint(
        scope,
        "Endpoint",
        vpc=vpc,
        service=ec2.InterfaceVpcEndpointAwsService(service, port=port),
        subnets=subnets,
        security_groups=[security_group],
        # The L2 would admit port 443 as well, or the VPC a second time.
        open=False,
        private_dns_enabled=True,
    )


def _check_dns(vpc: ec2.IVpc) -> None:
    """Private DNS needs both settings; those of an imported VPC are not known."""
    if isinstance(vpc, ec2.Vpc) and not (vpc.dns_hostnames_enabled and vpc.dns_support_enabled):
        raise invalid(
            "vpc",
            "have DNS hostnames and DNS support on, by which its endpoint has the host of the region",
            vpc.node.path,
            "leave out enable_dns_hostnames=False and enable_dns_support=False",
        )


def _addresses(vpc: ec2.IVpc) -> str:
    try:
        return vpc.vpc_cidr_block
    except RuntimeError:
        raise invalid(
            "vpc",
            "have a known CIDR block",
            vpc.vpc_id,
            "pass vpc_cidr_block to ec2.Vpc.from_vpc_attributes, or import it with ec2.Vpc.from_lookup",
        ) from None
