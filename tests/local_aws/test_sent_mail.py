"""What left through SES's send API can be read back, raw messages byte by byte."""

from collections.abc import Iterator

import pytest

from local_aws.aws import LocalAws

pytestmark = pytest.mark.xdist_group("local-aws")

SENDER = "sent-mail@example.com"
RAW = b"From: sent-mail@example.com\r\nTo: someone-else@example.org\r\nSubject: raw\r\n\r\n\xe4\xff .\r\n"


@pytest.fixture(autouse=True)
def _verified_sender(aws: LocalAws) -> Iterator[None]:
    aws.client("sesv2").create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield
    aws.client("sesv2").delete_email_identity(EmailIdentity=SENDER)


def test_raw_messages_of_both_apis(aws: LocalAws) -> None:
    aws.client("ses").send_raw_email(Source=SENDER, Destinations=["one@example.org"], RawMessage={"Data": RAW})
    aws.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["one@example.org"], "BccAddresses": ["two@example.org"]},
        Content={"Raw": {"Data": RAW}},
    )
    first, second = aws.sent_messages()[-2:]
    assert first.raw == second.raw == RAW
    assert (first.to, second.to) == (("one@example.org",), ("one@example.org", "two@example.org"))
    assert (first.source, first.subject, first.region) == (SENDER, "raw", aws.region)
    assert second.parsed()["To"] == "someone-else@example.org"


def test_a_message_that_ses_puts_together(aws: LocalAws) -> None:
    sesv2 = aws.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName="sent-mail")
    sent = sesv2.send_email(
        FromEmailAddress=SENDER,
        ConfigurationSetName="sent-mail",
        Destination={"ToAddresses": ["one@example.org"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}},
    )
    message = aws.sent_messages()[-1]
    assert (message.message_id, message.subject, message.text, message.raw) == (sent["MessageId"], "s", "b", b"")
    assert message.configuration_set == "sent-mail"
    sesv2.delete_configuration_set(ConfigurationSetName="sent-mail")
