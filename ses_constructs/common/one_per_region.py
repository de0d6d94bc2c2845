"""Who owns a setting that exists once in an account and region.

A claim is an SSM parameter with a fixed name, so that CloudFormation itself refuses a second stack before anything is
changed, and frees the name when the owner goes. ``docs/account-wide.md`` says what else is account-wide.
"""

from typing import TYPE_CHECKING

from aws_cdk import Stack
from constructs import Construct

from .once import outermost
from .register import enter_alone

if TYPE_CHECKING:
    from aws_cdk import aws_ssm as ssm

_PREFIX = "/ses-constructs/one-per-region/"


def claim(scope: Construct, setting: str) -> "ssm.CfnParameter":
    """Claim *setting*, such as ``suppression-list``, for the stack of *scope*; whatever changes it must depend on this.

    Raises ``ValueError`` when the stack, or another one of the app for the same account and region, claims it already;
    warns where that is not known.
    """
    from aws_cdk import aws_ssm as ssm  # slow to import, and few apps need it

    stack = outermost(Stack.of(scope))
    enter_alone(
        stack,
        ("account-wide setting", setting),
        scope,
        what=f"the {setting} of an account and region",
        got=scope.node.path,
        fix="leave one of the two out",
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
