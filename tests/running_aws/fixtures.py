"""A local AWS per session, shared by the tests of a worker; see `docs/local-aws.md`.

Every module that uses `aws` has `pytestmark = pytest.mark.xdist_group("local-aws")` or `local-aws-2`, and one that
uses `enforced_aws` the group `local-aws-enforced` or `local-aws-enforced-2`. Each group has a worker and a server of
its own; most of their time is waiting, so that four fit on two cores.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# Loaded where they are used: the construct tests run in environments that have no boto3.
if TYPE_CHECKING:
    from local_aws.aws import LocalAws
    from tests.running_aws.deployed_stack import DeployedStack
    from tests.running_aws.zones import Zone

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def aws() -> "Iterator[LocalAws]":
    """A running, bootstrapped local AWS that lets everyone do everything.

    It is shared: use domains, stack names and rule sets of your own, and take away what you make; `hosted_zone` and
    `deployed_stack` do that. Whoever activates a receipt rule set deactivates it again.
    """
    from local_aws.aws import LocalAws

    with LocalAws.start() as running:
        running.bootstrap()
        yield running


@pytest.fixture(scope="session")
def enforced_aws() -> "Iterator[LocalAws]":
    """As `aws`, over TLS and with IAM enforced: functions may do what their roles allow, and nothing else.

    Its clients act as the account's root, or as the user whose access key `client` is given.
    """
    from local_aws.aws import LocalAws

    with LocalAws.start(enforce_iam=True) as running:
        running.bootstrap()
        yield running


@pytest.fixture
def hosted_zone(aws: "LocalAws") -> "Iterator[Zone]":
    """An empty hosted zone in `aws`, with a domain name that no other test uses."""
    yield from zone_in(aws)


@pytest.fixture
def enforced_hosted_zone(enforced_aws: "LocalAws") -> "Iterator[Zone]":
    """An empty hosted zone in `enforced_aws`."""
    yield from zone_in(enforced_aws)


@pytest.fixture
def deployed_stack(aws: "LocalAws", tmp_path: Path) -> "Iterator[DeployedStack]":
    """A stack to deploy to `aws`, destroyed after the test whatever became of it."""
    yield from stack_in(aws, tmp_path)


@pytest.fixture
def enforced_deployed_stack(enforced_aws: "LocalAws", tmp_path: Path) -> "Iterator[DeployedStack]":
    """A stack to deploy to `enforced_aws`."""
    yield from stack_in(enforced_aws, tmp_path)


def zone_in(running: "LocalAws") -> "Iterator[Zone]":
    from tests.running_aws.zones import Zone

    domain = f"zone{next(_numbers)}.example.com"
    route53 = running.client("route53")
    made = route53.create_hosted_zone(Name=domain, CallerReference=domain)
    hosted_zone_id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    yield Zone(domain=domain, hosted_zone_id=hosted_zone_id)
    record_sets = route53.list_resource_record_sets(HostedZoneId=hosted_zone_id)["ResourceRecordSets"]
    for record_set in record_sets:
        if record_set["Type"] not in ("NS", "SOA"):
            route53.change_resource_record_sets(
                HostedZoneId=hosted_zone_id,
                ChangeBatch={"Changes": [{"Action": "DELETE", "ResourceRecordSet": record_set}]},
            )
    route53.delete_hosted_zone(Id=hosted_zone_id)


def stack_in(running: "LocalAws", folder: Path) -> "Iterator[DeployedStack]":
    from tests.running_aws.deployed_stack import DeployedStack

    stack = DeployedStack(running, f"Stack{next(_numbers)}", folder)
    yield stack
    stack.destroy()
