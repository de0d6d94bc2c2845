"""Answers that are lost on the way to the record writer, and people who are faster than it."""

import json

import pytest

from .in_memory_aws import FOREVER, Fault, Trouble
from .in_memory_dns import ZONE, record_set
from .test_dns_records import APEX, DMARC, HANDLER, MX, OURS, accepted, create, delete, refused, update, wanted
from .world import World, event

CHANGE = "route53.ChangeResourceRecordSets"


def test_a_change_that_nobody_knows_about_is_looked_at(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT_AFTER, CHANGE))

    accepted(create(aws, (MX, ["10 a.example.net"])))

    (memory,) = aws.parameters.values.values()
    assert json.loads(memory)["records"]["mail.example.com MX"]["how"] == "made"
    delete(aws)
    assert aws.route53.records() == {}


def test_it_gives_up_when_nobody_ever_knows(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.TIMED_OUT, CHANGE, times=100))

    assert "Route 53 did not take the records in 5 tries" in refused(create(aws, (MX, ["10 a.example.net"])))


@pytest.mark.parametrize("adopts", ["true", "false"])
def test_what_somebody_makes_between_the_look_and_the_change_is_not_ours(aws: World, adopts: str) -> None:
    aws.aws.faults.append(Fault(lambda: aws.route53.put(record_set(*MX, "10 a.example.net")), CHANGE))

    answer = create(aws, (MX, ["10 a.example.net"]), AdoptsExisting=adopts)

    assert answer["Status"] == ("SUCCESS" if adopts == "true" else "FAILED")
    delete(aws)
    assert aws.route53.records() == {MX: ["10 a.example.net"]}


def test_what_somebody_changes_between_the_look_and_the_change_is_not_overwritten(aws: World) -> None:
    before, after = (wanted((DMARC, [f'"v=DMARC1; p={policy}"'])) for policy in ("none", "reject"))
    accepted(aws.send(HANDLER, event(HANDLER, "create", **before)))
    by_hand = record_set(*DMARC, '"v=DMARC1; p=quarantine"')

    aws.aws.faults.append(Fault(lambda: aws.route53.put(by_hand), CHANGE, times=FOREVER))

    answer = update(aws, before, after)

    assert "was changed outside of this stack" in refused(answer)
    assert aws.route53.zones[ZONE] == [by_hand]


def test_an_spf_policy_that_was_joined_and_then_changed_by_hand_stays(aws: World) -> None:
    aws.route53.put(record_set(*APEX, '"v=spf1 mx -all"'))
    accepted(create(aws, (APEX, [OURS]), AdoptsExisting="true"))
    by_hand = '"v=spf1 mx a include:amazonses.com -all"'
    aws.route53.put(record_set(*APEX, by_hand))

    delete(aws)

    assert aws.route53.records() == {APEX: [by_hand]}


def test_what_was_made_is_remembered_though_nobody_could_write_down_that_it_was(aws: World) -> None:
    aws.aws.faults.append(Fault(Trouble.BROKEN, "ssm.PutParameter", skip=1, times=100))
    answer = create(aws, (MX, ["10 a.example.net"]))
    aws.aws.faults.clear()

    assert answer["Status"] == "FAILED"
    assert aws.route53.records() == {MX: ["10 a.example.net"]}
    assert answer["PhysicalResourceId"] == event(HANDLER, "delete")["PhysicalResourceId"]
    delete(aws)
    assert aws.route53.records() == {}
