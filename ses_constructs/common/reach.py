"""Whether what the app makes elsewhere can be named here; CDK finds out only while it writes the templates."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from aws_cdk import Reference, Stack, Stage, Tokenization
from constructs import Construct, IConstruct

from .arguments import contains_token, invalid, offers

_NAME_IT = "give it a name where it is made, such as PhysicalName.GENERATE_IF_NEEDED, or take one of this place"


def is_construct(value: object) -> TypeGuard[IConstruct]:
    """Whether *value* has a place in the tree; an interface of CDK is no class to ask for."""
    return offers(value, "node")


def check_reach(argument: str, used: object, name: str, *, user: Construct) -> None:
    """Raise ``ValueError`` unless *name*, the name or ARN of *used*, can stand in the template of *user*."""
    if is_construct(used) and Stack.of(used) is not Stack.of(user):  # without a further call to Node
        resolved_here(user, argument, name)


def check_same_stage(argument: str, used: IConstruct, *, user: IConstruct, fix: str) -> None:
    """Raise ``ValueError`` if *used* is made in another stage, to which no reference leads."""
    if _stage(used) != _stage(user):
        raise invalid(argument, f"be of the stage of {Stack.of(user).node.path}", used.node.path, fix)


def resolved_here(scope: IConstruct, argument: str, value: object, *, fix: str = _NAME_IT) -> object:
    """How *value*, which holds names or ARNs, stands in a template of the stack of *scope*.

    Raises ``ValueError`` for a reference to what is of another stage, or of another account or region and has no name
    before it is made.
    """
    stack = Stack.of(scope)
    rule = f"have a name that {stack.node.path} can know, as it is of another account or region"
    try:
        resolved: object = stack.resolve(value)
    except RuntimeError as error:
        if "cross-environment" not in str(error):
            raise
        raise invalid(argument, rule, re.findall("resource '(.*?)'", str(error))[0], fix) from None
    for reference in _references(value):
        made_in = Stack.of(reference.target)
        if made_in is stack:
            continue
        by_arn = "refer to it by its ARN, as to what is not of the app"
        check_same_stage(argument, reference.target, user=scope, fix=by_arn)
        # Only one of the two knows its region; by a fixed name CDK writes it without a reference.
        if contains_token(made_in.region) != contains_token(stack.region) and _refers(stack.resolve(reference)):
            raise invalid(argument, rule, reference.target.node.path, by_arn)
    return resolved


def _references(value: object) -> Iterator[Reference]:
    match value:
        case str() if contains_token(value):
            yield from (each for each in Tokenization.reverse_string(value).tokens if isinstance(each, Reference))
        case Mapping():
            for each in value.values():
                yield from _references(each)
        case Sequence() if not isinstance(value, str):
            for each in value:
                yield from _references(each)


def _refers(resolved: object) -> bool:
    return isinstance(resolved, Mapping) and ("Ref" in resolved or "Fn::GetAtt" in resolved)


def _stage(construct: IConstruct) -> str:
    stage = Stage.of(construct)
    return stage.node.addr if stage else ""
