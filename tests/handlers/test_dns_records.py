"""What the record writer does about each thing that may stand in the zone, and what it says."""

from typing import Any

import pytest

from .in_memory_aws import AwsError, Fault
from .in_memory_dns import ZONE, RecordSet, record_set
from .world import Event, World, event

HANDLER, CHANGE = "dns_records", "route53.ChangeResourceRecordSets"
CNAME, MX = ("tok1._domainkey.example.com", "CNAME"), ("mail.example.com", "MX")
SPF, DMARC, APEX = ("mail.example.com", "TXT"), ("_dmarc.example.com", "TXT"), ("example.com", "TXT")
OURS = '"v=spf1 include:amazonses.com ~all"'


def wanted(*records: tuple[tuple[str, str], list[str]], **properties: object) -> Event:
    """The properties of a resource with these records."""
    listed = [{"Name": name, "Type": kind, "TTL": "300", "Values": values} for (name, kind), values in records]
    return {**({"Records": listed} if listed else {}), "AdoptsExisting": "false", **properties}


def create(aws: World, *records: tuple[tuple[str, str], list[str]], **properties: object) -> Event:
    return aws.send(HANDLER, event(HANDLER, "create", **wanted(*records, **properties)))


def update(aws: World, before: Event, after: Event) -> Event:
    sent = event(HANDLER, "update", **after)
    sent["OldResourceProperties"] = event(HANDLER, "create", **before)["ResourceProperties"]
    return aws.send(HANDLER, sent)


def delete(aws: World) -> Event:
    answer = aws.send(HANDLER, event(HANDLER, "delete"))
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert not aws.parameters.values
    return answer


def refused(answer: Event) -> str:
    assert answer["Status"] == "FAILED"
    return str(answer["Reason"])


def accepted(answer: Event) -> None:
    assert answer["Status"] == "SUCCESS", answer["Reason"]


def test_a_record_that_is_as_wanted_is_refused_unless_adoption_was_asked_for(aws: World) -> None:
    aws.route53.put(record_set(*MX, "10 A.Example.NET.", ttl=60))

    reason = refused(create(aws, (MX, ["10 a.example.net"])))
    adopted = create(aws, (MX, ["10 a.example.net"]), AdoptsExisting="true")

    assert "the MX record mail.example.com exists already, with the value that is wanted" in reason
    assert "adopts_existing=True" in reason
    accepted(adopted)
    delete(aws)
    assert aws.route53.records() == {MX: ["10 A.Example.NET."]}


@pytest.mark.parametrize("adopts", ["true", "false"])
def test_a_record_with_another_value_is_refused_with_both_values(aws: World, adopts: str) -> None:
    aws.route53.put(record_set(*DMARC, '"v=DMARC1; p=quarantine"'))

    reason = refused(create(aws, (DMARC, ['"v=DMARC1; p=none"']), (MX, ["10 a.example.net"]), AdoptsExisting=adopts))

    assert (
        'the DMARC TXT record _dmarc.example.com exists with another value: it is "v=DMARC1; p=quarantine", and '
        '"v=DMARC1; p=none" is wanted' in reason
    )
    assert aws.route53.records() == {DMARC: ['"v=DMARC1; p=quarantine"']}
    assert not aws.parameters.values


def test_everything_that_is_in_the_way_is_named_at_once(aws: World) -> None:
    aws.route53.put(record_set(*MX, "10 theirs.example.net"))
    aws.route53.put(record_set(*CNAME, "theirs.example.net"))

    reason = refused(create(aws, (MX, ["10 a.example.net"]), (CNAME, ["ours.example.net"])))

    assert "the MX record mail.example.com" in reason
    assert "the CNAME record tok1._domainkey.example.com" in reason


ALIAS = {"AliasTarget": {"HostedZoneId": "Z2", "DNSName": "x.example.net.", "EvaluateTargetHealth": False}}


@pytest.mark.parametrize("routed", [ALIAS, {"SetIdentifier": "one", "Weight": 1, "TTL": 300, "ResourceRecords": []}])
def test_an_alias_and_a_routed_record_are_refused_by_name(aws: World, routed: dict[str, Any]) -> None:
    standing: RecordSet = {"Name": "mail.example.com.", "Type": "MX", **routed}
    aws.route53.zones[ZONE].append(standing)

    reason = refused(create(aws, (MX, ["10 a.example.net"]), AdoptsExisting="true"))

    assert "the MX record mail.example.com exists as an alias or with a routing policy" in reason
    assert aws.route53.zones[ZONE] == [standing]


