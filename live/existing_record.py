"""What CloudFormation does with a record that is there already, tried with a record and a stack of their own."""

import json
from collections.abc import Callable
from typing import Any

from live.app import PROBE
from live.before import Ground
from local_aws.account import Account
from local_aws.read_back import read_records

BY_HAND, BY_STACK = '"by hand"', '"by a stack"'
TTL = 60
DONE_WITHIN = 600.0  # seconds; Route 53 takes up to one minute


def name_of(ground: Ground) -> str:
    """The record's name, free as everything below the domain was."""
    return f"existing.{ground.domain}"


def values(account: Account, ground: Ground) -> tuple[str, ...]:
    """What it holds; empty when it is gone."""
    found = [each.values for each in read_records(account, name_of(ground), ground.hosted_zone_id)]
    return found[0] if found else ()


def change(account: Account, ground: Ground, action: Any, value: tuple[str, ...]) -> None:
    """Make or delete the record."""
    record: Any = {"Name": name_of(ground), "Type": "TXT", "TTL": TTL}
    record["ResourceRecords"] = [{"Value": each} for each in value]
    account.client("route53").change_resource_record_sets(
        HostedZoneId=ground.hosted_zone_id, ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def deploy_over_it(account: Account, ground: Ground, wait: Callable[[], str]) -> str:
    """Make the record by hand, and deploy a group with another value for it; give what came of both, in words."""
    change(account, ground, "CREATE", (BY_HAND,))
    record = {"Name": name_of(ground), "Type": "TXT", "TTL": str(TTL), "ResourceRecords": [BY_STACK]}
    properties = {"HostedZoneId": ground.hosted_zone_id, "RecordSets": [record]}
    template = {"Resources": {"Records": {"Type": "AWS::Route53::RecordSetGroup", "Properties": properties}}}
    cloudformation = account.client("cloudformation")
    cloudformation.create_stack(StackName=PROBE, TemplateBody=json.dumps(template))
    status = wait()
    events = cloudformation.describe_stack_events(StackName=PROBE)["StackEvents"]
    reasons = [each.get("ResourceStatusReason", "") for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    told = f" ({reasons[-1]})" if reasons else ""
    return f"a group over a record ended in {status}{told}; the record was {_told(values(account, ground))} then"


def remove(account: Account, ground: Ground) -> str:
    """Delete what is left of the record, and say what that was."""
    left = values(account, ground)
    if left and {*left} <= {BY_HAND, BY_STACK}:
        change(account, ground, "DELETE", left)
    return _told(left)


def _told(found: tuple[str, ...]) -> str:
    return {(BY_HAND,): "as it was", (BY_STACK,): "the stack's", (): "gone"}.get(found, str(found))
