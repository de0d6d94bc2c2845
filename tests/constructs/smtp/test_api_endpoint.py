"""The endpoint by which a VPC reaches the API of SES, and what its policy lets through."""

from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam

from ses_constructs import RecordsToPublish, SendingDomain, SesApiEndpoint, SmtpCredentials, VerifiedDomain
from tests.constructs.smtp.vpcs import known_vpc
from tests.constructs.templates import identified, only, resources, warnings, written

ENDPOINT = "AWS::EC2::VPCEndpoint"


def a_domain(stack: Stack, name: str = "example.com") -> SendingDomain:
    return VerifiedDomain.from_domain_name(stack, f"Domain-{name}", name)


def let_through(stack: Stack) -> list[str]:
    (statement,) = only(stack, ENDPOINT)["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Effect"] == "Allow"
    return [written(each).partition(":111122223333:")[2] for each in statement["Resource"]]


def test_a_vpc_gets_an_endpoint_with_the_host_of_the_region(stack: Stack) -> None:
    made = SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[a_domain(stack)])

    properties = only(stack, ENDPOINT)["Properties"]
    (group_id,) = identified(stack, "AWS::EC2::SecurityGroup")
    assert properties["ServiceName"] == "com.amazonaws.eu-west-1.email"
    assert properties["PrivateDnsEnabled"] is True
    assert properties["SubnetIds"] == ["subnet-1"]
    assert properties["SecurityGroupIds"] == [{"Fn::GetAtt": [group_id, "GroupId"]}]
    assert stack.resolve(made.vpc_endpoint.vpc_endpoint_id) == {"Ref": next(iter(identified(stack, ENDPOINT)))}
    assert warnings(stack) == []


def test_it_takes_https_from_the_vpc_and_nothing_else(stack: Stack) -> None:
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[a_domain(stack)])

    group = only(stack, "AWS::EC2::SecurityGroup")["Properties"]
    assert [(each["CidrIp"], each["FromPort"], each["ToPort"]) for each in group["SecurityGroupIngress"]] == [
        ("10.1.0.0/16", 443, 443)
    ]


def test_its_policy_lets_through_mail_of_the_domains_alone(stack: Stack) -> None:
    domains = [a_domain(stack), a_domain(stack, "example.org")]
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=domains)

    assert let_through(stack) == [
        "identity/example.com",
        "identity/example.org",
        "identity/*@example.com",
        "identity/*@example.org",
        "configuration-set/*",
        "template/*",
    ]
    (statement,) = only(stack, ENDPOINT)["Properties"]["PolicyDocument"]["Statement"]
    assert all(each.startswith("ses:Send") for each in statement["Action"])


def test_what_a_grant_needs_passes_the_endpoint(stack: Stack) -> None:
    domain = a_domain(stack)
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[domain])
    domain.grant_send(iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))

    (through,) = only(stack, ENDPOINT)["Properties"]["PolicyDocument"]["Statement"]
    granted = only(stack, "AWS::IAM::Policy")["Properties"]["PolicyDocument"]["Statement"]
    actions = {
        each for one in granted for each in ([one["Action"]] if isinstance(one["Action"], str) else one["Action"])
    }
    assert actions == set(through["Action"])


def test_recipients_of_the_sandbox_need_permission_too(stack: Stack) -> None:
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[a_domain(stack)], sandbox=True)

    assert "identity/*" in let_through(stack)


def test_a_domain_of_another_account_is_named_by_its_own_arn(stack: Stack) -> None:
    arn = "arn:aws:ses:eu-west-1:222233334444:identity/example.net"
    shared = VerifiedDomain.from_identity_arn(stack, "Shared", arn)
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[shared])

    (statement,) = only(stack, ENDPOINT)["Properties"]["PolicyDocument"]["Statement"]
    assert arn in statement["Resource"]


def test_it_stands_beside_the_endpoint_for_smtp(stack: Stack) -> None:
    vpc, domain = known_vpc(stack), a_domain(stack)
    SmtpCredentials(stack, "Smtp", domain=domain, vpc=vpc)
    SesApiEndpoint(stack, "Api", vpc=vpc, domains=[domain])

    services = {each["Properties"]["ServiceName"].rpartition(".")[2] for each in resources(stack, ENDPOINT)}
    assert services == {"email", "email-smtp"}


def test_a_vpc_has_one_of_each(stack: Stack) -> None:
    vpc, domain = known_vpc(stack), a_domain(stack)
    SesApiEndpoint(stack, "Api", vpc=vpc, domains=[domain])
    SmtpCredentials(stack, "Smtp", domain=domain, vpc=vpc)

    with pytest.raises(
        ValueError, match=r"vpc must have one endpoint for the SES API, .* and 'Mail/Api' makes it, got"
    ):
        SesApiEndpoint(stack, "Again", vpc=vpc, domains=[domain])
    with pytest.raises(ValueError, match=r"vpc must have one endpoint for SMTP, .* and 'Mail/Smtp' makes it, got"):
        SmtpCredentials(stack, "SmtpAgain", domain=domain, vpc=vpc)


def test_other_subnets_may_be_given(stack: Stack) -> None:
    subnet = ec2.Subnet.from_subnet_attributes(stack, "Subnet", subnet_id="subnet-9", availability_zone="eu-west-1b")
    given = ec2.SubnetSelection(subnets=[subnet])
    SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[a_domain(stack)], vpc_subnets=given)

    assert only(stack, ENDPOINT)["Properties"]["SubnetIds"] == ["subnet-9"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"domains": []}, r"domains must hold one at least, got \[\]; pass the domains that are sent from"),
        ({"domains": ["example.com"]}, "domains must be a SendingDomain, got 'example.com'; pass the domains"),
        ({"vpc": "vpc-1"}, "vpc must be a VPC, and no name, ARN or Cfn resource, got 'vpc-1'"),
        ({"sandbox": "yes"}, "sandbox must be "),
        ({"vpc_subnets": ["subnet-1"]}, "vpc_subnets must be a SubnetSelection, got "),
    ],
)
def test_what_cannot_work_is_refused(stack: Stack, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SesApiEndpoint(stack, "Api", **{"vpc": known_vpc(stack), "domains": [a_domain(stack)], **changes})


def test_a_domain_of_another_region_is_refused(app: App, stack: Stack) -> None:
    virginia = Stack(app, "Virginia", env=Environment(account="111122223333", region="us-east-1"))
    domain = VerifiedDomain(virginia, "Domain", domain_name="example.com", dns=RecordsToPublish())

    with pytest.raises(ValueError, match="domains must be in the region of the stack, eu-west-1, got 'us-east-1'"):
        SesApiEndpoint(stack, "Api", vpc=known_vpc(stack), domains=[domain])
