"""The record writer in a template: one custom resource, and permissions for the names of the domain alone."""

import pytest
from aws_cdk import App, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53

from ses_constructs import (
    CrossAccountZone,
    DnsDelegationRole,
    Route53Zone,
    TlsReporting,
    VerifiedDomain,
    hand_over_records,
)
from tests.conftest import hosted_zone
from tests.constructs.templates import identified, only, resources, role_statements, template, written

ROLE = "arn:aws:iam::222222222222:role/dns"
KEYS = "route53:ChangeResourceRecordSets"


@pytest.fixture
def writer(stack: Stack) -> Route53Zone:
    return Route53Zone(hosted_zone(stack), adopts_existing=True)


def names_allowed(stack: Stack, *, of: str) -> list[str]:
    (found,) = (each for each in role_statements(stack, of=of) if "Condition" in each)
    return [written(each) for each in found["Condition"]["ForAllValues:StringLike"][f"{KEYS}NormalizedRecordNames"]]


def test_a_domain_takes_three_resources_beside_the_function_that_all_share(stack: Stack, writer: Route53Zone) -> None:
    for number in range(2):
        VerifiedDomain(stack, f"Domain{number}", domain_name=f"d{number}.example.com", dns=writer)

    types = [each["Type"] for each in template(stack)["Resources"].values()]
    per_domain = ["AWS::IAM::Policy", "AWS::SES::EmailIdentity", "Custom::SESDnsRecords"]
    assert [types.count(each) for each in per_domain] == [2, 2, 2]
    function = {"AWS::IAM::Role", "AWS::Lambda::Function", "AWS::Lambda::EventInvokeConfig", "AWS::Logs::LogGroup"}
    assert set(types) == {*per_domain, *function}


def test_the_records_are_those_of_the_group(stack: Stack, writer: Route53Zone) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=writer)

    properties = only(stack, "Custom::SESDnsRecords")["Properties"]
    records = [each for each in properties["Records"] if isinstance(each["Name"], str)]
    assert records[-1] == {"Name": "_dmarc.example.com", "Type": "TXT", "TTL": 300, "Values": ['"v=DMARC1; p=none"']}
    assert len(properties["Records"]) == 6
    assert properties["AdoptsExisting"] is True
    # By this the function finds the group that stands there without a writer.
    other = Stack(App(), "Other")
    VerifiedDomain(other, "Domain", domain_name="example.com", dns=Route53Zone(hosted_zone(other)))
    assert list(identified(other, "AWS::Route53::RecordSetGroup")) == [properties["Group"]]


def test_the_function_may_change_records_at_the_names_of_the_domain_alone(stack: Stack, writer: Route53Zone) -> None:
    reports = TlsReporting(reports_to=["tls@example.com"])
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=writer, receives_mail=True, tls_reporting=reports)

    statements = {str(each["Action"]): each for each in role_statements(stack, of="DnsRecords")}
    change = statements["route53:ChangeResourceRecordSets"]
    assert change["Condition"] == {
        "ForAllValues:StringLike": {
            f"{KEYS}NormalizedRecordNames": [
                "*._domainkey.example.com",
                "_dmarc.example.com",
                "_smtp._tls.example.com",
                "example.com",
                "mail.example.com",
            ],
            f"{KEYS}RecordTypes": ["CNAME", "MX", "TXT"],
            f"{KEYS}Actions": ["CREATE", "DELETE"],
        },
        "Null": {f"{KEYS}NormalizedRecordNames": "false"},
    }
    assert written(change["Resource"]) == "arn:<AWS::Partition>:route53:::hostedzone/Z0123456789ABCDEFGHIJ"


def test_other_names_bring_another_policy_so_that_the_old_one_stays_until_they_are_gone() -> None:
    def policy(mail_from: str) -> str:
        stack = Stack(App(), "Mail")
        dns = Route53Zone(hosted_zone(stack), adopts_existing=True)
        VerifiedDomain(stack, "Domain", domain_name="example.com", dns=dns, mail_from=mail_from)
        (logical_id,) = identified(stack, "AWS::IAM::Policy")
        return logical_id

    assert policy("mail") == policy("mail") != policy("bounce")


def test_kept_records_are_left_in_the_zone(stack: Stack, writer: Route53Zone) -> None:
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=writer, removal_policy=RemovalPolicy.RETAIN)

    assert only(stack, "Custom::SESDnsRecords")["DeletionPolicy"] == "RetainExceptOnCreate"


