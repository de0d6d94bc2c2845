"""hand_over_records: the first of the two deployments that give DNS records another owner."""

from aws_cdk import CfnResource, CfnWaitConditionHandle, RemovalPolicy, Stack
from constructs import Construct, IConstruct

from ..common.arguments import invalid, offers

_RECORD_SETS = ("AWS::Route53::RecordSet", "AWS::Route53::RecordSetGroup")
_WRITER = "Custom::SESDnsRecords"


def hand_over_records(scope: IConstruct) -> None:
    """Have every DNS record of *scope* stay in its zone when *scope* leaves the stack or gets another zone.

    Records get another owner in two deployments: one with this call and nothing else, and one that has the new owner in
    the place of the old one. Without the first, CloudFormation deletes at the end of the second what the new owner has
    just taken over; where that can be seen it is refused (``docs/step-in.md``).

    Args:
        scope: A ``VerifiedDomain``, a record of CDK such as ``route53.TxtRecord``, or anything that has some below it.
            Call it after everything is made there.

    Raises:
        ValueError: Nothing with records there.
    """
    fix = "pass the domain or the record that changes its owner"
    if not offers(scope, "node"):
        raise invalid("scope", "be a construct", scope, fix)
    found = [each for each in scope.node.find_all() if isinstance(each, CfnResource)]
    record_sets = [each for each in found if each.cfn_resource_type in _RECORD_SETS]
    writers = [each for each in found if each.cfn_resource_type == _WRITER]
    if not record_sets and not writers:
        raise invalid("scope", "have records in Route 53", scope.node.path, fix)
    for each in writers:
        each.add_property_override("KeepsRecords", "true")
    for each in record_sets:
        each.apply_removal_policy(RemovalPolicy.RETAIN)
        _mark(each)


def _mark(record_set: CfnResource) -> None:
    """Put a resource that does nothing beside *record_set*: the function that takes the records over looks for it.

    It is still there when that function runs, for CloudFormation deletes at the end what an update removes.
    """
    scope = record_set.node.scope
    construct_id = f"{record_set.node.id}HandedOver"
    if not isinstance(scope, Construct) or scope.node.try_find_child(construct_id):
        return
    marker = CfnWaitConditionHandle(scope, construct_id)
    marker.override_logical_id(f"{Stack.of(record_set).resolve(record_set.logical_id)}HandedOver")
