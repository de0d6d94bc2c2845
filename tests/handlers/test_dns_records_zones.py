"""The record writer and its zone: which one it takes, how the domain changes it, and bad properties."""

import json
from typing import Any

import pytest

from .in_memory_dns import ZONE
from .test_dns_records import HANDLER, MX, accepted, create, delete, refused, update, wanted
from .world import World, event

RECORD = (MX, ["10 a.example.net"])
OTHER = "ZOTHER"
ROLE = "arn:aws:iam::222222222222:role/dns"


def test_a_private_zone_and_one_of_a_service_are_refused(aws: World) -> None:
    aws.route53.zone = {"Config": {"PrivateZone": True}}
    assert f"hosted zone {ZONE} (example.com.) is private" in refused(create(aws, RECORD))
    aws.route53.zone = {"LinkedService": {"ServicePrincipal": "x.amazonaws.com"}}
    assert f"hosted zone {ZONE} (example.com.) belongs to an AWS service" in refused(create(aws, RECORD))


def test_a_zone_of_another_account_is_reached_by_its_role(aws: World) -> None:
    accepted(create(aws, RECORD, RoleArn=ROLE))

    assert aws.sts.sessions == [(ROLE, "DomainRecordWriter2E8D41B7")]


def test_a_zone_that_is_gone_holds_up_no_deletion(aws: World) -> None:
    accepted(create(aws, RECORD))
    del aws.route53.zones[ZONE]

    delete(aws)


def test_a_create_that_never_answered_is_cleaned_up(aws: World) -> None:
    accepted(create(aws, RECORD))
    sent = event(HANDLER, "delete", **wanted(RECORD)) | {"PhysicalResourceId": "Mail-DomainRecordWriter-1ABC"}

    accepted(aws.send(HANDLER, sent))

    assert (aws.route53.records(), aws.parameters.values) == ({}, {})


def test_a_domain_that_moves_to_another_zone_is_refused_unless_the_old_one_keeps_its_records(aws: World) -> None:
    aws.route53.zones[OTHER] = []
    before, after = wanted(RECORD), wanted(RECORD, HostedZoneId=OTHER)
    accepted(create(aws, RECORD))

    reason = refused(update(aws, before, after))
    rolled_back = update(aws, after, before)
    kept = wanted(RECORD, KeepsRecords="true")
    accepted(update(aws, before, kept))
    moved = update(aws, kept, after)

    assert f"example.com moves from hosted zone {ZONE} to {OTHER}" in reason
    assert "first deploy with hand_over_records(...)" in reason
    accepted(rolled_back)
    assert moved["PhysicalResourceId"] == f"{OTHER}|example.com"
    aws.send(HANDLER, event(HANDLER, "delete", **kept))
    assert aws.route53.records(ZONE) == aws.route53.records(OTHER) == {MX: RECORD[1]}


def test_the_roll_back_of_a_move_takes_the_records_out_of_the_new_zone(aws: World) -> None:
    aws.route53.zones[OTHER] = []
    kept, after = wanted(RECORD, KeepsRecords="true"), wanted(RECORD, HostedZoneId=OTHER)
    accepted(create(aws, RECORD, KeepsRecords="true"))
    accepted(update(aws, kept, after))

    # The update's answer was lost: CloudFormation still has the old id.
    accepted(update(aws, after, kept))

    assert aws.route53.records(OTHER) == {}
    assert aws.route53.records(ZONE) == {MX: RECORD[1]}
    assert len(aws.parameters.values) == 1


@pytest.mark.parametrize(
    ("owner", "resource_type", "physical_id"),
    [
        ("DomainRecords3DDBC200", "AWS::Route53::RecordSetGroup", "Mail-DomainRecords-1"),
        ("Www", "AWS::Route53::RecordSet", "Mail.example.com"),
        ("Www", "AWS::Route53::RecordSet", f"mail.example.com.|{ZONE}|MX"),
    ],
)
def test_records_of_this_stack_are_adopted_once_they_were_handed_over(
    aws: World, owner: str, resource_type: str, physical_id: str
) -> None:
    accepted(create(aws, RECORD))
    aws.parameters.values.clear()
    adopting: dict[str, Any] = {"AdoptsExisting": "true", "Group": "DomainRecords3DDBC200"}
    aws.stack.others = {(resource_type, physical_id, owner), ("AWS::Route53::RecordSet", "www.example.com", "Other")}

    reason = refused(create(aws, RECORD, **adopting))
    aws.stack.others.add(("AWS::CloudFormation::WaitConditionHandle", "x", f"{owner}HandedOver"))

    assert f"the records of {owner} in this stack would be deleted at the end of this update" in reason
    accepted(create(aws, RECORD, **adopting))


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        ({"Records": []}, "property Records must be a list of record sets"),
        ({"Records": "x"}, "property Records must be a list of record sets"),
        ({"Records": ["x"]}, "property Records must hold record sets with Name, Type, TTL and Values, got"),
        (wanted(RECORD, RECORD), r"property Records must hold each record set once, got mail.example.com MX twice"),
        ({"AdoptsExisting": "maybe"}, "property AdoptsExisting must be 'true' or 'false'"),
        ({"KeepsRecords": None}, "property KeepsRecords must be a text"),
        ({"HostedZoneId": None}, "property HostedZoneId must be a text"),
    ],
)
def test_a_bad_property_is_named(aws: World, bad: dict[str, object], sentence: str) -> None:
    answer = aws.send(HANDLER, event(HANDLER, "create", **bad))

    assert sentence in refused(answer)
    assert not aws.aws.calls


def test_more_than_a_parameter_holds_is_refused_before_anything_is_written(aws: World) -> None:
    texts = [f'"text number {number}"' for number in range(120)]

    reason = refused(create(aws, (("example.com", "TXT"), texts)))

    assert "a parameter holds 8192" in reason
    assert aws.route53.records() == {}


def test_what_is_remembered_of_an_ordinary_domain_fits_a_parameter_without_a_price(aws: World) -> None:
    domain = "a-rather-long-name-of-a-domain.department.example.com"
    names = [(f"{'k' * 32}{number}._domainkey.{domain}", "CNAME") for number in range(3)]
    names += [(f"mail.{domain}", "MX"), (domain, "MX")]
    texts = [(f"{prefix}{domain}", "TXT") for prefix in ("mail.", "_dmarc.", "_smtp._tls.", "_amazonses.", "")]

    accepted(create(aws, *((name, ["10 x"]) for name in names), *((name, ['"x"']) for name in texts)))

    (memory,) = aws.parameters.values.values()
    assert len(memory) < 2048
    assert json.loads(memory)["kept"] is False
