"""examples/step_in.py over an account where everything was made by hand, while mail goes out and comes in."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_ses as ses

from examples.step_in import StepIn
from local_aws.aws import LocalAws
from local_aws.inbound.inbox import Inbox
from local_aws.read_back import read_domain, read_records
from local_aws.smtp.submission import Submission
from tests.deployed.test_verified_domain import make
from tests.local_aws.plain_app import new_app
from tests.local_aws.smtp_users import SmtpUser, add_user, let_user, remove_user
from tests.running_aws.deployed_stack import DeployedStack
from tests.running_aws.mailboxes import make_mailbox
from tests.running_aws.zones import Zone, put_record

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackEventTypeDef

pytestmark = pytest.mark.xdist_group("local-aws-2")

STACK, SET, RULE_SET, BUCKET = "StepIn", "production", "by-hand", "by-hand"
USER = "ses-smtp-user.20240417-101500"
RULES = {"Archive": "", "Sales": "sales@", "Jobs": "jobs@"}  # for whom, in this order


class ByHand:
    """What a team has made in the console over the years."""

    def __init__(self, aws: LocalAws, zone: Zone) -> None:
        self.aws, self.zone = aws, zone
        self.user: SmtpUser = add_user(aws, USER)
        let_user(aws, USER, "ses:SendRawEmail", "*")
        self._send()
        self._publish()
        self._receive()

    def _send(self) -> None:
        ses = self.aws.client("sesv2")
        ses.create_configuration_set(
            ConfigurationSetName=SET,
            ReputationOptions={"ReputationMetricsEnabled": True},
            DeliveryOptions={"TlsPolicy": "REQUIRE"},
        )
        self.topic = self.aws.client("sns").create_topic(Name=BUCKET)["TopicArn"]
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=SET,
            EventDestinationName="bounces",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["BOUNCE"],
                "SnsDestination": {"TopicArn": self.topic},
            },
        )
        ses.create_email_identity(EmailIdentity=self.zone.domain, ConfigurationSetName=SET)
        ses.put_email_identity_mail_from_attributes(
            EmailIdentity=self.zone.domain, MailFromDomain=f"mail.{self.zone.domain}"
        )

    def _publish(self) -> None:
        tokens = self.aws.client("sesv2").get_email_identity(EmailIdentity=self.zone.domain)["DkimAttributes"]["Tokens"]
        for token in tokens:
            put_record(self.aws, self.zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com")
        region, domain = self.aws.region, self.zone.domain
        put_record(self.aws, self.zone, "mail", "MX", f"10 feedback-smtp.{region}.amazonses.com")
        put_record(self.aws, self.zone, "mail", "TXT", '"v=spf1 include:amazonses.com ~all"')
        put_record(self.aws, self.zone, "_dmarc", "TXT", f'"v=DMARC1; p=quarantine; rua=mailto:dmarc-reports@{domain}"')
        put_record(self.aws, self.zone, "", "MX", f"10 inbound-smtp.{region}.amazonaws.com")

    def _receive(self) -> None:
        ses = self.aws.client("ses")
        make_mailbox(self.aws, BUCKET)
        ses.create_receipt_rule_set(RuleSetName=RULE_SET)
        for name, to in reversed(RULES.items()):  # each at the top
            rule: Any = {"Name": name, "Enabled": True, "Recipients": [f"{to}{self.zone.domain}"]}
            rule["Actions"] = [{"S3Action": {"BucketName": BUCKET, "ObjectKeyPrefix": f"{name}/"}}]
            ses.create_receipt_rule(RuleSetName=RULE_SET, Rule=rule)
        ses.set_active_receipt_rule_set(RuleSetName=RULE_SET)

    def seen(self) -> dict[str, Any]:
        """All of it, as AWS tells it."""
        ses, old_ses = self.aws.client("sesv2"), self.aws.client("ses")
        identity = ses.get_email_identity(EmailIdentity=self.zone.domain)
        rules = old_ses.describe_active_receipt_rule_set()
        ours = [each for each in rules["Rules"] if each["Name"] in RULES]
        destinations = ses.get_configuration_set_event_destinations(ConfigurationSetName=SET)["EventDestinations"]
        keys = self.aws.client("iam").list_access_keys(UserName=USER)["AccessKeyMetadata"]
        return {
            "identity": {
                key: identity[key] for key in ("DkimAttributes", "MailFromAttributes", "ConfigurationSetName")
            },
            "records": list(read_records(self.aws, self.zone.domain, self.zone.hosted_zone_id)),
            "set": [each for each in destinations if each["Name"] == "bounces"],
            "rules": (rules["Metadata"]["Name"], ours),
            "key": [each["Status"] for each in keys if each["AccessKeyId"] == self.user.key_id],
        }

    def stored(self, prefix: str) -> int:
        """How many messages, without the one by which SES tries a rule out when it is made."""
        pages = self.aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        keys = [each["Key"] for page in pages for each in page.get("Contents", [])]
        return len([key for key in keys if not key.endswith("SETUP_NOTIFICATION")])

    def remove(self) -> None:
        ses, old_ses = self.aws.client("sesv2"), self.aws.client("ses")
        old_ses.set_active_receipt_rule_set()
        old_ses.delete_receipt_rule_set(RuleSetName=RULE_SET)
        ses.delete_email_identity(EmailIdentity=self.zone.domain)
        ses.delete_configuration_set(ConfigurationSetName=SET)
        remove_user(self.aws, USER)
        s3, sns = self.aws.client("s3"), self.aws.client("sns")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
            for each in page.get("Contents", []):
                s3.delete_object(Bucket=BUCKET, Key=each["Key"])
        s3.delete_bucket(Bucket=BUCKET)
        sns.delete_topic(TopicArn=self.topic)


def rules_for(inbox: Inbox, recipient: str) -> list[str]:
    """The rules that a message to *recipient* meets."""
    with inbox.connect() as smtp:
        smtp.sendmail("you@example.org", recipient, b"Subject: A ticket\r\n\r\nHello.")
    return [each.name for each in inbox.deliveries[-1].rules]


class Traffic:
    """Mail that goes out and comes in all the time, and how much of it."""

    def __init__(self, by_hand: ByHand, inbox: Inbox, submission: Submission) -> None:
        self._by_hand, self._inbox, self._submission = by_hand, inbox, submission
        self._over = threading.Event()
        self.sent = self.arrived = 0
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._repeat, args=(act,)) for act in (self._send, self._deliver)]

    def __enter__(self) -> "Traffic":
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def _repeat(self, act: Callable[[], None]) -> None:
        while not self._over.wait(0.2):
            try:
                act()
            except Exception as error:
                self.problems.append(repr(error))

    def _send(self) -> None:
        user, sender = self._by_hand.user, f"orders@{self._by_hand.zone.domain}"
        with self._submission.connect() as smtp:
            smtp.login(user.key_id, user.password(self._by_hand.aws.region))
            smtp.sendmail(
                sender, ["you@example.org"], f"From: {sender}\r\nSubject: Order {self.sent}\r\n\r\nHello.\r\n"
            )
        self.sent += 1

    def _deliver(self) -> None:
        with self._inbox.connect() as smtp:
            smtp.sendmail("you@example.org", f"sales@{self._by_hand.zone.domain}", b"Subject: A question\r\n\r\nHello.")
        self.arrived += 1


@pytest.fixture
def by_hand(aws: LocalAws, hosted_zone: Zone, tmp_path: Path) -> Iterator[ByHand]:
    made = ByHand(aws, hosted_zone)
    yield made
    DeployedStack(aws, STACK, tmp_path).destroy()
    made.remove()


def test_a_team_steps_in_and_out_again_without_losing_a_message(by_hand: ByHand, tmp_path: Path) -> None:
    aws, zone = by_hand.aws, by_hand.zone
    app = new_app(tmp_path / "cdk.out")
    StepIn(app, STACK, domain_name=zone.domain, hosted_zone_id=zone.hosted_zone_id)
    app.synth()
    sent_before, before = len(aws.sent_messages()), by_hand.seen()

    with (
        aws.receive_mail() as inbox,
        aws.submit_mail() as submission,
        Traffic(by_hand, inbox, submission) as traffic,
    ):
        aws.cdk(
            "deploy",
            STACK,
            "--app",
            str(tmp_path / "cdk.out"),
            "--import-existing-resources",
            "--require-approval",
            "never",
        )
        after = by_hand.seen()
        tickets = rules_for(inbox, f"tickets@{zone.domain}")
        DeployedStack(aws, STACK, tmp_path).destroy()

    assert after == before
    assert [name.removeprefix(STACK)[:19] for name in tickets] == ["Archive", "InboundRulesTickets"]
    assert by_hand.seen() == before
    assert traffic.problems == []
    assert min(traffic.sent, traffic.arrived) > 10
    assert len(aws.sent_messages()) - sent_before == traffic.sent
    assert by_hand.stored("Sales/") == traffic.arrived


def is_identity(event: "StackEventTypeDef") -> bool:
    return event.get("ResourceType") == "AWS::SES::EmailIdentity"


def test_an_identity_of_plain_cdk_becomes_ours_where_it_is(hosted_zone: Zone, deployed_stack: DeployedStack) -> None:
    def plain(stack: Stack) -> None:
        ses.EmailIdentity(
            stack,
            "Identity",
            identity=ses.Identity.domain(hosted_zone.domain),
            mail_from_domain=f"mail.{hosted_zone.domain}",
        )

    def ours(stack: Stack) -> None:
        resource = make(stack, hosted_zone).identity.node.default_child
        assert isinstance(resource, ses.CfnEmailIdentity)
        resource.override_logical_id(logical_id)

    deployed_stack.deploy(plain)
    logical_id = next(each["LogicalResourceId"] for each in deployed_stack.events() if is_identity(each))
    deployed_stack.deploy(ours)

    statuses = {each["ResourceStatus"] for each in deployed_stack.events() if is_identity(each)}
    assert statuses == {"CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"}
    assert read_domain(deployed_stack.aws, hosted_zone.domain, hosted_zone.hosted_zone_id).problems() == []
