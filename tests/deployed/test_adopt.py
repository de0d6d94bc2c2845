"""`adopt` over an account where everything was made by hand: what it writes is deployed, and nothing changes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from local_aws.aws import LocalAws
from local_aws.environment import ROOT
from ses_constructs.command.group import commands
from tests.command.name_servers_on_loopback import LoopbackServer, listening
from tests.running_aws.mailboxes import make_mailbox
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")

SET, RULE_SET, BUCKET = "adopted-set", "adopted-rules", "adopted-mail"
STOP: Any = {"StopAction": {"Scope": "RuleSet"}}


class ByHand:
    """A mail domain that somebody made in the console."""

    def __init__(self, aws: LocalAws, zone: Zone) -> None:
        self.aws, self.zone, self.domain = aws, zone, zone.domain
        self.topic = aws.client("sns").create_topic(Name=BUCKET)["TopicArn"]
        self._send()
        self._publish()
        self._receive()

    def _send(self) -> None:
        ses = self.aws.client("sesv2")
        ses.create_configuration_set(
            ConfigurationSetName=SET,
            ReputationOptions={"ReputationMetricsEnabled": True},
            DeliveryOptions={"TlsPolicy": "REQUIRE"},
            SuppressionOptions={"SuppressedReasons": ["BOUNCE"]},
        )
        ses.create_configuration_set_event_destination(
            ConfigurationSetName=SET,
            EventDestinationName="bounces",
            EventDestination={
                "Enabled": True,
                "MatchingEventTypes": ["BOUNCE", "COMPLAINT"],
                "SnsDestination": {"TopicArn": self.topic},
            },
        )
        ses.create_email_identity(
            EmailIdentity=self.domain, ConfigurationSetName=SET, Tags=[{"Key": "team", "Value": "mail"}]
        )
        ses.put_email_identity_mail_from_attributes(EmailIdentity=self.domain, MailFromDomain=f"send.{self.domain}")

    def _publish(self) -> None:
        aws, zone, region = self.aws, self.zone, self.aws.region
        tokens = aws.client("sesv2").get_email_identity(EmailIdentity=self.domain)["DkimAttributes"]["Tokens"]
        for token in tokens:
            put_record(aws, zone, f"{token}._domainkey", "CNAME", f"{token}.dkim.amazonses.com")
        put_record(aws, zone, "send", "MX", f"10 feedback-smtp.{region}.amazonses.com")
        put_record(aws, zone, "send", "TXT", '"v=spf1 include:amazonses.com ~all"')
        spf = '"v=spf1 include:_spf.google.com include:amazonses.com -all"'
        put_record(aws, zone, "", "TXT", '"google-site-verification=abc"', spf)
        put_record(aws, zone, "_dmarc", "TXT", f'"v=DMARC1; p=quarantine; rua=mailto:dmarc@{self.domain}"')
        put_record(aws, zone, "_smtp._tls", "TXT", '"v=TLSRPTv1; rua=mailto:tls@example.net"')
        put_record(aws, zone, "", "MX", f"10 inbound-smtp.{region}.amazonaws.com")

    def _receive(self) -> None:
        ses = self.aws.client("ses")
        make_mailbox(self.aws, BUCKET)
        ses.create_receipt_rule_set(RuleSetName=RULE_SET)
        header = {"AddHeaderAction": {"HeaderName": "X-Seen", "HeaderValue": 'it\'s "here"'}}
        store: Any = {"S3Action": {"BucketName": BUCKET, "ObjectKeyPrefix": "support/"}}
        rules: list[Any] = [
            {"Name": "archive.all", "Enabled": True, "ScanEnabled": True, "Actions": [header, store]},
            {
                "Name": "support",
                "Enabled": False,
                "TlsPolicy": "Require",
                "Recipients": [f"support@{self.domain}"],
                "Actions": [store, STOP],
            },
        ]
        for rule in reversed(rules):  # each at the top
            ses.create_receipt_rule(RuleSetName=RULE_SET, Rule=rule)
        ses.set_active_receipt_rule_set(RuleSetName=RULE_SET)

    def seen(self) -> dict[str, Any]:
        """All of it, as AWS tells it."""
        ses, old_ses = self.aws.client("sesv2"), self.aws.client("ses")
        answers = {
            "identity": ses.get_email_identity(EmailIdentity=self.domain),
            "set": ses.get_configuration_set(ConfigurationSetName=SET),
            "destinations": ses.get_configuration_set_event_destinations(ConfigurationSetName=SET),
            "rules": old_ses.describe_active_receipt_rule_set(),
            "zone": self.aws.client("route53").list_resource_record_sets(HostedZoneId=self.zone.hosted_zone_id),
            "bucket": self.aws.client("s3").get_bucket_policy(Bucket=BUCKET),
        }
        return {name: {k: v for k, v in each.items() if k != "ResponseMetadata"} for name, each in answers.items()}

    def remove_from_ses(self) -> None:
        ses, old_ses = self.aws.client("sesv2"), self.aws.client("ses")
        old_ses.set_active_receipt_rule_set()
        old_ses.delete_receipt_rule_set(RuleSetName=RULE_SET)
        ses.delete_email_identity(EmailIdentity=self.domain)
        ses.delete_configuration_set(ConfigurationSetName=SET)

    def remove(self) -> None:
        self.remove_from_ses()
        s3 = self.aws.client("s3")
        for each in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=each["Key"])
        s3.delete_bucket(Bucket=BUCKET)
        self.aws.client("sns").delete_topic(TopicArn=self.topic)


@pytest.fixture
def by_hand(aws: LocalAws, hosted_zone: Zone) -> Iterator[ByHand]:
    made = ByHand(aws, hosted_zone)
    yield made
    made.remove()


@pytest.fixture
def resolver(aws: LocalAws, hosted_zone: Zone) -> Iterator[str]:
    """A resolver that finds the zone at Route 53's servers, as the world does."""
    zone = aws.client("route53").get_hosted_zone(Id=hosted_zone.hosted_zone_id)
    server = LoopbackServer(address="127.0.1.54", recursive=True)
    servers = zone["DelegationSet"]["NameServers"]
    server.hold(hosted_zone.domain, "".join(f"@ IN NS {each.rstrip('.')}.\n" for each in servers))
    with listening([server]) as port:
        yield f"127.0.1.54:{port}"


