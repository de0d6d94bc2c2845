"""The mail of the demo through the sample app, with IAM enforced: its functions do it with their own permissions."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import Mail
from local_aws.aws import LocalAws
from local_aws.demo_mail import MAILS, OPERATOR, SampleMail, send
from local_aws.inbound.inbox import Inbox
from tests.local_aws.conftest import zone_in
from tests.local_aws.deployed_stack import DeployedStack
from tests.local_aws.plain_app import ENV, new_app

pytestmark = pytest.mark.xdist_group("local-aws-enforced")

STACK = "SampleApp"


@pytest.fixture(scope="module")
def inbox_of_domain(enforced_aws: LocalAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Inbox, str]]:
    """An inbox in front of the sample app, and the app's domain."""
    assembly: Path = tmp_path_factory.mktemp("sample") / "cdk.out"
    for zone in zone_in(enforced_aws):
        app = new_app(assembly)
        Mail(
            app,
            STACK,
            domain_name=zone.domain,
            hosted_zone_id=zone.hosted_zone_id,
            alarm_address=OPERATOR,
            env=ENV,
        )
        app.synth()
        enforced_aws.deploy(assembly, STACK)
        with enforced_aws.receive_mail() as inbox:
            yield inbox, zone.domain
        DeployedStack(enforced_aws, STACK, assembly).destroy()


@pytest.mark.parametrize("mail", MAILS, ids=lambda mail: mail.what)
def test_mail_meets_its_fate(enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str], mail: SampleMail) -> None:
    inbox, domain = inbox_of_domain
    fate = send(enforced_aws, inbox, mail, domain)
    assert fate.problems() == []


def test_a_body_is_forwarded_as_it_was(enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str]) -> None:
    inbox, domain = inbox_of_domain
    body = b"8 bit: \xe4\xff\r\n.dot  \r\n" + b"x" * 990 + b"\r\n\r\n"
    fate = send(enforced_aws, inbox, SampleMail(what="Bytes", to="support", body=body, forwarded_to=OPERATOR), domain)
    (forwarded,) = fate.forwarded
    assert forwarded.raw.partition(b"\r\n\r\n")[2] == body


def test_what_may_not_be_sent_ends_in_the_dead_letter_queue(
    enforced_aws: LocalAws, inbox_of_domain: tuple[Inbox, str]
) -> None:
    inbox, domain = inbox_of_domain
    functions = enforced_aws.client("lambda").list_functions()["Functions"]
    (forwarder,) = (each for each in functions if "FORWARD_FROM" in each.get("Environment", {}).get("Variables", {}))
    sqs, iam = enforced_aws.client("sqs"), enforced_aws.client("iam")
    role = forwarder["Role"].rpartition("/")[2]
    forbidden = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ses:*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="not-sending", PolicyDocument=json.dumps(forbidden))

    fate = send(enforced_aws, inbox, SampleMail(what="Stuck", to="support", stored_below="support/"), domain)
    (queue,) = sqs.list_queues(QueueNamePrefix=STACK)["QueueUrls"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    iam.delete_role_policy(RoleName=role, PolicyName="not-sending")

    assert fate.delivery
    (record,) = json.loads(message["Body"])["Records"]
    assert json.loads(record["Sns"]["Message"])["mail"]["messageId"] == fate.delivery.message_id
    assert not [each for each in enforced_aws.sent_messages() if each.subject == "Stuck"]
