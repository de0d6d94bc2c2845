"""A stack with BounceMonitoring that fails, rolls back, changes its tracking domain and goes, with IAM enforced."""

from functools import partial
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from local_aws.read_back import left_overs, read_domain, read_records
from ses_constructs import BounceMonitoring
from tests.deployed.test_verified_domain import make
from tests.deployed.watched_domain import add_watched_domain
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced")


def test_a_rollback_and_a_delete_leave_nothing(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    def there() -> set[str]:
        found = left_overs(
            enforced_deployed_stack.aws, enforced_hosted_zone.domain, enforced_hosted_zone.hosted_zone_id
        )
        return {each for each in found if not each.startswith("stack ")}

    def build(stack: Stack) -> None:
        add_watched_domain(stack, enforced_hosted_zone)

    def build_and_fail(stack: Stack) -> None:
        build(stack)
        delivery = ses.CfnConfigurationSet.DeliveryOptionsProperty(sending_pool_name="no-such-pool")
        broken = ses.CfnConfigurationSet(stack, "Broken", delivery_options=delivery)
        broken.node.add_dependency(*(child for child in stack.node.children if child is not broken))

    before = there()
    with pytest.raises(DeploymentError, match="SendingPool <no-such-pool> doesn't exist"):
        enforced_deployed_stack.deploy(build_and_fail)
    assert enforced_deployed_stack.status() == "ROLLBACK_COMPLETE"
    done = {event["LogicalResourceId"] for event in enforced_deployed_stack.events()}
    assert any(name.startswith("BouncesAlarmsPause") for name in done)
    assert there() == before

    enforced_deployed_stack.deploy(build)
    assert there() > before
    enforced_deployed_stack.destroy()
    assert there() == before


def test_a_tracking_domain_is_verified_before_the_set_is_made(
    enforced_hosted_zone: Zone, enforced_deployed_stack: DeployedStack
) -> None:
    aws, zone = enforced_deployed_stack.aws, enforced_hosted_zone

    def build(stack: Stack, label: str) -> None:
        domain = make(stack, zone)
        BounceMonitoring(stack, "Bounces", domain=domain, tracking_domain=f"{label}.{zone.domain}")

    def tracked() -> tuple[str, dict[str, tuple[str, ...]]]:
        """The tracking domain of the domain's set, and the CNAMEs that lead to SES's trackers."""
        state = read_domain(aws, zone.domain, zone.hosted_zone_id)
        assert state.problems() == []
        options: Any = aws.client("sesv2").get_configuration_set(ConfigurationSetName=state.configuration_set)
        records = read_records(aws, zone.domain, zone.hosted_zone_id)
        found = {each.name: each.values for each in records if "awstrack.me" in str(each.values)}
        return options["TrackingOptions"]["CustomRedirectDomain"], found

    for label in ("click", "track"):  # the second is an update
        name = f"{label}.{zone.domain}"
        enforced_deployed_stack.deploy(partial(build, label=label))
        assert tracked() == (name, {name: (f"r.{aws.region}.awstrack.me",)})
        assert aws.client("sesv2").get_email_identity(EmailIdentity=name)["VerifiedForSendingStatus"]
    with pytest.raises(aws.client("sesv2").exceptions.NotFoundException):
        aws.client("sesv2").get_email_identity(EmailIdentity=f"click.{zone.domain}")

    order = [
        (event["ResourceType"], event["ResourceStatus"])
        for event in enforced_deployed_stack.events()
        if event["ResourceStatus"].startswith("CREATE")
    ]
    waited = order.index(("Custom::SESDomainVerification", "CREATE_COMPLETE"))
    assert waited < order.index(("AWS::SES::ConfigurationSet", "CREATE_IN_PROGRESS"))
    enforced_deployed_stack.destroy()
    assert not [each for each in read_records(aws, zone.domain, zone.hosted_zone_id) if each.type not in ("NS", "SOA")]
