"""Who owns a setting that exists once in an account and region.

A claim is an SSM parameter with a fixed name, so that CloudFormation itself refuses a second stack before anything is
changed, and frees the name when the owner goes. ``docs/account-wide.md`` says what else is account-wide.
"""

from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from .arguments import invalid
from .once import earlier_owner_in_region, outermost

if TYPE_CHECKING:
    from aws_cdk import aws_ssm as ssm

_PREFIX = "/ses-constructs/one-per-region/"


def claim(scope: Construct, setting: str) -> "ssm.CfnParameter":
    """Claim *setting*, such as ``suppression-list``, for the stack of *scope*; whatever changes it must depend on this.

    Raises ``ValueError`` when the stack, or another one of the app for the same account and region, claims it already.
    """
    from aws_cdk import aws_ssm as ssm  # slow to import, and few apps need it

    stack = outermost(Stack.of(scope))
    if owner := earlier_owner_in_region(stack, setting, stack.stack_name):
        raise invalid(
            f"the {setting} of an account and region",
            f"have one owner, and stack {owner!r} has one already",
            scope.node.path,
            "leave one of the two out",
        )
    return ssm.CfnParameter(
        # Not under *scope*: a construct that moves keeps its claim, where a new one would meet the old.
        stack,
        "SesClaim" + "".join(word.capitalize() for word in setting.split("-")),
        name=_PREFIX + setting,
        type="String",
        value=stack.stack_id,
        description=f"Which stack owns the {setting} of SES in this region",
    )
