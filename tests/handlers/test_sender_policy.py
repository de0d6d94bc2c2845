"""The sending-authorization policy of an identity."""

import json

import pytest

from ses_constructs.handlers.sender_policy import same

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_services import DomainIdentity
from .world import World, event, rolled_back

HANDLER = "sender_policy"
NAME = "MailDomainSenders"
OURS: str = event(HANDLER, "create")["ResourceProperties"]["Policy"]
NEXT: str = event(HANDLER, "update")["ResourceProperties"]["Policy"]
FOREIGN = '{"Version":"2012-10-17","Statement":[]}'


def spaced(document: str) -> str:
    return json.dumps(json.loads(document), indent=2, sort_keys=True)


def test_a_policy_is_written_under_its_name(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["PhysicalResourceId"] == "example.com|MailDomainSenders"
    assert answer["Data"] == {}
    assert aws.domain.policies == {NAME: OURS}


def test_create_refuses_to_take_over_a_policy_of_the_same_name(aws: World) -> None:
    aws.domain.policies[NAME] = FOREIGN

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        "example.com has a sending policy 'MailDomainSenders' with another document, which this stack did not make; "
        "delete that policy or choose another name"
    )
    assert aws.domain.policies == {NAME: FOREIGN}


def test_the_delete_after_a_refused_create_leaves_the_other_policy(aws: World) -> None:
    aws.domain.policies[NAME] = FOREIGN
    refused = aws.send(HANDLER, event(HANDLER, "create"))

    aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": refused["PhysicalResourceId"]})

    assert aws.domain.policies == {NAME: FOREIGN}


def test_create_takes_the_same_document_for_its_own_earlier_try(aws: World) -> None:
    aws.domain.policies[NAME] = spaced(OURS)

    assert aws.send(HANDLER, event(HANDLER, "create"))["Status"] == "SUCCESS"
    assert aws.domain.policies == {NAME: spaced(OURS)}


def test_update_replaces_the_document_it_wrote(aws: World) -> None:
    aws.domain.policies[NAME] = spaced(OURS)

    answer = aws.send(HANDLER, event(HANDLER, "update"))

    assert answer["PhysicalResourceId"] == "example.com|MailDomainSenders"
    assert aws.domain.policies == {NAME: NEXT}


def test_update_writes_a_policy_that_somebody_deleted(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "update"))

    assert aws.domain.policies == {NAME: NEXT}


def test_update_refuses_to_overwrite_a_change_by_hand(aws: World) -> None:
    aws.domain.policies[NAME] = FOREIGN

    answer = aws.send(HANDLER, event(HANDLER, "update"))

    assert answer["Status"] == "FAILED"
    assert "was changed outside of this stack; delete that policy or put the earlier document back" in answer["Reason"]
    assert aws.domain.policies == {NAME: FOREIGN}


def test_update_to_another_name_makes_a_second_policy_and_leaves_the_first_to_the_delete(aws: World) -> None:
    aws.domain.policies[NAME] = OURS

    answer = aws.send(HANDLER, event(HANDLER, "update", PolicyName="Renamed"))
    assert answer["PhysicalResourceId"] == "example.com|Renamed"
    assert aws.domain.policies == {NAME: OURS, "Renamed": NEXT}

    aws.send(HANDLER, event(HANDLER, "delete"))
    assert aws.domain.policies == {"Renamed": NEXT}


def test_update_to_another_identity_makes_the_policy_there(aws: World) -> None:
    aws.domain.policies[NAME] = OURS
    aws.state.identities["example.org"] = DomainIdentity()

    answer = aws.send(HANDLER, event(HANDLER, "update", Identity="example.org"))

    assert answer["PhysicalResourceId"] == "example.org|MailDomainSenders"
    assert aws.state.identities["example.org"].policies == {NAME: NEXT}
    assert aws.domain.policies == {NAME: OURS}


def test_the_case_of_a_domain_is_no_other_identity(aws: World) -> None:
    aws.domain.policies[NAME] = OURS

    answer = aws.send(HANDLER, event(HANDLER, "update", Identity="Example.COM"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("SUCCESS", "example.com|MailDomainSenders")
    assert aws.domain.policies == {NAME: NEXT}


def test_an_address_keeps_its_case_and_may_hold_any_sign(aws: World) -> None:
    aws.state.identities["Odd|One@example.com"] = DomainIdentity()

    answer = aws.send(HANDLER, event(HANDLER, "create", Identity="Odd|One@example.com"))
    assert aws.state.identities["Odd|One@example.com"].policies == {NAME: OURS}

    aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": answer["PhysicalResourceId"]})
    assert aws.state.identities["Odd|One@example.com"].policies == {}


def test_the_roll_back_of_an_update_with_a_bad_policy_succeeds(aws: World) -> None:
    aws.domain.policies[NAME] = OURS
    bad = event(HANDLER, "update", Policy="no json")
    assert aws.send(HANDLER, bad)["Status"] == "FAILED"

    assert aws.send(HANDLER, rolled_back(bad))["Status"] == "SUCCESS"
    assert aws.domain.policies == {NAME: OURS}


def test_the_roll_back_of_a_replacement_whose_answer_was_lost_removes_the_new_policy(aws: World) -> None:
    aws.domain.policies[NAME] = OURS
    failed = event(HANDLER, "update", PolicyName="Renamed")
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, skip=2, times=FOREVER))
    assert "SES does not say whether it made" in aws.send(HANDLER, failed)["Reason"]
    assert aws.domain.policies == {NAME: OURS, "Renamed": NEXT}
    aws.aws.faults.clear()

    aws.send(HANDLER, rolled_back(failed))

    assert aws.domain.policies == {NAME: OURS}


