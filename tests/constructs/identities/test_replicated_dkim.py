"""A domain that signs with the DKIM keys of another region."""

from typing import Any

import pytest
from aws_cdk import App, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses

from ses_constructs import BounceMonitoring, RecordsToPublish, ReplicatedDkim, Route53Zone, VerifiedDomain
from tests.constructs.templates import (
    identified,
    needs,
    only,
    record_sets,
    resources,
    role_statements,
    template,
    warnings,
    written,
)

REPLICA, IDENTITY, RECORDS = "Custom::SESReplicatedIdentity", "AWS::SES::EmailIdentity", "AWS::Route53::RecordSetGroup"
ACCOUNT = "111122223333"


def make(stack: Stack, zone: Route53Zone, **changes: Any) -> VerifiedDomain:
    arguments = {
        "domain_name": "example.com",
        "dns": zone,
        "dkim": ReplicatedDkim(parent_region="us-east-1"),
        "owns_shared_records": False,
        **changes,
    }
    return VerifiedDomain(stack, "Domain", **arguments)


def test_a_custom_resource_makes_the_identity_and_there_are_no_records(stack: Stack, zone: Route53Zone) -> None:
    domain = make(stack, zone)

    properties = only(stack, REPLICA)["Properties"]
    del properties["ServiceToken"], properties["ServiceTimeout"]
    assert properties == {
        "Domain": "example.com",
        "ParentRegion": "us-east-1",
        "MailFromDomain": "mail.example.com",
        "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
    }
    assert (resources(stack, IDENTITY), resources(stack, RECORDS), domain.records) == ([], [], ())


def test_the_records_that_the_domain_has_once_may_be_here(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, owns_shared_records=True, mail_from="other")

    assert set(record_sets(stack)) == {
        ("other.example.com", "MX"),
        ("other.example.com", "TXT"),
        ("_dmarc.example.com", "TXT"),
    }


def test_the_function_may_make_this_identity_and_replicate_that_of_the_parent(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone)

    own, parent = role_statements(stack, of="SesReplicatedIdentity")
    assert written(own["Resource"]) == f"arn:<AWS::Partition>:ses:eu-west-1:{ACCOUNT}:identity/example.com"
    assert "ses:CreateEmailIdentity" in own["Action"]
    assert (parent["Action"], written(parent["Resource"])) == (
        "ses:ReplicateEmailIdentityDKIMSigningKey",
        f"arn:<AWS::Partition>:ses:us-east-1:{ACCOUNT}:identity/example.com",
    )


def test_what_sends_waits_for_the_identity(stack: Stack, zone: Route53Zone) -> None:
    role = iam.Role(stack, "Sender", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    domain = make(stack, zone)
    domain.grant_send(role)
    role.node.find_child("DefaultPolicy").node.add_dependency(domain.verified)

    (replica,) = identified(stack, REPLICA)
    (policy,) = (key for key in identified(stack, "AWS::IAM::Policy") if key.startswith("SenderDefault"))
    assert replica in needs(stack, policy)


def test_its_default_set_may_come_at_once_or_later(stack: Stack, zone: Route53Zone) -> None:
    BounceMonitoring(stack, "Bounces", domain=make(stack, zone))

    (set_id,) = identified(stack, "AWS::SES::ConfigurationSet")
    assert only(stack, REPLICA)["Properties"]["ConfigurationSetName"] == {"Ref": set_id}


def test_a_default_set_from_elsewhere(stack: Stack, zone: Route53Zone) -> None:
    make(
        stack,
        zone,
        configuration_set=ses.ConfigurationSet.from_configuration_set_name(stack, "Set", "mail"),
        mail_from=None,
        mail_from_on_mx_failure=ses.MailFromBehaviorOnMxFailure.REJECT_MESSAGE,
    )

    properties = only(stack, REPLICA)["Properties"]
    assert (properties["ConfigurationSetName"], properties["MailFromDomain"]) == ("mail", "")


def test_the_deployment_waits_without_a_word_about_people(stack: Stack) -> None:
    make(stack, dns=RecordsToPublish(), zone=None, wait_until_verified=Duration.minutes(5))  # type: ignore[arg-type]

    (replica,), (wait,) = identified(stack, REPLICA), identified(stack, "Custom::SESDomainVerification")
    assert replica in needs(stack, wait)
    assert [each for each in warnings(stack) if "waits-for-people" in each] == []
    assert template(stack).get("Outputs", {}) == {}


def test_a_retained_replica_stays(stack: Stack, zone: Route53Zone) -> None:
    make(stack, zone, removal_policy=RemovalPolicy.RETAIN)

    replica = only(stack, REPLICA)
    assert (replica["DeletionPolicy"], replica["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")


def test_a_region_does_not_replicate_itself(stack: Stack, zone: Route53Zone) -> None:
    with pytest.raises(ValueError, match="parent_region must be another region than that of the stack"):
        make(stack, zone, dkim=ReplicatedDkim(parent_region="eu-west-1"))


@pytest.mark.parametrize("region", ["", "Ireland", "eu_west_1", "AWS_SES_EU_WEST_1"])
def test_a_parent_is_the_name_of_a_region(region: str) -> None:
    with pytest.raises(ValueError, match="parent_region must be the name of a region"):
        ReplicatedDkim(parent_region=region)


@pytest.mark.parametrize(
    ("account", "region", "depends"),
    [(ACCOUNT, "us-east-1", True), (ACCOUNT, "us-west-2", False), ("222233334444", "us-east-1", False)],
)
def test_the_stack_depends_on_that_of_the_parent(
    app: App, stack: Stack, zone: Route53Zone, account: str, region: str, depends: bool
) -> None:
    first = Stack(app, "First", env=Environment(account=account, region=region))
    VerifiedDomain(first, "Domain", domain_name="example.com", dns=RecordsToPublish())

    make(stack, zone)

    app.synth()
    assert stack.dependencies == ([first] if depends else [])
