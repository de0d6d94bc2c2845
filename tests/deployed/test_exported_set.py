"""A configuration set that senders in another stack use is removed in two deployments, as the page on it says."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam

from local_aws.aws import LocalAws
from local_aws.cdk_cli import CdkError
from ses_constructs import BounceMonitoring
from tests.deployed.test_verified_domain import make
from tests.local_aws.plain_app import new_app, new_stack
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-2")

MAIL, SENDERS = "ExportedMail", "ExportedSenders"


class Deployments:
    """An app of two stacks: the domain with its monitoring, and a sender."""

    def __init__(self, aws: LocalAws, zone: Zone, folder: Path) -> None:
        self.aws, self.zone, self._folder, self._made = aws, zone, folder, 0

    @property
    def latest(self) -> Path:
        return self._folder / f"cdk.out-{self._made}"

    def deploy(self, monitoring: str) -> str:
        """Deploy with a monitoring that is "there", "leaving" or "gone"; return the name of its set."""
        self._made += 1
        app = new_app(self.latest)
        mail, senders = new_stack(app, MAIL), new_stack(app, SENDERS)
        domain = make(mail, self.zone)
        if monitoring != "gone":
            made = BounceMonitoring(mail, "Bounces", domain=domain, default_for_domain=monitoring == "there")
            CfnOutput(mail, "Set", value=made.configuration_set.configuration_set_name)
            if monitoring == "leaving":
                mail.export_value(made.configuration_set.configuration_set_name)
        domain.grant_send(iam.Role(senders, "Sender", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com")))
        app.synth()
        return self.aws.deploy(self.latest).get(MAIL, {}).get("Set", "")

    def imported(self) -> list[str]:
        """The exports of the mail stack that the senders' one uses."""
        client = self.aws.client("cloudformation")
        names = [each["Name"] for each in client.list_exports()["Exports"] if each["Name"].startswith(f"{MAIL}:")]
        body = str(client.get_template(StackName=SENDERS)["TemplateBody"])
        return [name for name in names if name in body]

    def default_set(self) -> str:
        found = self.aws.client("sesv2").get_email_identity(EmailIdentity=self.zone.domain)
        return found.get("ConfigurationSetName", "")


@pytest.fixture
def deployments(aws: LocalAws, hosted_zone: Zone, tmp_path: Path) -> Iterator[Deployments]:
    found = Deployments(aws, hosted_zone, tmp_path)
    yield found
    aws.destroy(found.latest)


def test_a_set_in_use_by_another_stack_goes_in_two_deployments(deployments: Deployments) -> None:
    name = deployments.deploy("there")
    assert deployments.default_set() == name
    assert len(deployments.imported()) == 2

    with pytest.raises(CdkError, match="cannot be deleted as it is in use by ExportedSenders"):
        deployments.deploy("gone")
    assert deployments.default_set() == name

    assert deployments.deploy("leaving") == name
    assert deployments.default_set() == ""
    assert len(deployments.imported()) == 1
    deployments.deploy("gone")
    with pytest.raises(deployments.aws.client("sesv2").exceptions.NotFoundException):
        deployments.aws.client("sesv2").get_configuration_set(ConfigurationSetName=name)
