"""The simulator on our own constructs: what the sample app does with mail."""

import pytest
from aws_cdk import App

from app import Mail
from ses_constructs.testing import ReceiptSimulator, Verdicts


@pytest.fixture
def simulator(app: App) -> ReceiptSimulator:
    mail = Mail(app, "Mail", domain_name="example.com", hosted_zone_id="Z1", alarm_address="ops@example.net")
    return ReceiptSimulator.from_stack(mail)


def test_support_mail_is_stored_and_forwarded(simulator: ReceiptSimulator) -> None:
    receipt = simulator.deliver(recipients=["support+ticket-7@example.com"])

    assert [(each.kind, each.details.get("ObjectKeyPrefix", "")[:11]) for each in receipt.actions] == [
        ("Lambda", ""),
        ("S3", "support/"),
        ("S3", "forwarding/"),
    ], receipt


@pytest.mark.parametrize("verdicts", [Verdicts(spam="FAIL"), Verdicts(virus="FAIL")])
def test_spam_and_viruses_meet_no_further_rule(simulator: ReceiptSimulator, verdicts: Verdicts) -> None:
    receipt = simulator.deliver(recipients=["support@example.com"], verdicts=verdicts)

    assert receipt.accepted, receipt
    assert [each.kind for each in receipt.actions] == ["Lambda"], receipt


def test_a_reply_to_nobody_bounces(simulator: ReceiptSimulator) -> None:
    assert simulator.deliver(recipients=["no-reply@example.com"]).ran("Bounce")


def test_an_unknown_recipient_is_refused(simulator: ReceiptSimulator) -> None:
    receipt = simulator.deliver(recipients=["nobody@example.com"])

    assert receipt.smtp_reply.startswith("550"), receipt
