"""The default configuration set of an identity that was made elsewhere."""

import pytest

from .world import World, event, rolled_back

HANDLER = "default_configuration_set"
PUT, LOOK = "sesv2.PutEmailIdentityConfigurationSetAttributes", "sesv2.GetEmailIdentity"


@pytest.mark.parametrize("identity", ["example.com", "Example.COM"])
def test_an_identity_without_one_gets_it(aws: World, identity: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Identity=identity))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "example.com|first")
    assert aws.domain.configuration_set == "first"


@pytest.mark.parametrize("kind", ["create", "update"])
def test_another_one_is_left_as_it_is(aws: World, kind: str) -> None:
    aws.domain.configuration_set = "by-hand"

    answer = aws.send(HANDLER, event(HANDLER, kind))

    assert answer["Status"] == "FAILED"
    assert (
        "example.com has the default configuration set 'by-hand', which this stack did not set; pass"
        in (answer["Reason"])
    )
    assert aws.domain.configuration_set == "by-hand"


def test_the_delete_after_a_refused_create_leaves_it_too(aws: World) -> None:
    aws.domain.configuration_set = "by-hand"
    refused = aws.send(HANDLER, event(HANDLER, "create"))

    aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": refused["PhysicalResourceId"]})

    assert aws.domain.configuration_set == "by-hand"


def test_an_identity_that_is_not_there_is_named(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Identity="other.example"))

    assert "SES has no identity other.example in this region; verify it first" in answer["Reason"]


def test_another_set_replaces_ours_and_its_delete_changes_nothing(aws: World) -> None:
    aws.domain.configuration_set = "first"

    answer = aws.send(HANDLER, event(HANDLER, "update"))
    aws.send(HANDLER, event(HANDLER, "delete"))

    assert answer["PhysicalResourceId"] == "example.com|second"
    assert aws.domain.configuration_set == "second"


def test_a_roll_back_brings_the_earlier_one_again(aws: World) -> None:
    aws.domain.configuration_set = "second"

    assert aws.send(HANDLER, rolled_back(event(HANDLER, "update")))["Status"] == "SUCCESS"
    assert aws.domain.configuration_set == "first"


@pytest.mark.parametrize(("found", "left"), [("first", ""), ("by-hand", "by-hand"), ("", "")])
def test_only_what_we_set_is_taken_back(aws: World, found: str, left: str) -> None:
    aws.domain.configuration_set = found

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert aws.domain.configuration_set == left


def test_a_default_that_was_there_before_us_stays(aws: World) -> None:
    aws.domain.configuration_set = "first"
    answer = aws.send(HANDLER, event(HANDLER, "create", OwnsSet="false"))

    gone = event(HANDLER, "delete", OwnsSet="false") | {"PhysicalResourceId": answer["PhysicalResourceId"]}
    aws.send(HANDLER, gone)

    assert answer["PhysicalResourceId"] == "example.com|first|found"
    assert aws.domain.configuration_set == "first"


@pytest.mark.parametrize(("owns", "left"), [("true", ""), ("false", "first")])
def test_a_create_that_never_answered_leaves_no_default_without_a_set(aws: World, owns: str, left: str) -> None:
    aws.domain.configuration_set = "first"

    aws.send(HANDLER, event(HANDLER, "delete", OwnsSet=owns) | {"PhysicalResourceId": "Mail-Domain-1XYZ"})

    assert aws.domain.configuration_set == left


def test_an_identity_that_is_gone_has_nothing_to_take_back(aws: World) -> None:
    del aws.state.identities["example.com"]

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