def test_a_zone_of_another_account_is_reached_by_a_role_and_nothing_else(stack: Stack) -> None:
    zone = CrossAccountZone(hosted_zone_id="Z1", zone_name="Example.com.", role_arn=ROLE)
    VerifiedDomain(stack, "Domain", domain_name="example.com", dns=zone)

    properties = only(stack, "Custom::SESDnsRecords")["Properties"]
    assert (properties["RoleArn"], properties["HostedZoneId"], properties["AdoptsExisting"]) == (ROLE, "Z1", False)
    (policy,) = resources(stack, "AWS::IAM::Policy")
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == ("sts:AssumeRole", ROLE)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"hosted_zone_id": 1}, "hosted_zone_id must be"),
        ({"zone_name": "a b"}, "zone_name must"),
        ({"role_arn": "dns"}, r"role_arn must be the ARN of a role, got 'dns'; pass one such as"),
        ({"adopts_existing": "yes"}, "adopts_existing must be a bool"),
    ],
)
def test_a_zone_that_cannot_be_is_refused(bad: dict[str, object], sentence: str) -> None:
    good: dict[str, object] = {"hosted_zone_id": "Z1", "zone_name": "example.com", "role_arn": ROLE}
    with pytest.raises(ValueError, match=sentence):
        CrossAccountZone(**{**good, **bad})  # type: ignore[arg-type]


def test_a_domain_outside_of_the_other_zone_is_refused(stack: Stack) -> None:
    zone = CrossAccountZone(hosted_zone_id="Z1", zone_name="example.com", role_arn=ROLE)
    with pytest.raises(ValueError, match=r"domain_name must be the hosted zone 'example\.com' or a subdomain of it"):
        VerifiedDomain(stack, "Domain", domain_name="example.org", dns=zone)


def test_the_role_of_the_other_account_lets_in_one_domain(stack: Stack) -> None:
    role = DnsDelegationRole(
        stack,
        "Delegation",
        hosted_zone=hosted_zone(stack),
        domain_name="shop.example.com",
        trusted_account="111122223333",
        mail_from=["mail", "bounce.shop.example.com"],
        further_domains=["click.example.com"],
    )

    assert isinstance(role.role, iam.Role)
    assert names_allowed(stack, of="Delegation") == [
        "*._domainkey.click.example.com",
        "*._domainkey.shop.example.com",
        "_amazonses.shop.example.com",
        "_dmarc.shop.example.com",
        "_smtp._tls.shop.example.com",
        "bounce.shop.example.com",
        "click.example.com",
        "mail.shop.example.com",
        "shop.example.com",
    ]
    trust = only(stack, "AWS::IAM::Role")["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [written(each["Principal"]["AWS"]) for each in trust] == ["arn:<AWS::Partition>:iam::111122223333:root"]


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"trusted_account": "me"}, "trusted_account must be an account id of 12 digits, got 'me'"),
        ({"hosted_zone": "Z1"}, "hosted_zone must be a hosted zone"),
        ({"domain_name": "a b"}, "domain_name must"),
        ({"further_domains": "click.example.com"}, "further_domains must be a sequence of str"),
        ({"mail_from": ["a b"]}, "mail_from must"),
    ],
)
def test_a_role_for_nothing_is_refused(stack: Stack, bad: dict[str, object], sentence: str) -> None:
    good: dict[str, object] = {"hosted_zone": hosted_zone(stack), "domain_name": "example.com"}
    with pytest.raises(ValueError, match=sentence):
        DnsDelegationRole(stack, "Role", **{**good, "trusted_account": "111122223333", **bad})  # type: ignore[arg-type]


def test_records_that_are_handed_over_stay_and_are_marked(stack: Stack, writer: Route53Zone) -> None:
    zone = hosted_zone(stack, construct_id="Zone2")
    domain = VerifiedDomain(stack, "Domain", domain_name="one.example.com", dns=Route53Zone(zone))
    record = route53.TxtRecord(stack, "Dmarc", zone=zone, record_name="_dmarc", values=["v=DMARC1; p=none"])
    written_domain = VerifiedDomain(stack, "Other", domain_name="two.example.com", dns=writer)

    for each in (domain, record, written_domain, domain):
        hand_over_records(each)

    made = template(stack)["Resources"]
    kept = {
        key
        for key, each in made.items()
        if each["Type"].startswith("AWS::Route53") and "Retain" in each["DeletionPolicy"]
    }
    assert len(kept) == 2
    markers = {key for key, each in made.items() if each["Type"] == "AWS::CloudFormation::WaitConditionHandle"}
    assert markers == {f"{key}HandedOver" for key in kept}
    assert only(stack, "Custom::SESDnsRecords")["Properties"]["KeepsRecords"] == "true"


@pytest.mark.parametrize("scope", ["text", None])
def test_only_a_construct_can_hand_over(scope: object) -> None:
    with pytest.raises(ValueError, match="scope must be a construct"):
        hand_over_records(scope)  # type: ignore[arg-type]


def test_what_has_no_records_has_nothing_to_hand_over(stack: Stack) -> None:
    with pytest.raises(ValueError, match=r"scope must have records in Route 53, got 'Mail'; pass the domain"):
        hand_over_records(stack)