def test_a_create_whose_effect_may_not_be_looked_at_is_undone_by_its_delete(aws: World) -> None:
    aws.aws.faults += [
        Fault(Trouble.TIMED_OUT_AFTER, "sesv2.CreateEmailIdentityPolicy", times=FOREVER),
        Fault(Trouble.DENIED, "sesv2.GetEmailIdentityPolicies", skip=1, times=FOREVER),
    ]

    failed = aws.send(HANDLER, event(HANDLER, "create"))

    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", "unsure|example.com|MailDomainSenders")


def test_a_create_whose_answer_was_lost_for_good_is_undone_by_its_delete(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, skip=2, times=FOREVER))
    failed = aws.send(HANDLER, event(HANDLER, "create"))
    assert (failed["Status"], failed["PhysicalResourceId"]) == ("FAILED", "unsure|example.com|MailDomainSenders")
    aws.aws.faults.clear()

    delete = event(HANDLER, "delete") | {"PhysicalResourceId": failed["PhysicalResourceId"]}
    assert aws.send(HANDLER, delete)["Status"] == "SUCCESS"
    assert aws.domain.policies == {}

    aws.domain.policies[NAME] = FOREIGN
    assert aws.send(HANDLER, delete)["Status"] == "SUCCESS"
    assert aws.domain.policies == {NAME: FOREIGN}


def test_the_delete_of_an_unsure_create_succeeds_when_the_identity_is_gone_and_fails_when_denied(aws: World) -> None:
    delete = event(HANDLER, "delete") | {"PhysicalResourceId": "unsure|example.com|MailDomainSenders"}
    aws.aws.faults.append(Fault(Trouble.DENIED, "sesv2.GetEmailIdentityPolicies"))
    assert aws.send(HANDLER, delete)["Status"] == "FAILED"

    aws.state.identities.clear()
    assert aws.send(HANDLER, delete)["Status"] == "SUCCESS"


def test_a_stranger_who_is_faster_is_not_overwritten(aws: World) -> None:
    stranger = Fault(lambda: aws.domain.policies.update({NAME: FOREIGN}), "sesv2.CreateEmailIdentityPolicy")
    aws.aws.faults.append(stranger)

    assert "which this stack did not make" in aws.send(HANDLER, event(HANDLER, "create"))["Reason"]
    assert aws.domain.policies == {NAME: FOREIGN}


def test_delete_removes_the_policy_even_if_it_was_changed_by_hand(aws: World) -> None:
    aws.domain.policies |= {NAME: FOREIGN, "Other": OURS}

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"
    assert aws.domain.policies == {"Other": OURS}


def test_delete_succeeds_when_the_policy_is_gone(aws: World) -> None:
    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"


def test_delete_succeeds_when_the_identity_is_gone(aws: World) -> None:
    aws.state.identities.clear()

    assert aws.send(HANDLER, event(HANDLER, "delete"))["Status"] == "SUCCESS"


MADE_UP_ID = "Mail-DomainSenders-1A2B3C4D5E6F"


def test_delete_after_a_create_that_never_answered_removes_what_it_made(aws: World) -> None:
    aws.send(HANDLER, event(HANDLER, "create"))

    answer = aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": MADE_UP_ID})

    assert answer["Status"] == "SUCCESS"
    assert aws.domain.policies == {}


def test_delete_after_a_create_that_never_answered_leaves_what_is_not_ours(aws: World) -> None:
    made = event(HANDLER, "create")["ResourceProperties"]
    aws.domain.policies[made["PolicyName"]] = '{"Statement": []}'

    answer = aws.send(HANDLER, event(HANDLER, "delete") | {"PhysicalResourceId": MADE_UP_ID})

    assert answer["Status"] == "SUCCESS"
    assert aws.domain.policies == {made["PolicyName"]: '{"Statement": []}'}


def test_the_limit_of_twenty_policies_is_passed_on(aws: World) -> None:
    aws.domain.policies |= {f"Policy{number}": OURS for number in range(20)}

    answer = aws.send(HANDLER, event(HANDLER, "create"))

    assert answer["Status"] == "FAILED"
    assert "LimitExceededException" in answer["Reason"]
    assert "at most 20 policies" in answer["Reason"]


def test_create_on_an_identity_that_does_not_exist_says_so(aws: World) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Identity="example.net"))

    assert answer["Status"] == "FAILED"
    assert "Email identity example.net does not exist" in answer["Reason"]


@pytest.mark.parametrize("document", ["no json", "[]", '"text"', "null", "7"])
def test_a_policy_that_is_no_json_object_is_refused(aws: World, document: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", Policy=document))

    assert "Policy must be the JSON text of a policy document" in answer["Reason"]
    assert not aws.aws.calls


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ('{"a":1,"b":2}', '{ "b": 2, "a": 1 }', True),
        ('{"a":1}', '{"a":true}', False),
        ('{"a":[1,2]}', '{"a":[2,1]}', False),
        ("{}", None, False),
        (None, None, False),
        ("not json", "not json", True),
        ("not json", "nor this", False),
        ("null", "nor this", False),
    ],
)
def test_documents_are_compared_by_what_they_say(one: str | None, other: str | None, expected: bool) -> None:
    assert same(one, other) is same(other, one) is expected
