"""A domain that SES had before gets a default configuration set, with IAM enforced; only what we set is taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ses as ses

from local_aws.aws import LocalAws
from ses_constructs import BounceMonitoring, VerifiedDomain
from tests.running_aws.deployed_stack import DeployedStack, DeploymentError
from tests.running_aws.fixtures import stack_in

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")


class ByHand:
    """A domain that somebody verified in the console."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        self.name, self._ses = name, aws.client("sesv2")
        self._sets: list[str] = []
        self._ses.create_email_identity(EmailIdentity=name)

    @property
    def default_set(self) -> str:
        return self._ses.get_email_identity(EmailIdentity=self.name).get("ConfigurationSetName", "")

    def set_default(self, name: str) -> None:
        self._ses.put_email_identity_configuration_set_attributes(EmailIdentity=self.name, ConfigurationSetName=name)

    def make_set(self, name: str) -> str:
        self._ses.create_configuration_set(ConfigurationSetName=name)
        self._sets.append(name)
        return name

    def remove(self) -> None:
        self._ses.delete_email_identity(EmailIdentity=self.name)
        for name in self._sets:
            self._ses.delete_configuration_set(ConfigurationSetName=name)

    def watch(self, stack: Stack) -> BounceMonitoring:
        domain = VerifiedDomain.from_domain_name(stack, "Domain", self.name)
        monitoring = BounceMonitoring(stack, "Bounces", domain=domain, watch_account=False)
        CfnOutput(stack, "Set", value=monitoring.configuration_set.configuration_set_name)
        return monitoring

    def watch_and_fail(self, stack: Stack) -> None:
        monitoring = self.watch(stack)
        delivery = ses.CfnConfigurationSet.DeliveryOptionsProperty(sending_pool_name="no-such-pool")
        broken = ses.CfnConfigurationSet(stack, "Broken", delivery_options=delivery)
        broken.node.add_dependency(monitoring, *(each for each in stack.node.children if each is not broken))


@pytest.fixture
def by_hand(enforced_aws: LocalAws) -> Iterator[ByHand]:
    found = ByHand(enforced_aws, "by-hand.example")
    yield found
    found.remove()


@pytest.fixture
def second_stack(enforced_aws: LocalAws, tmp_path: Path) -> Iterator[DeployedStack]:
    yield from stack_in(enforced_aws, tmp_path / "second")


def test_it_is_set_and_taken_back(by_hand: ByHand, enforced_deployed_stack: DeployedStack) -> None:
    name = enforced_deployed_stack.deploy(by_hand.watch)["Set"]
    assert by_hand.default_set == name

    enforced_deployed_stack.destroy()
    assert by_hand.default_set == ""


def test_what_somebody_set_since_stays(by_hand: ByHand, enforced_deployed_stack: DeployedStack) -> None:
    enforced_deployed_stack.deploy(by_hand.watch)
    by_hand.set_default(by_hand.make_set("set-since"))

    enforced_deployed_stack.destroy()
    assert by_hand.default_set == "set-since"


def test_a_stack_that_comes_later_changes_nothing_and_takes_nothing_back(
    by_hand: ByHand, enforced_deployed_stack: DeployedStack, second_stack: DeployedStack
) -> None:
    name = enforced_deployed_stack.deploy(by_hand.watch)["Set"]

    refusal = rf"{by_hand.name} has the default configuration set '{name}', which this stack did not set; pass that one"
    with pytest.raises(DeploymentError, match=refusal):
        second_stack.deploy(by_hand.watch)
    assert (second_stack.status(), by_hand.default_set) == ("ROLLBACK_COMPLETE", name)
    second_stack.destroy()
    assert by_hand.default_set == name


def test_a_create_that_fails_later_takes_it_back(by_hand: ByHand, enforced_deployed_stack: DeployedStack) -> None:
    with pytest.raises(DeploymentError, match="SendingPool <no-such-pool> doesn't exist"):
        enforced_deployed_stack.deploy(by_hand.watch_and_fail)
    done = {each["ResourceType"]: each["ResourceStatus"] for each in enforced_deployed_stack.events()}
    assert done["Custom::SESDefaultConfigurationSet"] == "DELETE_COMPLETE"
    assert by_hand.default_set == ""

    enforced_deployed_stack.destroy()
    assert by_hand.default_set == ""


def test_a_default_of_before_is_left_alone(by_hand: ByHand, enforced_deployed_stack: DeployedStack) -> None:
    by_hand.set_default(by_hand.make_set("set-before"))

    with pytest.raises(DeploymentError, match="has the default configuration set 'set-before', which this stack did"):
        enforced_deployed_stack.deploy(by_hand.watch)
    assert by_hand.default_set == "set-before"
