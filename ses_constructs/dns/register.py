"""Which records the app publishes under which name, so that two owners of one are known at synth."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from ..common.arguments import TOKEN_PATTERN, contains_token, invalid
from ..common.register import Meeting, enter, entries, refuse_or_warn
from ..email_records import DnsRecord
from .other_owners import exclude_each_other

if TYPE_CHECKING:
    from .zones import DnsZone

# What CDK puts in the place of a zone that it looks up, until it has.
_DUMMY_ZONE_ID = "DUMMY"
_INBOUND = re.compile(rf" inbound-smtp\.((?:[a-z0-9-]|{TOKEN_PATTERN})+)\.")


def register_records(owner: Construct, stack: Stack, dns: "DnsZone", records: Iterable[DnsRecord]) -> None:
    """Enter the *records* that *owner* publishes by *dns*, but for those whose names are tokens.

    Raises ``ValueError`` for a second owner of one record set, and for a CNAME record beside anything else (RFC 1034,
    section 3.6.2); warns where it is not known whether the two are published in one zone.
    """
    zone_id = _zone_id(dns)
    told: set[Construct] = set()  # of one pair the first record says it all
    for record in records:
        if contains_token(record.name):
            continue
        thing = ("dns", record.name.lower())
        for earlier in entries(stack, thing):
            other_zone_id, other = earlier.detail
            if earlier.owner in told or not exclude_each_other(record.type, other.type):
                continue
            in_one_zone = zone_id is not None and zone_id == other_zone_id
            if not in_one_zone and _are_known(zone_id, other_zone_id):
                continue
            told.add(earlier.owner)
            refuse_or_warn(
                owner,
                _clash(owner, record, earlier.owner, other),
                is_certain=earlier.meeting is Meeting.CERTAIN or (in_one_zone and earlier.is_in_stage),
            )
        enter(stack, thing, owner, (zone_id, record))


def mail_from_record(stack: Stack, name: str) -> Construct | None:
    """Who has *name* as MAIL FROM domain, where SES takes bounces alone; None if nobody has."""
    return next(
        (
            each.owner
            for each in entries(stack, ("dns", name.lower()))
            if each.is_in_stage and each.detail[1].type == "MX" and "feedback-smtp." in each.detail[1].values[0]
        ),
        None,
    )


def receiving_regions(stack: Stack, name: str) -> list[str]:
    """Where the MX record of *name* in this app leads to, if that is to SES; tokens stay tokens."""
    records = [each.detail[1] for each in entries(stack, ("dns", name.lower()))]
    values = [value for each in records if each.type == "MX" for value in each.values]
    return [found[1] for value in values if (found := _INBOUND.search(value))]


def _clash(owner: Construct, record: DnsRecord, other_owner: Construct, other: DnsRecord) -> ValueError:
    if record.purpose == other.purpose == "DKIM key":
        fix = "take another selector for one of the two"
    elif record.purpose == other.purpose == "Inbound mail":
        fix = "name all regions in one of the two, receives_mail={'eu-west-1': 10, 'us-east-1': 20}"
    elif record.purpose == other.purpose:
        fix = (
            "take another name for one of the two, such as mail_from='bounce', or pass owns_shared_records=False to one"
        )
    else:
        fix = "take another name for one of the two, such as mail_from='bounce', or leave it out of one"
    alone = "the one of its type at its name" if record.type == other.type else "at a name without a CNAME"
    return invalid(
        f"the {record.type} record of {record.name} ({record.purpose})",
        f"be {alone}, and {other_owner.node.path!r} publishes the {other.type} record of it ({other.purpose})",
        owner.node.path,
        fix,
    )


def _zone_id(dns: "DnsZone") -> str | None:
    zone_id = getattr(dns, "hosted_zone_id", None)
    return None if zone_id == _DUMMY_ZONE_ID else zone_id


def _are_known(*zone_ids: str | None) -> bool:
    return all(each is not None and not contains_token(each) for each in zone_ids)
