"""Where records go: one record set group in Route 53, or outputs for a person."""

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53 as route53

from ses_constructs import RecordsToPublish, Route53Zone, VerifiedDomain
from tests.conftest import hosted_zone
from tests.constructs.templates import only, template


def test_a_zone_made_in_the_app_is_referred_to(stack: Stack) -> None:
    zone = route53.PublicHostedZone(stack, "Zone", zone_name="example.com")
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))

    (zone_id,) = (k for k, each in template(stack)["Resources"].items() if each["Type"] == "AWS::Route53::HostedZone")
    assert only(stack, "AWS::Route53::RecordSetGroup")["Properties"]["HostedZoneId"] == {"Ref": zone_id}


def test_a_zone_name_with_a_trailing_dot_is_the_same_zone(stack: Stack) -> None:
    zone = Route53Zone(hosted_zone(stack, "Example.com."))
    VerifiedDomain(stack, "Domain", domain_name="news.example.com", dns=zone)

    assert only(stack, "AWS::SES::EmailIdentity")["Properties"]["EmailIdentity"] == "news.example.com"


@pytest.mark.parametrize("domain_name", ["example.org", "notexample.com", "com.example"])
def test_a_domain_outside_the_zone_is_refused(stack: Stack, zone: Route53Zone, domain_name: str) -> None:
    with pytest.raises(
        ValueError, match=f"domain_name must be the hosted zone 'example.com' or a subdomain of it, got '{domain_name}'"
    ):
        VerifiedDomain(stack, "Domain", domain_name=domain_name, dns=zone)


def test_a_private_zone_is_refused(app: App) -> None:
    stack = Stack(app, "Private", env=Environment(account="111122223333", region="eu-west-1"))
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["eu-west-1a"])
    zone = route53.PrivateHostedZone(stack, "Zone", zone_name="example.com", vpc=vpc)

    with pytest.raises(ValueError, match=r"hosted_zone must be a public hosted zone.*got 'example\.com'; pass"):
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))


def test_a_zone_without_a_name_is_refused_with_the_import_that_has_one(stack: Stack) -> None:
    zone = route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z0123456789ABCDEFGHIJ")

    with pytest.raises(
        ValueError, match=r"hosted_zone must know its zone name, got '.*'; import it with .*from_hosted_zone_attributes"
    ):
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))


def test_records_to_publish_are_outputs_with_zone_file_lines(stack: Stack) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish(), receives_mail=True)

    outputs = template(stack)["Outputs"]
    (identity_id,) = template(stack)["Resources"]
    values = {each["Description"]: each["Value"] for each in outputs.values()}
    assert values["DMARC policy"] == '_dmarc.example.com. 300 IN TXT "v=DMARC1; p=none"'
    assert values["Inbound mail"] == "example.com. 300 IN MX 10 inbound-smtp.eu-west-1.amazonaws.com."
    assert values["DKIM key 1"] == {
        "Fn::Join": [
            "",
            [
                {"Fn::GetAtt": [identity_id, "DkimDNSTokenName1"]},
                ". 300 IN CNAME ",
                {"Fn::GetAtt": [identity_id, "DkimDNSTokenValue1"]},
                ".",
            ],
        ]
    }


def test_output_ids_come_from_the_role_of_the_record(stack: Stack) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=RecordsToPublish())

    assert [each[:-8] for each in template(stack)["Outputs"]] == [
        "DomainRecordsDKIMKey1",
        "DomainRecordsDKIMKey2",
        "DomainRecordsDKIMKey3",
        "DomainRecordsMAILFROMBounces",
        "DomainRecordsMAILFROMSPF",
        "DomainRecordsDMARCPolicy",
    ]


def test_a_zone_of_a_vpc_is_private_too(app: App) -> None:
    stack = Stack(app, "Private", env=Environment(account="111122223333", region="eu-west-1"))
    vpc = ec2.Vpc.from_vpc_attributes(stack, "Vpc", vpc_id="vpc-1", availability_zones=["eu-west-1a"])
    zone = route53.HostedZone(stack, "Zone", zone_name="example.com", vpcs=[vpc])

    with pytest.raises(ValueError, match="hosted_zone must be a public hosted zone"):
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=Route53Zone(zone))


def test_records_to_publish_fit_into_the_outputs_of_a_stack(stack: Stack) -> None:
    for number in range(33):
        VerifiedDomain(stack, f"Domain{number}", domain_name=f"customer{number}.example", dns=RecordsToPublish())

    with pytest.raises(
        ValueError,
        match=r"dns must publish at most 200 records as outputs of one stack.*got 204; put last\.example into another",
    ):
        VerifiedDomain(stack, "Last", domain_name="last.example", dns=RecordsToPublish())

    assert len(template(stack)["Outputs"]) == 198
