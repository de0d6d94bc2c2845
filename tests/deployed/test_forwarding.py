"""Forwarded mail with IAM enforced: strangers pause nothing but forwarding, and what waits is redriven."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import aws_cdk as cdk
import pytest

from local_aws.aws import LocalAws
from local_aws.demo_reputation import Watched
from local_aws.inbound.records import Peer
from ses_constructs import (
    BounceMonitoring,
    EmailTeam,
    ForwardMail,
    InboundRuleSet,
    PauseSending,
    VerifiedDomain,
)
from tests.deployed.test_verified_domain import route53_zone
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.fixtures import zone_in
from tests.running_aws.processes import wait_until
from tests.running_aws.zones import Zone

pytestmark = pytest.mark.xdist_group("local-aws-enforced-2")

# SES's mailbox simulator: whoever gets mail here marks it as spam.
COMPLAINS = "complaint@simulator.amazonses.com"
STRANGER = "stranger@elsewhere.example"


@dataclass(frozen=True)
class Forwarding:
    """What is deployed, and how a test looks at it."""

    aws: LocalAws
    domain: str
    outputs: dict[str, str]

    def receive(self, to: str, subject: str, *, sender: str = STRANGER, peer: Peer | None = None) -> None:
        message = f"From: {sender}\r\nTo: {to}@{self.domain}\r\nSubject: {subject}\r\n\r\nbody\r\n"
        with self.aws.receive_mail(peer=peer) as inbox, inbox.connect(starttls=True) as smtp:
            smtp.sendmail(STRANGER, [f"{to}@{self.domain}"], message.encode())

    def forwarded(self, subject: str) -> int:
        return len([each for each in self.aws.sent_messages() if each.subject == subject])

    def set_of(self, which: str) -> Watched:
        return Watched(aws=self.aws, domain=self.domain, configuration_set=self.outputs[which])

    def redrive(self, reason: str) -> dict[str, Any]:
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.outputs["Forwarder"], Payload=json.dumps({"redrive": reason}).encode()
        )
        assert not answer.get("FunctionError")
        found: dict[str, Any] = json.loads(answer["Payload"].read())
        return found

    def waiting(self, queue: str) -> int:
        found = self.aws.client("sqs").get_queue_attributes(
            QueueUrl=self.outputs[queue], AttributeNames=["ApproximateNumberOfMessages"]
        )
        return int(found["Attributes"]["ApproximateNumberOfMessages"])


def add_mail(stack: cdk.Stack, zone: Zone) -> None:
    domain = VerifiedDomain(stack, "Domain", domain_name=zone.domain, dns=route53_zone(stack, zone), receives_mail=True)
    team = EmailTeam("ops@example.net")
    monitoring = BounceMonitoring(stack, "Bounces", domain=domain, reactions=[team, PauseSending()])
    inbound = InboundRuleSet(stack, "Inbound", domain=domain, reactions=[team], drop_spam=False)
    for name, to in (("team", "team@example.net"), ("partner", COMPLAINS)):
        inbound.add_rule(name, recipients=[f"{name}@{zone.domain}"], actions=[ForwardMail(to=[to])])
    assert inbound.forwarding
    for name, value in (
        ("Production", monitoring.configuration_set.configuration_set_name),
        ("Forwarding", inbound.forwarding.configuration_set.configuration_set_name),
        ("Forwarder", inbound.forwarding.functions[0].function_name),
        ("Failed", inbound.dead_letter_queues[0].queue_url),
    ):
        cdk.CfnOutput(stack, name, value=value)


@pytest.fixture(scope="module")
def forwarding(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forwarding]:
    stack = DeployedStack(enforced_aws, "Forwarding", tmp_path_factory.mktemp("forwarding"))
    for zone in zone_in(enforced_aws):
        yield Forwarding(enforced_aws, zone.domain, stack.deploy(partial(add_mail, zone=zone)))
        stack.destroy()


def test_a_complaint_about_forwarded_mail_is_none_about_production(forwarding: Forwarding) -> None:
    production, strangers = forwarding.set_of("Production"), forwarding.set_of("Forwarding")

    for number in range(2):
        forwarding.receive("partner", f"offer {number}")
        assert wait_until(lambda: strangers.count("Complaint") == number + 1)  # noqa: B023

    # The second one too: no address is suppressed.
    assert [forwarding.forwarded(f"offer {number}") for number in range(2)] == [1, 1]
    assert [production.count(each) for each in ("Send", "Bounce", "Complaint")] == [0, 0, 0]


def test_strangers_pause_forwarding_alone_and_what_waits_is_redriven(forwarding: Forwarding) -> None:
    production, strangers = forwarding.set_of("Production"), forwarding.set_of("Forwarding")
    ses = forwarding.aws.client("sesv2")

    for _ in range(100):
        ses.send_email(
            FromEmailAddress=f"forwarder@{forwarding.domain}",
            Destination={"ToAddresses": [COMPLAINS]},
            ConfigurationSetName=strangers.configuration_set,
            Content={"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
        )

    assert wait_until(strangers.is_paused)
    assert not production.is_paused()

    forwarding.receive("team", "waits")
    assert wait_until(lambda: forwarding.waiting("Failed") == 1)
    assert forwarding.forwarded("waits") == 0
    assert forwarding.redrive("failed")["failed"] == 1

    strangers.resume()
    assert forwarding.redrive("failed") == {"forwarded": 1, "left": 0, "failed": 0, "more": False}
    assert forwarding.forwarded("waits") == 1
    assert forwarding.waiting("Failed") == 0


def test_a_forgery_of_our_domain_is_refused_counted_and_forwarded_if_a_person_wants_it(forwarding: Forwarding) -> None:
    forwarding.receive("team", "wire", sender=f"Chief <ceo@{forwarding.domain}>", peer=Peer(dmarc="FAIL"))

    answer: dict[str, Any] = {}

    def is_redriven() -> bool:
        answer.update(forwarding.redrive("own-domain"))
        return bool(answer["forwarded"])

    assert wait_until(is_redriven)
    (sent,) = (each for each in forwarding.aws.sent_messages() if each.subject == "wire")
    assert "(unverified)" in sent.parsed()["From"]
