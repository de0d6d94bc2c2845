"""The account that the runs are pointed at."""

import os
from collections.abc import Iterator

import pytest

from local_aws.aws import LocalAws
from tests.live.somebody import THEIRS, Somebody
from tests.running_aws.zones import Zone, put_record


@pytest.fixture
def somebody(aws: LocalAws, hosted_zone: Zone, monkeypatch: pytest.MonkeyPatch) -> Iterator[Somebody]:
    ses, sesv2 = aws.client("ses"), aws.client("sesv2")
    put_record(aws, hosted_zone, "www", "A", "192.0.2.1")
    put_record(aws, hosted_zone, "notlive", "TXT", '"theirs"')
    sesv2.create_email_identity(EmailIdentity=hosted_zone.domain)
    ses.create_receipt_rule_set(RuleSetName=THEIRS)
    ses.set_active_receipt_rule_set(RuleSetName=THEIRS)
    aws.enter_sandbox()
    for name in os.environ:
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    yield Somebody(aws, hosted_zone)
    aws.leave_sandbox()
    ses.set_active_receipt_rule_set()
    ses.delete_receipt_rule_set(RuleSetName=THEIRS)
    sesv2.delete_email_identity(EmailIdentity=hosted_zone.domain)
