"""Every permission of the functions for several regions, records and default sets is needed: without it, they say so.

They are deployed once, with all that they may do. Then each gets the events of CloudFormation with one action taken
away, and the same event with all of them again.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from ses_constructs import BounceMonitoring, GlobalEndpoint, ReplicatedDkim, Route53Zone, VerifiedDomain
from tests.deployed.sending_functions import ANSWERS, Functions, denial, without_patience
from tests.deployed.test_verified_domain import make, route53_zone
from tests.running_aws.fixtures import stack_in, zone_in
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

HERE, PARENT, NOWHERE = "us-east-1", "eu-west-1", "eu-central-1"
SET = "set-of-two-regions"
PUT_SET = "ses:PutEmailIdentityConfigurationSetAttributes"
# By the handler; what each function may do apart from writing its log.
NEEDED: dict[str, tuple[str, ...]] = {
    "default_configuration_set": ("ses:GetEmailIdentity", PUT_SET),
    "dns_records": (
        "route53:ChangeResourceRecordSets",
        "route53:GetChange",
        "route53:GetHostedZone",
        "route53:ListResourceRecordSets",
        "ssm:GetParameter",
        "ssm:PutParameter",
        "ssm:DeleteParameter",
    ),
    "global_endpoint": (
        "ses:GetAccount",
        "ses:GetConfigurationSet",
        "ses:GetConfigurationSetEventDestinations",
        "ses:GetEmailIdentity",
        "ses:GetMultiRegionEndpoint",
    ),
    "replicated_identity": (
        "ses:CreateEmailIdentity",
        "ses:DeleteEmailIdentity",
        "ses:GetEmailIdentity",
        PUT_SET,
        "ses:PutEmailIdentityDkimSigningAttributes",
        "ses:PutEmailIdentityMailFromAttributes",
        "ses:ReplicateEmailIdentityDKIMSigningKey",
        "ses:TagResource",
    ),
}


@dataclass(frozen=True, slots=True)
class Regions(Functions):
    """The stack here, the parent there, and a domain that somebody else has verified."""

    domain: str

    def resources(self) -> list[Any]:
        name = self.stack.stack_name
        found: Any = self.aws.client("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
        return list(found)

    def properties(self, resource: Any) -> dict[str, Any]:
        """As CloudFormation passes them to the function."""
        name = self.stack.stack_name
        body: Any = self.aws.client("cloudformation").get_template(StackName=name)["TemplateBody"]
        template = json.loads(body) if isinstance(body, str) else body
        names = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in self.resources()}
        properties: dict[str, Any] = template["Resources"][resource["LogicalResourceId"]]["Properties"]
        return {key: _passed(value, names) for key, value in properties.items() if key != "ServiceToken"}

    def send(self, handler: str, request_type: str = "Update", **changes: object) -> tuple[str, str]:
        """Have the function of *handler* handle an event of its resource with *changes*."""
        resource_type = "Custom::SES" + "".join(word.capitalize() for word in handler.split("_"))
        (resource,) = (each for each in self.resources() if each["ResourceType"] == resource_type)
        properties, physical_id = self.properties(resource), resource["PhysicalResourceId"]
        return self.custom_resource(
            handler, physical_id=physical_id, new=properties | changes, old=properties, request_type=request_type
        )


def _passed(value: Any, names: Mapping[str, str]) -> Any:
    match value:
        case {"Ref": str(logical_id)}:
            return names[logical_id]
        case dict():
            return {key: _passed(each, names) for key, each in value.items()}
        case list():
            return [_passed(each, names) for each in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def add_everything(stack: Stack, zone: Zone) -> None:
    mail = ses.ConfigurationSet(stack, "Set", configuration_set_name=SET, reputation_metrics=True)
    records = Route53Zone(route53_zone(stack, zone).hosted_zone, adopts_existing=True)
    domain = make(stack, zone, records, dkim=ReplicatedDkim(parent_region=PARENT), configuration_set=mail)
    GlobalEndpoint(stack, "Endpoint", domain=domain, regions=[PARENT])
    elsewhere = VerifiedDomain.from_domain_name(stack, "Elsewhere", f"elsewhere.{zone.domain}")
    BounceMonitoring(stack, "Bounces", domain=elsewhere)
    without_patience(stack)


@pytest.fixture(scope="module")
def deployed(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Regions]:
    s3, there = enforced_aws.client("s3"), enforced_aws.client("sesv2", region_name=PARENT)
    s3.create_bucket(Bucket=ANSWERS)
    for zone in zone_in(enforced_aws):
        there.create_configuration_set(ConfigurationSetName=SET)
        made = there.create_email_identity(EmailIdentity=zone.domain, ConfigurationSetName=SET)
        for token in made["DkimAttributes"]["Tokens"]:
            put_record(enforced_aws, zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com")
        parent = partial(there.get_email_identity, EmailIdentity=zone.domain)
        assert wait_until(lambda: parent()["VerifiedForSendingStatus"])  # noqa: B023
        here = enforced_aws.client("sesv2")
        here.create_email_identity(EmailIdentity=f"elsewhere.{zone.domain}")
        for stack in stack_in(enforced_aws, tmp_path_factory.mktemp("regions")):
            stack.deploy(partial(add_everything, zone=zone))
            yield Regions(enforced_aws, stack, zone.domain)
        here.delete_email_identity(EmailIdentity=f"elsewhere.{zone.domain}")
        there.delete_email_identity(EmailIdentity=zone.domain)
        there.delete_configuration_set(ConfigurationSetName=SET)
    for each in s3.list_objects_v2(Bucket=ANSWERS).get("Contents", []):
        s3.delete_object(Bucket=ANSWERS, Key=each["Key"])
    s3.delete_bucket(Bucket=ANSWERS)


@pytest.mark.parametrize("handler", NEEDED)
def test_every_permission_has_a_test_that_takes_it_away(deployed: Regions, handler: str) -> None:
    assert deployed.permissions(handler) == set(NEEDED[handler])


def check(deployed: Regions, handler: str, action: str, request_type: str = "Update", **changes: object) -> None:
    """The event fails without the action, and names it."""
    with deployed.without(handler, action):
        status, reason = deployed.send(handler, request_type, **changes)
    assert status == "FAILED"
    assert denial(action) in reason


@pytest.mark.parametrize("action", NEEDED["global_endpoint"])
def test_without_one_permission_the_regions_are_not_fit(deployed: Regions, action: str) -> None:
    check(deployed, "global_endpoint", action)
    assert deployed.send("global_endpoint") == ("SUCCESS", "")


@pytest.mark.parametrize("action", NEEDED["replicated_identity"])
def test_without_one_permission_a_replica_is_not_kept(deployed: Regions, action: str) -> None:
    sesv2, domain = deployed.aws.client("sesv2"), deployed.domain
    request_type, changes = "Update", dict[str, object]()
    match action.removeprefix("ses:"):
        case "CreateEmailIdentity" | "TagResource" | "ReplicateEmailIdentityDKIMSigningKey":
            sesv2.delete_email_identity(EmailIdentity=domain)
        case "DeleteEmailIdentity":
            request_type = "Delete"
        case "PutEmailIdentityDkimSigningAttributes":
            changes = {"ParentRegion": NOWHERE}

    check(deployed, "replicated_identity", action, request_type, **changes)

    assert deployed.send("replicated_identity") == ("SUCCESS", "")
    assert sesv2.get_email_identity(EmailIdentity=domain)["VerifiedForSendingStatus"]


@pytest.mark.parametrize("action", NEEDED["default_configuration_set"])
def test_without_one_permission_the_default_set_is_not_set(deployed: Regions, action: str) -> None:
    sesv2, name = deployed.aws.client("sesv2"), f"elsewhere.{deployed.domain}"
    sesv2.put_email_identity_configuration_set_attributes(EmailIdentity=name)

    check(deployed, "default_configuration_set", action)

    assert not sesv2.get_email_identity(EmailIdentity=name).get("ConfigurationSetName")
    assert deployed.send("default_configuration_set") == ("SUCCESS", "")
    assert sesv2.get_email_identity(EmailIdentity=name)["ConfigurationSetName"]


# The one of a deletion comes last: without it the records go, and what is remembered of them stays.
@pytest.mark.parametrize("action", NEEDED["dns_records"])
def test_without_one_permission_records_are_not_changed(deployed: Regions, action: str) -> None:
    # Of its records the stack wants the policy of MAIL FROM alone.
    domain = deployed.domain
    fewer = [{"Name": f"mail.{domain}", "Type": "TXT", "TTL": "300", "Values": ['"v=spf1 include:amazonses.com ~all"']}]

    if action == "ssm:DeleteParameter":
        check(deployed, "dns_records", action, "Delete")
    elif action == "route53:GetChange":  # by then the change is made, and taking it back would not be faster
        said = "the records are not known to be on all servers of Route 53"
        before = deployed.logs("dns_records").count(said)
        with deployed.without("dns_records", action):
            assert deployed.send("dns_records", Records=fewer) == ("SUCCESS", "")
        assert wait_until(lambda: deployed.logs("dns_records").count(said) > before)
    else:
        check(deployed, "dns_records", action, Records=fewer)
    assert deployed.send("dns_records") == ("SUCCESS", "")
