"""Whose the records are that stand in the way of being adopted: another resource of this very stack may have them.

CloudFormation would delete that one's records at the end of the same update, right after they were adopted.

Permission, on this stack: ``cloudformation:ListStackResources``.
"""

from collections.abc import Iterable

from .._custom_resource import RefusedError
from .._ownership import Stack
from .record_sets import Slot
from .spelling import stored_name

# The suffix of the logical id of what `hand_over_records` puts beside a resource with records.
HANDED_OVER = "HandedOver"


def check_handed_over(slots: Iterable[Slot], group: str) -> None:
    """Refuse to adopt *slots* from a record set of this stack, or from *group*, that was not handed over before."""
    names = {slot.name for slot in slots}
    if not names:
        return
    resources = Stack().resources()
    owners = [
        logical_id
        for logical_id, (resource_type, physical_id) in resources.items()
        if logical_id == group
        # A record set's physical id is its name, or begins with it.
        or (resource_type == "AWS::Route53::RecordSet" and stored_name(physical_id.split("|")[0]) in names)
    ]
    kept = [each for each in owners if f"{each}{HANDED_OVER}" not in resources]
    if kept:
        raise RefusedError(
            f"the records of {', '.join(sorted(kept))} in this stack would be deleted at the end of this update, when "
            "that leaves the stack; first deploy with hand_over_records(...) on the construct that has them now, and "
            "change their owner in the deployment after that one"
        )
