"""The plan of an app: every stack asked in its own region, and what could not be asked said as that."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from botocore.exceptions import BotoCoreError, ClientError

from ..ses_account import AccountError, SesAccount, in_a_sentence
from .active_rule_set import plan_active_rule_set
from .assembly import AssembledStack
from .deployed_stack import deployed_stack
from .grouped_records import plan_grouped_records
from .looked_stack import LookedStack
from .named_things import plan_named_things, plan_tracking_domains
from .steps import PlannedStep, StackPlan
from .written_records import plan_written_records

_LOOKS: tuple[tuple[str, Callable[[LookedStack], Iterator[PlannedStep]]], ...] = (
    ("identities, sets and filters", plan_named_things),
    ("tracking domains", plan_tracking_domains),
    ("active receipt rule set", plan_active_rule_set),
    ("records of functions", plan_written_records),
    ("record sets", plan_grouped_records),
)


def plan_of(
    stacks: Sequence[AssembledStack], *, region: str, profile: str, imports: bool, tell: Callable[[str], None]
) -> list[StackPlan]:
    """What becomes of each stack.

    Args:
        stacks: As they are about to be deployed.
        region: For those that leave it open; the one that boto3 finds unless given.
        profile: Of the AWS configuration.
        imports: Whether ``--import-existing-resources`` is to be given.
        tell: Is called with the name of each stack before it is looked at.
    """
    plans = []
    for each in stacks:
        account = SesAccount(each.region or region, profile)
        account.require_region()
        tell(each.name)
        plans.append(_plan(LookedStack(account=account, assembled=each, deployed=None, imports=imports)))
    return plans


def _plan(new: LookedStack) -> StackPlan:
    name, stack, steps = new.assembled.name, new, []

    def not_looked_at(says: str, fix: str = "") -> PlannedStep:
        return PlannedStep(resource="", thing=f"stack {name}", verdict="unknown", says=says, fix=fix)

    try:
        if new.assembled.account and new.account.account_id != new.assembled.account:
            says = f"it goes to account {new.assembled.account}, and these credentials are of {new.account.account_id}"
            steps.append(not_looked_at(says, "--profile"))
        else:
            stack = replace(new, deployed=deployed_stack(new.account, name))
            steps += _steps(stack)
    except (BotoCoreError, ClientError, AccountError) as error:
        steps.append(not_looked_at(in_a_sentence(error)))
    return StackPlan(name=name, region=new.account.region, exists=stack.deployed is not None, steps=steps)


def _steps(stack: LookedStack) -> Iterator[PlannedStep]:
    if stack.deployed and stack.deployed.problem[0]:
        says, fix = stack.deployed.problem
        yield PlannedStep(resource="", thing=f"stack {stack.assembled.name}", verdict="refused", says=says, fix=fix)
    for logical_id, _ in stack.after.of_type("AWS::CloudFormation::Stack"):
        says = "a nested stack is not looked into"
        yield PlannedStep(resource=logical_id, thing=f"stack {logical_id}", verdict="unknown", says=says)
    for thing, look in _LOOKS:
        try:
            yield from look(stack)
        except (BotoCoreError, ClientError, AccountError) as error:
            yield PlannedStep(resource="", thing=thing, verdict="unknown", says=in_a_sentence(error))
