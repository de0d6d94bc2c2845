"""IP address filters; the numbers are those of the facts seen on live AWS."""

from collections.abc import Iterator

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError

pytestmark = pytest.mark.xdist_group("local-aws")


def refused(aws: LocalAws, name: str = "one", cidr: str = "10.0.0.0/8") -> tuple[str, str]:
    ip_filter = {"Name": name, "IpFilter": {"Policy": "Block", "Cidr": cidr}}
    return refusal_of(aws.client("ses").create_receipt_filter, Filter=ip_filter)


@pytest.fixture(autouse=True)
def _no_filters_left(aws: LocalAws) -> Iterator[None]:
    yield
    v1 = aws.client("ses")
    for each in v1.list_receipt_filters()["Filters"]:
        v1.delete_receipt_filter(FilterName=each["Name"])


@pytest.mark.parametrize(
    "cidr",
    ["10.0.0.1", "10.0.0.0/8", "2001:db8::1", "2001:db8::/32"],
)
def test_fact_10_networks_that_are_taken(aws: LocalAws, cidr: str) -> None:
    assert refused(aws, cidr=cidr) == ("", "")


@pytest.mark.parametrize(
    "cidr",
    ["300.0.0.0/8", "10.0.0.0/33", "10.0.0.0/255.0.0.0", "[2001:db8::1]", "fe80::1%eth0", "::ffff:10.0.0.1", "::/129"],
)
def test_facts_10_and_47_networks_that_are_refused(aws: LocalAws, cidr: str) -> None:
    assert refused(aws, cidr=cidr) == ("InvalidParameterValue", f"Invalid CIDR block: {cidr}")


def test_fact_47_names(aws: LocalAws) -> None:
    assert refused(aws, "-f") == ("InvalidParameterValue", "Not a valid filterName: -f")
    assert refused(aws, "") == ("InvalidParameterValue", "filterName must not be empty")
    assert refused(aws, "f") == ("", "")
    assert refused(aws, "f") == ("AlreadyExists", "Filter already exists: f")


def test_fact_48_a_hundred_at_most(aws: LocalAws) -> None:
    for number in range(100):
        assert refused(aws, f"filter-{number}") == ("", "")
    assert refused(aws, "one-more") == ("LimitExceeded", "Too many filters")


def test_fact_47_cloudformation_is_refused_as_well(deployed_stack: DeployedStack) -> None:
    def build(stack: cdk.Stack) -> None:
        ip_filter = ses.CfnReceiptFilter.IpFilterProperty(cidr="300.0.0.0/8", policy="Block")
        ses.CfnReceiptFilter(stack, "Filter", filter=ses.CfnReceiptFilter.FilterProperty(ip_filter=ip_filter))

    with pytest.raises(DeploymentError, match=r"Invalid CIDR block: 300\.0\.0\.0/8"):
        deployed_stack.deploy(build)
