"""AWS::Route53::RecordSetGroup: one atomic change of a zone."""

import re
from collections.abc import Callable

from ministack.services import route53
from ministack.services.cloudformation import provisioners

from local_aws.extensions.record_changes import RecordSet, RecordsRefusedError, changed_records
from local_aws.extensions.registry import Properties, Provisioned, Response, generated_name, register_type


def _record_sets(properties: Properties) -> list[RecordSet]:
    return [provisioners._r53_record_set_build_rs(member) for member in properties.get("RecordSets") or []]


def _change(properties: Properties, *, old: list[RecordSet], new: list[RecordSet]) -> None:
    zone_id = provisioners._r53_resolve_hosted_zone_id(properties)
    with route53._lock:
        zone = route53._zones.get(zone_id)
        if zone is None:
            raise RecordsRefusedError(f"No hosted zone found with ID: {zone_id}")
        current = route53._records.get(zone_id, [])
        route53._records[zone_id] = changed_records(zone["name"], current, old=old, new=new)


def _create(logical_id: str, properties: Properties, stack_name: str) -> Provisioned:
    _change(properties, old=[], new=_record_sets(properties))
    return f"{stack_name}-{generated_name(logical_id)}", {}


def _update(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Provisioned:
    _change(new, old=_record_sets(old), new=_record_sets(new))
    return physical_id, {}


def _delete(physical_id: str, properties: Properties) -> None:
    _change(properties, old=_record_sets(properties), new=[])


def _use_the_words_of_route_53() -> None:
    original: Callable[[str, bytes], Response] = route53._change_resource_record_sets

    def change(zone_id: str, body: bytes) -> Response:
        status, headers, answer = original(zone_id, body)
        said = rb"Tried to create resource record set (\S+) type (\w+) but it already exists\."
        aws_says = rb"[Tried to create resource record set [name='\1', type='\2'] but it already exists]"
        return status, headers, re.sub(said, aws_says, answer)

    route53._change_resource_record_sets = change


def install() -> None:
    _use_the_words_of_route_53()
    register_type(
        "AWS::Route53::RecordSetGroup",
        create=_create,
        update=_update,
        delete=_delete,
        replaced_by=("HostedZoneId", "HostedZoneName"),
    )
