"""VPCs for the tests of endpoints."""

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2


def known_vpc(stack: Stack, **changes: Any) -> ec2.IVpc:
    """A VPC of which its attributes are known, and nothing is made."""
    attributes: dict[str, Any] = {
        "vpc_id": "vpc-1",
        "vpc_cidr_block": "10.1.0.0/16",
        "availability_zones": ["eu-west-1a"],
        "private_subnet_ids": ["subnet-1"],
        "private_subnet_route_table_ids": ["table-1"],
    }
    return ec2.Vpc.from_vpc_attributes(stack, "Vpc", **{**attributes, **changes})
