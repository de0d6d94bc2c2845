"""Take away what was made, whatever state it is in, and say what is left."""

import time
from collections.abc import Callable
from functools import partial

from live import existing_record
from live.app import PROBE, STACK
from live.before import Ground, active_rule_set, alarms_of_the_stack, unless_absent
from local_aws.account import Account
from local_aws.read_back import ZoneRecord, read_records

SETTLES_WITHIN = 180.0  # seconds
DELETED_WITHIN = 1800.0
APPEARS_WITHIN = 5.0  # a call may be under way that the CLI made just before it was stopped
TRIES = 3
GONE = "DELETE_COMPLETE"
BUSY = ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS")

Tell = Callable[[str], None]


def remove(account: Account, ground: Ground, tell: Tell) -> list[str]:
    """Delete both stacks and the record, and give what CloudFormation says is left of them."""
    # By the time that the first is gone, the other would have appeared.
    left = remove_stack(account, STACK, tell, appears_within=APPEARS_WITHIN) + remove_stack(account, PROBE, tell)
    existing_record.remove(account, ground)
    return left


def remove_stack(account: Account, name: str, tell: Tell, *, appears_within: float = 0) -> list[str]:
    """Delete a stack in whatever state it is, and give what CloudFormation says is left of it."""
    stack = _stack_id(account, name, appears_within)
    if not stack:
        return []
    # CloudFormation deletes a stack that it is still creating too; but what is half made is then most easily left.
    try:
        wait_while(account, stack, BUSY, seconds=SETTLES_WITHIN, tell=tell)
    except KeyboardInterrupt:
        tell("deleting at once")
    for _ in range(TRIES):
        _empty_buckets(account, stack)
        account.client("cloudformation").delete_stack(StackName=stack)
        if wait_while(account, stack, ("DELETE_IN_PROGRESS",), seconds=DELETED_WITHIN, tell=tell) == GONE:
            return []
    left = [f"{kind} {physical}" for kind, physical in _resources(account, stack)]
    again = f"aws cloudformation delete-stack --stack-name {name} --region {account.region}"
    return [f"stack {name}; look at its events, then `{again}`", *left]


def left_overs(account: Account, ground: Ground) -> list[str]:
    """What is there and was not before, by SES, Route 53 and CloudWatch."""
    sesv2, ses = account.client("sesv2"), account.client("ses")
    found = [f"record {each.type} {each.name}" for each in _records(account, ground)]
    if unless_absent(lambda: sesv2.get_email_identity(EmailIdentity=ground.domain)):
        found.append(f"identity {ground.domain}")
    sets = [each["Name"] for each in ses.list_receipt_rule_sets()["RuleSets"]]
    found += [f"receipt rule set {name}" for name in sets if name.startswith(STACK)]
    found += [f"alarm {name}" for name in alarms_of_the_stack(account)]
    if (active := active_rule_set(account)) != ground.active_rule_set:
        found.append(f"the active rule set is {active or 'none'}, was {ground.active_rule_set or 'none'}")
    return found


def _records(account: Account, ground: Ground) -> list[ZoneRecord]:
    records = read_records(account, ground.domain, ground.hosted_zone_id)
    return [each for each in records if each.type not in ("NS", "SOA")]


def _stack_id(account: Account, name: str, appears_within: float) -> str:
    """The id, which names the stack after its end too; empty if there is none, even after a while."""
    deadline, cloudformation = time.monotonic() + appears_within, account.client("cloudformation")
    while True:
        found = unless_absent(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0])
        if found or time.monotonic() > deadline:
            return found["StackId"] if found else ""
        time.sleep(1)


def wait_while(account: Account, stack: str, states: tuple[str, ...], *, seconds: float, tell: Tell) -> str:
    """The stack's status once it is another one, or when the time is over."""
    deadline, told = time.monotonic() + seconds, ""
    while True:
        status = account.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
        if status not in states or time.monotonic() > deadline:
            return status
        if status != told:
            tell(f"the stack is {status}; waiting {seconds / 60:.0f} min at most")
            told = status
        time.sleep(2)


def _resources(account: Account, stack: str) -> list[tuple[str, str]]:
    pages = account.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return [
        (each["ResourceType"], each.get("PhysicalResourceId", ""))
        for page in pages
        for each in page["StackResourceSummaries"]
        if each["ResourceStatus"] != GONE
    ]


def _empty_buckets(account: Account, stack: str) -> None:
    """SES writes a note into the mailbox when a rule is made, and CloudFormation deletes no bucket with an object."""
    s3 = account.client("s3")
    for kind, bucket in _resources(account, stack):
        if kind != "AWS::S3::Bucket" or not bucket:
            continue
        for key in unless_absent(partial(_keys, account, bucket)) or ():
            s3.delete_object(Bucket=bucket, Key=key)


def _keys(account: Account, bucket: str) -> list[str]:
    pages = account.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [each["Key"] for page in pages for each in page.get("Contents", ())]
