import pytest

from local_aws.extensions.record_changes import RecordSet, RecordsRefusedError, changed_records

ZONE = "example.com."


def record(name: str, value: str = '"v"', record_type: str = "TXT", ttl: str = "300") -> RecordSet:
    return {"Name": f"{name}.{ZONE}", "Type": record_type, "TTL": ttl, "ResourceRecords": [value]}


def test_creates_what_is_new() -> None:
    assert changed_records(ZONE, [record("a")], old=[], new=[record("b")]) == [record("a"), record("b")]


def test_refuses_to_create_what_exists_in_the_words_of_route_53() -> None:
    with pytest.raises(RecordsRefusedError) as refused:
        changed_records(ZONE, [record("a")], old=[], new=[record("b"), record("a")])
    assert str(refused.value).startswith(
        "[Tried to create resource record set [name='a.example.com.', type='TXT'] but it already exists]"
    )


def test_changes_only_what_differs() -> None:
    changed_by_hand = record("same", '"by hand"')
    after = changed_records(
        ZONE,
        [changed_by_hand, record("gone"), record("changed")],
        old=[record("same"), record("gone"), record("changed")],
        new=[record("same"), record("changed", '"new"'), record("added")],
    )
    assert after == [changed_by_hand, record("changed", '"new"'), record("added")]


def test_takes_the_same_values_in_another_order_as_the_same() -> None:
    one, other = record("a") | {"ResourceRecords": ['"1"', '"2"']}, record("a") | {"ResourceRecords": ['"2"', '"1"']}
    assert changed_records(ZONE, [one], old=[one], new=[other]) == [one]


def test_deletes_what_is_already_gone() -> None:
    assert changed_records(ZONE, [], old=[record("a")], new=[]) == []


def test_does_not_delete_the_values_of_others() -> None:
    with pytest.raises(RecordsRefusedError, match="do not match the current values"):
        changed_records(ZONE, [record("a", '"by hand"')], old=[record("a")], new=[])


@pytest.mark.parametrize(
    ("refused", "why"),
    [
        (record("a", "v=spf1 -all"), "enclosed in quotation marks"),
        (record("a", f'"{"x" * 256}"'), "CharacterStringTooLong"),
        (record("a") | {"Name": "example.org."}, "is not permitted in zone example.com."),
        (record("taken", "target.example.com", "CNAME"), "conflicts with other records"),
    ],
)
def test_refuses_what_route_53_refuses(refused: RecordSet, why: str) -> None:
    with pytest.raises(RecordsRefusedError, match=why):
        changed_records(ZONE, [record("taken")], old=[], new=[refused])


def test_accepts_a_long_value_in_several_strings() -> None:
    long = record("a", f'"{"x" * 255}" "{"y" * 255}"')
    assert changed_records(ZONE, [], old=[], new=[long]) == [long]


def test_refuses_the_same_record_twice() -> None:
    with pytest.raises(RecordsRefusedError, match="invalid set of changes"):
        changed_records(ZONE, [], old=[], new=[record("a"), record("a", '"2"')])