def adopt(aws: LocalAws, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
    return CliRunner().invoke(commands, ["adopt", *arguments], catch_exceptions=False)


def settings_in(found: Any) -> Any:
    """Without what a resource has by being made at another time, or by CloudFormation."""
    if isinstance(found, list):
        return [settings_in(each) for each in found if not (isinstance(each, dict) and "aws:" in each.get("Key", ""))]
    if not isinstance(found, dict):
        return found
    # The local AWS does not say it of an identity that was made by a call.
    kept = {key: each for key, each in found.items() if key != "FeedbackForwardingStatus"}
    return {key: settings_in(each) for key, each in kept.items() if not key.endswith("Timestamp")}


def synthesized(folder: Path) -> Path:
    """The cloud assembly of the program in *folder*."""
    assembly = folder / "cdk.out"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "CDK_OUTDIR": str(assembly)}
    subprocess.run([sys.executable, "app.py"], cwd=folder, env=environment, check=True)
    return assembly


def test_what_adopt_writes_takes_everything_over_and_changes_nothing(
    by_hand: ByHand, resolver: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws, folder = by_hand.aws, tmp_path / "adopted"
    written = adopt(aws, monkeypatch, by_hand.domain, "--resolver", resolver, "--write", str(folder))
    assert written.exit_code == 0, written.stderr
    (template,) = (assembly := synthesized(folder)).glob("*.template.json")
    name, before = template.name.partition(".")[0], by_hand.seen()
    app, no_questions = ("--app", str(assembly)), ("--require-approval", "never")
    try:
        aws.cdk("import", name, *app, "--resource-mapping", str(folder / "import.json"))
        assert by_hand.seen() == before
        aws.cdk("deploy", name, *app, *no_questions)
        assert by_hand.seen() == before
        again = aws.cdk("deploy", name, *app, *no_questions)
        assert "no changes" in again
        assert by_hand.seen() == before
        aws.cdk("destroy", name, *app, "--force")
        assert by_hand.seen() == before

        # An import compares nothing with the template; this does.
        by_hand.remove_from_ses()
        aws.cdk("deploy", name, *app, *no_questions)
        aws.client("ses").set_active_receipt_rule_set(RuleSetName=RULE_SET)
        assert settings_in(by_hand.seen()) == settings_in(before)
    finally:
        aws.cdk("destroy", name, *app, "--force")
