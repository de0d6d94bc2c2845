"""One endpoint for two regions."""

from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from ses_constructs import GlobalEndpoint, RecordsToPublish, SendingDomain, VerifiedDomain
from tests.constructs.templates import identified, needs, only, role_statements, written

ENDPOINT, CUSTOM = "AWS::SES::MultiRegionEndpoint", "Custom::SESGlobalEndpoint"
HERE, THERE = (f"arn:<AWS::Partition>:ses:{region}:111122223333:" for region in ("eu-west-1", "us-east-1"))
THINGS = ("identity/example.com", "configuration-set/mail")


def domain(stack: Stack) -> SendingDomain:
    mail = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "mail")
    return VerifiedDomain.from_domain_name(stack, "Domain", "example.com", configuration_set=mail)


def make(stack: Stack, **changes: Any) -> GlobalEndpoint:
    found = changes.pop("domain", None) or domain(stack)
    return GlobalEndpoint(stack, "Endpoint", **{"domain": found, "regions": ["us-east-1"], **changes})


def test_an_endpoint_with_a_route_to_the_other_region(stack: Stack) -> None:
    made = make(stack)

    assert only(stack, ENDPOINT)["Properties"] == {
        "EndpointName": made.endpoint_name,
        "Details": {"RouteDetails": [{"Region": "us-east-1"}]},
    }
    assert made.endpoint_name.endswith("-us-east-1")
    assert len(made.endpoint_name) <= 64


def test_its_id_is_read_after_a_look_at_both_regions(stack: Stack) -> None:
    made = make(stack)

    (endpoint,), (custom,) = identified(stack, ENDPOINT), identified(stack, CUSTOM)
    assert stack.resolve(made.endpoint_id) == {"Fn::GetAtt": [custom, "EndpointId"]}
    assert endpoint in needs(stack, custom)
    properties = only(stack, CUSTOM)["Properties"]
    assert (properties["EndpointName"], properties["Domain"], properties["Region"]) == (
        made.endpoint_name,
        "example.com",
        "us-east-1",
    )
    statements = {each["Action"]: each["Resource"] for each in role_statements(stack, of="SesGlobalEndpoint")}
    assert statements["ses:GetAccount"] == "*"
    identity, configuration_set = THINGS
    for action, thing in (
        ("ses:GetEmailIdentity", identity),
        ("ses:GetConfigurationSet", configuration_set),
        ("ses:GetConfigurationSetEventDestinations", configuration_set),
    ):
        assert [written(each) for each in statements[action]] == [HERE + thing, THERE + thing]
    assert written(statements["ses:GetMultiRegionEndpoint"]) == f"{HERE}multi-region-endpoint/{made.endpoint_name}"


@pytest.mark.parametrize("addresses", [None, ["receipts@example.com"]])
def test_a_sender_may_send_in_both_regions_from_the_same_addresses(stack: Stack, addresses: list[str] | None) -> None:
    sender = iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))

    make(stack).grant_send(sender, from_addresses=addresses)

    statements = role_statements(stack, of="Sender")
    there = [each for each in statements if written(each["Resource"][0]).startswith(THERE)]
    for each in there:
        assert [written(arn) for arn in each["Resource"]] == [THERE + thing for thing in THINGS]
    assert there[0]["Condition"] == {"StringLike": {"ses:FromAddress": addresses or ["*@example.com"]}}
    assert [each["Action"] for each in there[1:]] == ([] if addresses else ["ses:SendBulkEmail"])


def test_it_looks_once_a_domain_of_the_same_stack_is_there(stack: Stack) -> None:
    mail = ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "mail")
    made = VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish(), configuration_set=mail)

    make(stack, domain=made)

    (identity,), (custom,) = identified(stack, "AWS::SES::EmailIdentity"), identified(stack, CUSTOM)
    assert identity in needs(stack, custom)


@pytest.mark.parametrize("regions", [[], ["us-east-1", "us-west-2"]])
def test_there_is_exactly_one_other_region(stack: Stack, regions: list[str]) -> None:
    with pytest.raises(ValueError, match="regions must hold exactly one region beside that of the stack"):
        make(stack, regions=regions)


@pytest.mark.parametrize("region", ["eu-west-1", ""])
def test_the_other_region_is_another_one(stack: Stack, region: str) -> None:
    with pytest.raises(ValueError, match="regions must hold another region than that of the stack"):
        make(stack, regions=[region])


def test_both_regions_have_a_default_set(stack: Stack) -> None:
    bare = VerifiedDomain(stack, "Bare", domain_name="example.com", dns=RecordsToPublish())

    with pytest.raises(ValueError, match="domain must have a default configuration set, which both regions have"):
        make(stack, domain=bare)