@pytest.mark.parametrize(
    "by_hand",
    [{"Type": "MX", **ALIAS}, record_set(*SPF, OURS, '"v=spf1 mx -all"'), record_set(*SPF, '"v=spf1 mx -all"')],
)
def test_what_somebody_has_made_of_a_record_is_not_in_the_way_of_other_changes(aws: World, by_hand: RecordSet) -> None:
    standing: RecordSet = {**by_hand, "Name": "mail.example.com."}
    same = (MX, ["10 a.example.net"]), (SPF, [OURS])
    before, after = (wanted(*same, (DMARC, [f'"v=DMARC1; p={policy}"'])) for policy in ("none", "reject"))
    accepted(aws.send(HANDLER, event(HANDLER, "create", **before)))
    aws.route53.put(standing)

    accepted(update(aws, before, after))

    assert standing in aws.route53.zones[ZONE]
    assert aws.route53.records()[DMARC] == ['"v=DMARC1; p=reject"']


def test_a_cname_in_the_way_of_any_record_is_named(aws: World) -> None:
    aws.route53.put(record_set("mail.example.com", "CNAME", "elsewhere.example.net"))

    reason = refused(create(aws, (MX, ["10 a.example.net"])))

    assert "the MX record mail.example.com cannot stand beside the CNAME record of the same name" in reason


def test_a_text_is_added_beside_others_and_taken_away_alone(aws: World) -> None:
    aws.route53.put(record_set(*APEX, '"google-site-verification=abc"', ttl=3600))

    accepted(create(aws, (APEX, [OURS, '"ours"'])))
    between = aws.route53.zones[ZONE]
    delete(aws)

    assert between == [record_set(*APEX, '"google-site-verification=abc"', OURS, '"ours"', ttl=3600)]
    assert aws.route53.zones[ZONE] == [record_set(*APEX, '"google-site-verification=abc"', ttl=3600)]


@pytest.mark.parametrize(
    ("name", "value"), [("_dmarc.example.com", '"v=DMARC1; p=none"'), ("s._domainkey.example.com", '"p=abc"')]
)
def test_what_a_name_may_have_only_once_is_not_added_beside_another(aws: World, name: str, value: str) -> None:
    aws.route53.put(record_set(name, "TXT", '"v=DMARC1; p=reject"'))

    assert "exists with another value" in refused(create(aws, ((name, "TXT"), [value])))


def test_two_spf_policies_become_one_and_the_first_comes_back(aws: World) -> None:
    theirs = '"v=spf1 include:_spf.google.com -all"'
    aws.route53.put(record_set(*APEX, theirs, '"other"'))

    assert "exists with another value" in refused(create(aws, (APEX, [OURS])))
    accepted(create(aws, (APEX, [OURS]), AdoptsExisting="true"))
    between = aws.route53.records()[APEX]
    delete(aws)

    assert between == ['"v=spf1 include:_spf.google.com include:amazonses.com -all"', '"other"']
    assert aws.route53.records()[APEX] == [theirs, '"other"']


def test_an_spf_policy_that_lets_ses_send_already_stays_word_for_word(aws: World) -> None:
    theirs = '"V=SPF1 include:AmazonSES.com mx -all"'
    aws.route53.put(record_set(*APEX, theirs))

    accepted(create(aws, (APEX, [OURS]), AdoptsExisting="true"))
    assert aws.route53.records()[APEX] == [theirs]
    accepted(update(aws, wanted((APEX, [OURS])), wanted((APEX, ['"v=spf1 a ~all"']), AdoptsExisting="true")))
    assert aws.route53.records()[APEX] == ['"v=spf1 include:AmazonSES.com mx a -all"']
    delete(aws)

    assert aws.route53.records()[APEX] == [theirs]


def test_spf_policies_that_cannot_be_joined_and_two_that_stand_are_refused(aws: World) -> None:
    aws.route53.put(record_set(*APEX, '"v=spf1 +all"'))
    reason = refused(create(aws, (APEX, [OURS]), AdoptsExisting="true"))
    aws.route53.put(record_set(*APEX, '"v=spf1 mx -all"', '"v=spf1 a -all"'))
    twice = refused(create(aws, (APEX, [OURS]), AdoptsExisting="true"))

    assert "cannot be joined" in reason
    assert "'v=spf1 +all' lets everybody send" in reason
    assert "the SPF TXT record example.com stands there 2 times" in twice


