"""The record writer through CloudFormation: records beside what stands in the zone, and nothing else touched."""

import threading
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_route53 as route53

from local_aws.read_back import read_domain
from ses_constructs import RecordsToPublish, Route53Zone, VerifiedDomain, hand_over_records
from tests.deployed.test_verified_domain import make, records, route53_zone
from tests.local_aws.plain_app import add_custom_resource
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")


FAILS = """
def handler(event, context):
    answer(event, "FAILED" if event["RequestType"] == "Create" else "SUCCESS", physical_id="one", reason="as wanted")
"""


def write(stack: Stack, zone: Zone, **changes: Any) -> VerifiedDomain:
    """A domain whose records the writer writes."""
    writer = Route53Zone(route53_zone(stack, zone).hosted_zone, adopts_existing=True)
    return make(stack, zone, writer, **changes)


def fails_after(domain: VerifiedDomain) -> None:
    """Have the deployment fail once the domain is there."""
    add_custom_resource(Stack.of(domain), FAILS).node.add_dependency(domain)


def memories(deployed_stack: DeployedStack) -> list[str]:
    """The names of the parameters in which the writer remembers."""
    found = deployed_stack.aws.client("ssm").describe_parameters()["Parameters"]
    of_stack = f"/ses-constructs/dns-records/{deployed_stack.stack_name}/"
    return [each["Name"] for each in found if each["Name"].startswith(of_stack)]


def test_what_is_absent_is_made_and_deleted_again(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
    state = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
    made = records(deployed_stack, hosted_zone)
    (memory,) = memories(deployed_stack)
    deployed_stack.destroy()

    assert state.problems() == []
    assert len(made) == 6
    assert memory.endswith(f"/{hosted_zone.hosted_zone_id}/{hosted_zone.domain}")
    assert records(deployed_stack, hosted_zone) == {}
    assert memories(deployed_stack) == []


def add_record(stack: Stack, zone: Zone) -> route53.TxtRecord:
    """A DMARC record by CDK's own construct."""
    made = route53_zone(stack, zone).hosted_zone
    return route53.TxtRecord(stack, "Dmarc", zone=made, record_name="_dmarc", values=["v=DMARC1; p=none"])


class Watch:
    """Looks at a zone all the time, for a record that is away."""

    def __init__(self, deployed_stack: DeployedStack, zone: Zone) -> None:
        self._stack, self._zone = deployed_stack, zone
        self._expected = self._look()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run)
        # One entry for each look: what was missing.
        self._missing: list[set[tuple[str, str]]] = []

    @property
    def missing(self) -> set[tuple[str, str]]:
        assert self._missing, "nobody has looked"
        return set().union(*self._missing)

    def _look(self) -> set[tuple[str, str]]:
        return set(records(self._stack, self._zone))

    def _run(self) -> None:
        while not self._ends.wait(0.02):
            self._missing.append(self._expected - self._look())

    def __enter__(self) -> "Watch":
        assert self._expected
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()


