"""What SES refuses of configuration sets, of event destinations, and of mail that goes through them.

The numbers are those of the facts seen on live AWS.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from local_aws.aws import LocalAws
from tests.local_aws.refusals import refusal_of
from tests.running_aws.zones import Zone, put_record

pytestmark = pytest.mark.xdist_group("local-aws-2")

SET, SENDER = "refusing-set", "set-refusals@example.com"
RECIPIENT = "success@simulator.amazonses.com"
SIMPLE = {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}}
BUS = "arn:aws:events:us-east-1:000000000000:event-bus/default"
STREAM = "arn:aws:firehose:us-east-1:000000000000:deliverystream/none"
ROLE = "arn:aws:iam::000000000000:role/none"


@pytest.fixture(autouse=True)
def _set_and_sender(aws: LocalAws) -> Iterator[None]:
    sesv2 = aws.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName=SET)
    sesv2.create_email_identity(EmailIdentity=SENDER)
    aws.click_verification_link(SENDER)
    yield
    sesv2.delete_email_identity(EmailIdentity=SENDER)
    sesv2.delete_configuration_set(ConfigurationSetName=SET)


def send(aws: LocalAws, content: Any = SIMPLE, **more: str) -> tuple[str, str]:
    to = {"ToAddresses": [RECIPIENT]}
    return refusal_of(aws.client("sesv2").send_email, FromEmailAddress=SENDER, Destination=to, Content=content, **more)


def test_fact_7_a_default_set_that_is_gone(aws: LocalAws) -> None:
    """Fact 7: a bad request, where a set that the message names is not found (fact 109)."""
    sesv2 = aws.client("sesv2")
    sesv2.create_configuration_set(ConfigurationSetName="gone")
    sesv2.put_email_identity_configuration_set_attributes(EmailIdentity=SENDER, ConfigurationSetName="gone")
    assert send(aws) == ("", "")
    sesv2.delete_configuration_set(ConfigurationSetName="gone")
    assert send(aws) == ("BadRequestException", "Configuration set <gone> does not exist.")
    assert send(aws, ConfigurationSetName=SET) == ("", "")
    assert send(aws, ConfigurationSetName="gone")[0] == "NotFoundException"


def test_fact_86_a_set_that_is_not_there_is_not_deleted(aws: LocalAws) -> None:
    delete = aws.client("sesv2").delete_configuration_set
    told = ("NotFoundException", "Configuration set <none> does not exist.")
    assert refusal_of(delete, ConfigurationSetName="none") == told


def test_fact_87_names(aws: LocalAws) -> None:
    create = aws.client("sesv2").create_configuration_set
    assert refusal_of(create, ConfigurationSetName="a b") == (
        "BadRequestException",
        "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
    )
    assert refusal_of(create, ConfigurationSetName="a" * 65) == (
        "BadRequestException",
        "Configuration set name cannot exceed 64 characters.",
    )


def test_facts_91_to_93_options(aws: LocalAws) -> None:
    sesv2 = aws.client("sesv2")

    def told(option: str, **value: object) -> str:
        put = getattr(sesv2, f"put_configuration_set_{option}_options")
        code, message = refusal_of(put, ConfigurationSetName=SET, **value)
        assert code == "BadRequestException"
        return message

    wrong = told("suppression", SuppressedReasons=["SPAM"])
    assert wrong == "Reason SPAM is invalid, must be one of [BOUNCE, COMPLAINT]."
    assert told("tracking", CustomRedirectDomain="") == "CustomRedirectDomain must be specified."
    unknown = told("tracking", CustomRedirectDomain="click.example.net")
    assert unknown == "Domain <click.example.net> is not verified under this account."
    assert told("delivery", SendingPoolName="") == "sendingPoolName can't be blank."
    assert told("delivery", SendingPoolName="none") == "SendingPool <none> doesn't exist"


def test_fact_92_a_tracking_domain_is_an_identity_of_its_own(aws: LocalAws, hosted_zone: Zone) -> None:
    v1, put = aws.client("ses"), aws.client("sesv2").put_configuration_set_tracking_options
    track = f"click.{hosted_zone.domain}"
    for name, label in ((hosted_zone.domain, "_amazonses"), (track, "_amazonses.click")):
        assert refusal_of(put, ConfigurationSetName=SET, CustomRedirectDomain=track)[0] == "BadRequestException"
        token = v1.verify_domain_identity(Domain=name)["VerificationToken"]
        put_record(aws, hosted_zone, label, "TXT", f'"{token}"')
    taken = refusal_of(put, ConfigurationSetName=SET, CustomRedirectDomain=track)
    v1.delete_identity(Identity=track)
    v1.delete_identity(Identity=hosted_zone.domain)
    assert taken == ("", "")


def firehose(stream: str, role: str = ROLE) -> dict[str, Any]:
    return {"KinesisFirehoseDestination": {"DeliveryStreamArn": stream, "IamRoleArn": role}}


DESTINATIONS: list[tuple[str, dict[str, Any], str]] = [
    (
        "fact 98, region",
        {"EventBridgeDestination": {"EventBusArn": BUS.replace("us-east-1", "eu-west-1")}},
        "Invalid Event Bridge destination, must be in region us-east-1.",
    ),
    (
        "fact 98, bus",
        {"EventBridgeDestination": {"EventBusArn": BUS.replace("default", "mail")}},
        "Invalid Event Bridge destination, must be default bus.",
    ),
    (
        "fact 98, account",
        {"EventBridgeDestination": {"EventBusArn": BUS.replace("000000000000", "111122223333")}},
        "Invalid Event Bridge destination, cross account is not supported.",
    ),
    (
        "fact 99, region",
        {"SnsDestination": {"TopicArn": "arn:aws:sns:eu-west-1:000000000000:t"}},
        "SNS topic must be located in same region as SES us-east-1",
    ),
    (
        "fact 99, account",
        {"SnsDestination": {"TopicArn": "arn:aws:sns:us-east-1:111122223333:t"}},
        "No account can be found for SNS topic <arn:aws:sns:us-east-1:111122223333:t>",
    ),
    ("fact 100, form", firehose("nope"), "Invalid delivery stream ARN <nope>"),
    (
        "fact 100, region",
        firehose(STREAM.replace("us-east-1", "eu-west-1")),
        f"Delivery stream <{STREAM.replace('us-east-1', 'eu-west-1')}> must be located in same region as SES us-east-1",
    ),
    ("fact 100, role", firehose(STREAM), f"Could not assume IAM role <{ROLE}>"),
    (
        "fact 100, account",
        firehose(STREAM, ROLE.replace("000000000000", "111122223333")),
        "Cross-account pass role is not allowed.",
    ),
    (
        "fact 103",
        {"CloudWatchDestination": {"DimensionConfigurations": []}},
        "CloudWatch metrics dimension configuration list cannot be empty.",
    ),
]


@pytest.mark.parametrize(("target", "words"), [pytest.param(*each[1:], id=each[0]) for each in DESTINATIONS])
def test_destinations(aws: LocalAws, target: dict[str, Any], words: str) -> None:
    def create(types: list[str]) -> tuple[str, str]:
        return refusal_of(
            aws.client("sesv2").create_configuration_set_event_destination,
            ConfigurationSetName=SET,
            EventDestinationName="one",
            EventDestination={"Enabled": True, "MatchingEventTypes": types} | target,
        )

    assert create(["BOUNCE"]) == ("BadRequestException", words)
    # Fact 96: what is wrong with the target comes after what is wrong with the types.
    assert create([]) == ("BadRequestException", "At least one event type must be specified.")


def test_fact_108_a_paused_set(aws: LocalAws) -> None:
    aws.client("sesv2").put_configuration_set_sending_options(ConfigurationSetName=SET, SendingEnabled=False)
    told = f"Sending is paused for configuration set <{SET}>"
    assert send(aws, ConfigurationSetName=SET) == ("SendingPausedException", told)
    message = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "b"}}}
    v1 = refusal_of(
        aws.client("ses").send_email,
        Source=SENDER,
        Destination={"ToAddresses": [RECIPIENT]},
        Message=message,
        ConfigurationSetName=SET,
    )
    assert v1 == ("ConfigurationSetSendingPausedException", told)


def test_fact_111_a_raw_message_has_a_from(aws: LocalAws) -> None:
    told, raw = "Missing required header 'From'.", {"Data": b"Subject: s\r\n\r\nFrom: nobody\r\n"}
    assert send(aws, {"Raw": raw}) == ("BadRequestException", told)
    v1 = refusal_of(aws.client("ses").send_raw_email, Source=SENDER, Destinations=[RECIPIENT], RawMessage=raw)
    assert v1 == ("InvalidParameterValue", told)


def test_fact_119_reasons_of_the_account(aws: LocalAws) -> None:
    code, told = refusal_of(aws.client("sesv2").put_account_suppression_attributes, SuppressedReasons=["SPAM"])
    assert code == "BadRequestException"
    assert "suppressedReasons" in told
    assert "enum value set: [BOUNCE, COMPLAINT]" in told
