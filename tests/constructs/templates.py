"""Reading a synthesized template in plain Python: faster than the assertions module, and failures show the values."""

from typing import Any

from aws_cdk import Stack
from aws_cdk.assertions import Annotations, Match, Template

Resource = dict[str, Any]


def template(stack: Stack) -> dict[str, Any]:
    return dict(Template.from_stack(stack).to_json())


def resources(stack: Stack, resource_type: str) -> list[Resource]:
    return [each for each in template(stack)["Resources"].values() if each["Type"] == resource_type]


def only(stack: Stack, resource_type: str) -> Resource:
    """The one resource of its type."""
    (resource,) = resources(stack, resource_type)
    return resource


def record_sets(stack: Stack) -> dict[tuple[str, str], list[Any]]:
    """The records of every record set group whose names are plain text: (name, type) -> values."""
    return {
        (each["Name"], each["Type"]): each["ResourceRecords"]
        for group in resources(stack, "AWS::Route53::RecordSetGroup")
        for each in group["Properties"]["RecordSets"]
        if isinstance(each["Name"], str)
    }


def warnings(stack: Stack) -> list[str]:
    """The text of every warning, each ending with its id."""
    found = Annotations.from_stack(stack).find_warning("*", Match.any_value())
    return [str(each.entry.data) for each in found]