def test_a_record_set_group_hands_its_records_to_the_writer_in_two_deployments(
    hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    deployed_stack.deploy(lambda stack: make(stack, hosted_zone))
    with Watch(deployed_stack, hosted_zone) as watch:
        with pytest.raises(DeploymentError, match=r"first deploy with hand_over_records\(\.\.\.\)"):
            deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
        refused = deployed_stack.status()
        deployed_stack.deploy(lambda stack: hand_over_records(make(stack, hosted_zone)))
        # A roll-back of the second, and then the second.
        with pytest.raises(DeploymentError, match="as wanted"):
            deployed_stack.deploy(lambda stack: fails_after(write(stack, hosted_zone)))
        deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
        cloudformation = deployed_stack.aws.client("cloudformation")
        described = cloudformation.describe_stack_resources(StackName=deployed_stack.stack_name)["StackResources"]
        deployed_stack.destroy()

    assert refused == "UPDATE_ROLLBACK_COMPLETE"
    assert "AWS::Route53::RecordSetGroup" not in {each["ResourceType"] for each in described}
    assert watch.missing == set()
    # What was adopted outlives the stack.
    assert len(records(deployed_stack, hosted_zone)) == 6


def test_a_record_of_cdk_hands_over_to_a_domain(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: add_record(stack, hosted_zone))
    with Watch(deployed_stack, hosted_zone) as watch:
        with pytest.raises(DeploymentError, match=r"the records of Dmarc\w+ in this stack would be deleted"):
            deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
        deployed_stack.deploy(lambda stack: hand_over_records(add_record(stack, hosted_zone)))
        deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
        deployed_stack.destroy()

    assert watch.missing == set()
    assert records(deployed_stack, hosted_zone).keys() == {("_dmarc.", "TXT")}


def test_the_writer_hands_its_records_over_too(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
    with Watch(deployed_stack, hosted_zone) as watch:
        deployed_stack.deploy(lambda stack: hand_over_records(write(stack, hosted_zone)))
        deployed_stack.deploy(lambda stack: make(stack, hosted_zone, RecordsToPublish()))
        memory = memories(deployed_stack)
        deployed_stack.deploy(lambda stack: write(stack, hosted_zone))

    assert watch.missing == set()
    assert memory == []


def test_a_record_set_group_cannot_take_over_from_the_writer(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
    with (
        Watch(deployed_stack, hosted_zone) as watch,
        pytest.raises(DeploymentError, match="but it already exists"),
    ):
        deployed_stack.deploy(lambda stack: make(stack, hosted_zone))

    assert watch.missing == set()
    assert deployed_stack.status() == "UPDATE_ROLLBACK_COMPLETE"


def test_a_domain_gets_another_zone_in_two_deployments(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    made = deployed_stack.aws.client("route53").create_hosted_zone(Name=hosted_zone.domain, CallerReference="other")
    other = Zone(domain=hosted_zone.domain, hosted_zone_id=made["HostedZone"]["Id"].removeprefix("/hostedzone/"))
    deployed_stack.deploy(lambda stack: write(stack, hosted_zone))
    with Watch(deployed_stack, hosted_zone) as watch:
        with pytest.raises(DeploymentError, match="the old zone would lose its records"):
            deployed_stack.deploy(lambda stack: write(stack, other))
        deployed_stack.deploy(lambda stack: hand_over_records(write(stack, hosted_zone)))
        with pytest.raises(DeploymentError, match="as wanted"):
            deployed_stack.deploy(lambda stack: fails_after(write(stack, other)))
        assert records(deployed_stack, other) == {}
        deployed_stack.deploy(lambda stack: write(stack, other))

    assert watch.missing == set()
    assert records(deployed_stack, other) == records(deployed_stack, hosted_zone)
    deployed_stack.destroy()
    assert records(deployed_stack, other) == {}


def test_a_domain_steps_in_where_records_stand_and_leaves_them_as_they_were(
    hosted_zone: Zone, deployed_stack: DeployedStack
) -> None:
    def put(label: str, record_type: str, *values: str) -> None:
        put_record(deployed_stack.aws, hosted_zone, label, record_type, *values)

    def deploy() -> None:
        deployed_stack.deploy(lambda stack: write(stack, hosted_zone))

    put("_dmarc", "TXT", '"v=DMARC1; p=quarantine"')
    put("mail", "MX", "10 feedback-smtp.us-east-1.amazonses.com")
    put("mail", "TXT", '"v=spf1 ip4:192.0.2.1 -all"', '"somebody else\'s"')
    before = records(deployed_stack, hosted_zone)

    with pytest.raises(DeploymentError, match=r'_dmarc\S+ exists with another value: it is "v=DMARC1; p=quarantine"'):
        deploy()
    assert records(deployed_stack, hosted_zone) == before

    put("_dmarc", "TXT", '"v=DMARC1; p=none"')
    before = records(deployed_stack, hosted_zone)
    deploy()
    state = read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id)
    joined = records(deployed_stack, hosted_zone)["mail.", "TXT"].values
    deployed_stack.destroy()

    assert state.problems() == []
    assert joined == ('"v=spf1 ip4:192.0.2.1 include:amazonses.com -all"', '"somebody else\'s"')
    assert records(deployed_stack, hosted_zone) == before
