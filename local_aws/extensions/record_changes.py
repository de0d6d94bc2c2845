"""What a change of a record set group does to a zone: pure, and in the words of Route 53.

Knows nothing of ministack, so that it is tested without a server.
"""

from typing import Any

RecordSet = dict[str, Any]
Key = tuple[str, str, str]

LONGEST_STRING = 255  # characters of one quoted string of a TXT record


class RecordsRefusedError(ValueError):
    """Route 53 would refuse the whole batch."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"[{reason}] (Service: Route53, Status Code: 400)")


def key(record_set: RecordSet) -> Key:
    return record_set["Name"], record_set["Type"], record_set.get("SetIdentifier", "")


def changed_records(
    zone_name: str, current: list[RecordSet], *, old: list[RecordSet], new: list[RecordSet]
) -> list[RecordSet]:
    """The zone's record sets after its group goes from *old* to *new*; all of it or, on a refusal, nothing.

    Record sets that are the same in both are not touched, even if someone has changed them in the zone meanwhile.
    """
    before = {key(record_set): record_set for record_set in old}
    after = {key(record_set): record_set for record_set in new}
    if len(after) < len(new):
        raise RecordsRefusedError("The request contains an invalid set of changes for a resource record set")
    for record_set in new:
        _check(zone_name, record_set)
    zone = {key(record_set): record_set for record_set in current}
    for gone in before.keys() - after.keys():
        _delete(zone, before[gone])
    for name in after:
        if name in before and _values(before[name]) == _values(after[name]):
            continue
        if name not in before and name in zone:
            raise RecordsRefusedError(
                f"Tried to create resource record set {_label(after[name])} but it already exists"
            )
        zone[name] = after[name]
    _check_cnames(zone_name, zone, after)
    return list(zone.values())


def _delete(zone: dict[Key, RecordSet], record_set: RecordSet) -> None:
    # CloudFormation takes a record set that is already gone as deleted, but never deletes other values than its own.
    existing = zone.pop(key(record_set), None)
    if existing is not None and _values(existing) != _values(record_set):
        raise RecordsRefusedError(
            f"Tried to delete resource record set {_label(record_set)} "
            "but the values provided do not match the current values"
        )


def _values(record_set: RecordSet) -> RecordSet:
    return record_set | {"ResourceRecords": sorted(record_set.get("ResourceRecords", []))}


def _label(record_set: RecordSet) -> str:
    return f"[name='{record_set['Name']}', type='{record_set['Type']}']"


def _check(zone_name: str, record_set: RecordSet) -> None:
    name = record_set["Name"]
    if name != zone_name and not name.endswith(f".{zone_name}"):
        raise RecordsRefusedError(f"RRSet with DNS name {name} is not permitted in zone {zone_name}")
    if record_set["Type"] in ("TXT", "SPF"):
        for value in record_set.get("ResourceRecords", []):
            _check_txt(value)


def _check_txt(value: str) -> None:
    if len(value) < 2 or not (value.startswith('"') and value.endswith('"')):
        problem = "InvalidCharacterString (Value should be enclosed in quotation marks)"
    elif any(len(string) > LONGEST_STRING for string in txt_strings(value)):
        problem = "CharacterStringTooLong (Value is too long)"
    else:
        return
    raise RecordsRefusedError(f"Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''")


def txt_strings(value: str) -> list[str]:
    """The strings of a TXT value as Route 53 holds it: quoted, separated by spaces.

    >>> txt_strings('"v=DKIM1; p=abc" "def"')
    ['v=DKIM1; p=abc', 'def']
    """
    return value.strip('"').split('" "')


def _check_cnames(zone_name: str, zone: dict[Key, RecordSet], written: dict[Key, RecordSet]) -> None:
    types: dict[str, set[str]] = {}
    for name, record_type, _ in zone:
        types.setdefault(name, set()).add(record_type)
    for name, record_type, _ in written:
        if "CNAME" in types[name] and len(types[name]) > 1:
            raise RecordsRefusedError(
                f"RRSet of type {record_type} with DNS name {name} is not permitted as it conflicts with other "
                f"records with the same DNS name in zone {zone_name}"
            )
