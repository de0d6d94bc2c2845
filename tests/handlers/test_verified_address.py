"""E-mail addresses as identities: who gets a link, and whose identity goes when the stack goes."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ses_constructs.handlers.verified_address import OWNER_TAG, Wanted, decide_create, decide_update

from .in_memory_aws import Fault, Trouble
from .in_memory_services import DomainIdentity
from .world import Event, World, event, world

HANDLER = "verified_address"
ADDRESS = "Ann.Smith@example.com"
STACK: str = event(HANDLER, "create")["StackId"]
OURS = [{"Key": OWNER_TAG, "Value": STACK}]
CREATE, SEND = "sesv2.CreateEmailIdentity", "ses.VerifyEmailIdentity"


def delete(created: Event) -> Event:
    return event(HANDLER, "delete") | {"PhysicalResourceId": created["PhysicalResourceId"]}


def test_an_address_becomes_an_identity_with_our_tag_and_its_owner_gets_a_link(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"], answer["Data"]) == ("SUCCESS", ADDRESS, {})
    assert aws.state.identities[ADDRESS].tags == OURS
    assert aws.state.links == [ADDRESS]


def test_the_domain_is_written_in_lower_case_and_the_part_before_it_as_it_is(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "create", Address="Ann.Smith@EXAMPLE.com"))["PhysicalResourceId"] == ADDRESS


def test_an_identity_that_is_verified_is_used_as_it_is(aws: World) -> None:
    aws.state.new_identity(ADDRESS).succeed()
    before = copy.deepcopy(aws.state.identities)

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.state.identities == before
    assert not aws.state.links


@pytest.mark.parametrize("verification", ["PENDING", "FAILED"])
def test_the_owner_of_an_identity_that_was_never_verified_gets_a_link(aws: World, verification: str) -> None:
    aws.state.new_identity(ADDRESS).verification = verification

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.state.links == [ADDRESS]
    assert aws.state.identities[ADDRESS].tags == []


def test_the_same_create_again_sends_no_second_mail(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))
    aws.send(HANDLER, event(HANDLER, "create"))

    assert aws.state.links == [ADDRESS]


def test_an_identity_that_was_there_before_stays_when_the_stack_goes(aws: World) -> None:
    aws.state.new_identity(ADDRESS)
    created = aws.send(HANDLER, event(HANDLER, "create"))

    assert aws.send(HANDLER, delete(created))["Status"] == "SUCCESS"
    assert ADDRESS in aws.state.identities


def test_what_the_stack_made_goes_with_it(aws: World) -> None:
    created = aws.send(HANDLER, event(HANDLER, "create"))

    assert aws.send(HANDLER, delete(created))["Status"] == "SUCCESS"
    assert ADDRESS not in aws.state.identities


@pytest.mark.parametrize("tags", [[], [{"Key": OWNER_TAG, "Value": STACK.replace("/Mail/", "/Other/")}]])
def test_an_identity_that_somebody_made_anew_stays(aws: World, tags: list[dict[str, str]]) -> None:
    created = aws.send(HANDLER, event(HANDLER, "create"))
    aws.state.identities[ADDRESS] = DomainIdentity(tags=tags)

    aws.send(HANDLER, delete(created))

    assert aws.state.identities[ADDRESS].tags == tags


def test_an_identity_that_is_gone_already_is_deleted_with_success(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"


def test_an_identity_that_goes_between_look_and_delete_is_deleted_with_success(aws: World) -> None:
    created = aws.send(HANDLER, event(HANDLER, "create"))
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, "sesv2.DeleteEmailIdentity"))

    assert aws.send(HANDLER, delete(created))["Status"] == "SUCCESS"
    assert ADDRESS not in aws.state.identities


def test_a_create_without_an_answer_is_undone_under_the_id_that_cloudformation_makes_up(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))

    aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": "Mail-SesVerifiedAddress5B1F00AA-1A2B3C4D5E6F"})

    assert ADDRESS not in aws.state.identities


@pytest.mark.parametrize("look", [Trouble.TIMED_OUT, Trouble.DENIED])
def test_a_create_that_may_have_made_the_identity_is_undone(aws: World, look: Trouble) -> None:
    aws.aws.faults += [
        Fault(Trouble.TIMED_OUT_AFTER, CREATE, times=100),
        Fault(look, "sesv2.GetEmailIdentity", skip=2, times=100),
    ]
    failed = aws.send(HANDLER, event(HANDLER, "create"))
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", ADDRESS)
    assert ADDRESS in aws.state.identities
    aws.aws.faults.clear()

    aws.send(HANDLER, delete(failed))

    assert ADDRESS not in aws.state.identities


def test_an_address_in_a_verified_domain_is_refused(aws: World) -> None:
    aws.domain.succeed()

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "SES has verified example.com in this region, and with it every address there; an identity for "
        "Ann.Smith@example.com would take the place of the domain's settings: leave the address out, or pass "
        "inside_verified_domain=True"
    )
    assert ADDRESS not in aws.state.identities


def test_the_parent_of_a_domain_counts_too(aws: World) -> None:
    aws.domain.succeed()

    answer = aws.send(HANDLER, event(HANDLER, "create", Address="bob@mail.dev.example.com"))

    assert "SES has verified example.com in this region" in answer["Reason"]


def test_an_address_in_a_verified_domain_is_made_on_request_without_a_look_at_domains(aws: World) -> None:
    aws.domain.succeed()

    assert aws.send(HANDLER, event(HANDLER, "create", InsideVerifiedDomain="true"))["Status"] == "SUCCESS"
    assert aws.aws.operations() == ["sesv2.GetEmailIdentity", CREATE]


def test_a_domain_that_is_not_verified_does_not_matter(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert [call.params["EmailIdentity"] for call in aws.aws.calls] == [ADDRESS, "example.com", ADDRESS]


def test_an_address_that_exists_in_a_domain_that_was_verified_later_is_kept(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))
    aws.domain.succeed()

    assert aws.send(HANDLER, event(HANDLER, "update", Resend=""))["Status"] == "SUCCESS"
    assert ADDRESS in aws.state.identities


def test_another_text_sends_the_link_again(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))
    aws.state.identities[ADDRESS].verification = "FAILED"

    assert aws.send(HANDLER, event(HANDLER, "update"))["PhysicalResourceId"] == ADDRESS
    assert aws.state.links == [ADDRESS, ADDRESS]
    assert aws.state.identities[ADDRESS] == DomainIdentity(tags=OURS)


def test_a_verified_address_gets_no_further_link(aws: World) -> None:
    aws.state.new_identity(ADDRESS).succeed()
    aws.send(HANDLER, event(HANDLER, "update"))

    assert not aws.state.links


@pytest.mark.parametrize("resend", ["2026-11-24", "", None])
def test_an_update_without_another_text_sends_nothing(aws: World, resend: str | None) -> None:
    aws.state.new_identity(ADDRESS)
    sent = event(HANDLER, "update", Resend=resend)
    sent["OldResourceProperties"]["Resend"] = "2026-11-24"
    aws.send(HANDLER, sent)

    assert not aws.state.links


def test_an_update_makes_an_identity_that_somebody_deleted(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "update"))

    assert aws.state.identities[ADDRESS].tags == OURS
    assert aws.state.links == [ADDRESS]


def test_an_update_to_another_address_is_refused(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "update", Address="bob@example.com"))

    assert answer["Reason"] == (
        "this resource is for Ann.Smith@example.com and cannot be changed to bob@example.com; "
        "make a resource of its own for each address"
    )
    assert not aws.aws.calls


def test_the_roll_back_of_bad_properties_sends_nothing(aws: World) -> None:
    aws.state.new_identity(ADDRESS)
    sent = event(HANDLER, "update")
    sent["OldResourceProperties"] = sent["ResourceProperties"] | {"InsideVerifiedDomain": "perhaps"}

    assert aws.send(HANDLER, sent)["Status"] == "SUCCESS"
    assert not aws.state.links


@pytest.mark.parametrize(
    ("properties", "message"),
    [
        ({"InsideVerifiedDomain": "yes"}, "InsideVerifiedDomain must be 'true' or 'false', got 'yes'"),
        ({"Address": "example.com"}, "Address must be an e-mail address"),
        ({"Address": "ann@"}, "Address must be an e-mail address"),
        ({"Address": None}, "Address must be a text that is not empty"),
    ],
)
def test_bad_properties_are_refused(aws: World, properties: dict[str, str | None], message: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", **properties))

    assert message in answer["Reason"]
    assert not aws.aws.calls


def test_an_identity_that_somebody_else_makes_in_between_is_used_and_stays(aws: World) -> None:
    aws.aws.faults.append(Fault(lambda: aws.state.new_identity(ADDRESS), CREATE))

    created = aws.send(HANDLER, event(HANDLER, "create"))
    assert created["Status"] == "SUCCESS"
    aws.send(HANDLER, delete(created))
    assert aws.state.identities[ADDRESS].tags == []


def test_the_decisions_need_no_aws() -> None:
    verified = {"VerifiedForSendingStatus": True}
    pending = {"VerifiedForSendingStatus": False, "VerificationStatus": "PENDING"}
    failed = {"VerifiedForSendingStatus": False, "VerificationStatus": "FAILED"}
    plain, again = Wanted(ADDRESS, False, ""), Wanted(ADDRESS, False, "again")

    assert decide_create(None, ours=False) == decide_update(None, plain, plain) == "make"
    for found, ours, decision in (
        (verified, False, "keep"),
        (verified, True, "keep"),
        (pending, True, "keep"),
        (pending, False, "send"),
        (failed, True, "send"),
    ):
        assert decide_create(found, ours=ours) == decision  # type: ignore[arg-type]
    assert decide_update(pending, again, plain) == "send"  # type: ignore[arg-type]
    assert decide_update(pending, plain, again) == "keep"  # type: ignore[arg-type]
    assert decide_update(verified, again, plain) == "keep"  # type: ignore[arg-type]


FAULTS = st.builds(
    Fault,
    trouble=st.sampled_from([each for each in Trouble if each is not Trouble.DENIED]),
    operation=st.sampled_from(["sesv2.GetEmailIdentity", CREATE, SEND]),
    skip=st.integers(0, 3),
    times=st.integers(1, 30),
)


@settings(max_examples=40)
@given(st.lists(FAULTS, max_size=3), st.booleans(), st.booleans())
def test_after_a_delete_only_what_was_there_before_is_left(
    faults: list[Fault], there_before: bool, answer_lost: bool
) -> None:
    with world() as aws:
        if there_before:
            aws.state.new_identity(ADDRESS)
        before = copy.deepcopy(aws.state)
        aws.aws.faults += copy.deepcopy(faults)
        created = aws.send(HANDLER, event(HANDLER, "create"))
        aws.aws.faults.clear()
        if answer_lost:
            created["PhysicalResourceId"] = "Mail-SesVerifiedAddress5B1F00AA-1A2B3C4D5E6F"

        assert aws.send(HANDLER, delete(created))["Status"] == "SUCCESS"

        assert aws.state == before
