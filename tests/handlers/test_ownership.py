"""An event that CloudFormation did not send does nothing, whatever it says and whichever handler it is for."""

from collections.abc import Callable

import pytest

from .in_memory_aws import FOREVER, Fault, Trouble
from .test_faults import STEPS, Step
from .world import STACK_ID, Event, World, event, in_turn

TOKEN = "verification_token"
DESCRIBE, EVENTS = "cloudformation.DescribeStackResource", "cloudformation.DescribeStackEvents"
KINDS = ("Create", "Update", "Delete")


def _foreign_stack(aws: World, sent: Event) -> None:
    aws.stack.begin(sent)
    sent["StackId"] = STACK_ID.replace("stack/Mail", "stack/News")


def _at_rest(aws: World, sent: Event) -> None:
    aws.stack.begin(sent)
    aws.stack.end(sent, sent.get("PhysicalResourceId", "made"))
    if sent["RequestType"] == "Delete":
        # It may be made again one day.
        aws.stack.resources[sent["LogicalResourceId"]]["ResourceStatus"] = "CREATE_COMPLETE"


def _another_type(aws: World, sent: Event) -> None:
    aws.stack.begin(sent | {"ResourceType": "Custom::SomebodyElses"})


def _another_request(aws: World, sent: Event) -> None:
    others = [kind for kind in KINDS if kind != sent["RequestType"]]
    aws.stack.begin(sent | {"RequestType": others[0]})


def _another_physical_id(aws: World, sent: Event) -> None:
    aws.stack.begin(sent)
    sent["PhysicalResourceId"] = "made-up|by|hand"


def _unknown(aws: World, sent: Event) -> None:
    """The stack has no such resource."""


FORGERIES = (_foreign_stack, _unknown, _at_rest, _another_type, _another_request, _another_physical_id)
# All handlers ask by the same code.
FORGED = [
    pytest.param(step, forge, id=f"{step.handler}-{step.kind}{forge.__name__}")
    for step, forge in [
        *in_turn([step for step in STEPS if step.handler != TOKEN], FORGERIES[:-1]),
        *((step, forge) for step in STEPS if step.handler == TOKEN for forge in FORGERIES),
    ]
    if step.kind != "create" or forge is not _another_physical_id
]


@pytest.mark.parametrize(("step", "forge"), FORGED)
def test_an_event_that_cloudformation_did_not_send_calls_nothing(
    aws: World, step: Step, forge: Callable[[World, Event], None]
) -> None:
    step.arrange(aws)
    sent = step.event
    forge(aws, sent)

    aws.invoke(step.handler, sent, made_up=True)

    (answer,) = aws.cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith(f"CloudFormation is not at work on {sent['LogicalResourceId']!r} in the stack")
    assert not aws.aws.calls


def test_what_an_update_has_replaced_is_deleted_under_its_old_id(aws: World) -> None:
    update = event("sender_policy", "update", PolicyName="Renamed")
    aws.domain.policies = {"MailDomainSenders": update["OldResourceProperties"]["Policy"]}
    answer = aws.send("sender_policy", update)
    aws.stack.end(update, answer["PhysicalResourceId"])

    replaced = event("sender_policy", "delete") | {"PhysicalResourceId": update["PhysicalResourceId"]}
    assert aws.send("sender_policy", replaced)["Status"] == "SUCCESS"
    assert list(aws.domain.policies) == ["Renamed"]

    aws.stack.end(replaced, update["PhysicalResourceId"])
    aws.invoke("sender_policy", replaced, made_up=True)
    assert aws.cloudformation.answers[-1]["Status"] == "FAILED"


def test_a_create_that_never_answered_may_have_no_id_on_record(aws: World) -> None:
    sent = event(TOKEN, "delete") | {"PhysicalResourceId": "Mail-DomainToken-1XYZ"}
    aws.stack.begin(sent)
    aws.stack.resources[sent["LogicalResourceId"]]["PhysicalResourceId"] = ""

    aws.invoke(TOKEN, sent, made_up=True)

    assert aws.cloudformation.answers[0]["Status"] == "SUCCESS"


def test_a_roll_back_may_name_the_id_from_before_what_it_takes_back(aws: World) -> None:
    update = event("sender_policy", "update", PolicyName="Renamed")
    answer = aws.send("sender_policy", update)
    aws.stack.end(update, answer["PhysicalResourceId"])
    back = update | {"RequestType": "Update"}
    aws.stack.begin(back | {"PhysicalResourceId": answer["PhysicalResourceId"]})

    aws.invoke("sender_policy", back, made_up=True)
    assert aws.cloudformation.answers[-1]["Status"] == "SUCCESS"


def test_cloudformation_may_show_its_work_some_seconds_late(aws: World) -> None:
    sent = event(TOKEN, "create")
    # The questions come after 0, 1, 3 and 7 seconds.
    aws.aws.faults.append(Fault(lambda: aws.stack.begin(sent), DESCRIBE, skip=3))

    aws.invoke(TOKEN, sent, made_up=True)

    assert aws.cloudformation.answers[0]["Status"] == "SUCCESS"


@pytest.mark.parametrize("kind", ["create", "update", "delete"])
def test_a_permission_to_ask_that_is_not_in_force_yet_is_waited_for(aws: World, kind: str) -> None:
    aws.aws.faults.append(Fault(Trouble.DENIED, DESCRIBE, times=3))

    assert aws.send(TOKEN, event(TOKEN, kind))["Status"] == "SUCCESS"


def test_a_create_that_cannot_ask_leaves_it_to_its_delete_to_look(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.BROKEN, DESCRIBE, times=FOREVER))

    answer = aws.send(TOKEN, event(TOKEN, "create"))

    assert (answer["Status"], answer["PhysicalResourceId"]) == ("FAILED", "ses-constructs:unsure")
    assert "InternalFailure" in answer["Reason"]
    assert not aws.aws.calls


def test_the_history_of_a_stack_is_not_read_without_end(aws: World) -> None:
    sent = event(TOKEN, "delete")
    aws.stack.begin(sent | {"PhysicalResourceId": "another"})
    aws.stack.events *= 50

    aws.invoke(TOKEN, sent, made_up=True)

    assert aws.cloudformation.answers[0]["Status"] == "FAILED"
    assert [call.operation for call in aws.aws.questions].count(EVENTS) == 5 * 10
