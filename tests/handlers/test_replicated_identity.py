"""A domain as a replica of another region's: what is made, what is refused, and what SES's errors become."""

import pytest

from ses_constructs.handlers.replicated_identity import OWNER_TAG

from .in_memory_aws import FOREVER, AwsError, Fault, Trouble
from .in_memory_services import DomainIdentity
from .world import Event, World, event

HANDLER, DOMAIN = "replicated_identity", "example.org"
STACK: str = event(HANDLER, "create")["StackId"]
OURS = [{"Key": OWNER_TAG, "Value": STACK}]
LOOK, CREATE = "sesv2.GetEmailIdentity", "sesv2.CreateEmailIdentity"


def delete(created: Event) -> Event:
    return event(HANDLER, "delete") | {"PhysicalResourceId": created["PhysicalResourceId"]}


def test_an_identity_gets_the_keys_of_the_parent_our_tag_and_its_settings(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", DOMAIN)
    made = aws.state.identities[DOMAIN]
    assert (made.origin, made.tags) == ("AWS_SES_US_EAST_1", OURS)
    assert (made.mail_from, made.configuration_set) == ("mail.example.org", "mail-set")


def test_without_a_mail_from_and_a_default_set_there_is_none(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create", MailFromDomain="", ConfigurationSetName=None))

    made = aws.state.identities[DOMAIN]
    assert (made.mail_from, made.configuration_set) == ("", "")


@pytest.mark.parametrize("tags", [[], [{"Key": OWNER_TAG, "Value": STACK.replace("/Mail/", "/Other/")}]])
def test_an_identity_of_somebody_else_is_refused_and_stays(aws: World, tags: list[dict[str, str]]) -> None:
    aws.state.identities[DOMAIN] = DomainIdentity(tags=tags)

    failed = aws.send(HANDLER, event(HANDLER, "create"))
    aws.send(HANDLER, delete(failed))

    assert failed["Status"] == "FAILED"
    assert "does not document how to turn it into a replica; take the identity away first" in failed["Reason"]
    assert aws.state.identities[DOMAIN] == DomainIdentity(tags=tags)


def test_the_same_create_again_makes_nothing_new(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.aws.operations().count(CREATE) == 1


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("REPLICATION_ACCESS_DENIED", "lacks ses:ReplicateEmailIdentityDKIMSigningKey on example.org in us-east-1"),
        ("REPLICATION_PRIMARY_NOT_FOUND", "SES has no example.org in us-east-1; deploy the stack of that region first"),
        ("REPLICATION_PRIMARY_BYO_DKIM_NOT_SUPPORTED", "signs with a key of its own"),
        ("REPLICATION_REPLICA_AS_PRIMARY_NOT_SUPPORTED", "is a replica itself"),
        ("REPLICATION_PRIMARY_INVALID_REGION", "SES does not replicate from us-east-1"),
    ],
)
def test_what_keeps_ses_from_replicating_fails_the_deployment_in_words(aws: World, error: str, words: str) -> None:
    aws.state.replication_error = error

    failed = aws.send(HANDLER, event(HANDLER, "create"))

    assert failed["Status"] == "FAILED"
    assert failed["Reason"].startswith("SES cannot replicate the DKIM keys: ")
    assert words in failed["Reason"]
    aws.send(HANDLER, delete(failed))
    assert DOMAIN not in aws.state.identities


@pytest.mark.parametrize("error", ["", "HOST_NOT_FOUND"])
def test_what_is_pending_after_a_minute_is_no_failure(aws: World, error: str) -> None:
    aws.state.replication_error = error or "SERVICE_ERROR"

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert sum(aws.clock.sleeps) == 60


def test_another_parent_is_set_in_place(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create", ParentRegion="eu-central-1"))

    assert aws.send(HANDLER, event(HANDLER, "update"))["Status"] == "SUCCESS"
    assert aws.state.identities[DOMAIN].origin == "AWS_SES_US_EAST_1"


def test_a_parent_that_ses_does_not_take_is_an_error_in_words(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create", ParentRegion="eu-central-1"))
    refusal = AwsError("BadRequestException", "no")
    aws.aws.faults.append(Fault(refusal, "sesv2.PutEmailIdentityDkimSigningAttributes", times=FOREVER))

    failed = aws.send(HANDLER, event(HANDLER, "update"))

    assert "SES does not change example.org into a replica of us-east-1" in failed["Reason"]


def test_the_settings_follow_the_template(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))

    aws.send(HANDLER, event(HANDLER, "update", MailFromDomain="post.example.org", ConfigurationSetName="other-set"))

    made = aws.state.identities[DOMAIN]
    assert (made.mail_from, made.configuration_set) == ("post.example.org", "other-set")


def test_another_domain_is_refused(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))

    answer = aws.send(HANDLER, event(HANDLER, "update", Domain="example.net", MailFromDomain=""))

    assert "this resource is for example.org and cannot be changed to example.net" in answer["Reason"]
    assert "example.net" not in aws.state.identities


@pytest.mark.parametrize(
    "call", ["sesv2.PutEmailIdentityMailFromAttributes", "sesv2.PutEmailIdentityConfigurationSetAttributes"]
)
@pytest.mark.parametrize("trouble", [Trouble.DENIED, Trouble.BROKEN])
def test_an_identity_that_cannot_be_finished_goes_with_the_failed_create(
    aws: World, call: str, trouble: Trouble
) -> None:
    aws.aws.faults.append(Fault(trouble, call, times=FOREVER))

    aws.send(HANDLER, delete(aws.send(HANDLER, event(HANDLER, "create"))))

    assert DOMAIN not in aws.state.identities


def test_what_somebody_took_away_is_made_again(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "update"))

    assert aws.state.identities[DOMAIN].tags == OURS


def test_what_somebody_takes_away_meanwhile_is_an_error(aws: World) -> None:
    aws.aws.faults.append(Fault(lambda: aws.state.identities.pop(DOMAIN), LOOK, skip=1))

    assert "somebody has taken example.org away meanwhile" in aws.send(HANDLER, event(HANDLER, "create"))["Reason"]


def test_what_the_stack_made_goes_with_it_and_nothing_else(aws: World) -> None:
    created = aws.send(HANDLER, event(HANDLER, "create"))
    assert aws.send(HANDLER, delete(created))["Status"] == "SUCCESS"
    assert DOMAIN not in aws.state.identities

    aws.state.identities[DOMAIN] = DomainIdentity()
    aws.send(HANDLER, delete(created))
    assert DOMAIN in aws.state.identities


def test_a_create_that_may_have_made_the_identity_is_undone(aws: World) -> None:
    aws.aws.faults += [
        Fault(Trouble.TIMED_OUT_AFTER, CREATE, times=100),
        Fault(Trouble.TIMED_OUT, LOOK, skip=1, times=100),
    ]
    failed = aws.send(HANDLER, event(HANDLER, "create"))
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", DOMAIN)
    assert DOMAIN in aws.state.identities
    aws.aws.faults.clear()

    aws.send(HANDLER, delete(failed))

    assert DOMAIN not in aws.state.identities