def test_what_somebody_has_changed_is_named_and_not_overwritten(aws: World) -> None:
    first = wanted((DMARC, ['"v=DMARC1; p=none"']), (MX, ["10 a.example.net"]))
    second = wanted((DMARC, ['"v=DMARC1; p=reject"']), (MX, ["10 a.example.net"]))
    accepted(aws.send(HANDLER, event(HANDLER, "create", **first)))
    aws.route53.put(record_set(*DMARC, '"v=DMARC1; p=quarantine"'))

    reason = refused(update(aws, first, second))
    rolled_back = update(aws, second, first)

    assert "the DMARC TXT record _dmarc.example.com was changed outside of this stack" in reason
    assert "continue the update roll-back" in reason
    # Nothing new is asked of it, so that the roll-back passes.
    accepted(rolled_back)
    assert aws.route53.records()[DMARC] == ['"v=DMARC1; p=quarantine"']
    delete(aws)
    assert aws.route53.records() == {DMARC: ['"v=DMARC1; p=quarantine"']}


def test_a_changed_value_and_ttl_are_written_and_a_ttl_of_others_is_left(aws: World) -> None:
    accepted(create(aws, (MX, ["10 a.example.net"])))
    longer = wanted((MX, ["10 a.example.net"]))
    longer["Records"][0]["TTL"] = "900"
    accepted(update(aws, wanted((MX, ["10 a.example.net"])), longer))
    assert aws.route53.zones[ZONE] == [record_set(*MX, "10 a.example.net", ttl=900)]
    aws.route53.put(record_set(*MX, "10 a.example.net", ttl=60))

    accepted(update(aws, longer, wanted((MX, ["10 a.example.net"]))))

    assert aws.route53.zones[ZONE] == [record_set(*MX, "10 a.example.net", ttl=60)]
    delete(aws)
    assert aws.route53.records() == {}


def test_what_comes_is_written_before_what_only_goes(aws: World) -> None:
    before, after = wanted((DMARC, ['"v=DMARC1; p=none"'])), wanted((MX, ["10 a.example.net"]))
    accepted(aws.send(HANDLER, event(HANDLER, "create", **before)))

    accepted(update(aws, before, after))

    written = [call for call in aws.aws.calls if call.operation == CHANGE]
    actions = [[each["Action"] for each in call.params["ChangeBatch"]["Changes"]] for call in written]
    assert actions == [["CREATE"], ["CREATE"], ["DELETE"]]
    assert aws.route53.records() == {MX: ["10 a.example.net"]}


def test_the_names_in_a_large_zone_are_found_whatever_their_spelling(aws: World) -> None:
    for kind in ("A", "AAAA", "CAA", "TXT"):
        aws.route53.put(record_set("mail.example.com", kind, '"x"'))
    aws.route53.put(record_set(r"\052.example.com", "MX", "10 theirs.example.net"))

    reason = refused(create(aws, (("*.Example.com", "MX"), ["10 a.example.net"]), (SPF, ['"x"'])))

    assert "the MX record *.example.com exists with another value" in reason
    assert "the TXT record mail.example.com exists already" in reason


def test_the_comment_names_stack_and_resource(aws: World) -> None:
    accepted(create(aws, (MX, ["10 a.example.net"])))

    assert aws.route53.comments == ["CloudFormation stack Mail, DomainRecordWriter2E8D41B7"]


def test_it_waits_for_all_servers_and_goes_on_when_there_is_no_time(aws: World, caplog: Any) -> None:
    aws.route53.pending = 3
    accepted(create(aws, (MX, ["10 a.example.net"])))
    assert aws.clock.sleeps == [1, 2, 4]
    aws.route53.pending = 1000

    accepted(create(aws, (CNAME, ["x.example.net"])))

    assert sum(aws.clock.sleeps) < 240
    assert "not known to be on all servers" in caplog.text


@pytest.mark.parametrize("code", ["PriorRequestNotComplete", "Throttling"])
def test_route_53_may_be_busy(aws: World, code: str) -> None:
    aws.aws.faults.append(Fault(AwsError(code, "wait"), CHANGE, times=3))

    accepted(create(aws, (MX, ["10 a.example.net"])))


def test_a_protection_and_a_guardrail_are_answered_with_what_to_do(aws: World) -> None:
    aws.aws.faults.append(Fault(AwsError("InvalidChangeBatch", "The record is protected: ask Ann"), CHANGE))

    answer = create(aws, (MX, ["10 a.example.net"]))

    assert "ask Ann" in refused(answer)
    assert "take that off, then deploy again" in refused(answer)
    assert answer["PhysicalResourceId"] == f"{ZONE}|example.com"
    delete(aws)
