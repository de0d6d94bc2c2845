"""Somebody's account: the local AWS with things in it that a run must not touch."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO

import pytest

from live.app import STACK
from live.before import active_rule_set
from local_aws.aws import LocalAws
from local_aws.read_back import left_overs
from tests.running_aws.zones import Zone, put_record

THEIRS, BUCKET = "somebody-elses", "somebody-elses-mailbox"


@dataclass(frozen=True, slots=True)
class Somebody:
    """An account with a hosted zone, an active rule set, an identity and records; ours are to be below `live.`."""

    aws: LocalAws
    zone: Zone

    @property
    def domain(self) -> str:
        return f"live.{self.zone.domain}"

    def everything(self) -> list[str]:
        """What is there, all kinds of things that a run makes among them."""
        found = left_overs(self.aws, self.zone.domain, self.zone.hosted_zone_id)
        # The local AWS brings a log back for the last words of a function; on AWS no function may make one.
        found = [each for each in found if not each.startswith("log group")]
        return [*found, f"active: {active_rule_set(self.aws)}"]

    def arguments(self, **changes: str) -> list[str]:
        options = {"domain": self.domain, "hosted-zone-id": self.zone.hosted_zone_id, "region": self.aws.region}
        return [part for name, value in (options | changes).items() for part in (f"--{name}", value)]


def lead_to(aws: LocalAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3 and the CDK CLI find the account, as the environment leads to a real one."""
    for name in [each for each in os.environ if each.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)


def somebody_in(aws: LocalAws, zone: Zone) -> Iterator[Somebody]:
    """Put things into the account."""
    ses, sesv2 = aws.client("ses"), aws.client("sesv2")
    put_record(aws, zone, "www", "A", "192.0.2.1")
    put_record(aws, zone, "notlive", "TXT", '"theirs"')
    sesv2.create_email_identity(EmailIdentity=zone.domain)
    ses.create_receipt_rule_set(RuleSetName=THEIRS)
    ses.set_active_receipt_rule_set(RuleSetName=THEIRS)
    aws.enter_sandbox()
    yield Somebody(aws, zone)
    aws.leave_sandbox()
    ses.set_active_receipt_rule_set()
    ses.delete_receipt_rule_set(RuleSetName=THEIRS)
    sesv2.delete_email_identity(EmailIdentity=zone.domain)


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", StringIO(text))


def make_stack(somebody: Somebody) -> Callable[[], object]:
    """A stack of the name that a run gives, with an object in its bucket; the result takes it away."""
    cloudformation, s3 = somebody.aws.client("cloudformation"), somebody.aws.client("s3")
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": BUCKET}}}}
    cloudformation.create_stack(StackName=STACK, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})
    s3.put_object(Bucket=BUCKET, Key="support/AMAZON_SES_SETUP_NOTIFICATION", Body=b"")
    return lambda: cloudformation.delete_stack(StackName=STACK)
