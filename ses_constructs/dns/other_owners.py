"""Resources that the app makes by CDK's own constructs and that clash with ours, and outputs that do not fit.

They are looked for when the app is synthesized, and said as errors beside them: CloudFormation would find out at
deployment, halfway through.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakSet

import jsii
from aws_cdk import Annotations, CfnElement, CfnOutput, CfnResource, Stack, Stage
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_ses as ses
from constructs import Construct, IConstruct, IValidation

from ..common.arguments import contains_token, invalid, with_lower_case_domain
from ..common.register import Entry, Meeting, entries, refuse_or_warn

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_OUTPUTS = 200
_REVIEWED: WeakSet[IConstruct] = WeakSet()
_OURS: WeakSet[IConstruct] = WeakSet()


def review(stack: Stack) -> None:
    """Have the synthesis of the stage of *stack* look for what others make there."""
    if stack in _REVIEWED:  # before Node is asked
        return
    _REVIEWED.add(stack)
    stage = Stage.of(stack)
    if stage is not None and stage not in _REVIEWED:
        _REVIEWED.add(stage)
        stage.node.add_validation(_Review(stage))


def mark_as_ours(made: IConstruct) -> None:
    """Have *made*, or the resource that is its first child, passed over without a call to Node."""
    _OURS.add(made)


def exclude_each_other(one: str, other: str) -> bool:
    """Whether no zone has records of both types at one name."""
    return one == other or "CNAME" in (one, other)


@jsii.implements(IValidation)
class _Review:
    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._said: set[tuple[str, str]] = set()

    def validate(self) -> list[str]:
        found = self._stage.node.find_all()
        for made, error, is_certain in (*_clashes(found), *_too_many_outputs(found)):
            said = made.node.path, str(error)
            if said in self._said:  # tests synthesize more than once
                continue
            self._said.add(said)
            if is_certain and not _is_conditional(made):
                Annotations.of(made).add_error(str(error))
            else:
                assert isinstance(made, Construct)
                refuse_or_warn(made, error, is_certain=False)
        return []


def _is_conditional(made: IConstruct) -> bool:
    """Whether *made* may be left out of a deployment, as where ours is there."""
    return isinstance(made, CfnResource) and made.cfn_options.condition is not None


def _clashes(found: Sequence[IConstruct]) -> Iterator[tuple[IConstruct, ValueError, bool]]:
    ours: IConstruct | None = None  # whose first child, the resource, comes next
    for made in found:
        if made in _OURS:
            ours = made
            continue
        if ours is None or isinstance(ours, CfnElement):
            yield from _clashes_of_name(made)
            yield from _clashes_of_records(made)
        ours = None


def _clashes_of_name(made: IConstruct) -> Iterator[tuple[IConstruct, ValueError, bool]]:
    match made:
        case ses.CfnEmailIdentity():
            name, thing = with_lower_case_domain(made.email_identity), "identity"
        case ses.CfnConfigurationSet(name=str(name)):
            thing = "configuration set"
        case ses.CfnReceiptRuleSet(rule_set_name=str(name)):
            thing = "receipt rule set"
        case _:
            return
    # In the register under the same words, by identities, events and receiving.
    for entry in _others(made, (thing, name)):
        if entry.meeting is Meeting.NEVER:
            continue
        rule = f"have one owner, and {entry.owner.node.path!r} has it"
        fix = "leave one of the two out, or refer to the one by its name in the other"
        yield made, invalid(f"the {thing} of {made.node.path!r}", rule, name, fix), entry.meeting is Meeting.CERTAIN


def _clashes_of_records(made: IConstruct) -> Iterator[tuple[IConstruct, ValueError, bool]]:
    match made:
        case route53.CfnRecordSet():
            sets: Any = [{"name": made.name, "type": made.type}]
        case route53.CfnRecordSetGroup():
            try:
                resolved = Stack.of(made).resolve(made.record_sets)
            except KeyError:  # an older jsii cannot read an Fn::If in a list
                return
            sets = resolved if isinstance(resolved, list) else []  # an Fn::If is none
        case _:
            return
    zone_id = made.hosted_zone_id
    for each in sets:
        if not isinstance(each.get("name"), str) or contains_token(each["name"]):
            continue
        name = each["name"].lower().removesuffix(".")
        for entry in _others(made, ("dns", name)):
            other_zone_id, other = entry.detail
            # In another zone, or one that is not known, it may be what publishes the records of ours.
            if zone_id == other_zone_id and exclude_each_other(each["type"], other.type):
                what = f"the {each['type']} record of {name}"
                rule = f"not stand beside the {other.type} record of {entry.owner.node.path!r} ({other.purpose})"
                yield made, invalid(what, rule, made.node.path, "leave one of the two out"), True


def _others(made: IConstruct, thing: tuple[str, str]) -> Iterator[Entry]:
    """Who of ours has *thing* in the stage of *made*, if none of them made that."""
    found = [each for each in entries(Stack.of(made), thing) if each.is_in_stage]
    if not any(made.node.path.startswith(f"{each.owner.node.path}/") for each in found):
        yield from found


def _too_many_outputs(found: Sequence[IConstruct]) -> Iterator[tuple[IConstruct, ValueError, bool]]:
    outputs = [each for each in found if isinstance(each, CfnOutput)]
    if len(outputs) <= MAX_OUTPUTS:
        return
    for stack, count in Counter(Stack.of(each) for each in outputs).items():
        if count > MAX_OUTPUTS:
            fix = "publish domain.records by a DnsZone of your own, or put some domains into another stack"
            rule = f"be at most {MAX_OUTPUTS}, for CloudFormation takes no more"
            yield stack, invalid(f"the outputs of stack {stack.node.path!r}", rule, count, fix), True
